package bolt

import (
	"path/filepath"
	"testing"

	"tocsin/store"
	"tocsin/store/kvtest"
)

func TestContract(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) store.KV { return open(t) })
}

// open opens a new data file.
func open(t testing.TB, opts ...Option) *DB {
	t.Helper()
	return reopen(t, filepath.Join(t.TempDir(), "tocsin.db"), opts...)
}

// reopen opens the data file at path.
func reopen(t testing.TB, path string, opts ...Option) *DB {
	t.Helper()
	db, err := Open(path, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}
