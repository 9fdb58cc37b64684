// Package bolt keeps a store in one file, with bbolt.
//
// One goroutine at a time, the committer, writes. While the disk makes one bbolt
// transaction durable, arriving ones queue; the next bbolt transaction takes
// them all, each with its own conditions, in order of arrival, each seeing what
// those before it wrote. Nobody waits for others to arrive: a single writer, its
// own committer, pays one sync to disk; sixty-four share one.
//
// A failed write is ambiguous: part of it may be on disk, and bbolt would go on.
// This package does not. The handle stops, every operation fails with
// [store.ErrStopped], and reopening the file shows what is true. So it is with a full
// disk too. Refusals (a conflict, an invalid transaction) are no failures.
//
// It stops, too, when somebody cuts, moves, deletes or replaces the file while it is
// in use: what is written from then on would be lost.
//
// The file's lock is the lease of the only leader. A file is examined before it
// is used, since bbolt reads it through mmap, where a short or damaged file
// kills the process instead of returning an error. Damage to values stays
// unseen: who must notice it keeps checksums in the values.
package bolt

import (
	"context"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"

	"tocsin/store"
)

// bucket holds all pairs. Its name tells our files from those of other programs.
var bucket = []byte("tocsin")

// DB is an open data file. It is a [store.KV].
type DB struct {
	path string
	file *os.File     // that bbolt has open, to be asked of and nothing else
	used atomic.Int64 // bytes of the file that are in use, at least
	bolt *bbolt.DB
	life context.Context // ends when no operation is carried out any more; its cause says why
	end  context.CancelCauseFunc

	mu        sync.Mutex // guards queue and busy
	queue     []*request // transactions not yet taken by the committer
	busy      bool       // there is a committer
	committer sync.WaitGroup

	term sync.Mutex // guards key
	key  string     // of the lead, once Lead was called

	close func() error // closes the file, once
	hooks hooks
}

// hooks let tests look at, hold up, and break what is done.
type hooks struct {
	apply func(store.Tx) // before a transaction is carried out
	sync  func() error   // before a bbolt transaction is committed; an error replaces the commit
	look  func()         // while it is looked whether the file is whole
}

// Option changes how Open works.
type Option func(*options)

type options struct {
	lockTimeout time.Duration
	oneIsEnough bool
	readOnly    bool
	hooks       hooks
}

// LockTimeout sets how long Open waits for another process to let go of the
// file; 1 s if not given, and at least 1 ms.
func LockTimeout(d time.Duration) Option {
	return func(o *options) { o.lockTimeout = max(d, time.Millisecond) } // bbolt takes 0 for "for ever"
}

// OneFirstPage opens a file of whose two first pages only one is good, the older one
// maybe: then the newest transaction is missing. The next commit makes both good.
func OneFirstPage() Option { return func(o *options) { o.oneIsEnough = true } }

// ReadOnly opens a file that is there to be read and not written, as on a disk that
// takes no writes. Others may read it meanwhile, and nobody write it.
func ReadOnly() Option { return func(o *options) { o.readOnly = true } }

// Open opens the data file at path and creates it if there is none. Its
// directory must exist. Errors: *[store.LockedError], *[store.CorruptError], or what
// the operating system says, with advice.
func Open(path string, opts ...Option) (*DB, error) {
	o := options{lockTimeout: time.Second}
	for _, opt := range opts {
		opt(&o)
	}
	db := &DB{path: path, hooks: o.hooks}
	if err := db.open(o); err != nil {
		return nil, err
	}
	db.close = sync.OnceValue(db.bolt.Close)
	db.life, db.end = context.WithCancelCause(context.Background())
	if err := store.CheckFormat(context.Background(), db); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// IsReadOnly tells whether the file was opened with ReadOnly.
func (db *DB) IsReadOnly() bool { return db.bolt.IsReadOnly() }

// Path returns the path that the file was opened by.
func (db *DB) Path() string { return db.path }

// Close implements [store.KV]. It waits for running reads and snapshots.
func (db *DB) Close() error {
	db.over(store.ErrClosed)
	db.committer.Wait()
	return db.close()
}

// Lead implements [store.KV]: who has the file's lock leads at once. The lead ends
// with Close or a failed write.
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

// over ends the handle's life, unless it has ended: nobody can queue any more.
func (db *DB) over(why error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.end(why)
}

// refusal says why an operation must not begin, if it must not.
func (db *DB) refusal(ctx context.Context) error {
	if err := context.Cause(db.life); err != nil {
		return err
	}
	return ctx.Err()
}
