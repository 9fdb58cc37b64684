package bolt

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"tocsin/store"
	"tocsin/store/durable"
)

// mapSize is the address space that the file is mapped into. It costs nothing
// until used, and below it no writer ever waits for readers in order to map anew.
const mapSize = 1 << 30

// open opens the data file for writing, after creating it if there is none and
// examining it otherwise.
func (db *DB) open(o options) (err error) {
	if _, err := os.Stat(db.path); errors.Is(err, fs.ErrNotExist) && !o.readOnly {
		if err := create(db.path); err != nil {
			return err
		}
	}
	if err := examine(db.path, o); err != nil {
		return err
	}
	if db.file, db.bolt, err = openNamed(db.path, fileOptions(o)); err != nil {
		return err
	}
	return db.bolt.View(func(btx *bbolt.Tx) error {
		db.used.Store(btx.Size())
		return nil
	})
}

// openNamed opens the file that has the name once its lock is ours: another may take
// the name while we wait, see Replace.
func openNamed(path string, options *bbolt.Options) (opened *os.File, file *bbolt.DB, err error) {
	for {
		options.OpenFile = func(name string, flag int, mode os.FileMode) (_ *os.File, err error) {
			opened, err = os.OpenFile(name, flag, mode)
			return opened, err
		}
		if file, err = bbolt.Open(path, 0o600, options); err != nil {
			return nil, nil, explain(path, err)
		}
		if named(path, opened) {
			return opened, file, nil
		}
		file.Close()
	}
}

// named tells whether path is the name of an open file.
func named(path string, f *os.File) bool {
	there, err := os.Stat(path)
	if err != nil {
		return false
	}
	ours, err := f.Stat()
	return err == nil && os.SameFile(there, ours)
}

// fileOptions: the list of free pages is not written with every commit, and
// looked up by hash, so that a long-lived reader cannot blow up the file.
func fileOptions(o options) *bbolt.Options {
	return &bbolt.Options{
		Timeout:         o.lockTimeout,
		ReadOnly:        o.readOnly,
		NoFreelistSync:  true,
		FreelistType:    bbolt.FreelistMapType,
		InitialMmapSize: mapSize,
	}
}

// create makes a data file that is either complete or not there. It overwrites none: if
// some other process was first, that one's file is as good.
func create(path string) error {
	dir := filepath.Dir(path)
	temp, err := durable.Stage(path, nothing)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("store: there is no directory %s: create it, or set TOCSIN_STORE to a file elsewhere: %w", dir, err)
	}
	if err != nil {
		return fmt.Errorf("store: cannot create a file in %s: let this user write there, or set TOCSIN_STORE to a file elsewhere: %w", dir, err)
	}
	defer os.Remove(temp)
	if err := format(temp); err != nil {
		return fmt.Errorf("store: cannot create %s: %w", path, err)
	}
	if err := durable.Name(temp, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return errors.Join(fmt.Errorf("store: cannot create %s: %w", path, err), unname(temp, path))
	}
	return nil
}

// nothing writes nothing: bbolt makes a data file of an empty one.
func nothing(io.Writer) error { return nil }

// format makes an empty file a data file.
func format(path string) error {
	file, err := bbolt.Open(path, 0o600, &bbolt.Options{NoFreelistSync: true})
	if err != nil {
		return err
	}
	err = file.Update(func(btx *bbolt.Tx) error {
		_, err := btx.CreateBucket(bucket)
		return err
	})
	return errors.Join(err, file.Close())
}

// explain says what to do about an error of bbolt.Open. Errors that are not the
// operating system's are about what is in the file.
func explain(path string, err error) error {
	var system syscall.Errno
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return &store.LockedError{Path: path}
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("store: cannot open %s: let this user read and write it, or set TOCSIN_STORE to another file: %w", path, err)
	case errors.As(err, &system):
		return fmt.Errorf("store: cannot open %s: %w", path, err)
	default:
		return &store.CorruptError{Path: path, Detail: err.Error(), Do: store.DoName}
	}
}
