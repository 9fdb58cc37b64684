package kvtest

import (
	"fmt"
	"strings"
	"testing"

	"tocsin/store"
)

// conditions: each alone and together, seen before the writes of the same transaction.
func conditions(t *testing.T, kv store.KV) {
	put(t, kv, pair("here", "1"))
	write := []store.Pair{pair("wrote", "x")}
	for _, tx := range []store.Tx{
		{Absent: []string{"here"}},
		{Present: []string{"gone"}},
		{Absent: []string{"gone", "here"}},
		{Present: []string{"here", "gone"}},
		{Absent: []string{"gone"}, Present: []string{"missing"}},
		{Present: []string{"wrote"}}, // put by itself is too late
	} {
		commit(t, kv, tx, store.ErrConflict)
		tx.Put, tx.Delete = write, []string{"here"}
		commit(t, kv, tx, store.ErrConflict)
		holds(t, kv, pair("here", "1"))
	}
	commit(t, kv, store.Tx{Absent: []string{"gone"}, Present: []string{"here"}}, nil)
	commit(t, kv, store.Tx{Absent: []string{"wrote"}, Put: write, Present: []string{"here"}, Delete: []string{"here", "gone"}}, nil)
	holds(t, kv, write...)
	commit(t, kv, store.Tx{}, nil)
}

// refusals: what Check refuses, Commit refuses too, and writes nothing.
func refusals(t *testing.T, kv store.KV) {
	hasNot(t, kv, "")
	put(t, kv, pair("here", "1"))
	many := make([]string, store.MaxOps) // and one more put makes it one too many
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	long := strings.Repeat("k", store.MaxKey+1)
	for name, tx := range map[string]store.Tx{
		"empty key absent":    {Absent: []string{""}},
		"empty key present":   {Present: []string{""}},
		"empty key put":       {Put: []store.Pair{pair("", "1")}},
		"empty key deleted":   {Delete: []string{""}},
		"key too long":        {Absent: []string{long}},
		"put twice":           {Put: []store.Pair{pair("k", "1"), pair("k", "2")}},
		"deleted twice":       {Delete: []string{"k", "k"}},
		"put and deleted":     {Put: []store.Pair{pair("k", "1")}, Delete: []string{"k"}},
		"never to be met":     {Absent: []string{"k"}, Present: []string{"k"}},
		"too many operations": {Absent: many[:40], Present: many[40:80], Delete: many[80:]},
		"too many bytes":      {Put: []store.Pair{{Key: "k", Value: make([]byte, store.MaxBytes)}}},
	} {
		t.Run(name, func(t *testing.T) {
			tx.Put = append([]store.Pair{pair("first", "1")}, tx.Put...)
			commit(t, kv, tx, store.ErrInvalid)
			holds(t, kv, pair("here", "1"))
		})
	}
	hasNot(t, kv, "")
}

// largest: everything up to the bounds works.
func largest(t *testing.T, kv store.KV) {
	var tx store.Tx
	value := make([]byte, store.MaxBytes/store.MaxOps-8)
	for i := range store.MaxOps {
		tx.Put = append(tx.Put, store.Pair{Key: fmt.Sprintf("many/%03d", i), Value: value})
	}
	commit(t, kv, tx, nil)
	long := strings.Repeat("k", store.MaxKey)
	big := strings.Repeat("v", store.MaxBytes-len(long))
	put(t, kv, pair(long, big))
	has(t, kv, long, big)
	if got, err := kv.Scan(t.Context(), "many/", "", 0); err != nil || len(got) != store.MaxOps {
		t.Fatalf("Scan = %d pairs, %v, want %d", len(got), err, store.MaxOps)
	}
}

// scans: byte order, prefixes, and paging by the last key seen.
func scans(t *testing.T, kv store.KV) {
	var all []store.Pair
	for i := range 100 {
		all = append(all, pair(fmt.Sprintf("log/%03d", i), fmt.Sprint(i)))
	}
	put(t, kv, all...)
	put(t, kv, pair("log", "before"), pair("log0", "behind"), pair("m", "far"))
	for _, limit := range []int{1, 7, 100, 101} {
		var pages []store.Pair
		for after := ""; ; {
			page, err := kv.Scan(t.Context(), "log/", after, limit)
			if err != nil || len(page) > limit {
				t.Fatalf("Scan after %q = %d pairs, %v, want at most %d", after, len(page), err, limit)
			}
			if len(page) == 0 {
				break
			}
			pages = append(pages, page...)
			after = page[len(page)-1].Key
		}
		same(t, fmt.Sprintf("pages of %d", limit), pages, all)
	}
	for _, c := range []struct {
		prefix, after string
		want          []store.Pair
	}{
		{"log/09", "log/0951", all[96:]}, // after need not exist
		{"log/0", "a", all},              // nor have the prefix
		{"log/", "m", nil},
		{"n", "", nil},
	} {
		got, err := kv.Scan(t.Context(), c.prefix, c.after, 0)
		if err != nil {
			t.Fatal(err)
		}
		same(t, fmt.Sprintf("Scan(%q, %q)", c.prefix, c.after), got, c.want)
	}
}

// copies: what is given to the store and what it returns may be written over.
func copies(t *testing.T, kv store.KV) {
	put(t, kv, pair("z", strings.Repeat("more than a page ", 1000)))
	given := []byte("value")
	put(t, kv, store.Pair{Key: "k", Value: given})
	copy(given, "-----")
	has(t, kv, "k", "value")
	got, _ := kv.Get(t.Context(), "k")
	copy(got, "-----")
	has(t, kv, "k", "value")
	pairs, _ := kv.Scan(t.Context(), "", "", 0)
	copy(pairs[0].Value, "-----")
	has(t, kv, "k", "value")
}

// values: an empty value is a value, and values are bytes.
func values(t *testing.T, kv store.KV) {
	put(t, kv, store.Pair{Key: "nil"}, pair("empty", ""), pair("bytes", "\x00\xff\n"))
	commit(t, kv, store.Tx{Absent: []string{"nil"}}, store.ErrConflict)
	commit(t, kv, store.Tx{Present: []string{"nil", "empty"}}, nil)
	holds(t, kv, pair("bytes", "\x00\xff\n"), pair("empty", ""), pair("nil", ""))
	has(t, kv, "nil", "")
}
