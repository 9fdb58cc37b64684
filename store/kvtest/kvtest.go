// Package kvtest is the contract of [store.KV] as tests, which every KV must pass.
//
// Run opens a fresh, empty store for each part. The heart is a comparison with a
// model, a sorted map, under random transactions; the rest is what one
// goroutine alone cannot show, and the edges.
package kvtest

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"tocsin/store"
)

// Run tests the KV that open returns. Each call of open gives a new, empty store,
// which Run closes.
func Run(t *testing.T, open func(t *testing.T) store.KV) {
	parts := []struct {
		name string
		test func(*testing.T, store.KV)
	}{
		{"Conditions", conditions},
		{"Refusals", refusals},
		{"LargestTransaction", largest},
		{"ScanOrderAndPages", scans},
		{"ValuesAreCopies", copies},
		{"EmptyAndBinaryValues", values},
		{"EndedContext", endedContext},
		{"Close", closing},
		{"CloseAmidCommits", closeAmidCommits},
		{"Fence", fence},
		{"RaceForTheNextKey", raceForNext},
		{"RaceForACounter", raceForCounter},
		{"ReadersSeeWholeTransactions", wholeTransactions},
	}
	t.Run("Model", func(t *testing.T) { model(t, open) })
	for _, part := range parts {
		t.Run(part.name, func(t *testing.T) {
			kv := open(t)
			defer kv.Close()
			part.test(t, kv)
		})
	}
}

// pair, puts and put write test data in few words.
func pair(key, value string) store.Pair { return store.Pair{Key: key, Value: []byte(value)} }

func put(t *testing.T, kv store.KV, pairs ...store.Pair) {
	t.Helper()
	commit(t, kv, store.Tx{Put: pairs}, nil)
}

// commit wants the commit to end with the error want.
func commit(t *testing.T, kv store.KV, tx store.Tx, want error) {
	t.Helper()
	if err := kv.Commit(t.Context(), tx); !errors.Is(err, want) {
		t.Fatalf("Commit(%+v) = %v, want %v", tx, err, want)
	}
}

// has wants key to have the value want.
func has(t *testing.T, kv store.KV, key, want string) {
	t.Helper()
	got, err := kv.Get(t.Context(), key)
	if err != nil || string(got) != want {
		t.Fatalf("Get(%q) = %q, %v, want %q", key, got, err, want)
	}
}

// hasNot wants key not to exist.
func hasNot(t *testing.T, kv store.KV, key string) {
	t.Helper()
	if got, err := kv.Get(t.Context(), key); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("Get(%q) = %q, %v, want ErrNotFound", key, got, err)
	}
}

// holds wants the store to hold these pairs and no other.
func holds(t *testing.T, kv store.KV, want ...store.Pair) {
	t.Helper()
	got, err := kv.Scan(t.Context(), "", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "Scan of all", got, want)
}

func same(t interface {
	Helper()
	Fatalf(string, ...any)
}, what string, got, want []store.Pair) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d pairs %.300q, want %d %.300q", what, len(got), got, len(want), want)
	}
	for i := range got {
		if got[i].Key != want[i].Key || !bytes.Equal(got[i].Value, want[i].Value) {
			t.Fatalf("%s: pair %d is %.100q, want %.100q", what, i, got[i], want[i])
		}
	}
}

func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
