package bot_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
	"tocsin/store"
	"tocsin/store/mem"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestWhoHeldRooms: who put rooms on hold and who let them go, when, from where and by
// which request, is on record once and in the log, and is known after a restart.
func TestWhoHeldRooms(t *testing.T) {
	kv, now := mem.New(), time.Date(2026, 11, 20, 14, 30, 0, 123_456_789, time.UTC)
	var log bytes.Buffer
	start := func() *bot.Bot {
		b, err := bot.New(t.Context(), bot.Config{Store: kv, Log: slog.New(slog.NewTextHandler(&log, nil)), Now: func() time.Time { return now }})
		must(t, err)
		return b
	}
	b := start()
	if _, held := b.HeldBy(); held {
		t.Fatal("rooms are on hold at first")
	}
	ops := incident.Actor{Person: incident.Person{Name: "root"}, Via: incident.ViaShell}
	if _, err := b.HoldRooms(t.Context(), bot.Origin{By: ops, Cause: "shell/0"}, false); err == nil { // refused, so no change
		t.Error("what is not on hold was let go")
	}
	for range 2 {
		_, err := b.HoldRooms(t.Context(), bot.Origin{By: ada, Cause: "slack/1"}, true)
		must(t, err)
	}
	want := store.Change{At: now, By: "Ada", User: "U0ADA", Via: "slack", Kind: "rooms", What: "no alert opens a room"}
	for range 2 {
		if got, held := b.HeldBy(); got != want || !held || got.Actor() != ada {
			t.Errorf("held by %+v, %v", got, held)
		}
		b = start()
	}
	now = now.Add(time.Minute)
	_, err := b.HoldRooms(t.Context(), bot.Origin{By: ops, Cause: "shell/2"}, false)
	must(t, err)
	if _, held := b.HeldBy(); held {
		t.Error("rooms are still on hold")
	}
	list, err := b.Changes(t.Context())
	if err != nil || len(list) != 2 || list[0] != want || list[1].Actor() != ops || !list[1].At.Equal(now) {
		t.Errorf("%+v, %v", list, err)
	}
	for _, line := range []string{"msg=changed kind=rooms by=U0ADA via=slack cause=slack/1\n", "msg=changed kind=rooms by=\"\" via=shell cause=shell/2\n"} {
		if strings.Count(log.String(), line) != 1 {
			t.Errorf("%q is not in the log once:\n%s", line, log.String())
		}
	}
}

// TestHoldOfOldVersions: they recorded since when rooms are on hold, and not who asked.
// A damaged change keeps nobody from starting, and no room on hold is opened.
func TestHoldOfOldVersions(t *testing.T) {
	kv, now := mem.New(), time.Date(2026, 11, 20, 14, 30, 0, 0, time.UTC)
	must(t, store.NewJournal(kv).Mark(t.Context(), "rooms-held", now))
	for _, damaged := range []bool{false, true} {
		if damaged {
			must(t, kv.Commit(t.Context(), store.Tx{Put: []store.Pair{{Key: "change/20261120T150000.000000000/x", Value: []byte("?")}}}))
		}
		b, err := bot.New(t.Context(), bot.Config{Store: kv, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now }})
		must(t, err)
		if got, held := b.HeldBy(); !held || !got.At.Equal(now) || got.Actor() != (incident.Actor{}) {
			t.Errorf("damaged %v: held by %+v, %v", damaged, got, held)
		}
	}
}
