package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"tocsin/bot/incident"
	"tocsin/store"
	"tocsin/store/mem"
)

// Whatever is listed: what is whole is there, and each that is not is named, with its
// incident; and the next number is one that none had.
func TestListsNameAllThatIsDamaged(t *testing.T) {
	kv := mem.New()
	j := store.NewJournal(kv)
	for n := 1; n <= 5; n++ {
		sound(t, j, incident.NewID(n), 3)
		must(t, j.Bury(t.Context(), []store.Gone{{ID: incident.NewID(10 + n), At: noon, Why: "exported"}}))
		must(t, j.Changed(t.Context(), fmt.Sprint(n), store.Change{At: noon.Add(time.Duration(n)), What: "beam width 4"}))
	}
	spoilAll := func(keys ...string) {
		for _, key := range keys {
			value, err := kv.Get(t.Context(), key)
			must(t, err)
			value[len(value)-1] ^= 1
			must(t, kv.Commit(t.Context(), store.Tx{Put: []store.Pair{{Key: key, Value: value}}}))
		}
	}
	change := func(n int) string {
		return "change/" + noon.Add(time.Duration(n)).Format("20060102T150405.000000000") + "/" + fmt.Sprint(n)
	}
	spoilAll("head/00000002", "head/00000005", "out/00000001/card", "out/00000003/announce", "gone/00000011", "gone/00000015", change(1), change(4))

	heads, err := j.Heads(t.Context())
	wantListed(t, "heads", len(heads), 3, err, "head/00000002", "head/00000005")
	var about []incident.ID
	for _, err := range store.Each(err) {
		about = append(about, store.About(err))
	}
	wantSame(t, "incidents", about, []incident.ID{"INC-2", "INC-5"})
	items, err := j.Outbox(t.Context())
	wantListed(t, "outbox", len(items), 5*4-2, err, "out/00000001/card", "out/00000003/announce")
	gone, err := j.Gone(t.Context())
	wantListed(t, "gone", len(gone), 3, err, "gone/00000011", "gone/00000015")
	changes, err := j.Changes(t.Context(), noon)
	wantListed(t, "changes", len(changes), 3, err, change(1), change(4))
	if n, err := j.Next(t.Context()); n != 16 || err != nil {
		t.Errorf("the next incident is %d, %v", n, err)
	}
	wantListed(t, "swept", 0, 0, j.Sweep(t.Context()), "gone/00000011", "gone/00000015")
}

// A key that has changed in one byte is no number that was given.
func TestAChangedKeyIsNoNumber(t *testing.T) {
	kv := mem.New()
	j := store.NewJournal(kv)
	must(t, j.Bury(t.Context(), []store.Gone{{ID: "INC-3", At: noon, Why: "exported"}}))
	value, err := kv.Get(t.Context(), "gone/00000003")
	must(t, err)
	must(t, kv.Commit(t.Context(), store.Tx{Delete: []string{"gone/00000003"}, Put: []store.Pair{{Key: "gone/80000003", Value: value}}}))
	if n, err := j.Next(t.Context()); n != 4 || err != nil {
		t.Errorf("the next incident is %d, %v", n, err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantListed wants a list to be so long, and its error to name these keys.
func wantListed(t *testing.T, what string, got, want int, err error, keys ...string) {
	t.Helper()
	var named []string
	for _, err := range store.Each(err) {
		if damaged, ok := err.(*store.CorruptError); ok {
			named = append(named, damaged.Path)
		}
	}
	if got != want || !slices.Equal(named, keys) {
		t.Errorf("%s: %d are listed, want %d; named are %q, want %q; error %v", what, got, want, named, keys, err)
	}
}
