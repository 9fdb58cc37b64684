package bolt

import (
	"bytes"
	"path/filepath"
	"sync/atomic"
	"testing"

	"tocsin/store"
)

// TestReadWhileItGrows: who reads while the file grows takes it for no file that was cut.
func TestReadWhileItGrows(t *testing.T) {
	db, err := Open(filepath.Join(t.TempDir(), "tocsin.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var grown atomic.Bool
	db.hooks.look = func() {
		if !grown.CompareAndSwap(false, true) {
			return
		}
		before := db.used.Load()
		for _, key := range []string{"b", "c"} { // what the first one takes is known by the second
			if err := db.Commit(t.Context(), store.Tx{Put: []store.Pair{{Key: key, Value: bytes.Repeat([]byte{1}, 200<<10)}}}); err != nil {
				t.Error(err)
			}
		}
		if db.used.Load() <= before {
			t.Errorf("it does not grow from %d bytes: this proves nothing", before)
		}
	}
	if _, err := db.Scan(t.Context(), "a", "", 0); err != nil || !grown.Load() {
		t.Error(err)
	}
}
