package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/store"
	"tocsin/store/mem"
)

// TestChanges: what was changed since a time, the oldest first; the same request
// twice is one change.
func TestChanges(t *testing.T) {
	j := store.NewJournal(mem.New())
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	at := func(minutes int, what string) store.Change {
		return store.Change{At: noon.Add(time.Duration(minutes) * time.Minute), By: "Ada", Kind: "config", What: what, Service: "chat"}
	}
	for cause, c := range map[string]store.Change{"a": at(-40, "old"), "b": at(-20, "flag"), "c": at(-5, "route")} {
		for range 2 {
			if err := j.Changed(t.Context(), cause, c); err != nil {
				t.Fatal(err)
			}
		}
	}
	got, err := j.Changes(t.Context(), noon.Add(-30*time.Minute))
	if diff := cmp.Diff([]store.Change{at(-20, "flag"), at(-5, "route")}, got); diff != "" || err != nil {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
}
