package bolt

import (
	"context"
	"fmt"
	"sync/atomic"

	"tocsin/store"
)

// request is a transaction on its way through the committer.
type request struct {
	tx      store.Tx
	claimed atomic.Bool // by the committer, to carry it out, or by the caller, to give it up
	err     error       // the answer, if the batch that it is in becomes durable
	answer  chan error  // takes one
}

// claim reports whether the caller is the first to claim the request.
func (r *request) claim() bool { return r.claimed.CompareAndSwap(false, true) }

// Commit implements [store.KV]. If ctx ends before a committer took the
// transaction, it is never carried out; if later, Commit waits for the answer. So
// ctx's error is not ambiguous here.
func (db *DB) Commit(ctx context.Context, tx store.Tx) error {
	if err := tx.Check(); err != nil {
		return err
	}
	if db.IsReadOnly() {
		return fmt.Errorf("store: nothing was written to %s, which can only be read here: let this user write it, or set TOCSIN_STORE to a copy elsewhere", db.path)
	}
	r := &request{tx: tx, answer: make(chan error, 1)}
	first, err := db.enqueue(ctx, r)
	if err != nil {
		return err
	}
	if first {
		db.serve()
	}
	select {
	case err := <-r.answer:
		return err
	case <-ctx.Done():
		if r.claim() {
			return ctx.Err()
		}
		return <-r.answer
	}
}

// enqueue lines r up. It reports whether the caller has become the committer,
// since there was none: then r is alone in the queue.
func (db *DB) enqueue(ctx context.Context, r *request) (first bool, err error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if err := db.refusal(ctx); err != nil {
		return false, err
	}
	db.queue = append(db.queue, r)
	first = !db.busy
	if first {
		db.busy = true
		db.committer.Add(1)
	}
	return first, nil
}

// serve makes the caller, whose transaction is the first, the committer of one
// batch. If others came meanwhile, a goroutine takes over.
func (db *DB) serve() {
	batch := db.next()
	if batch == nil {
		return // closed since
	}
	db.write(batch)
	if batch = db.next(); batch != nil {
		go db.run(batch)
	}
}

// run is the committer from a batch on until the queue is empty.
func (db *DB) run(batch []*request) {
	for ; batch != nil; batch = db.next() {
		db.write(batch)
	}
}

// next takes all waiting transactions. If there are none it returns nil, and the
// committer's work is done. If the handle's life is over it refuses them first.
func (db *DB) next() []*request {
	db.mu.Lock()
	defer db.mu.Unlock()
	batch := claimed(db.queue)
	db.queue = nil
	if why := context.Cause(db.life); why != nil {
		answer(batch, why)
		batch = nil
	}
	if batch == nil {
		db.busy = false
		db.committer.Done()
	}
	return batch
}

// claimed returns the requests that their callers have not given up.
func claimed(queue []*request) []*request {
	var mine []*request
	for _, r := range queue {
		if r.claim() {
			mine = append(mine, r)
		}
	}
	return mine
}

// answer gives every request the same answer.
func answer(batch []*request, err error) {
	for _, r := range batch {
		r.answer <- err
	}
}
