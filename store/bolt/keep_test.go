package bolt

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tocsin/store"
)

func fine(*DB) error { return nil }

// names are the files of a directory.
func names(t *testing.T, dir string) string {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, f := range files {
		list = append(list, f.Name())
	}
	return strings.Join(list, " ")
}

// A copy has all that is in the store, is private, and needs nothing beside it.
func TestCopyOfAStoreInUse(t *testing.T) {
	path, pairs, _ := filled(t)
	db := reopen(t, path)
	copied := filepath.Join(t.TempDir(), "copy.db")
	checked := 0
	err := db.Copy(t.Context(), copied, func(c *DB) error { checked++; wantPairs(t, c, pairs); return nil })
	if err != nil || checked != 1 {
		t.Fatalf("Copy = %v, checked %d times", err, checked)
	}
	if err := db.Commit(t.Context(), put("later", "x")); err != nil {
		t.Fatal(err)
	}
	wantPairs(t, reopen(t, copied), pairs)
	info, err := os.Stat(copied)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if got := names(t, filepath.Dir(copied)); got != "copy.db" {
		t.Errorf("beside the copy there is %s", got)
	}
}

// What is not whole, not written to the end, or refused has no name, and a name that is
// taken stays another's.
func TestPlacesNothingInVain(t *testing.T) {
	dir := t.TempDir()
	path, _, _ := filled(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bad := errors.New("bad")
	file := func(data []byte, err error) func(io.Writer) error {
		return func(w io.Writer) error { _, failed := w.Write(data); return errors.Join(failed, err) }
	}
	for what, c := range map[string]struct {
		write func(io.Writer) error
		check func(*DB) error
	}{
		"cut short":     {file(whole[:len(whole)/3], nil), fine},
		"write failed":  {file(whole, bad), fine},
		"check refused": {file(whole, nil), func(*DB) error { return bad }},
		"empty":         {file(nil, nil), fine},
	} {
		if err := Place(filepath.Join(dir, "b.db"), c.write, c.check); err == nil {
			t.Errorf("%s: it was placed", what)
		}
		if got := names(t, dir); got != "" {
			t.Errorf("%s: it leaves %s", what, got)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "b.db"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	err = Place(filepath.Join(dir, "b.db"), file(whole, nil), fine)
	if data, _ := os.ReadFile(filepath.Join(dir, "b.db")); err == nil || !strings.Contains(err.Error(), "nothing was overwritten") || string(data) != "mine" {
		t.Errorf("Place = %v, and there is %.10q", err, data)
	}
	if got := names(t, dir); got != "b.db" {
		t.Errorf("it leaves %s", got)
	}
}

// What takes the place of a data file does so at one moment. A process that waited for
// the lock of the one before works on the new one.
func TestReplaceAndWhoWaits(t *testing.T) {
	path, before, _ := filled(t)
	fresh := open(t)
	if err := fresh.Commit(t.Context(), put("k", "restored")); err != nil {
		t.Fatal(err)
	}
	write := func(w io.Writer) error { _, err := fresh.Snapshot(w); return err }

	held := reopen(t, path)
	var locked *store.LockedError
	if _, err := Replace(path, path+".aside", write, fine); !errors.As(err, &locked) {
		t.Fatalf("Replace of a file in use = %v", err)
	}
	held.Close()

	opened := make(chan *DB, 1)
	kept, err := Replace(path, path+".aside", write, func(*DB) error {
		began := make(chan bool)
		go func() {
			close(began)
			db, err := Open(path, LockTimeout(time.Minute))
			if err != nil {
				t.Error(err)
			}
			opened <- db
		}()
		<-began
		return nil
	})
	if err != nil || !kept {
		t.Fatalf("Replace = %v, %v", kept, err)
	}
	db := <-opened
	wantPairs(t, db, []store.Pair{{Key: "k", Value: []byte("restored")}})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	wantPairs(t, reopen(t, path+".aside"), before)
	if _, err := Replace(path, path+".aside", write, fine); err == nil || !strings.Contains(err.Error(), "nothing was overwritten") {
		t.Errorf("Replace with an aside that is taken = %v", err)
	}
	if kept, err := Replace(filepath.Join(t.TempDir(), "new.db"), "x", write, fine); kept || err != nil {
		t.Errorf("Replace of nothing = %v, %v", kept, err)
	}
}

func TestCompactKeepsAllInLess(t *testing.T) {
	path, _, _ := filled(t)
	db := reopen(t, path)
	var tx store.Tx
	for _, p := range mustScan(t, db)[100:] {
		if tx.Delete = append(tx.Delete, p.Key); len(tx.Delete) == store.MaxOps {
			if err := db.Commit(t.Context(), tx); err != nil {
				t.Fatal(err)
			}
			tx = store.Tx{}
		}
	}
	if err := db.Commit(t.Context(), put("lead/7", "")); err != nil { // an empty value is a value
		t.Fatal(err)
	}
	want := mustScan(t, db)
	if _, _, err := Compact(path, fine); err == nil {
		t.Fatal("a file in use was compacted")
	}
	db.Close()
	refused := errors.New("refused")
	if _, _, err := Compact(path, func(*DB) error { return refused }); !errors.Is(err, refused) {
		t.Fatalf("Compact = %v", err)
	}
	before, after, err := Compact(path, func(c *DB) error { wantPairs(t, c, want); return nil })
	if err != nil || after*4 > before {
		t.Errorf("Compact = %d, %d, %v", before, after, err)
	}
	wantPairs(t, reopen(t, path), want)
	if got := names(t, filepath.Dir(path)); got != filepath.Base(path) {
		t.Errorf("it leaves %s", got)
	}
}

func mustScan(t *testing.T, db *DB) []store.Pair {
	t.Helper()
	pairs, err := db.Scan(t.Context(), "", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	return pairs
}

// bbolt goes on from the older first page where the newer one is bad: the newest
// transaction would be gone, and nobody told.
func TestBothFirstPagesMustBeGood(t *testing.T) {
	path, pairs, _ := filled(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for page := range 2 {
		data := bytes.Clone(whole)
		data[page*4096+headerSize+20] ^= 1
		damaged := filepath.Join(t.TempDir(), "damaged.db")
		if err := os.WriteFile(damaged, data, 0o600); err != nil {
			t.Fatal(err)
		}
		wantAdvice(t, damaged, "cannot be trusted", "the newest transaction may be missing", "run tocsin doctor --repair")
		db, err := Open(damaged, OneFirstPage())
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(db.Commit(t.Context(), put("mark", "x")), db.Close()); err != nil {
			t.Fatal(err)
		}
		if n := len(mustScan(t, reopen(t, damaged))); n != len(pairs)+1 && n != len(pairs)-99 { // without the last transaction
			t.Errorf("%d pairs of %d", n, len(pairs))
		}
	}
}

// What root makes of or beside a record of somebody else is theirs; so is a record in a
// directory of theirs where there was none.
func TestWhatRootMakesIsItsUsers(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give files away: run this as root")
	}
	const theirs = 65534
	dir := t.TempDir()
	if err := os.Chown(dir, theirs, theirs); err != nil {
		t.Fatal(err)
	}
	path, aside, copied := filepath.Join(dir, "tocsin.db"), filepath.Join(dir, "aside"), filepath.Join(dir, "copy")
	other := open(t)
	write := func(w io.Writer) error { _, err := other.Snapshot(w); return err }
	for range 2 { // where there is none, and in the place of one
		if _, err := Replace(path, aside, write, fine); err != nil {
			t.Fatal(err)
		}
	}
	if err := reopen(t, path).Copy(t.Context(), copied, fine); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{path, aside, copied} {
		info, err := os.Stat(file)
		if err != nil || info.Sys().(*syscall.Stat_t).Uid != theirs {
			t.Errorf("%s: %+v, %v, want user %d", file, info.Sys(), err, theirs)
		}
	}
}

func TestNoDirectoryForACopy(t *testing.T) {
	err := open(t).Copy(t.Context(), filepath.Join(t.TempDir(), "none", "copy.db"), fine)
	if err == nil || !strings.Contains(err.Error(), "none: create it, or name a file elsewhere") {
		t.Errorf("Copy = %v, want what to do", err)
	}
}

// A record of a newer form is refused, with what to do, and not touched.
func TestANewerFormatIsRefused(t *testing.T) {
	db := open(t)
	seal := "ac0d7f0f0e6aa3a7a5b2ea7ac2ea6e3df95bb7d4c16bb8fc1aa0a7a5f2e1d3c4"
	for value, want := range map[string]string{sealedFormat2: "format 2", seal + " 2": "checksum"} {
		if err := db.Commit(t.Context(), put("format", value)); err != nil {
			t.Fatal(err)
		}
		db.Close()
		again, err := Open(db.Path())
		if err == nil {
			again.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open = %v, want %s", err, want)
		}
		db = open(t)
	}
}

// sealedFormat2 is "2" as the key "format" would have it.
const sealedFormat2 = "c6b7c7f79cf283b1fe8afe12e764cafc442c305bccb40dc912882ece14ca1828 2"
