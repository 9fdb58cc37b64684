package kvtest

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tocsin/store"
)

// keys are few, so that random transactions meet, and awkward: prefixes of each
// other, a separator among its neighbours in byte order, the first and last bytes.
var keys = rapid.SampledFrom([]string{
	"a", "a/", "a/1", "a/10", "a/2", "a0", "a\x00", "b", "b/\xff", "b/\xff\xff", "\x00", "\xff", "\xff\xff", "é",
})

// model compares the store with a map under random transactions.
func model(t *testing.T, open func(t *testing.T) store.KV) {
	rapid.Check(t, func(r *rapid.T) {
		kv := open(t)
		defer kv.Close()
		want := map[string]string{}
		r.Repeat(map[string]func(*rapid.T){
			"commit": func(r *rapid.T) { commitBoth(t, r, kv, want) },
			"get":    func(r *rapid.T) { getBoth(t, r, kv, want) },
			"scan":   func(r *rapid.T) { scanBoth(t, r, kv, want) },
		})
	})
}

func commitBoth(t *testing.T, r *rapid.T, kv store.KV, want map[string]string) {
	some := func(name string) []string {
		return rapid.SliceOfNDistinct(keys, 0, 3, rapid.ID).Draw(r, name)
	}
	tx := store.Tx{Absent: some("absent"), Present: some("present"), Delete: some("delete")}
	for _, key := range some("put") {
		tx.Put = append(tx.Put, pair(key, rapid.StringN(0, 8, -1).Draw(r, "value")))
	}
	expect := tx.Check()
	if expect == nil {
		expect = commitModel(want, tx)
	}
	got := kv.Commit(t.Context(), tx)
	for _, kind := range []error{nil, store.ErrConflict, store.ErrInvalid} {
		if errors.Is(got, kind) != errors.Is(expect, kind) {
			r.Fatalf("Commit(%+q) = %v, want %v", tx, got, expect)
		}
	}
}

func commitModel(state map[string]string, tx store.Tx) error {
	for _, key := range tx.Absent {
		if _, found := state[key]; found {
			return store.ErrConflict
		}
	}
	for _, key := range tx.Present {
		if _, found := state[key]; !found {
			return store.ErrConflict
		}
	}
	for _, key := range tx.Delete {
		delete(state, key)
	}
	for _, p := range tx.Put {
		state[p.Key] = string(p.Value)
	}
	return nil
}

func getBoth(t *testing.T, r *rapid.T, kv store.KV, want map[string]string) {
	key := keys.Draw(r, "key")
	got, err := kv.Get(t.Context(), key)
	value, found := want[key]
	switch {
	case !found && !errors.Is(err, store.ErrNotFound):
		r.Fatalf("Get(%q) = %q, %v, want ErrNotFound", key, got, err)
	case found && (err != nil || string(got) != value):
		r.Fatalf("Get(%q) = %q, %v, want %q", key, got, err, value)
	}
}

func scanBoth(t *testing.T, r *rapid.T, kv store.KV, want map[string]string) {
	place := rapid.OneOf(rapid.Just(""), keys)
	prefix, after := place.Draw(r, "prefix"), place.Draw(r, "after")
	limit := rapid.IntRange(0, 5).Draw(r, "limit")
	got, err := kv.Scan(t.Context(), prefix, after, limit)
	if err != nil {
		r.Fatal(err)
	}
	same(r, "Scan", got, scanModel(want, prefix, after, limit))
}

func scanModel(state map[string]string, prefix, after string, limit int) []store.Pair {
	var pairs []store.Pair
	for _, key := range slices.Sorted(maps.Keys(state)) {
		if strings.HasPrefix(key, prefix) && key > after && (limit == 0 || len(pairs) < limit) {
			pairs = append(pairs, pair(key, state[key]))
		}
	}
	return pairs
}
