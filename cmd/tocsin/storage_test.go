//go:build linux

package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDiskFails: when the disk fails or is full, what asks is told so, the process
// ends and says why, and the next one has all that was acknowledged.
func TestDiskFails(t *testing.T) {
	haveStrace(t)
	t.Parallel()
	for _, c := range []struct{ call, errno, words string }{
		{"fdatasync", "EIO", "input/output error"},
		{"pwrite64", "ENOSPC", "no space left on device"},
		{"pwrite64", "EIO", "input/output error"},
	} {
		t.Run(c.call+" "+c.errno, func(t *testing.T) {
			t.Parallel()
			g := acknowledged(t)
			ends := func() { t.Helper(); wantEnd(t, g.process, c.words, "free space or repair the disk") }
			failing(t, g, c.call, c.errno, ends, func() error { return refuseWebhook(t, g.process, "b") })
			wantAll(t, g, "a")
			failing(t, g, c.call, c.errno, ends, func() error {
				status, text, err := g.process.command(t.Context(), "note", "INC-1 note We are on it")
				if err == nil && (status != http.StatusOK || !strings.Contains(text, "I could not store that")) {
					t.Errorf("a command is answered with %d %q", status, text)
				}
				return err
			})
			wantAll(t, g, "a", "b")
			if _, text, err := g.process.command(t.Context(), "note", "INC-1 note We are on it"); err != nil || !strings.Contains(text, "oted") {
				t.Errorf("the command, repeated, is answered with %q, %v", text, err)
			}
			if text, _, err := ask(t.Context(), g.file, "timeline", "INC-1"); strings.Count(text, "We are on it") != 1 {
				t.Errorf("the timeline has it %d times, want once: %v\n%s", strings.Count(text, "We are on it"), err, text)
			}
		})
	}
}

// TestDiskFailsAtTheStart: on a disk that is full, fails or is read-only it does not
// start, be there a record or not, and says why; then it goes on.
func TestDiskFailsAtTheStart(t *testing.T) {
	haveStrace(t)
	t.Parallel()
	for _, c := range []struct {
		call, errno string
		words       []string
	}{
		{"pwrite64", "ENOSPC", []string{"no space left on device"}},
		{"fdatasync", "EIO", []string{"input/output error"}},
		{"openat", "EROFS", []string{"read-only file system", "let this user", "TOCSIN_STORE"}},
	} {
		t.Run(c.call+" "+c.errno, func(t *testing.T) {
			t.Parallel()
			g := acknowledged(t)
			if err := g.leave(); err != nil {
				t.Fatal(err)
			}
			there := g.file
			for _, file := range []string{there, filepath.Join(filepath.Dir(there), "new.db")} {
				g.file = file
				wrapper := []string{"strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + c.call, "-e", "inject=" + c.call + ":error=" + c.errno}
				if c.call == "openat" { // other files it may open
					wrapper = append(wrapper, "-P", file)
				}
				if err := g.start(t.Context(), wrapper...); err != nil {
					t.Fatal(err)
				}
				wantEnd(t, g.process, c.words...)
			}
			g.file = there
			wantAll(t, g, "a")
		})
	}
}

// TestDiskIsFull: the same with a disk that is really full; with room again it goes on.
func TestDiskIsFull(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	g := acknowledgedIn(t, d.dir)
	filler, err := os.Create(filepath.Join(d.dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer filler.Close()
	for err == nil {
		_, err = filler.Write(make([]byte, 4096))
	}
	keys := []string{"a"}
	for n := 0; ; n++ {
		status, text, err := g.process.alert(t.Context(), fmt.Sprint("full", n))
		if err == nil && status != http.StatusAccepted && status != http.StatusServiceUnavailable {
			t.Fatalf("%d %s, want 202 or 503", status, text)
		}
		if err != nil || status != http.StatusAccepted { // without an answer, it has met the full disk by itself and ended
			break
		}
		keys = append(keys, fmt.Sprint("full", n))
	}
	wantEnd(t, g.process, "no space left on device", "free space")
	if err := g.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantEnd(t, g.process, "no space left on device")
	if err := os.Remove(filler.Name()); err != nil {
		t.Fatal(err)
	}
	filler.Close()
	wantAll(t, g, keys...)
	t.Logf("acknowledged before it was full: %d", len(keys))
}

// TestDiskIsReadOnly: it does not start, and says what to do. What is on record can be
// read and taken away all the same.
func TestDiskIsReadOnly(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	g := acknowledgedIn(t, d.dir)
	if err := errors.Join(g.leave(), d.do(t, "mount -o remount,bind,ro "+d.mount)); err != nil {
		t.Fatal(err)
	}
	wantReadable(t, g.file)
	for _, file := range []string{g.file, filepath.Join(d.dir, "new.db")} {
		g.file = file
		if err := g.start(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantEnd(t, g.process, "read-only file system", "let this user", "TOCSIN_STORE")
	}
}

// wantReadable wants the shell to tell all that is in a file that nobody can write.
func wantReadable(t *testing.T, file string) {
	t.Helper()
	away := t.TempDir()
	for line, c := range map[string]struct {
		code int
		says string
	}{
		"incident list --store %s":                    {0, "INC-1"},
		"incident show --store %s INC-1":              {0, "Channel: #inc-1"},
		"timeline --store %s INC-1":                   {0, "declared a SEV2"},
		"backup --store %s " + away + "/b.db":         {0, "every timeline is whole"},
		"export --store %s INC-1 --dir " + away:       {0, "INC-1.jsonl"},
		"doctor --store %s":                           {1, "can only be read here"},
		"incident note --store %s INC-1 can you read": {1, "can only be read here"},
	} {
		code, text := told(t, strings.Fields(fmt.Sprintf(line, "bolt:"+file))...)
		if code != c.code || !strings.Contains(text, c.says) {
			t.Errorf("tocsin "+line+" ends with %d, want %d with %q:\n%s", file, code, c.code, c.says, text)
		}
	}
}

// TestFileIsHarmed: a data file that somebody cuts, deletes or moves ends the
// process at the next request, which is refused.
func TestFileIsHarmed(t *testing.T) {
	ownProcess(t)
	t.Parallel()
	for name, c := range map[string]struct {
		harm  func(file string) error
		words string
	}{
		"emptied": {func(file string) error { return os.Truncate(file, 0) }, "was cut to 0 bytes"},
		"cut":     {func(file string) error { return os.Truncate(file, 3*4096) }, "was cut to 12288 bytes"},
		"deleted": {os.Remove, "moved, deleted or replaced"},
		"moved":   {func(file string) error { return os.Rename(file, file+".old") }, "moved, deleted or replaced"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := acknowledged(t)
			if err := c.harm(g.file); err != nil {
				t.Fatal(err)
			}
			if err := refuseWebhook(t, g.process, "b"); err != nil {
				t.Error(err)
			}
			wantEnd(t, g.process, c.words, "cannot be trusted", "backup")
			if name == "moved" {
				if err := os.Rename(g.file+".old", g.file); err != nil {
					t.Fatal(err)
				}
				wantAll(t, g, "a")
			}
		})
	}
}
