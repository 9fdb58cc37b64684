package main

import (
	"bytes"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"unicode"
)

// steering are what would colour, clear, rename, answer for or ring a terminal, or
// hide or turn round what stands there.
var steering = []string{"\x1b[31m", "\x1b]0;title\x07", "\x1b]52;c;cm0=\x07", "\u009b2J", "\u009d0;x\u009c", "\x00", "\x08\x08", "\r", "\x7f", "\u202e", "\u200b", "\U000e0041"}

func steers(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r))
	})
}

// TestScreen: what it is written in is shown, however it is cut, but for what steers.
func TestScreen(t *testing.T) {
	text := "Grüße 🔔 日本\t" + strings.Join(steering, "x") + "\nend \xff."
	var whole, cut bytes.Buffer
	n, err := io.WriteString(&screen{to: &whole}, text)
	if err != nil || n != len(text) {
		t.Fatal(n, err)
	}
	if _, err := io.Copy(&screen{to: &cut}, iotest.OneByteReader(strings.NewReader(text))); err != nil {
		t.Fatal(err)
	}
	if whole.String() != cut.String() || steers(whole.String()) || !strings.HasPrefix(whole.String(), "Grüße 🔔 日本\t") || !strings.HasSuffix(whole.String(), "\nend \uFFFD.") {
		t.Errorf("%q, in pieces %q", &whole, &cut)
	}
}

// TestNoSubcommandSteersATerminal: not by a team's content, nor by arguments.
func TestNoSubcommandSteersATerminal(t *testing.T) {
	m := newTeam(t)
	evil := strings.Join(steering, "z")
	m.write("runbooks/evil.md", aGuide("evil", "'T "+strings.ReplaceAll(evil, "\r", "")+"'"))
	m.write("runbooks/plain.md", aGuide("plain", "T")+evil+"\n\n`"+evil+"`\n\n    "+evil+"\n")
	m.write("runbooks/"+strings.NewReplacer("\x00", "", "/", "").Replace(evil)+".md", "no front matter")
	m.write("templates/postmortem.md", "{{bad "+evil)
	for _, args := range [][]string{
		{"guides", "list"}, {"guides", "show", "plain"}, {"guides", "show", evil}, {"guides", "lint"}, {"guides", "match", evil}, {"guides", "match", "--json", "answers are cut off " + evil},
		{"guides", "export", filepath.Join(t.TempDir(), "x\u009b2Jy")}, {"postmortem", evil}, {"timeline", "INC-1", "--store", "bolt:/nowhere/" + evil}, {"timeline", "INC-1", "--store", evil},
		{"doctor", "--url", evil}, {evil}, {"manifest", "--url", evil}, {"sandbox", "--play", evil}, {"serve", "--addr", evil},
	} {
		var out, problems bytes.Buffer
		t.Setenv("TOCSIN_CONTENT", m.dir)
		execute(&env{ctx: t.Context(), stdin: strings.NewReader(""), stdout: &out, stderr: &problems}, args)
		if out.Len()+problems.Len() == 0 {
			t.Errorf("%q printed nothing", args)
		}
		if steers(out.String()) || steers(problems.String()) {
			t.Errorf("%q printed %q %q", args, &out, &problems)
		}
	}
}

// TestTheControlSocketIsItsOwners: its file is for the owner, and the system is asked
// who is there.
func TestTheControlSocketIsItsOwners(t *testing.T) {
	dir := t.TempDir()
	ln, err := listenControl(filepath.Join(dir, "x.db"))
	must(t, err)
	defer ln.Close()
	if st, err := os.Stat(filepath.Join(dir, "x.db.sock")); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", st.Mode(), err)
	}
	go func() {
		if conn, err := net.Dial("unix", filepath.Join(dir, "x.db.sock")); err == nil {
			defer conn.Close()
			io.Copy(io.Discard, conn)
		}
	}()
	conn, err := ln.Accept()
	must(t, err)
	defer conn.Close()
	if uid, known := peer(conn); known && uid != os.Geteuid() {
		t.Errorf("we are said to be %d", uid)
	}
	for _, test := range []struct {
		uid   int
		known bool
		want  bool
	}{{os.Geteuid(), true, true}, {0, true, true}, {os.Geteuid() + 1, true, false}, {65534, true, false}, {0, false, true}} {
		if got := ours(test.uid, test.known); got != test.want {
			t.Errorf("%+v: %v", test, got)
		}
	}
}
