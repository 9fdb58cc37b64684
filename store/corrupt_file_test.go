package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

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
	size := writeFile(t, path, want)
	intact, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	noticed, samples := 0, 0
	for at := 2 * size; at < len(intact); at += 97 {
		samples++
		changed := append([]byte(nil), intact...)
		changed[at] ^= 1 << (at % 8)
		if err := os.WriteFile(path, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := readFile(t, path, "INC-1")
		var corrupt *store.CorruptError
		switch {
		case errors.As(err, &corrupt):
			noticed++
		case err != nil:
			t.Errorf("byte %d: %v, want a *CorruptError or the timeline", at, err)
		case !cmp.Equal(got, want):
			t.Errorf("byte %d: another timeline was served", at)
		}
	}
	if noticed == 0 {
		t.Errorf("%d flips, and none did any harm: they miss what is in use", samples)
	}
	t.Logf("%d flips: %d noticed, %d in bytes that are not in use", samples, noticed, samples-noticed)
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
