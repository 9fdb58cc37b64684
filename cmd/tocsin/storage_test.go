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

// TestDiskFails: when the disk fails or is full, what asks is refused, also once the bot
// has ended; when the disk does again, the same process has all that was acknowledged, once.
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
			lift := inject(t, g.process, c.call, c.errno)
			refuseWebhook(t, g.process, "b")
			wantRefusing(t, g.process, c.words, "free space or repair the disk")
			lift()
			wantAgain(t, g, "a")
			lift = inject(t, g.process, c.call, c.errno)
			status, text, err := g.process.command(t.Context(), "note", "INC-1 note We are on it")
			if err != nil || status != http.StatusServiceUnavailable && !strings.Contains(text, "I could not store that") {
				t.Errorf("a command is answered with %d %q, %v", status, text, err)
			}
			wantRefusing(t, g.process, c.words)
			lift()
			wantAgain(t, g, "a", "new")
			if _, text, err := g.process.command(t.Context(), "note", "INC-1 note We are on it"); err != nil || !strings.Contains(text, "oted") {
				t.Errorf("the command, repeated, is answered with %q, %v", text, err)
			}
			if text, _, err := ask(t.Context(), g.file, "timeline", "INC-1"); strings.Count(text, "We are on it") != 1 {
				t.Errorf("the timeline has it %d times, want once: %v\n%s", strings.Count(text, "We are on it"), err, text)
			}
		})
	}
}

// TestDiskFailsAtTheStart: on a disk that is full, fails or is read-only it refuses what
// comes, be there a record or not, says why, and ends at once when told to; then it goes on.
func TestDiskFailsAtTheStart(t *testing.T) {
	haveStrace(t)
	t.Parallel()
	for _, c := range []struct {
		call, errno string
		words       []string
	}{
		{"pwrite64", "ENOSPC", []string{"no space left on device"}},
		{"fdatasync", "EIO", []string{"input/output error"}},
		{"pread64", "EIO", []string{"input/output error", "cannot"}},
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
				if c.call == "openat" || c.call == "pread64" { // other files it may open and read
					wrapper = append(wrapper, "-P", file)
				}
				if err := g.start(t.Context(), wrapper...); err != nil {
					t.Fatal(err)
				}
				wantRefusing(t, g.process, c.words...)
				wantLeaving(t, g.process)
				if said := g.process.log.String(); upAt.MatchString(said) {
					t.Errorf("it said that it is up:\n%s", said)
				}
			}
			g.file = there
			wantAll(t, g, "a")
		})
	}
}

// TestDiskIsFull: the same with a disk that is really full, while a bot runs and at the
// start; with room again the same process goes on.
func TestDiskIsFull(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	g := acknowledgedIn(t, d.dir)
	keys := []string{"a"}
	for _, start := range []string{"", "again"} {
		empty := d.fill(t)
		if start != "" { // what is in the file has room in it for some more
			if err := errors.Join(g.leave(), g.start(t.Context())); err != nil {
				t.Fatal(err)
			}
			wantAnswering(t, g)
		}
		keys = append(keys, wantFull(t, g.process, start)...)
		wantRefusing(t, g.process, "no space left on device", "free space")
		if start != "" {
			wantLeaving(t, g.process)
			if err := g.start(t.Context()); err != nil {
				t.Fatal(err)
			}
			wantAnswering(t, g)
		}
		empty()
		wantAgain(t, g, keys...)
	}
	t.Logf("acknowledged before it was full: %d", len(keys))
}

// TestRecordVanishes: a record that is gone with its disk is waited for, and no empty one
// takes its place.
func TestRecordVanishes(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	g := acknowledgedIn(t, d.dir)
	empty := d.fill(t)
	keys := append([]string{"a"}, wantFull(t, g.process, "")...)
	wantRefusing(t, g.process, "no space left on device")
	away := g.file + ".away"
	if err := os.Rename(g.file, away); err != nil {
		t.Fatal(err)
	}
	empty()
	if err := g.process.await(t.Context(), func() bool { return strings.Contains(g.process.log.String(), "there is no record at") }); err != nil {
		t.Fatal(g.explain(err))
	}
	refuseWebhook(t, g.process, "b")
	if err := os.Link(away, g.file); err != nil { // which fails if there is another
		t.Fatal(err)
	}
	wantAgain(t, g, keys...)
}

// TestDiskIsReadOnly: it refuses what comes, and says what to do. What is on record can be
// read and taken away all the same; when the disk takes writes it serves.
func TestDiskIsReadOnly(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	g := acknowledgedIn(t, d.dir)
	if err := errors.Join(g.leave(), d.do(t, "mount -o remount,bind,ro "+d.mount)); err != nil {
		t.Fatal(err)
	}
	there := g.file
	for _, file := range []string{filepath.Join(d.dir, "new.db"), there} {
		g.file = file
		if err := g.start(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantRefusing(t, g.process, "read-only file system", "let this user", "TOCSIN_STORE")
		if file != there {
			wantLeaving(t, g.process)
		}
	}
	wantReadable(t, g.file)
	if err := d.do(t, "mount -o remount,bind,rw "+d.mount); err != nil {
		t.Fatal(err)
	}
	wantAgain(t, g, "a")
}

// TestNoRoomForBackups: a backup that would leave the record too little of its disk is not
// made, neither by itself nor from the shell; those that are there stay, and all else goes on.
func TestNoRoomForBackups(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	g := acknowledgedIn(t, d.dir)
	backups := filepath.Join(d.dir, "backups")
	old := filepath.Join(backups, "tocsin-2026-01-01T033000Z.db")
	if err := errors.Join(g.leave(), os.Mkdir(backups, 0o700), os.WriteFile(old, []byte("a good one"), 0o600)); err != nil {
		t.Fatal(err)
	}
	g.more = []string{"TOCSIN_BACKUP=" + backups, "TOCSIN_BACKUP_KEEP=1"}
	up(t, g)
	err := g.process.await(t.Context(), func() bool {
		said := g.process.log.String()
		return strings.Contains(said, "the record was not backed up") && strings.Contains(said, "there is not enough room")
	})
	if err != nil {
		t.Fatal(g.explain(err))
	}
	wantKept(t, g, []string{"a"})
	code, text := told(t, "backup", "--store", "bolt:"+g.file, filepath.Join(d.dir, "b.db"))
	if code != 1 || !strings.Contains(text, "no backup was made: there is not enough room") || !strings.Contains(text, "for the record on the same disk to grow") {
		t.Errorf("tocsin backup ends with %d:\n%s", code, text)
	}
	if code, text := told(t, "backup", "--store", "bolt:"+g.file, filepath.Join(t.TempDir(), "b.db")); code != 0 {
		t.Errorf("tocsin backup to another disk ends with %d:\n%s", code, text)
	}
	files, err := os.ReadDir(backups)
	if err != nil || len(files) != 1 || files[0].Name() != filepath.Base(old) {
		t.Errorf("there are the backups %v, %v", files, err)
	}
	numbers, err := g.process.numbers(t.Context())
	if got := numbers["tocsin_last_backup_timestamp_seconds"]; err != nil || got != "1.7672382e+09" {
		t.Errorf("the last backup is said to be of %s, %v", got, err)
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
