package kvtest

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"tocsin/store"
)

const (
	writers = 8
	each    = 25 // what every writer has to get done
)

// race runs turn, which reports whether it got something done, until every
// writer has got each things done.
func race(t *testing.T, turn func(writer int) (done bool, err error)) {
	t.Helper()
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for left := each; left > 0; {
				done, err := turn(w)
				if err != nil {
					t.Error(err)
					return
				}
				if done {
					left--
				}
			}
		})
	}
	group.Wait()
}

// won reports whether a commit went through, where losing is no error.
func won(err error) (bool, error) {
	if errors.Is(err, store.ErrConflict) {
		return false, nil
	}
	return err == nil, err
}

// raceForNext: all want to create the next key of a log; each key has one winner.
func raceForNext(t *testing.T, kv store.KV) {
	ctx := t.Context()
	race(t, func(writer int) (bool, error) {
		log, err := kv.Scan(ctx, "log/", "", 0)
		if err != nil {
			return false, err
		}
		next := fmt.Sprintf("log/%06d", len(log))
		return won(kv.Commit(ctx, store.Tx{Absent: []string{next}, Put: []store.Pair{pair(next, fmt.Sprint(writer))}}))
	})
	log, err := kv.Scan(ctx, "log/", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(log) != writers*each {
		t.Fatalf("%d keys for %d commits", len(log), writers*each)
	}
	wins := map[string]int{}
	for i, p := range log {
		if want := fmt.Sprintf("log/%06d", i); p.Key != want {
			t.Fatalf("key %d is %q, want %q", i, p.Key, want)
		}
		wins[string(p.Value)]++
	}
	for writer, n := range wins {
		if n != each {
			t.Errorf("writer %s was told of %d wins and has %d keys", writer, each, n)
		}
	}
}

// raceForCounter: a version key that each increment consumes makes read, add,
// write safe; no increment is lost.
func raceForCounter(t *testing.T, kv store.KV) {
	ctx := t.Context()
	put(t, kv, pair("version/0", ""), pair("counter", "0"))
	race(t, func(int) (bool, error) {
		value, err := kv.Get(ctx, "counter")
		if err != nil {
			return false, err
		}
		n, err := strconv.Atoi(string(value))
		if err != nil {
			return false, err
		}
		version := func(n int) string { return fmt.Sprint("version/", n) }
		return won(kv.Commit(ctx, store.Tx{
			Present: []string{version(n)},
			Delete:  []string{version(n)},
			Put:     []store.Pair{pair(version(n+1), ""), pair("counter", fmt.Sprint(n+1))},
		}))
	})
	total := fmt.Sprint(writers * each)
	holds(t, kv, pair("counter", total), pair("version/"+total, ""))
}

// wholeTransactions: a scan beside writers never sees part of a transaction.
func wholeTransactions(t *testing.T, kv store.KV) {
	ctx := t.Context()
	write := func(value string) error {
		var tx store.Tx
		for i := range 10 {
			tx.Put = append(tx.Put, pair(fmt.Sprint("part/", i), value))
		}
		return kv.Commit(ctx, tx)
	}
	if err := write("first"); err != nil {
		t.Fatal(err)
	}
	race(t, func(writer int) (bool, error) {
		if writer%2 == 0 {
			return true, write(fmt.Sprint(writer))
		}
		parts, err := kv.Scan(ctx, "part/", "", 0)
		if err != nil {
			return false, err
		}
		for _, p := range parts {
			if len(parts) != 10 || string(p.Value) != string(parts[0].Value) {
				return false, fmt.Errorf("half a transaction: %q", parts)
			}
		}
		return true, nil
	})
}
