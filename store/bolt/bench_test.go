package bolt

import (
	"encoding/binary"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"tocsin/store"
)

// BenchmarkCommit compares Commit with a bare bbolt Update of the same 500 byte
// value, in short turns, so that both meet the same disk. ns/op is that of Commit;
// x-update says how many times the throughput of Update that is.
func BenchmarkCommit(b *testing.B) {
	b.Run("1", func(b *testing.B) { compare(b, 1) })
	b.Run("64", func(b *testing.B) { compare(b, 64) })
}

func compare(b *testing.B, goroutines int) {
	db, bare := open(b), openBare(b)
	var keys atomic.Uint64
	next := func() []byte { return binary.BigEndian.AppendUint64(nil, keys.Add(1)) }
	value := make([]byte, 500)
	commit := func() error {
		return db.Commit(b.Context(), store.Tx{Put: []store.Pair{{Key: string(next()), Value: value}}})
	}
	update := func() error {
		return bare.Update(func(btx *bbolt.Tx) error { return btx.Bucket(bucket).Put(next(), value) })
	}
	turn, sample := 128*goroutines, 128 // Update gains nothing from many goroutines
	var ours, theirs time.Duration
	turns := 0
	for left := b.N; left > 0; left -= turn {
		b.StopTimer()
		theirs += share(b, goroutines, sample, update)
		b.StartTimer()
		ours += share(b, goroutines, min(left, turn), commit)
		turns++
	}
	perUpdate := float64(theirs) / float64(turns*sample)
	b.ReportMetric(perUpdate/(float64(ours)/float64(b.N)), "x-update")
}

// share has goroutines do n writes together and returns the time it took.
func share(b *testing.B, goroutines, n int, write func() error) time.Duration {
	var left atomic.Int64
	left.Store(int64(n))
	var group sync.WaitGroup
	start := time.Now()
	for range goroutines {
		group.Go(func() {
			for left.Add(-1) >= 0 {
				if err := write(); err != nil {
					b.Error(err)
				}
			}
		})
	}
	group.Wait()
	return time.Since(start)
}

// openBare opens a bbolt file with our options.
func openBare(b *testing.B) *bbolt.DB {
	path := filepath.Join(b.TempDir(), "bare.db")
	if err := create(path); err != nil {
		b.Fatal(err)
	}
	bare, err := bbolt.Open(path, 0o600, fileOptions(options{lockTimeout: time.Second}))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { bare.Close() })
	return bare
}
