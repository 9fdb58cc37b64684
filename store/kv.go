package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Bounds of one transaction, the same for every KV, so that code tested on one
// runs on all. They leave room below etcd's defaults of 128 operations and
// 1.5 MiB a request (https://etcd.io/docs/latest/op-guide/configuration/,
// --max-txn-ops and --max-request-bytes).
const (
	MaxOps   = 128      // conditions, puts and deletes together
	MaxBytes = 1 << 20  // keys and values together
	MaxKey   = 32 << 10 // one key; bbolt's MaxKeySize
)

var (
	// ErrConflict: a key in Absent exists, or one in Present does not.
	// Nothing was written; load again and decide again.
	ErrConflict = errors.New("store: the state has changed: load it and decide again")

	// ErrInvalid: the transaction breaks a rule of [Tx.Check]. Nothing was written.
	ErrInvalid = errors.New("store: invalid transaction")

	// ErrNotFound: no such key.
	ErrNotFound = errors.New("store: no such key")

	// ErrClosed: this handle was closed. Nothing was written.
	ErrClosed = errors.New("store: closed")

	// ErrStopped: a write failed, so nobody knows what is on disk, and this
	// handle answers nothing any more. Close it and open the store again.
	ErrStopped = errors.New("store: stopped after a failed write")
)

// LockedError says that another process has the data file open.
type LockedError struct{ Path string }

func (e *LockedError) Error() string {
	return fmt.Sprintf("store: %s is in use by another process, most likely a running tocsin serve or tocsin sandbox: "+
		"stop that one, or set TOCSIN_STORE to another file", e.Path)
}

// CorruptError says that something in the data file is damaged, or the file itself, or
// that it is no file of ours.
type CorruptError struct {
	Path   string // the file, or what in it is damaged
	Detail string // what was found
	// Do is what to do about the file as a whole; "": one thing in it is damaged, and
	// the rest can be read.
	Do string
}

// What to do about a damaged file, for CorruptError.Do.
const (
	DoRepair  = "stop tocsin and run tocsin doctor --repair, which keeps the file as it was"
	DoRestore = "a repair cannot help, so restore the newest good backup with tocsin restore"
	DoName    = "if it is no file of tocsin's, set TOCSIN_STORE to another; if it was, restore the newest good backup with tocsin restore"
)

// Error implements error. Nobody is sent to a repair that cannot help.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("store: %s cannot be trusted: %s: %s", e.Path, e.Detail, cmp.Or(e.Do, DoRepair))
}

// Pair is a key and its value.
type Pair struct {
	Key   string
	Value []byte
}

// Tx is a transaction: if every condition holds, do all of it, else nothing.
// Conditions look at the state before the transaction. Deleting a key that
// does not exist is no error.
type Tx struct {
	Absent  []string // keys that must not exist
	Present []string // keys that must exist
	Put     []Pair
	Delete  []string
}

// Check reports what keeps the transaction from being carried out by any KV,
// as an error that is ErrInvalid. The rules: no empty key; no key that is to be
// both absent and present; no key written twice; no bound exceeded.
func (tx Tx) Check() error {
	if n := len(tx.Absent) + len(tx.Present) + len(tx.Put) + len(tx.Delete); n > MaxOps {
		return fmt.Errorf("%w: %d operations, at most %d are allowed: split it", ErrInvalid, n, MaxOps)
	}
	c := checker{asked: map[string]string{}, written: map[string]string{}}
	for _, key := range tx.Absent {
		c.once(c.asked, key, "Absent")
	}
	for _, key := range tx.Present {
		c.once(c.asked, key, "Present")
	}
	for _, p := range tx.Put {
		c.once(c.written, p.Key, "Put")
		c.bytes += len(p.Value)
	}
	for _, key := range tx.Delete {
		c.once(c.written, key, "Delete")
	}
	if c.err == nil && c.bytes > MaxBytes {
		return fmt.Errorf("%w: %d bytes, at most %d are allowed: split it", ErrInvalid, c.bytes, MaxBytes)
	}
	return c.err
}

// size is how many operations the transaction has, and bytes.
func (tx Tx) size() (ops, bytes int) {
	for _, key := range slices.Concat(tx.Absent, tx.Present, tx.Delete) {
		bytes += len(key)
	}
	for _, p := range tx.Put {
		bytes += len(p.Key) + len(p.Value)
	}
	return len(tx.Absent) + len(tx.Present) + len(tx.Put) + len(tx.Delete), bytes
}

// checker gathers the bytes of a transaction and the first rule it breaks.
type checker struct {
	asked, written map[string]string // key → the list of Tx it was seen in
	bytes          int
	err            error
}

// once counts a key of the named list, which may be neither empty nor long,
// and in seen only once; a condition may be repeated.
func (c *checker) once(seen map[string]string, key, list string) {
	c.bytes += len(key)
	before, twice := seen[key]
	seen[key] = list
	switch {
	case c.err != nil:
	case key == "":
		c.err = fmt.Errorf("%w: empty key in %s", ErrInvalid, list)
	case len(key) > MaxKey:
		c.err = fmt.Errorf("%w: key of %d bytes in %s, at most %d are allowed", ErrInvalid, len(key), list, MaxKey)
	case twice && before != list, twice && list == "Put", twice && list == "Delete":
		c.err = fmt.Errorf("%w: key %q in both %s and %s", ErrInvalid, key, before, list)
	}
}

// KV is an ordered map from keys to values with atomic transactions: all that
// tocsin asks of a database. Keys are in byte order. Methods may be called from
// many goroutines. What they return is the caller's own copy.
//
// Every method fails with ErrClosed after Close, and with the context's error
// if that was over before the work began.
type KV interface {
	// Get returns the value of key, or ErrNotFound.
	Get(ctx context.Context, key string) ([]byte, error)

	// Scan returns, in key order, the pairs whose key has the prefix and is
	// greater than after, at most limit of them. An empty after starts at the
	// beginning; a limit of 0 means all. One Scan sees one moment.
	Scan(ctx context.Context, prefix, after string, limit int) ([]Pair, error)

	// Commit carries out tx. nil means that it is durable. ErrConflict,
	// ErrInvalid and ErrClosed mean that nothing was written. Any other error is
	// ambiguous: load again to learn what happened.
	Commit(ctx context.Context, tx Tx) error

	// Lead waits until this handle leads and returns a context that ends when it
	// no longer does, and a key that exists as long: a Tx that names the key in
	// Present is fenced, it conflicts once another handle leads. Calling Lead
	// again returns the same. Keys that begin with "lead/" are the KV's own.
	Lead(ctx context.Context) (lead context.Context, key string, err error)

	// Close ends every lead and waits for what is being written. What has not
	// begun fails with ErrClosed. Closing again does nothing.
	Close() error
}

const leadPrefix = "lead/"

// Term begins a new term of leadership, ending every earlier one, and returns
// its key. It is for a KV that has one handle at a time, whose Lead waits for nobody.
func Term(ctx context.Context, kv KV) (key string, err error) {
	earlier, err := kv.Scan(ctx, leadPrefix, "", 0)
	if err != nil {
		return "", err
	}
	var tx Tx
	var last uint64
	for _, p := range earlier {
		tx.Delete = append(tx.Delete, p.Key)
		n, _ := strconv.ParseUint(strings.TrimPrefix(p.Key, leadPrefix), 10, 64)
		last = max(last, n)
	}
	key = leadPrefix + strconv.FormatUint(last+1, 10)
	tx.Absent = []string{key}
	tx.Put = []Pair{{Key: key, Value: []byte{}}}
	return key, kv.Commit(ctx, tx)
}
