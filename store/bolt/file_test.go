package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"tocsin/store"
)

func put(key, value string) store.Tx {
	return store.Tx{Put: []store.Pair{{Key: key, Value: []byte(value)}}}
}

// filled makes a data file whose tree has branches and values longer than a page,
// and returns its path, its pairs, and how many bytes of it are in use.
func filled(t *testing.T) (path string, pairs []store.Pair, used int64) {
	db := open(t)
	for i := range 30 {
		var tx store.Tx
		for j := range 100 {
			key := fmt.Sprintf("log/INC-%d/%06d", i, j)
			tx.Put = append(tx.Put, store.Pair{Key: key, Value: bytes.Repeat([]byte("v"), 50+100*(j%50))})
		}
		if err := db.Commit(t.Context(), tx); err != nil {
			t.Fatal(err)
		}
	}
	_ = db.bolt.View(func(btx *bbolt.Tx) error { used = btx.Size(); return nil })
	pairs, err := db.Scan(t.Context(), "", "", 0)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	return db.Path(), pairs, used
}

// wantPairs wants the store to hold these pairs.
func wantPairs(t *testing.T, db *DB, want []store.Pair) {
	t.Helper()
	got, err := db.Scan(t.Context(), "", "", 0)
	if err != nil || len(got) != len(want) {
		t.Fatalf("Scan = %d pairs, %v, want %d", len(got), err, len(want))
	}
	for i := range got {
		if got[i].Key != want[i].Key || !bytes.Equal(got[i].Value, want[i].Value) {
			t.Fatalf("pair %d is %.80q, want %.80q", i, got[i], want[i])
		}
	}
}

// wantAdvice wants Open to fail with an error that has these words.
func wantAdvice(t *testing.T, path string, words ...string) {
	t.Helper()
	db, err := Open(path, LockTimeout(time.Millisecond))
	if err == nil {
		db.Close()
		t.Fatalf("Open(%s) works", path)
	}
	for _, word := range append(words, path) {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("Open = %q, which does not say %q", err, word)
		}
	}
}

func wantCorrupt(t *testing.T, path, detail string) {
	t.Helper()
	var corrupt *store.CorruptError
	if _, err := Open(path); !errors.As(err, &corrupt) {
		t.Fatalf("Open = %v, want a CorruptError", err)
	}
	wantAdvice(t, path, detail, "restore the newest good backup")
	if strings.Contains(corrupt.Error(), "--repair") {
		t.Errorf("Open = %q, which sends people to a repair that cannot help", corrupt)
	}
}

func TestReopenKeepsAll(t *testing.T) {
	path, pairs, _ := filled(t)
	wantPairs(t, reopen(t, path), pairs)
}

func TestNewFileIsPrivateAndAlone(t *testing.T) {
	db := open(t)
	info, err := os.Stat(db.Path())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v, want 0600", info.Mode(), err)
	}
	if names, _ := os.ReadDir(filepath.Dir(db.Path())); len(names) != 1 {
		t.Errorf("files left beside the data file: %v", names)
	}
}

func TestCreatingDoesNotReplaceAFile(t *testing.T) {
	path, pairs, _ := filled(t)
	if err := create(path); err != nil { // as if path had not been there a moment ago
		t.Fatal(err)
	}
	wantPairs(t, reopen(t, path), pairs)
}

func TestLockedFile(t *testing.T) {
	db := open(t)
	var locked *store.LockedError
	if _, err := Open(db.Path(), LockTimeout(0)); !errors.As(err, &locked) || locked.Path != db.Path() {
		t.Fatalf("Open = %v, want a LockedError", err)
	}
	wantAdvice(t, db.Path(), "tocsin serve", "stop", "TOCSIN_STORE")
}

func TestNoDirectory(t *testing.T) {
	wantAdvice(t, filepath.Join(t.TempDir(), "missing", "tocsin.db"), "no directory", "create it", "TOCSIN_STORE")
}

func TestPathIsADirectory(t *testing.T) {
	wantAdvice(t, t.TempDir(), "no regular file", "TOCSIN_STORE")
}

func TestNotABoltFile(t *testing.T) {
	for name, content := range map[string]string{
		"empty": "",
		"short": "short",
		"text":  strings.Repeat("this is no database\n", 5000),
		"zeros": strings.Repeat("\x00", 1<<16),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "tocsin.db")
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			wantCorrupt(t, path, "")
			if got, _ := os.ReadFile(path); string(got) != content {
				t.Error("the file was changed")
			}
		})
	}
}

func TestBoltFileOfAnotherProgram(t *testing.T) {
	path := filepath.Join(t.TempDir(), "other.db")
	other, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = other.Update(func(btx *bbolt.Tx) error { _, err := btx.CreateBucket([]byte("theirs")); return err })
	if err := errors.Join(err, other.Close()); err != nil {
		t.Fatal(err)
	}
	wantCorrupt(t, path, "not one of tocsin")
}

// TestTruncatedFile: any missing byte is noticed before bbolt maps the file, since
// reading it there would kill the process.
func TestTruncatedFile(t *testing.T) {
	path, pairs, used := filled(t)
	if err := os.Truncate(path, used); err != nil {
		t.Fatal(err)
	}
	wantPairs(t, reopen(t, path), pairs)
	whole, err := os.ReadFile(path) // the handle writes nothing meanwhile
	if err != nil {
		t.Fatal(err)
	}
	chance := rand.New(rand.NewPCG(1, 1))
	lengths := []int64{0, 1, 4095, 4096, 4097, 8191, 8192, 3 * 4096, used / 2, used - 4096, used - 1}
	for range 50 {
		lengths = append(lengths, chance.Int64N(used))
	}
	for _, length := range lengths {
		path := filepath.Join(t.TempDir(), "cut.db")
		if err := os.WriteFile(path, whole[:length], 0o600); err != nil {
			t.Fatal(err)
		}
		detail := fmt.Sprintf("%d bytes of at least %d", length, used)
		if length < 2*4096 { // without both meta pages bbolt itself refuses
			detail = ""
		}
		wantCorrupt(t, path, detail)
	}
}

// TestDamagedFile: whatever single byte or page goes bad, opening and reading end,
// with an error or without, and the process lives. (That a value is still
// what it was is for checksums in the values to tell.)
func TestDamagedFile(t *testing.T) {
	path, pairs, used := filled(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(t.TempDir(), "damaged.db")
	chance := rand.New(rand.NewPCG(1, 2))
	refused := 0
	const trials = 100
	for i := range trials {
		data := bytes.Clone(whole[:used])
		at := chance.Int64N(used/4096) * 4096
		switch i % 4 {
		case 0:
			clear(data[at : at+4096])
		case 1:
			data[chance.Int64N(used)] ^= 1 << chance.IntN(8)
		default: // where structure is
			data[at+chance.Int64N(48)] ^= 1 << chance.IntN(8)
		}
		if err := os.WriteFile(damaged, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if !readable(t, damaged, len(pairs)) {
			refused++
		}
	}
	t.Logf("%d of %d damaged files refused", refused, trials)
	if refused == 0 {
		t.Error("no damage was noticed")
	}
}

// readable reports whether the file can be opened, read and written, and wants
// a CorruptError if not and the number of pairs otherwise.
func readable(t *testing.T, path string, pairs int) bool {
	t.Helper()
	var corrupt *store.CorruptError
	db, err := Open(path)
	if errors.As(err, &corrupt) {
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	got, err := db.Scan(t.Context(), "", "", 0)
	if err != nil || len(got) != pairs && len(got) != pairs-100 { // the last commit, if its meta page is bad
		t.Errorf("Scan = %d pairs, %v, want %d", len(got), err, pairs)
	}
	if err := db.Commit(t.Context(), put("log/INC-15/new", "x")); err != nil {
		t.Errorf("Commit = %v", err)
	}
	return true
}

// TestFileCutWhileOpen: a file cut short harms the one who reads or writes what is
// gone, not the process; and from then on nothing is read or written, for what was
// acknowledged would not be there.
func TestFileCutWhileOpen(t *testing.T) {
	path, pairs, used := filled(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	last := pairs[len(pairs)-1].Key
	for _, length := range []int64{0, 4096, 2 * 4096, 3 * 4096, used / 2, used - 4096, used - 1} {
		for what, do := range map[string]func(*DB) error{
			"Get":    func(db *DB) error { _, err := db.Get(t.Context(), last); return err },
			"Scan":   func(db *DB) error { _, err := db.Scan(t.Context(), "", "", 0); return err },
			"Commit": func(db *DB) error { return db.Commit(t.Context(), put("k", "x")) },
		} {
			t.Run(fmt.Sprint(what, " at ", length), func(t *testing.T) {
				cut := filepath.Join(t.TempDir(), "cut.db")
				if err := os.WriteFile(cut, whole, 0o600); err != nil {
					t.Fatal(err)
				}
				wantStopped(t, reopen(t, cut), func() error { return os.Truncate(cut, length) }, do)
			})
		}
	}
}

// TestFileTakenAway: what would be written to a file that is no longer at its path
// is not acknowledged.
func TestFileTakenAway(t *testing.T) {
	for how, take := range map[string]func(path string) error{
		"deleted":  os.Remove,
		"moved":    func(path string) error { return os.Rename(path, path+".old") },
		"replaced": func(path string) error { return errors.Join(os.Rename(path, path+".old"), create(path)) },
	} {
		t.Run(how, func(t *testing.T) {
			db := open(t)
			wantStopped(t, db, func() error { return take(db.Path()) },
				func(db *DB) error { return db.Commit(t.Context(), put("k", "x")) })
		})
	}
}

// wantStopped wants the handle to have stopped for good once harm was done to the file
// and it was used, unless no harm was met; a commit always meets it.
func wantStopped(t *testing.T, db *DB, harm func() error, use func(*DB) error) {
	t.Helper()
	lead, _, err := db.Lead(t.Context())
	if err := errors.Join(err, harm()); err != nil {
		t.Fatal(err)
	}
	var corrupt *store.CorruptError
	if err := use(db); err != nil && !errors.As(err, &corrupt) {
		t.Errorf("%v, want a CorruptError", err)
	}
	if err := db.Commit(t.Context(), put("later", "x")); !errors.As(err, &corrupt) {
		t.Errorf("Commit = %v afterwards, want a CorruptError", err)
	}
	if _, err := db.Get(t.Context(), "k"); !errors.As(err, &corrupt) {
		t.Errorf("Get = %v afterwards, want a CorruptError", err)
	}
	if !errors.As(context.Cause(lead), &corrupt) {
		t.Errorf("the lead is over because of %v, want a CorruptError", context.Cause(lead))
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}
