package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"

	"tocsin/store"
)

// write carries out a batch in one bbolt transaction and answers its requests. A
// request that panics is answered and the others begin again without it.
func (db *DB) write(batch []*request) {
	for len(batch) > 0 {
		culprit, err := db.try(batch)
		switch {
		case culprit != nil:
			culprit.answer <- err
			batch = slices.DeleteFunc(batch, func(r *request) bool { return r == culprit })
		case err != nil:
			err = db.failed(err)
			db.over(err)
			answer(batch, err)
			return
		default:
			for _, r := range batch {
				r.answer <- r.err
			}
			return
		}
	}
}

// failed says what to do after a failed write.
func (db *DB) failed(err error) error {
	if corrupt, ok := errors.AsType[*store.CorruptError](err); ok {
		return corrupt
	}
	return fmt.Errorf("%w to %s: whether it is on disk is unknown: free space or repair the disk: %w",
		store.ErrStopped, db.path, err)
}

// try carries out a batch and makes it durable. If a request panics, nothing is
// written, and try returns it as the culprit.
func (db *DB) try(batch []*request) (culprit *request, err error) {
	if err := db.whole(); err != nil {
		return nil, err
	}
	btx, err := db.bolt.Begin(true)
	if err != nil {
		return nil, err
	}
	defer btx.Rollback() // does nothing after Commit
	writes := 0
	for _, r := range batch {
		if err := db.guard(func() error { return db.apply(btx, r) }); err != nil {
			return r, err
		}
		if r.err == nil {
			writes += len(r.tx.Put) + len(r.tx.Delete)
		}
	}
	if writes == 0 {
		return nil, nil
	}
	return nil, db.guard(func() error { return db.sync(btx) })
}

// sync makes the bbolt transaction durable.
func (db *DB) sync(btx *bbolt.Tx) error {
	if db.hooks.sync != nil {
		if err := db.hooks.sync(); err != nil {
			return err
		}
	}
	if err := errors.Join(db.whole(), db.there()); err != nil {
		return err
	}
	size := btx.Size()
	err := btx.Commit()
	db.used.Store(size)
	return err
}

// apply carries out one request if its conditions hold, and sets its answer.
// The error it returns spoils the bbolt transaction.
func (db *DB) apply(btx *bbolt.Tx, r *request) error {
	if db.hooks.apply != nil {
		db.hooks.apply(r.tx)
	}
	b := btx.Bucket(bucket)
	if !holds(b, r.tx) {
		r.err = store.ErrConflict
		return nil
	}
	for _, key := range r.tx.Delete {
		if err := b.Delete([]byte(key)); err != nil {
			return err
		}
	}
	for _, p := range r.tx.Put {
		if err := b.Put([]byte(p.Key), p.Value); err != nil {
			return err
		}
	}
	return nil
}

// holds reports whether all conditions of tx do.
func holds(b *bbolt.Bucket, tx store.Tx) bool {
	exists := func(key string) bool { return has(b, key) }
	missing := func(key string) bool { return !has(b, key) }
	return !slices.ContainsFunc(tx.Absent, exists) && !slices.ContainsFunc(tx.Present, missing)
}

// has reports whether key exists. Get cannot tell: an empty value put by an
// earlier request of the batch reads as nil.
func has(b *bbolt.Bucket, key string) bool {
	found, _ := b.Cursor().Seek([]byte(key))
	return bytes.Equal(found, []byte(key))
}
