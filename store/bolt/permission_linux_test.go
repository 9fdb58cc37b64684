package bolt

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// unprivileged runs do without root's right to ignore file modes, which Linux
// takes from a thread whose file system user is not root (setfsuid(2)).
func unprivileged(t *testing.T, do func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlock: the thread ends with the goroutine
		if os.Geteuid() == 0 {
			if err := syscall.Setfsuid(65534); err != nil {
				t.Error(err)
				return
			}
		}
		do()
	}()
	<-done
}

func TestReadOnlyDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dir")
	if err := os.Mkdir(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	unprivileged(t, func() {
		_, err := Open(filepath.Join(dir, "tocsin.db"))
		if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "TOCSIN_STORE") {
			t.Errorf("Open = %v, want advice about %s", err, dir)
		}
	})
}

func TestReadOnlyFile(t *testing.T) {
	path, _, _ := filled(t)
	if err := os.Chmod(path, 0o444); err != nil {
		t.Fatal(err)
	}
	unprivileged(t, func() {
		_, err := Open(path)
		if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), path) {
			t.Errorf("Open = %v, want advice about %s", err, path)
		}
	})
}

// A record that is only read is served from a file that cannot be written, and the file
// is not touched.
func TestReadOnly(t *testing.T) {
	path, pairs, _ := filled(t)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for file, mode := range map[string]os.FileMode{path: 0o444, filepath.Dir(path): 0o755, filepath.Dir(filepath.Dir(path)): 0o755} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
	}
	unprivileged(t, func() {
		if _, err := Open(path); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("Open = %v, want that it cannot be written", err)
		}
		db, second := reopen(t, path, ReadOnly()), reopen(t, path, ReadOnly())
		wantPairs(t, db, pairs)
		wantPairs(t, second, pairs)
		if err := db.Commit(t.Context(), put("k", "v")); err == nil || !strings.Contains(err.Error(), "can only be read") {
			t.Errorf("Commit = %v, want why it cannot be", err)
		}
		wantPairs(t, db, pairs) // it goes on
		var copied bytes.Buffer
		if n, err := db.Snapshot(&copied); err != nil || n == 0 {
			t.Errorf("Snapshot = %d, %v", n, err)
		}
	})
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file was changed, %v", err)
	}
	missing := filepath.Join(t.TempDir(), "none.db")
	if _, err := Open(missing, ReadOnly()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Open = %v, want that there is none", err)
	}
}
