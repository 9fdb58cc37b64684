package kvtest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"tocsin/store"
)

// endedContext: nothing begins once the context is over.
func endedContext(t *testing.T, kv store.KV) {
	put(t, kv, pair("k", "1"))
	everyMethod(t, kv, ended(), context.Canceled)
	holds(t, kv, pair("k", "1"))
}

// closing: every method answers ErrClosed, and closing again is fine.
func closing(t *testing.T, kv store.KV) {
	lead, _, err := kv.Lead(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if lead.Err() != nil {
		t.Fatal("the lead has ended before Close")
	}
	for range 2 {
		if err := kv.Close(); err != nil {
			t.Fatal(err)
		}
	}
	<-lead.Done()
	everyMethod(t, kv, t.Context(), store.ErrClosed)
}

// everyMethod wants every method but Close to fail with the error want.
func everyMethod(t *testing.T, kv store.KV, ctx context.Context, want error) {
	t.Helper()
	for name, call := range map[string]func() error{
		"Get":    func() error { _, err := kv.Get(ctx, "k"); return err },
		"Scan":   func() error { _, err := kv.Scan(ctx, "", "", 0); return err },
		"Commit": func() error { return kv.Commit(ctx, store.Tx{Put: []store.Pair{pair("k", "2")}}) },
		"Lead":   func() error { _, _, err := kv.Lead(ctx); return err },
	} {
		if err := call(); !errors.Is(err, want) {
			t.Errorf("%s = %v, want %v", name, err, want)
		}
	}
}

// closeAmidCommits: each commit under way ends, done or refused.
func closeAmidCommits(t *testing.T, kv store.KV) {
	first := make(chan struct{}, 1)
	var writers sync.WaitGroup
	for w := range 8 {
		writers.Go(func() {
			for i := 0; ; i++ {
				err := kv.Commit(t.Context(), store.Tx{Put: []store.Pair{pair(fmt.Sprint(w, "/", i), "x")}})
				if errors.Is(err, store.ErrClosed) {
					return
				}
				if err != nil {
					t.Errorf("Commit = %v, want nil or ErrClosed", err)
					return
				}
				select {
				case first <- struct{}{}:
				default:
				}
			}
		})
	}
	<-first
	if err := kv.Close(); err != nil {
		t.Error(err)
	}
	writers.Wait()
}

// fence: the lead's key lets a transaction through only as long as it exists.
func fence(t *testing.T, kv store.KV) {
	_, key, err := kv.Lead(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, again, err := kv.Lead(t.Context()); err != nil || again != key {
		t.Fatalf("Lead again = %q, %v, want %q", again, err, key)
	}
	fenced := store.Tx{Present: []string{key}, Put: []store.Pair{pair("k", "1")}}
	commit(t, kv, fenced, nil)
	commit(t, kv, store.Tx{Delete: []string{key}}, nil) // another handle takes over
	fenced.Put = []store.Pair{pair("k", "2")}
	commit(t, kv, fenced, store.ErrConflict)
	has(t, kv, "k", "1")
}
