package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/store"
	"tocsin/store/bolt"
)

// told runs a subcommand as a person does, and returns its exit code and all it printed.
func told(t *testing.T, args ...string) (code int, text string) {
	var out bytes.Buffer
	code = execute(&env{ctx: t.Context(), stdin: strings.NewReader(""), stdout: &out, stderr: &out, log: slog.New(slog.DiscardHandler)}, args)
	return code, out.String()
}

// aRecord is a data file with one incident, in a directory with a short name.
func aRecord(t *testing.T) (path string) {
	dir, err := os.MkdirTemp("", "record")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	path = filepath.Join(dir, "tocsin.db")
	kv, err := bolt.Open(path)
	must(t, errors.Join(err, kv.Close()))
	if code, text := told(t, "incident", "open", "--store", "bolt:"+path, "sev2 Answers are wrong"); code != 0 {
		t.Fatal(text)
	}
	return path
}

// onRecordOf are the subcommands that open a record, and what they need.
func onRecordOf(path string) map[string][]string {
	dir := filepath.Dir(path)
	return map[string][]string{
		"list": {"incident", "list"}, "show": {"incident", "show", "INC-1"}, "timeline": {"timeline", "INC-1"}, "postmortem": {"postmortem", "INC-1"},
		"backup": {"backup", filepath.Join(dir, "backup.db")}, "export": {"export", "--dir", dir}, "doctor": {"doctor"},
		"repair": {"doctor", "--repair"}, "compact": {"compact"}, "restore": {"restore", filepath.Join(dir, "older.db")},
	}
}

// Whoever has the file for a moment, a bot that starts or another subcommand, fails no
// subcommand.
func TestSubcommandsWaitForTheFile(t *testing.T) {
	for what := range onRecordOf("") {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			path := aRecord(t)
			if code, text := told(t, "backup", filepath.Join(filepath.Dir(path), "older.db"), "--store", "bolt:"+path); code != 0 {
				t.Fatal(text)
			}
			held, err := bolt.Open(path)
			must(t, err)
			go func() {
				<-time.After(1300 * time.Millisecond) // longer than bolt.Open waits by itself
				held.Close()
			}()
			code, text := told(t, append(onRecordOf(path)[what], "--store", "bolt:"+path)...)
			if strings.Contains(text, "in use by another process") || what != "doctor" && code != 0 { // which has no Slack to look at
				t.Errorf("exit code %d: %s", code, text)
			}
		})
	}
}

// asIfBot answers on the control socket of a record, which it has open as a bot would.
func asIfBot(t *testing.T, path string, handler http.Handler) {
	t.Helper()
	ln, err := listenControl(path)
	must(t, err)
	srv := &http.Server{Handler: handler}
	t.Cleanup(func() { srv.Close() })
	go srv.Serve(ln)
	kv, err := bolt.Open(path)
	must(t, err)
	t.Cleanup(func() { kv.Close() })
}

// hurry makes subcommands impatient with a silent bot.
func hurry(t *testing.T) {
	each, most, up := attendEach, silentMost, startUp
	attendEach, silentMost, startUp = 5*time.Millisecond, 100*time.Millisecond, 2*time.Second
	t.Cleanup(func() { attendEach, silentMost, startUp = each, most, up })
}

// A bot that answers nothing any more is said to, and nothing else is said of it.
func TestABotThatIsSilent(t *testing.T) {
	hurry(t)
	path := aRecord(t)
	asIfBot(t, path, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	must(t, os.WriteFile(filepath.Join(filepath.Dir(path), "older.db"), nil, 0o600))
	for what, args := range onRecordOf(path) {
		code, text := told(t, append(args, "--store", "bolt:"+path)...)
		if alone := what == "repair" || what == "compact" || what == "restore"; alone && !strings.Contains(text, "in use by another process") ||
			!alone && !strings.Contains(text, "the tocsin that runs on "+path+" does not answer") || code != 1 {
			t.Errorf("%s: exit code %d: %s", what, code, text)
		}
	}
}

// A bot that falls silent ends an export at once: it is told how far that came, and what
// was found before. It is not waited for with each incident anew.
func TestABotThatFallsSilent(t *testing.T) {
	hurry(t)
	path := aRecord(t)
	kv, err := bolt.Open(path)
	must(t, err)
	whole, _, err := exported(t.Context(), store.NewJournal(kv), "INC-1")
	must(t, errors.Join(err, kv.Close()))
	var asked atomic.Int32
	mux := http.NewServeMux()
	mux.HandleFunc("/incidents/all", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "INC-1\nINC-2\nINC-3\nINC-4\n") })
	mux.HandleFunc("/export/INC-1", func(w http.ResponseWriter, _ *http.Request) { w.Write(whole) })
	mux.HandleFunc("/export/INC-2", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "event 2 is damaged", http.StatusNotFound) })
	mux.HandleFunc("/export/", func(_ http.ResponseWriter, r *http.Request) { asked.Add(1); <-r.Context().Done() })
	mux.HandleFunc("/healthz/", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	asIfBot(t, path, mux)
	dir := t.TempDir()
	code, text := told(t, "export", "--dir", dir, "--store", "bolt:"+path)
	for _, words := range []string{
		"the tocsin that runs on " + path + " does not answer: see its log, and end it if it hangs\nThe export was broken off at INC-3.",
		"1 of 4 incidents were written to " + dir, "run tocsin export again", "This was not exported:\nINC-2: event 2 is damaged",
	} {
		if !strings.Contains(text, words) {
			t.Errorf("it does not say %q:\n%s", words, text)
		}
	}
	if code != 1 || asked.Load() != 1 || strings.Contains(text, "INC-4") {
		t.Errorf("exit code %d, waited for %d times:\n%s", code, asked.Load(), text)
	}
}

// A bot whose socket somebody removed runs, and cannot be asked: that is said.
func TestABotWithoutItsSocket(t *testing.T) {
	hurry(t)
	path := aRecord(t)
	asIfBot(t, path, http.NotFoundHandler())
	must(t, os.Remove(controlPath(path)))
	t.Setenv("TOCSIN_STORE", "bolt:"+path)
	for _, what := range [][]string{{"healthy"}, {"incident", "list"}, {"incident", "note", "INC-1", "hello"}} {
		code, text := told(t, what...)
		if code != 1 || !strings.Contains(text, "does not answer at "+controlPath(path)) || strings.Contains(text, "no tocsin runs") {
			t.Errorf("%v: exit code %d: %s", what, code, text)
		}
	}
}

// A bot that is at work is waited for, however long it takes.
func TestABotThatWorksForLong(t *testing.T) {
	hurry(t)
	path := aRecord(t)
	var asked atomic.Int32
	enough := make(chan bool)
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz/", func(http.ResponseWriter, *http.Request) {
		if asked.Add(1) == 50 {
			close(enough)
		}
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		w.(http.Flusher).Flush()
		<-enough
		io.WriteString(w, "all is well")
	})
	asIfBot(t, path, mux)
	if text, running, err := ask(t.Context(), path, "doctor", "all"); text != "all is well" || !running || err != nil {
		t.Errorf("%q %v %v", text, running, err)
	}
}

// A bot that ends before it has answered is none: the file is read.
func TestABotThatEndsMeanwhile(t *testing.T) {
	path := aRecord(t)
	ln, err := net.Listen("unix", controlPath(path))
	must(t, err)
	go http.Serve(ln, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		ln.Close()
		panic(http.ErrAbortHandler)
	}))
	if code, text := told(t, "timeline", "INC-1", "--store", "bolt:"+path); code != 0 || !strings.Contains(text, "declared a SEV2") {
		t.Errorf("exit code %d: %s", code, text)
	}
}

// Whoever asks for a backup and does not read it holds the data file's old pages, and is
// let go of.
func TestABackupThatNobodyReads(t *testing.T) {
	path := aRecord(t)
	kv, err := bolt.Open(path)
	must(t, err)
	for n := range 8 {
		must(t, kv.Commit(t.Context(), store.Tx{Put: []store.Pair{{Key: "x/" + string(rune('a'+n)), Value: make([]byte, 1<<19)}}}))
	}
	var log journal
	ln, err := listenControl(path)
	must(t, err)
	srv := &http.Server{Handler: copyRoute(kv, slog.New(slog.NewTextHandler(&log, nil)), 50*time.Millisecond)}
	defer srv.Close()
	go srv.Serve(ln)
	conn, err := net.Dial("unix", controlPath(path))
	must(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "GET /backup HTTP/1.1\r\nHost: tocsin\r\n\r\n")
	must(t, err)
	must(t, until(t.Context(), func() bool { return strings.Contains(log.String(), "a backup was broken off") }))
	if !strings.Contains(log.String(), "does not read it") {
		t.Error(log.String())
	}
	must(t, kv.Close()) // which waits for whoever reads
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	must(t, err)
	defer answer.Body.Close()
	if err := whenWhole(t.Context(), io.Discard, answer.Body); err == nil || !strings.Contains(err.Error(), "the running tocsin broke off") {
		t.Errorf("what was read of it is taken for a backup: %v", err)
	}
}
