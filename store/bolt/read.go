package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"tocsin/store"
)

// Get implements [store.KV]. As Scan, it may see what is written but not yet
// durable, while the Commit of it has not returned.
func (db *DB) Get(ctx context.Context, key string) (value []byte, err error) {
	err = db.view(ctx, func(btx *bbolt.Tx) error {
		found, v := btx.Bucket(bucket).Cursor().Seek([]byte(key))
		if found == nil || string(found) != key {
			return store.ErrNotFound
		}
		value = clone(v)
		return nil
	})
	return value, err
}

// Scan implements [store.KV].
func (db *DB) Scan(ctx context.Context, prefix, after string, limit int) (pairs []store.Pair, err error) {
	err = db.view(ctx, func(btx *bbolt.Tx) error {
		c := btx.Bucket(bucket).Cursor()
		k, v := c.Seek([]byte(max(prefix, after)))
		if k != nil && string(k) == after {
			k, v = c.Next()
		}
		for ; k != nil && bytes.HasPrefix(k, []byte(prefix)); k, v = c.Next() {
			if limit > 0 && len(pairs) == limit {
				break
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			pairs = append(pairs, store.Pair{Key: string(k), Value: clone(v)})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return pairs, nil
}

// Snapshot writes a consistent copy of the data file to w, while the store is in
// use, and returns its length in bytes. Let w be a local file, not a network: what is
// overwritten meanwhile keeps its room in the data file. The caller syncs the copy.
func (db *DB) Snapshot(w io.Writer) (n int64, err error) {
	err = db.view(context.Background(), func(btx *bbolt.Tx) error {
		n, err = btx.WriteTo(w)
		return err
	})
	return n, err
}

// view runs do in a read transaction.
func (db *DB) view(ctx context.Context, do func(*bbolt.Tx) error) error {
	if err := db.refusal(ctx); err != nil {
		return err
	}
	if err := db.whole(); err != nil {
		if errors.As(err, new(*store.CorruptError)) {
			db.over(err)
		}
		return err
	}
	err := db.guard(func() error { return db.bolt.View(do) })
	if errors.Is(err, berrors.ErrDatabaseNotOpen) {
		return context.Cause(db.life) // closed since we asked
	}
	return err
}

// guard turns a panic of bbolt, which meets a damaged page with one, and a fault
// of the memory that maps the file into a CorruptError. After a fault, which is a
// part of the file that cannot be read any more, the handle stops.
func (db *DB) guard(do func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		corrupt := &store.CorruptError{Path: db.path, Detail: fmt.Sprint(v), Do: store.DoRestore}
		if _, fault := v.(interface{ Addr() uintptr }); fault {
			corrupt.Detail = "a part of it cannot be read any more: it was cut while in use, or the disk fails"
			db.over(corrupt)
		}
		err = corrupt
	}()
	return do()
}

// clone copies a value, which is valid in its transaction only. The copy is never nil.
func clone(value []byte) []byte { return append([]byte{}, value...) }
