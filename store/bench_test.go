package store_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/store"
	"tocsin/store/bolt"
)

// BenchmarkArrive has 64 senders deliver 3 kB each to a store on disk, and compares
// that with bare puts of as many bytes under keys as long, in short turns, so that
// both meet the same disk. ns/op is that of Arrive; x-put says how many times as
// long as a put that is.
func BenchmarkArrive(b *testing.B) {
	const senders, turn = 64, 64 * 64
	ours, bare := openBolt(b), openBolt(b)
	j := store.NewJournal(ours)
	body := []byte(`[{"text":"` + strings.Repeat("x", 3000) + `"}]`)
	value := make([]byte, len(body)+200) // the seal, source, id and time
	arriving := func(n int64) error {
		_, err := j.Arrive(b.Context(), store.Arrival{Source: "alertmanager", ID: fmt.Sprintf("body/%064d", n), At: noon, Body: body})
		return err
	}
	putting := func(n int64) error {
		key := fmt.Sprintf("in/alertmanager/body/%064d", n)
		return bare.Commit(b.Context(), store.Tx{Put: []store.Pair{{Key: key, Value: value}}})
	}
	var arrive, put time.Duration
	for done := 0; done < b.N; done += turn {
		n := min(turn, b.N-done)
		b.StopTimer()
		put += together(b, senders, done, n, putting)
		b.StartTimer()
		arrive += together(b, senders, done, n, arriving)
	}
	b.ReportMetric(float64(arrive)/float64(put), "x-put")
}

func openBolt(b *testing.B) *bolt.DB {
	db, err := bolt.Open(filepath.Join(b.TempDir(), "tocsin.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	return db
}

// together has senders do n writes, numbered on from the first, and returns how
// long it took.
func together(b *testing.B, senders, first, n int, write func(n int64) error) time.Duration {
	var next atomic.Int64
	next.Store(int64(first))
	var all sync.WaitGroup
	start := time.Now()
	for range senders {
		all.Go(func() {
			for i := next.Add(1); i <= int64(first+n); i = next.Add(1) {
				if err := write(i); err != nil {
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
	return time.Since(start)
}
