package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
	"tocsin/store"
	"tocsin/store/bolt"
)

// mostDrain is a second less than supervisors are promised, and than the calls take
// that are under way.
const mostDrain = 9 * time.Second

// busy are people and monitors who go on whatever happens, and what of theirs was
// acknowledged.
type busy struct {
	office *premises
	bot    *process
	room   string

	mu    sync.Mutex
	notes map[string]bool
	keys  map[string]bool
}

// act writes a note and posts an alert.
func (b *busy) act(n int) {
	note, key := fmt.Sprintf("token-%d.", n), fmt.Sprintf("queue-%d.", n)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	r, err := b.office.Say(ctx, sandbox.Say{User: ada, Channel: b.room, Text: "/incident note " + note})
	status, _, _ := b.bot.alert(ctx, key)
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil && r.OK && !strings.Contains(string(r.Ack), "not stored") {
		b.notes[note] = true
	}
	if status == 202 {
		b.keys[key] = true
	}
}

// Told to end while Slack answers nothing and people go on, tocsin ends in time and
// has everything that it acknowledged; what was to be done in Slack is done later.
func TestEndingLosesNothing(t *testing.T) {
	t.Parallel()
	o, path := office(t), filepath.Join(t.TempDir(), "tocsin.db")
	bot := o.serve(t, path)
	adaSays(t, o, "general", "/incident sev2 Answers cut off")
	settle(t, bot)
	o.hangs.Store(true)
	b := &busy{office: o, bot: bot, room: "inc-1-answers-cut-off", notes: map[string]bool{}, keys: map[string]bool{}}
	adaSays(t, o, "general", "/incident open sev1 Opened in vain") // its room waits for an answer
	go o.Say(context.Background(), sandbox.Say{User: ben, Channel: "general", Text: "/incident"})
	var acting sync.WaitGroup
	for person := range 4 {
		acting.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-bot.ended:
					return
				case <-time.After(5 * time.Millisecond):
					b.act(person*10_000 + n)
				}
			}
		})
	}
	if until(t.Context(), func() bool { b.mu.Lock(); defer b.mu.Unlock(); return len(b.notes) > 20 && len(b.keys) > 20 }) != nil {
		t.Fatalf("%d notes, %d alerts\n%s", len(b.notes), len(b.keys), bot.log.String())
	}
	took := ends(t, bot, syscall.SIGTERM, mostDrain)
	if code := bot.ProcessState.ExitCode(); code != 0 {
		t.Errorf("it ended with %d:\n%s", code, bot.log.String())
	}
	acting.Wait()
	t.Logf("ended after %v, with %d notes and %d alerts acknowledged", took, len(b.notes), len(b.keys))

	o.hangs.Store(false)
	bot = o.serve(t, path, "TOCSIN_QUIET=1s")
	if until(t.Context(), func() bool { return slices.Contains(o.ChannelNames(), "inc-2-opened-in-vain") }) != nil {
		t.Errorf("the room was never made: %v\n%s", o.ChannelNames(), bot.log.String())
	}
	ends(t, bot, syscall.SIGTERM, mostDrain)
	b.stored(t, path)
}

// stored wants everything that was acknowledged in the record, once.
func (b *busy) stored(t *testing.T, path string) {
	t.Helper()
	db, err := bolt.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	j := store.NewJournal(db)
	events, _, err := j.Load(t.Context(), "INC-1")
	if err != nil {
		t.Fatal(err)
	}
	times := map[string]int{}
	for _, e := range events {
		if note, ok := e.Fact.(incident.Noted); ok {
			times[note.Text]++
		}
	}
	for _, note := range slices.Sorted(maps.Keys(b.notes)) {
		if times[note] != 1 {
			t.Errorf("%s was acknowledged and is on the timeline %d times", note, times[note])
		}
	}
	arrivals, err := j.Arrivals(t.Context(), store.Arrival{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range slices.Sorted(maps.Keys(b.keys)) {
		waits := slices.ContainsFunc(arrivals, func(a store.Arrival) bool { return strings.Contains(string(a.Body), `"`+key+`"`) })
		if a, ok, err := j.Alert(t.Context(), "generic", key); err != nil || !waits && (!ok || a.Count != 1) {
			t.Errorf("%s was acknowledged and is stored: %v, counted %d, waits %v (%v)", key, ok, a.Count, waits, err)
		}
	}
}

// adaSays has Ada say something that is to succeed.
func adaSays(t *testing.T, o *premises, channel, text string) {
	t.Helper()
	r, err := o.Say(t.Context(), sandbox.Say{User: ada, Channel: channel, Text: text})
	if err != nil || !r.OK {
		t.Fatalf("%s: %+v, %v", text, r, err)
	}
}

// Who asks twice does not wait. A busy machine may let it end before it is asked again.
func TestTheSecondSignalEndsAtOnce(t *testing.T) {
	const tries = 5
	for range tries {
		if signaledTwice(t) {
			return
		}
	}
	t.Fatalf("%d times it ended before the second signal", tries)
}

// signaledTwice has a bot that waits for Slack end, twice; false if the first time was enough.
func signaledTwice(t *testing.T) bool {
	o := office(t)
	bot := o.serve(t, filepath.Join(t.TempDir(), "tocsin.db"))
	o.hangs.Store(true)
	adaSays(t, o, "general", "/incident sev2 Answers cut off")
	if until(t.Context(), func() bool { n, err := bot.waits(t.Context()); return err == nil && n > 0 }) != nil {
		t.Fatal(bot.log.String())
	}
	if err := bot.signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if until(t.Context(), func() bool { _, _, err := bot.alert(t.Context(), "too late"); return err != nil }) != nil { // it has taken note of the first
		t.Fatal("it still takes webhooks")
	}
	if err := bot.signal(syscall.SIGINT); errors.Is(err, syscall.ESRCH) {
		return false
	} else if err != nil {
		t.Fatal(err)
	}
	<-bot.ended
	status := bot.ProcessState.Sys().(syscall.WaitStatus)
	if status.Exited() && status.ExitStatus() == 0 {
		return false
	}
	if !status.Signaled() || status.Signal() != syscall.SIGINT {
		t.Errorf("it ended with %v after the second signal:\n%s", bot.ProcessState, bot.log.String())
	}
	return true
}
