package bolt

import (
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
