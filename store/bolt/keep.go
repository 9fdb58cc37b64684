package bolt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"go.etcd.io/bbolt"

	"tocsin/store"
	"tocsin/store/durable"
)

// Place makes a data file at path, which must be free, of what write gives. It is
// opened and handed to check before it has its name: what is at path is whole.
func Place(path string, write func(io.Writer) error, check func(*DB) error) error {
	return placeAs(nil, path, write, check)
}

// placeAs is Place of a file that is its user's who has another one, or a directory, where
// root makes it; nil: it is root's.
func placeAs(as os.FileInfo, path string, write func(io.Writer) error, check func(*DB) error) error {
	temp, err := stage(path, write, check)
	if err != nil {
		return err
	}
	defer os.Remove(temp)
	if as != nil {
		if err := sameOwner(as, temp); err != nil {
			return err
		}
	}
	if err := durable.Name(temp, path); err != nil {
		return errors.Join(taken(path, err), unname(temp, path))
	}
	return nil
}

// unname takes a name back that temp has got and that is not durable: who is told that
// there is no file finds none.
func unname(temp, path string) error {
	ours, err := os.Stat(temp)
	named, none := os.Stat(path)
	if err != nil || none != nil || !os.SameFile(ours, named) {
		return nil
	}
	return os.Remove(path)
}

// taken says what to do about a name that is not free.
func taken(path string, err error) error {
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already, and nothing was overwritten: give another name, or move it away", path)
	}
	return fmt.Errorf("store: cannot make %s: %w", path, err)
}

// stage makes a file beside path, and checks it.
func stage(path string, write func(io.Writer) error, check func(*DB) error) (temp string, err error) {
	temp, err = durable.Stage(path, write)
	if _, missing := os.Stat(filepath.Dir(path)); errors.Is(missing, fs.ErrNotExist) {
		return "", fmt.Errorf("store: there is no directory %s: create it, or name a file elsewhere: %w", filepath.Dir(path), missing)
	}
	if err != nil {
		return "", fmt.Errorf("store: cannot write %s: %w", path, err)
	}
	if err := checked(temp, check); err != nil {
		return "", errors.Join(err, os.Remove(temp))
	}
	return temp, nil
}

// checked opens a data file for check.
func checked(path string, check func(*DB) error) error {
	db, err := Open(path)
	if err != nil {
		return err
	}
	return errors.Join(check(db), db.Close())
}

// Replace puts what write gives in the place of the data file at path, as Place does,
// while no other process has that open: a *[store.LockedError] if one does. What was
// there is kept under the name aside; kept is false if there was nothing. Where root
// does it, the file is its user's who had the one that was there, or has the directory.
func Replace(path, aside string, write func(io.Writer) error, check func(*DB) error) (kept bool, err error) {
	lock, err := lockFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		dir, _ := os.Stat(filepath.Dir(path)) // stage tells if it is not there
		return false, placeAs(dir, path, write, check)
	}
	if err != nil {
		return false, err
	}
	defer lock.Close()
	was, err := lock.Stat()
	if err != nil {
		return false, fmt.Errorf("store: %w", err)
	}
	temp, err := stage(path, write, check)
	if err != nil {
		return false, err
	}
	defer os.Remove(temp)
	if err := sameOwner(was, temp); err != nil {
		return false, err
	}
	if err := durable.Keep(path, aside); err != nil { // at no moment is there no file at path
		return false, taken(aside, err)
	}
	if err := durable.Replace(temp, path); err != nil {
		return true, fmt.Errorf("store: cannot make %s: %w", path, err)
	}
	return true, nil
}

// lockFile takes the lock of a data file, whatever is in it. Closing lets go of it.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) // as bbolt does
	if err == nil && named(path, f) {
		return f, nil
	}
	f.Close()
	if err == nil || errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, &store.LockedError{Path: path}
	}
	return nil, fmt.Errorf("store: cannot lock %s: %w", path, err)
}

// compactTx is about how many bytes one transaction of a compaction has.
const compactTx = 4 << 20

// Compact makes the data file at path as small as what is in it, while no other
// process has it open. It tells its size before and after, in bytes.
func Compact(path string, check func(*DB) error) (before, after int64, err error) {
	db, err := Open(path)
	if err != nil {
		return 0, 0, err
	}
	defer db.Close()
	temp, err := stage(path, db.pack, check)
	if err != nil {
		return 0, 0, err
	}
	defer os.Remove(temp)
	was, err := db.file.Stat()
	if err != nil {
		return 0, 0, err
	}
	if after, err = size(temp); err != nil {
		return 0, 0, err
	}
	if err := sameOwner(was, temp); err != nil {
		return 0, 0, err
	}
	if err := durable.Replace(temp, path); err != nil { // whoever waits for the lock sees that: openNamed
		return 0, 0, fmt.Errorf("store: cannot make %s: %w", path, err)
	}
	return was.Size(), after, nil
}

// pack writes a copy without free pages to w.
func (db *DB) pack(w io.Writer) error {
	temp, err := durable.Stage(db.path, nothing)
	if err != nil {
		return err
	}
	defer os.Remove(temp)
	small, err := bbolt.Open(temp, 0o600, &bbolt.Options{NoFreelistSync: true, NoSync: true})
	if err != nil {
		return err
	}
	defer small.Close()
	if err := db.guard(func() error { return bbolt.Compact(small, db.bolt, compactTx) }); err != nil {
		return err
	}
	return small.View(func(btx *bbolt.Tx) error {
		_, err := btx.WriteTo(w)
		return err
	})
}

func size(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Copy is Place with what is in the store now. The copy has the owner of the store.
func (db *DB) Copy(ctx context.Context, path string, check func(*DB) error) error {
	was, err := db.file.Stat()
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return placeAs(was, path, func(w io.Writer) error {
		_, err := db.Snapshot(w)
		return errors.Join(err, ctx.Err())
	}, check)
}
