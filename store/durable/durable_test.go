package durable

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

// staged is a file beside path.
func staged(t *testing.T, path, s string) string {
	t.Helper()
	temp, err := Stage(path, text(s))
	if err != nil {
		t.Fatal(err)
	}
	return temp
}

// holds wants these files in a directory, as NAME=TEXT in the order of their names.
func holds(t *testing.T, dir string, want ...string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, f.Name()+"="+string(data))
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("there is %q, want %q", got, want)
	}
}

// withAndWithoutLinks runs a test on a file system with hard links, and on one without:
// each says that in words of its own.
func withAndWithoutLinks(t *testing.T, test func(t *testing.T, dir string)) {
	t.Run("links", func(t *testing.T) { test(t, t.TempDir()) })
	for _, says := range []error{syscall.EPERM, syscall.EOPNOTSUPP, syscall.ENOSYS} {
		t.Run(says.Error(), func(t *testing.T) {
			link = func(from, to string) error { return &os.LinkError{Op: "link", Old: from, New: to, Err: says} }
			t.Cleanup(func() { link = os.Link })
			test(t, t.TempDir())
		})
	}
}

// A name is given once: whoever has it keeps it, and what is in it.
func TestANameIsGivenOnce(t *testing.T) {
	withAndWithoutLinks(t, func(t *testing.T, dir string) {
		path := filepath.Join(dir, "a")
		one := staged(t, path, "one")
		if err := Name(one, path); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v %v: it is for its owner alone", info.Mode(), err)
		}
		os.Remove(one)
		two := staged(t, path, "two")
		if err := Name(two, path); !errors.Is(err, fs.ErrExist) {
			t.Errorf("Name = %v: the name is taken", err)
		}
		os.Remove(two)
		holds(t, dir, "a=one")
	})
}

// What is kept stays as it is, and takes nobody's name.
func TestKeep(t *testing.T) {
	withAndWithoutLinks(t, func(t *testing.T, dir string) {
		path, aside := filepath.Join(dir, "a"), filepath.Join(dir, "kept")
		if err := errors.Join(Save(path, []byte("before")), Keep(path, aside), Save(path, []byte("after"))); err != nil {
			t.Fatal(err)
		}
		holds(t, dir, "a=after", "kept=before")
		if err := Keep(path, aside); !errors.Is(err, fs.ErrExist) {
			t.Errorf("Keep = %v: the name is taken", err)
		}
		holds(t, dir, "a=after", "kept=before")
	})
}

// What is not written to its end is not there, and what was there before is.
func TestWhatFailsLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if err := Save(path, []byte("before")); err != nil {
		t.Fatal(err)
	}
	full := errors.New("the disk is full")
	if _, err := Stage(path, func(w io.Writer) error { return errors.Join(text("half")(w), full) }); !errors.Is(err, full) {
		t.Errorf("Stage = %v", err)
	}
	holds(t, dir, "a=before")
	if err := Save(filepath.Join(dir, "missing", "a"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Save = %v", err)
	}
}

// What a killed process left goes; what somebody writes, has just written or called so by
// themselves stays.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	old := func(name string) string {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, []byte("x"), 0o600), os.Chtimes(path, now, now.Add(-time.Hour))); err != nil {
			t.Fatal(err)
		}
		return path
	}
	old("tocsin.db.unfinished-123")
	old("tocsin.db.before-repair-1.unfinished-4")
	for _, name := range []string{"other.db.unfinished-5", "tocsin.db", "tocsin.db.unfinished-", "tocsin.db.unfinished-5.old", "tocsin.db.new-7"} {
		old(name)
	}
	held, err := os.Open(old("tocsin.db.unfinished-7"))
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if err := lock(held); err != nil {
		t.Fatal(err)
	}
	_, err = Stage(filepath.Join(dir, "tocsin.db"), func(w io.Writer) error { // while it is written, however old it looks
		path := w.(*os.File).Name()
		if err := os.Chtimes(path, now, now.Add(-time.Hour)); err != nil {
			return err
		}
		removed, err := Sweep(dir, "tocsin.db", now)
		if strings.Join(removed, " ") != "tocsin.db.before-repair-1.unfinished-4 tocsin.db.unfinished-123" {
			t.Errorf("removed %q", removed)
		}
		if _, err := os.Stat(path); err != nil {
			t.Error("what is being written was removed")
		}
		return errors.Join(err, errors.New("that is all"))
	})
	if err == nil || err.Error() != "that is all" {
		t.Error(err)
	}
	fresh := staged(t, filepath.Join(dir, "tocsin.db"), "x")
	if removed, err := Sweep(dir, "", now); strings.Join(removed, " ") != "other.db.unfinished-5" || err != nil {
		t.Errorf("removed %q, %v", removed, err)
	}
	os.Remove(fresh)
	holds(t, dir, "tocsin.db=x", "tocsin.db.new-7=x", "tocsin.db.unfinished-=x", "tocsin.db.unfinished-5.old=x", "tocsin.db.unfinished-7=x")
	if removed, err := Sweep(filepath.Join(dir, "missing"), "", now); removed != nil || err != nil {
		t.Errorf("Sweep = %q, %v", removed, err)
	}
}
