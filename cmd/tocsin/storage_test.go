//go:build linux

package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
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
			inject(t, g.process, c.call, c.errno)
			refuseWebhook(t, g.process, "b")
			wantEnd(t, g.process, c.words, "free space or repair the disk")
			wantAll(t, g, "a")

			inject(t, g.process, c.call, c.errno)
			status, text, err := g.process.command(t.Context(), "note", "INC-1 note We are on it")
			if err != nil || status != http.StatusOK || !strings.Contains(text, "I could not store that") {
				t.Errorf("a command is answered with %d %q, %v", status, text, err)
			}
			wantEnd(t, g.process, c.words, "free space or repair the disk")
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
	ownProcess(t)
	t.Parallel()
	dir := disk(t, "size=1m")
	g := acknowledgedIn(t, dir)
	filler, err := os.Create(filepath.Join(dir, "filler"))
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

// TestDiskIsReadOnly: it does not start, and says what to do.
func TestDiskIsReadOnly(t *testing.T) {
	ownProcess(t)
	t.Parallel()
	dir := disk(t, "size=1m")
	g := acknowledgedIn(t, dir)
	if err := g.leave(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{g.file, filepath.Join(dir, "new.db")} {
		g.file = file
		if err := g.start(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantEnd(t, g.process, "read-only file system", "let this user", "TOCSIN_STORE")
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
			refuseWebhook(t, g.process, "b")
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

// acknowledged is a ground whose process has acknowledged an incident and the webhook "a".
func acknowledged(t *testing.T) *ground {
	t.Helper()
	dir, err := os.MkdirTemp("", "storage") // a short name, for the socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return acknowledgedIn(t, dir)
}

func acknowledgedIn(t *testing.T, dir string) *ground {
	t.Helper()
	g, err := newGround(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.close)
	up(t, g)
	if err := g.say(t.Context()); err != nil {
		t.Fatal(err)
	}
	if status, text, err := g.process.alert(t.Context(), "a"); err != nil || status != http.StatusAccepted {
		t.Fatal(status, text, err)
	}
	calm(t, g)
	return g
}

// calm waits until the process has nothing left to do, and has written nothing for a
// while: what it writes by itself must not be what meets the fault.
func calm(t *testing.T, g *ground) {
	t.Helper()
	err := g.process.await(t.Context(), func() bool {
		info, err := os.Stat(g.file)
		return err == nil && time.Since(info.ModTime()) > 300*time.Millisecond && g.settled()
	})
	if err != nil {
		t.Fatal(g.explain(err))
	}
}

// up starts a process, which has to serve.
func up(t *testing.T, g *ground) {
	t.Helper()
	if err := g.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := g.process.up(t.Context()); err != nil {
		t.Fatal(g.explain(err))
	}
}

func refuseWebhook(t *testing.T, p *process, key string) {
	t.Helper()
	if status, text, err := p.alert(t.Context(), key); err != nil || status != http.StatusServiceUnavailable || !strings.Contains(text, "send it again") {
		t.Errorf("the webhook is answered with %d %s, %v, want 503\n%s", status, text, err, p.log.String())
	}
}

// wantEnd wants a process to end by itself, as one that failed, and to say so.
func wantEnd(t *testing.T, p *process, words ...string) {
	t.Helper()
	if err := p.await(t.Context(), func() bool { return false }); err != errEnded {
		t.Fatalf("%v\n%s", err, p.log.String())
	}
	if p.ProcessState.ExitCode() != 1 {
		t.Errorf("it ended with %v, want exit code 1", p.ProcessState)
	}
	said := p.log.String()
	last := said[strings.LastIndex(strings.TrimSpace(said), "\n")+1:]
	for _, w := range words {
		if !strings.HasPrefix(last, "tocsin: ") || !strings.Contains(last, w) {
			t.Errorf("its last words do not say %q:\n%s", w, said)
		}
	}
}

// wantAll wants another process to have all that was acknowledged, and to go on.
func wantAll(t *testing.T, g *ground, keys ...string) {
	t.Helper()
	up(t, g)
	for _, key := range keys {
		if status, text, err := g.process.alert(t.Context(), key); err != nil || status != http.StatusAccepted || key == "a" && !strings.Contains(text, `"known":true`) {
			t.Errorf("the webhook %s, sent again, is answered with %d %s, %v", key, status, text, err)
		}
	}
	if status, text, err := g.process.alert(t.Context(), "new"); err != nil || status != http.StatusAccepted {
		t.Errorf("a new webhook is answered with %d %s, %v", status, text, err)
	}
	calm(t, g)
	if text, _, err := ask(t.Context(), g.file, "timeline", "INC-1"); err != nil || !strings.Contains(text, "declared a SEV2") {
		t.Errorf("the timeline of INC-1 is %q, %v", text, err)
	}
}

// disk mounts a small disk in memory, where that is allowed.
func disk(t *testing.T, options string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "disk")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Skipf("a small disk cannot be mounted here: %v: run this as root, outside of a container; what it says of a full disk TestDiskFails tries with strace", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}
