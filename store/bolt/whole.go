package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"tocsin/store"
)

// whole tells what is wrong when the file does not have all of the bytes in use: it
// was cut. Whoever reads the others through mmap gets a fault (see guard); a fault in
// the middle of bbolt's own work leaves its locks held or kills the process, so this
// is asked before.
func (db *DB) whole() error {
	used := db.used.Load() // first, for the file may grow meanwhile
	if db.hooks.look != nil {
		db.hooks.look()
	}
	info, err := db.file.Stat()
	if errors.Is(err, os.ErrClosed) {
		return store.ErrClosed
	}
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if info.Size() < used {
		return &store.CorruptError{Path: db.path, Detail: fmt.Sprintf("it was cut to %d bytes of at least %d while in use", info.Size(), used), Do: store.DoRestore}
	}
	return nil
}

const doMoved = "if it was moved, move it back; else restore the newest good backup with tocsin restore"

// there tells what is wrong when the file is no longer at its path: the next start
// would not find what is written to it.
func (db *DB) there() error {
	file, err := db.file.Stat()
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	now, err := os.Stat(db.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("store: %w", err)
	}
	if err != nil || !os.SameFile(file, now) {
		return &store.CorruptError{Path: db.path, Detail: "it was moved, deleted or replaced while in use", Do: doMoved}
	}
	return nil
}
