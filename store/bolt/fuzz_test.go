package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/store"
)

// FuzzPages is of data files with other bytes somewhere in them, as a disk leaves them or
// somebody brings them to be restored: the file is refused, or all of it can be read and
// it can be written to. bbolt itself would panic, loop or run out of memory on most.
func FuzzPages(f *testing.F) {
	whole := several(f)
	for page := range len(whole) / 4096 {
		at := uint32(page * 4096)
		f.Add(at, []byte{})
		f.Add(at+8, []byte{branchPage, 0, 2, 0, 1, 0, 0, 0})                     // its kind, how many it has, how long it is
		f.Add(at+headerSize, []byte{1, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0}) // its first element
		f.Add(at+4096-elementSize, bytes.Repeat([]byte{0xff}, elementSize))
	}
	f.Fuzz(func(t *testing.T, at uint32, other []byte) {
		data := bytes.Clone(whole)
		copy(data[int(at)%len(data):], other)
		path := filepath.Join(t.TempDir(), "tocsin.db")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := Open(path)
		if err != nil {
			if corrupt := (*store.CorruptError)(nil); !errors.As(err, &corrupt) {
				t.Errorf("%d, %x: %v, want a *CorruptError", at, other, err)
			}
			return
		}
		defer db.Close()
		if _, err := db.Scan(context.Background(), "", "", 0); err != nil {
			t.Errorf("%d, %x: %v", at, other, err)
		}
		if err := db.Commit(context.Background(), store.Tx{Put: []store.Pair{{Key: "z", Value: []byte("new")}}}); err != nil {
			t.Errorf("%d, %x: %v", at, other, err)
		}
	})
}

// several is a data file of several pages: a branch, leaves, and a value of more than one.
func several(f *testing.F) []byte {
	f.Helper()
	path := filepath.Join(f.TempDir(), "tocsin.db")
	db, err := Open(path)
	if err != nil {
		f.Fatal(err)
	}
	var tx store.Tx
	for n := range 40 {
		tx.Put = append(tx.Put, store.Pair{Key: fmt.Sprintf("log/%08d", n), Value: []byte(strings.Repeat("words ", 50))})
	}
	tx.Put = append(tx.Put, store.Pair{Key: "out/long", Value: bytes.Repeat([]byte("long "), 2000)})
	var used bytes.Buffer
	err = db.Commit(f.Context(), tx)
	if err == nil {
		_, err = db.Snapshot(&used)
	}
	if err := errors.Join(err, db.Close()); err != nil {
		f.Fatal(err)
	}
	return used.Bytes()
}
