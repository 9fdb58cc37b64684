package store_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"tocsin/bot/incident"
	"tocsin/store"
	"tocsin/store/bolt"
)

// A disk may flip a bit anywhere in the data file. bbolt does not notice most of
// it, and the Journal makes up for that: of flips all over the file's pages of
// data, none changes a timeline unnoticed. Pages 0 and 1, of which bbolt uses the
// newer good one, are left out: without the newest, the file is as it was before
// the last transaction, which is what a crash during that leaves too.
func TestFlippedBitsInTheDataFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tocsin.db")
	want := story("INC-1", 40)
	first := 2 * writeFile(t, path, want)
	intact, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	used := len(bytes.TrimRight(intact, "\x00"))
	const flips = 400
	noticed := 0
	for n := range flips {
		at := first + n*(used-first)/flips
		write(t, path, at, intact[at]^1<<(n%8))
		got, err := readFile(t, path, "INC-1")
		write(t, path, at, intact[at])
		var corrupt *store.CorruptError
		switch {
		case errors.As(err, &corrupt):
			noticed++
		case err != nil:
			t.Errorf("byte %d: %v, want a *CorruptError or the timeline", at, err)
		case !reflect.DeepEqual(got, want):
			t.Errorf("byte %d: another timeline was served", at)
		}
	}
	if noticed == 0 {
		t.Errorf("%d flips, and none did any harm: they miss what is in use", flips)
	}
	t.Logf("%d flips: %d noticed, %d in bytes that do not matter", flips, noticed, flips-noticed)
}

// write changes one byte of a file.
func write(t *testing.T, path string, at int, b byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte{b}, int64(at)); err != nil {
		t.Fatal(err)
	}
}

// writeFile writes the timeline of INC-1 in a few transactions and tells the
// size of a page, which bbolt takes from the operating system.
func writeFile(t *testing.T, path string, whole []incident.Event) int {
	t.Helper()
	db, err := bolt.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tip := store.Tip{ID: "INC-1"}
	for n := 10; n <= len(whole); n += 10 {
		tip = add(t, store.NewJournal(db), tip, whole[:n], store.Append{})
	}
	return os.Getpagesize()
}

func readFile(t *testing.T, path string, id incident.ID) ([]incident.Event, error) {
	t.Helper()
	db, err := bolt.Open(path)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	events, _, err := store.NewJournal(db).Load(t.Context(), id)
	return events, err
}
