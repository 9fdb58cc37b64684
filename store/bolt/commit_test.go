package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"

	"tocsin/store"
)

// disk stands between the committer and the disk. Each commit of bbolt waits until
// the test lets it go.
type disk struct {
	syncs int
	gate  chan error
}

func slowDisk() *disk { return &disk{gate: make(chan error)} }

func (d *disk) option(o *options) {
	o.hooks.sync = func() error { d.syncs++; return <-d.gate }
}

// start begins a commit. Its answer comes on the channel.
func start(ctx context.Context, db *DB, tx store.Tx) <-chan error {
	answer := make(chan error, 1)
	go func() { answer <- db.Commit(ctx, tx) }()
	synctest.Wait() // until it is with the disk or in the queue
	return answer
}

func wantError(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// wantKeys wants keys to exist if there is true, not to exist otherwise.
func wantKeys(t *testing.T, db *DB, there bool, keys ...string) {
	t.Helper()
	for _, key := range keys {
		if _, err := db.Get(t.Context(), key); (err == nil) != there {
			t.Errorf("Get(%q) = %v, want it there: %v", key, err, there)
		}
	}
}

func TestSixtyFourCommitsShareTwoSyncs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := slowDisk()
		db := open(t, disk.option)
		var answers []<-chan error
		for i := range 64 {
			answers = append(answers, start(t.Context(), db, put(fmt.Sprint(i), "x")))
		}
		close(disk.gate)
		for i, answer := range answers {
			wantError(t, fmt.Sprint("commit ", i), <-answer, nil)
			wantKeys(t, db, true, fmt.Sprint(i))
		}
		if disk.syncs != 2 {
			t.Errorf("%d syncs, want 2: one for the first commit, one for those that came meanwhile", disk.syncs)
		}
	})
}

// TestBatchKeepsItsTransactionsApart: within a batch each condition is judged
// after the writes before it, and who loses does not spoil the others.
func TestBatchKeepsItsTransactionsApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := slowDisk()
		db := open(t, disk.option)
		first := start(t.Context(), db, put("a", "1"))
		empty := start(t.Context(), db, store.Tx{Absent: []string{"b"}, Put: []store.Pair{{Key: "b"}}})
		loser := start(t.Context(), db, store.Tx{Absent: []string{"b"}, Put: put("lost", "x").Put, Delete: []string{"a"}})
		after := start(t.Context(), db, store.Tx{Present: []string{"a", "b"}, Delete: []string{"b"}})
		again := start(t.Context(), db, store.Tx{Absent: []string{"b"}, Put: put("c", "2").Put})
		asks := start(t.Context(), db, store.Tx{Present: []string{"b"}})
		close(disk.gate)
		for what, c := range map[string]struct {
			answer <-chan error
			want   error
		}{
			"first": {first, nil}, "empty": {empty, nil}, "loser": {loser, store.ErrConflict},
			"after": {after, nil}, "again": {again, nil}, "asks": {asks, store.ErrConflict},
		} {
			wantError(t, what, <-c.answer, c.want)
		}
		wantKeys(t, db, true, "a", "c")
		wantKeys(t, db, false, "b", "lost")
		if disk.syncs != 2 {
			t.Errorf("%d syncs, want 2", disk.syncs)
		}
	})
}

func TestRefusalsAndQuestionsNeedNoSync(t *testing.T) {
	disk := slowDisk()
	close(disk.gate)
	db := open(t, disk.option)
	wantError(t, "conflict", db.Commit(t.Context(), store.Tx{Present: []string{"k"}, Put: put("k", "").Put}), store.ErrConflict)
	wantError(t, "question", db.Commit(t.Context(), store.Tx{Absent: []string{"k"}}), nil)
	wantError(t, "invalid", db.Commit(t.Context(), store.Tx{Delete: []string{""}}), store.ErrInvalid)
	if disk.syncs != 0 {
		t.Errorf("%d syncs, want none", disk.syncs)
	}
}

func TestContextEndsInTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := slowDisk()
		db := open(t, disk.option)
		ctx, cancel := context.WithCancel(t.Context())
		begun := start(ctx, db, put("begun", "x"))
		queued := start(ctx, db, put("queued", "x"))
		other := start(t.Context(), db, put("other", "x"))
		cancel()
		wantError(t, "queued", <-queued, context.Canceled)
		close(disk.gate)
		wantError(t, "begun", <-begun, nil)
		wantError(t, "other", <-other, nil)
		wantKeys(t, db, true, "begun", "other")
		wantKeys(t, db, false, "queued")
	})
}

func TestPanicOfOneSparesTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := slowDisk()
		db := open(t, disk.option)
		db.hooks.apply = func(tx store.Tx) {
			if tx.Put[0].Key == "bad" {
				panic("page 7 is unwell")
			}
		}
		first := start(t.Context(), db, put("first", "x"))
		before := start(t.Context(), db, store.Tx{Absent: []string{"before"}, Put: put("before", "x").Put})
		bad := start(t.Context(), db, put("bad", "x"))
		after := start(t.Context(), db, put("after", "x"))
		close(disk.gate)
		wantError(t, "first", <-first, nil)
		wantError(t, "before", <-before, nil)
		wantError(t, "after", <-after, nil)
		var corrupt *store.CorruptError
		if err := <-bad; !errors.As(err, &corrupt) || corrupt.Detail != "page 7 is unwell" {
			t.Errorf("bad: %v, want a CorruptError with what the panic said", err)
		}
		wantKeys(t, db, true, "first", "before", "after")
		wantKeys(t, db, false, "bad")
	})
}

// TestFailedWriteStops: after a failed write the handle answers nothing, to
// nobody, and the lead is over. Reopening is the way on.
func TestFailedWriteStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := slowDisk()
		db := open(t)
		lead, _, err := db.Lead(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Commit(t.Context(), put("good", "x")); err != nil {
			t.Fatal(err)
		}
		db.hooks.sync = func() error { return <-disk.gate }
		failing := start(t.Context(), db, put("failing", "x"))
		queued := start(t.Context(), db, put("queued", "x"))
		broken := errors.New("input/output error")
		disk.gate <- broken
		for what, err := range map[string]error{
			"failing": <-failing,
			"queued":  <-queued,
			"Commit":  db.Commit(t.Context(), put("later", "x")),
			"Get":     func() error { _, err := db.Get(t.Context(), "good"); return err }(),
			"Scan":    func() error { _, err := db.Scan(t.Context(), "", "", 0); return err }(),
			"Lead":    func() error { _, _, err := db.Lead(t.Context()); return err }(),
			"lead":    context.Cause(lead),
		} {
			wantError(t, what, err, store.ErrStopped)
			wantError(t, what, err, broken)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		db = reopen(t, db.Path())
		wantKeys(t, db, true, "good")
		wantKeys(t, db, false, "queued", "later")
	})
}

func TestCloseRefusesTheQueueAndKeepsWhatHasBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := slowDisk()
		db := open(t, disk.option)
		begun := start(t.Context(), db, put("begun", "x"))
		queued := start(t.Context(), db, put("queued", "x"))
		closed := make(chan error, 1)
		go func() { closed <- db.Close() }()
		synctest.Wait()
		select {
		case <-closed:
			t.Error("Close returns while a commit is under way")
		default:
		}
		disk.gate <- nil
		wantError(t, "begun", <-begun, nil)
		wantError(t, "queued", <-queued, store.ErrClosed)
		wantError(t, "Close", <-closed, nil)
		db = reopen(t, db.Path())
		wantKeys(t, db, true, "begun")
		wantKeys(t, db, false, "queued")
	})
}

func TestReopenIsANewTerm(t *testing.T) {
	db := open(t)
	_, old, err := db.Lead(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	db = reopen(t, db.Path())
	lead, key, err := db.Lead(t.Context())
	if err != nil || key == old || lead.Err() != nil {
		t.Fatalf("Lead = %q, %v after %q, want a new key", key, err, old)
	}
	wantKeys(t, db, true, key)
	wantKeys(t, db, false, old)
}

// TestSnapshot: a copy made amid commits is a data file with the state of one moment.
func TestSnapshot(t *testing.T) {
	db := open(t)
	var writer sync.WaitGroup
	stop := make(chan struct{})
	writer.Go(func() {
		for i := 0; ; i++ {
			value := []byte(fmt.Sprint(i))
			err := db.Commit(t.Context(), store.Tx{Put: []store.Pair{{Key: "a", Value: value}, {Key: "b", Value: value}}})
			if err != nil {
				t.Error(err)
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	for range 20 {
		var image bytes.Buffer
		n, err := db.Snapshot(&image)
		if err != nil || n != int64(image.Len()) {
			t.Fatalf("Snapshot = %d, %v, and wrote %d bytes", n, err, image.Len())
		}
		path := filepath.Join(t.TempDir(), "copy.db")
		if err := os.WriteFile(path, image.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		snapshot := reopen(t, path)
		pairs, err := snapshot.Scan(t.Context(), "", "", 0)
		if err != nil || len(pairs) == 2 && !bytes.Equal(pairs[0].Value, pairs[1].Value) {
			t.Errorf("the copy holds %q, %v", pairs, err)
		}
	}
	close(stop)
	writer.Wait()
}
