package store_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/store"
	"tocsin/store/bolt"
	"tocsin/store/mem"
)

// onEach runs a test of the Journal on every KV.
func onEach(t *testing.T, test func(t *testing.T, kv store.KV, j *store.Journal)) {
	for name, open := range map[string]func(t *testing.T) store.KV{
		"mem": func(*testing.T) store.KV { return mem.New() },
		"bolt": func(t *testing.T) store.KV {
			db, err := bolt.Open(filepath.Join(t.TempDir(), "tocsin.db"))
			if err != nil {
				t.Fatal(err)
			}
			return db
		},
	} {
		t.Run(name, func(t *testing.T) {
			kv := open(t)
			defer kv.Close()
			test(t, kv, store.NewJournal(kv))
		})
	}
}

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// story is an incident of n events: its declaration, and notes.
func story(id incident.ID, n int) []incident.Event {
	by := incident.Actor{Person: incident.Person{User: "U0ADA", Name: "Ada Okafor"}, Via: "slack"}
	events := make([]incident.Event, n)
	for i := range events {
		at := noon.Add(time.Duration(i) * time.Minute)
		events[i] = incident.Event{Seq: i + 1, At: at, Logged: at, By: by, Cause: fmt.Sprintf("slack/command/%s-%d", id, i+1),
			Fact: incident.Noted{Text: fmt.Sprintf("note %d of %s", i+1, id)}}
	}
	if n > 0 {
		events[0].Fact = incident.Declared{Title: "Slow answers", Severity: incident.SEV2, Symptom: "performance-degradation"}
	}
	return events
}

// add appends more to the timeline whose end is tip, with the head that follows
// from the whole timeline.
func add(t testing.TB, j *store.Journal, tip store.Tip, whole []incident.Event, more store.Append) store.Tip {
	t.Helper()
	more.Events = whole[tip.Last:]
	more.Head = store.HeadOf(incident.Fold(tip.ID, whole))
	after, err := j.Append(t.Context(), tip, more)
	if err != nil {
		t.Fatal(err)
	}
	return after
}

// begin appends a whole story in one transaction.
func begin(t *testing.T, j *store.Journal, id incident.ID, events int, more store.Append) store.Tip {
	t.Helper()
	return add(t, j, store.Tip{ID: id}, story(id, events), more)
}

// load wants the timeline of an incident to be whole, and returns its end.
func load(t *testing.T, j *store.Journal, id incident.ID, want []incident.Event) store.Tip {
	t.Helper()
	got, tip, err := j.Load(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, "timeline of "+string(id), got, want)
	return tip
}

func wantSame(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// dump is all that a store holds, one line a pair: the key, a tab, the value.
func dump(t *testing.T, kv store.KV) string {
	t.Helper()
	pairs, err := kv.Scan(t.Context(), "", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, p := range pairs {
		b.WriteString(p.Key + "\t" + string(p.Value) + "\n")
	}
	return b.String()
}

// outbox wants these effects to wait, by key.
func outbox(t *testing.T, j *store.Journal, want ...store.Item) {
	t.Helper()
	got, err := j.Outbox(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, "outbox", got, append([]store.Item{}, want...))
}

func say(text string) effect.Effect { return effect.Say{Message: effect.Message{Body: text}} }
