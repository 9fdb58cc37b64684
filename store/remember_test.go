package store_test

import (
	"context"
	"errors"
	"testing"

	"tocsin/store"
	"tocsin/store/mem"
)

// TestRemember: what one start kept the next one reads, the latest of it, and damage
// is told instead.
func TestRemember(t *testing.T) {
	ctx, kv := context.Background(), mem.New()
	j := store.NewJournal(kv)
	var got struct{ A string }
	if ok, err := j.Recall(ctx, "slack", &got); ok || err != nil {
		t.Fatalf("%v %v: nothing is remembered yet", ok, err)
	}
	for _, a := range []string{"x", "x", "y"} {
		if err := j.Remember(ctx, "slack", map[string]string{"A": a}); err != nil {
			t.Fatal(err)
		}
	}
	if ok, err := j.Recall(ctx, "slack", &got); !ok || err != nil || got.A != "y" {
		t.Fatalf("%v %v %+v", ok, err, got)
	}
	value, err := kv.Get(ctx, "known/slack")
	if err != nil {
		t.Fatal(err)
	}
	value[len(value)-3] ^= 1
	if err := kv.Commit(ctx, store.Tx{Put: []store.Pair{{Key: "known/slack", Value: value}}}); err != nil {
		t.Fatal(err)
	}
	_, err = j.Recall(ctx, "slack", &got)
	if _, damaged := errors.AsType[*store.CorruptError](err); !damaged {
		t.Errorf("%v: damage is not told", err)
	}
}
