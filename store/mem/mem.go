// Package mem keeps a store in memory, for tests.
//
// The data outlives its handle: Reopen gives a new handle on it and turns the
// old one into that of a process that died. Fault makes single commits fail, before or
// after they were carried out, so that every place where the answer of a
// database can get lost can be visited.
package mem

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"tocsin/store"
)

// ErrFault is the error of a commit that Fault let fail. As of any
// unknown error of a commit, its caller cannot tell whether it was carried out.
var ErrFault = errors.New("mem: injected fault")

// Outcome is what Fault decides about a commit.
type Outcome int

const (
	CarryOn    Outcome = iota // commit as usual
	FailBefore                // do not commit, and return ErrFault
	FailAfter                 // commit, but return ErrFault whatever the outcome
)

// DB is a handle on a store in memory. It is a [store.KV].
type DB struct {
	// Fault, if set before the first use, is asked about every valid commit.
	// n counts them from 1, over all handles on the data. It must not use the DB.
	Fault func(n int, tx store.Tx) Outcome

	data *data
	life context.Context // ends, with ErrClosed as its cause, when the handle does
	end  context.CancelCauseFunc

	term sync.Mutex // guards key
	key  string     // of the lead, once Lead was called
}

// data is what all handles share.
type data struct {
	mu      sync.Mutex
	pairs   []store.Pair // in key order
	commits int
}

// New returns a handle on a new, empty store.
func New() *DB { return open(&data{}) }

func open(d *data) *DB {
	life, end := context.WithCancelCause(context.Background())
	return &DB{data: d, life: life, end: end}
}

// Reopen closes db and returns a new handle, without a Fault, on the same data.
func (db *DB) Reopen() *DB {
	db.Close()
	return open(db.data)
}

// Close implements [store.KV].
func (db *DB) Close() error {
	db.data.mu.Lock() // so that no commit is under way when Close returns
	defer db.data.mu.Unlock()
	db.end(store.ErrClosed)
	return nil
}

// Lead implements [store.KV]: the only handle leads at once, until it is closed.
func (db *DB) Lead(ctx context.Context) (context.Context, string, error) {
	if err := db.refusal(ctx); err != nil {
		return nil, "", err
	}
	db.term.Lock()
	defer db.term.Unlock()
	if db.key == "" {
		key, err := store.Term(ctx, db)
		if err != nil {
			return nil, "", err
		}
		db.key = key
	}
	return db.life, db.key, nil
}

// Get implements [store.KV].
func (db *DB) Get(ctx context.Context, key string) ([]byte, error) {
	db.data.mu.Lock()
	defer db.data.mu.Unlock()
	if err := db.refusal(ctx); err != nil {
		return nil, err
	}
	i, found := db.data.find(key)
	if !found {
		return nil, store.ErrNotFound
	}
	return clone(db.data.pairs[i].Value), nil
}

// Scan implements [store.KV].
func (db *DB) Scan(ctx context.Context, prefix, after string, limit int) ([]store.Pair, error) {
	db.data.mu.Lock()
	defer db.data.mu.Unlock()
	if err := db.refusal(ctx); err != nil {
		return nil, err
	}
	i, found := db.data.find(max(prefix, after))
	if found && after >= prefix {
		i++ // past after itself
	}
	var pairs []store.Pair
	for _, p := range db.data.pairs[i:] {
		if !strings.HasPrefix(p.Key, prefix) || limit > 0 && len(pairs) == limit {
			break
		}
		pairs = append(pairs, store.Pair{Key: p.Key, Value: clone(p.Value)})
	}
	return pairs, nil
}

// Commit implements [store.KV].
func (db *DB) Commit(ctx context.Context, tx store.Tx) error {
	if err := tx.Check(); err != nil {
		return err
	}
	db.data.mu.Lock()
	defer db.data.mu.Unlock()
	if err := db.refusal(ctx); err != nil {
		return err
	}
	switch db.fault(tx) {
	case FailBefore:
		return ErrFault
	case FailAfter:
		_ = db.data.commit(tx) // a conflict is not heard of either
		return ErrFault
	default:
		return db.data.commit(tx)
	}
}

// refusal says why an operation must not begin, if it must not.
func (db *DB) refusal(ctx context.Context) error {
	if err := context.Cause(db.life); err != nil {
		return err
	}
	return ctx.Err()
}

// fault counts the commit and decides about it.
func (db *DB) fault(tx store.Tx) Outcome {
	db.data.commits++
	if db.Fault == nil {
		return CarryOn
	}
	return db.Fault(db.data.commits, tx)
}

// commit carries tx out if its conditions hold.
func (d *data) commit(tx store.Tx) error {
	exists := func(key string) bool { _, found := d.find(key); return found }
	missing := func(key string) bool { return !exists(key) }
	if slices.ContainsFunc(tx.Absent, exists) || slices.ContainsFunc(tx.Present, missing) {
		return store.ErrConflict
	}
	for _, key := range tx.Delete {
		if i, found := d.find(key); found {
			d.pairs = slices.Delete(d.pairs, i, i+1)
		}
	}
	for _, p := range tx.Put {
		p.Value = clone(p.Value)
		if i, found := d.find(p.Key); found {
			d.pairs[i] = p
		} else {
			d.pairs = slices.Insert(d.pairs, i, p)
		}
	}
	return nil
}

// find returns the place of key in pairs, and whether it is there.
func (d *data) find(key string) (int, bool) {
	return slices.BinarySearchFunc(d.pairs, key, func(p store.Pair, key string) int {
		return strings.Compare(p.Key, key)
	})
}

// clone copies a value; the copy is never nil.
func clone(value []byte) []byte { return append([]byte{}, value...) }
