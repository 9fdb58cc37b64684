package mem_test

import (
	"errors"
	"testing"

	"tocsin/store"
	"tocsin/store/kvtest"
	"tocsin/store/mem"
)

func TestContract(t *testing.T) {
	kvtest.Run(t, func(*testing.T) store.KV { return mem.New() })
}

func put(key string) store.Tx {
	return store.Tx{Put: []store.Pair{{Key: key, Value: []byte("x")}}}
}

// exists reports whether key is in the store.
func exists(t *testing.T, db *mem.DB, key string) bool {
	t.Helper()
	_, err := db.Get(t.Context(), key)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		t.Fatal(err)
	}
	return err == nil
}

func TestReopenKeepsTheDataAndEndsTheOldHandle(t *testing.T) {
	old := mem.New()
	lead, oldKey, err := old.Lead(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := old.Commit(t.Context(), put("k")); err != nil {
		t.Fatal(err)
	}
	db := old.Reopen()
	if lead.Err() == nil {
		t.Error("the old handle still leads")
	}
	if err := old.Commit(t.Context(), put("late")); !errors.Is(err, store.ErrClosed) {
		t.Errorf("old handle: Commit = %v, want ErrClosed", err)
	}
	if !exists(t, db, "k") || exists(t, db, "late") {
		t.Error("the new handle does not have what the old one wrote before its end, and only that")
	}
	_, newKey, err := db.Lead(t.Context())
	if err != nil || newKey == oldKey || exists(t, db, oldKey) || !exists(t, db, newKey) {
		t.Errorf("Lead = %q, %v after %q: not a new term", newKey, err, oldKey)
	}
}

func TestFault(t *testing.T) {
	for _, c := range []struct {
		name    string
		outcome mem.Outcome
		want    error
		written bool
	}{
		{"carry on", mem.CarryOn, nil, true},
		{"fail before", mem.FailBefore, mem.ErrFault, false},
		{"fail after", mem.FailAfter, mem.ErrFault, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			db := mem.New()
			db.Fault = func(n int, tx store.Tx) mem.Outcome {
				if n == 2 && tx.Put[0].Key == "b" {
					return c.outcome
				}
				return mem.CarryOn
			}
			if err := db.Commit(t.Context(), put("a")); err != nil {
				t.Fatal(err)
			}
			if err := db.Commit(t.Context(), put("b")); !errors.Is(err, c.want) {
				t.Errorf("Commit = %v, want %v", err, c.want)
			}
			if got := exists(t, db.Reopen(), "b"); got != c.written {
				t.Errorf("carried out: %v, want %v", got, c.written)
			}
		})
	}
}

func TestFaultSeesTheCommitNumberAcrossReopen(t *testing.T) {
	db := mem.New()
	_ = db.Commit(t.Context(), put("a"))
	_ = db.Commit(t.Context(), store.Tx{Delete: []string{""}}) // invalid: does not count
	db = db.Reopen()
	var seen int
	db.Fault = func(n int, _ store.Tx) mem.Outcome { seen = n; return mem.CarryOn }
	_ = db.Commit(t.Context(), put("b"))
	if seen != 2 {
		t.Errorf("n = %d, want 2", seen)
	}
}

func TestConflictIsNotHeardOfWhenTheAnswerIsLost(t *testing.T) {
	db := mem.New()
	db.Fault = func(int, store.Tx) mem.Outcome { return mem.FailAfter }
	tx := store.Tx{Present: []string{"missing"}, Put: put("k").Put}
	if err := db.Commit(t.Context(), tx); !errors.Is(err, mem.ErrFault) {
		t.Errorf("Commit = %v, want ErrFault", err)
	}
	if exists(t, db, "k") {
		t.Error("a transaction whose condition does not hold was carried out")
	}
}
