package store_test

import (
	"errors"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/store"
	"tocsin/store/mem"
)

var update = flag.Bool("update", false, "write testdata anew: old data files cannot be read any more")

const golden = "testdata/record.golden"

// example fills a store with one pair of each kind that a Journal keeps.
func example(t *testing.T, kv store.KV) (events []incident.Event, item store.Item) {
	t.Helper()
	j := store.NewJournal(kv)
	events = story("INC-42", 2)
	item = store.NewItem("INC-42", 2, 0, say("hello"))
	item.Tries, item.First, item.Last = 2, noon.Add(time.Minute), noon.Add(2*time.Minute)
	tip := add(t, j, store.Tip{ID: "INC-42"}, events[:1], store.Append{Handles: []string{"pagerduty/PGR0VU2"}})
	add(t, j, tip, events, store.Append{Put: []store.Item{item, store.NewItem("INC-42", 2, 1, effect.ShowCard{})}})
	arrive(t, j, delivery("pagerduty", "E2"))
	arrive(t, j, delivery("generic/queue", "E3"))
	change := store.Change{At: noon, By: "Ada Okafor", Kind: "config", What: "beam width 4", Service: "chat-api"}
	old := store.SealedPair("seen/pagerduty/E1", []byte(`{"at":"2026-11-20T12:00:00Z","what":"a ping"}`)) // as versions without arrivals wrote it
	if err := errors.Join(
		j.Retire(t.Context(), []store.Arrival{delivery("generic/queue", "E3")}), kv.Commit(t.Context(), store.Tx{Put: []store.Pair{old}}),
		j.PutAlerts(t.Context(), []store.Alert{alertOf("pagerduty", "P1")}),
		j.Mark(t.Context(), "rooms-held", noon), j.Changed(t.Context(), "slack/1", change),
	); err != nil {
		t.Fatal(err)
	}
	return events, item
}

// A data file outlives the program that wrote it: these keys and values mean
// what they mean for ever.
func TestStoredForm(t *testing.T) {
	kv := mem.New()
	example(t, kv)
	got := dump(t, kv)
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, "what is stored", strings.Split(got, "\n"), strings.Split(string(want), "\n"))
}

func TestStoredFormIsReadBack(t *testing.T) {
	data, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	var tx store.Tx
	for line := range strings.Lines(string(data)) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		tx.Put = append(tx.Put, store.Pair{Key: key, Value: []byte(value)})
	}
	events, item := example(t, mem.New())
	onEach(t, func(t *testing.T, kv store.KV, j *store.Journal) {
		if err := kv.Commit(t.Context(), tx); err != nil {
			t.Fatal(err)
		}
		tip := load(t, j, "INC-42", events)
		outbox(t, j, item, store.NewItem("INC-42", 2, 1, effect.ShowCard{}))
		if id, ok, err := j.Lookup(t.Context(), "pagerduty/PGR0VU2"); id != "INC-42" || !ok || err != nil {
			t.Errorf("Lookup = %q, %v, %v", id, ok, err)
		}
		for _, a := range []store.Arrival{delivery("pagerduty", "E1"), delivery("pagerduty", "E2"), delivery("generic/queue", "E3")} {
			if first, err := j.Arrive(t.Context(), a); first || err != nil {
				t.Errorf("Arrive(%s) = %v, %v: it was stored before", a.ID, first, err)
			}
		}
		waiting(t, j, delivery("pagerduty", "E2"))
		hasAlerts(t, j, alertOf("pagerduty", "P1"))
		if at, err := j.Marked(t.Context(), "rooms-held"); !at.Equal(noon) || err != nil {
			t.Errorf("Marked = %v, %v", at, err)
		}
		add(t, j, tip, story("INC-42", 3), store.Append{})
		load(t, j, "INC-42", story("INC-42", 3))
	})
}

// An effect that only a newer tocsin can perform is no reason to drop it, nor to
// perform the others as if it were not there.
func TestAnEffectOfANewerVersionIsReported(t *testing.T) {
	kv := mem.New()
	j := store.NewJournal(kv)
	begin(t, j, "INC-1", 1, store.Append{Put: []store.Item{store.NewItem("INC-1", 1, 0, effect.OpenChannel{})}})
	value := store.SealedPair("out/00000001/00000001.00", []byte(`{"kind":"send-pigeon","data":{},"seq":1}`))
	if err := kv.Commit(t.Context(), store.Tx{Put: []store.Pair{value}}); err != nil {
		t.Fatal(err)
	}
	_, err := j.Outbox(t.Context())
	const want = `store: out/00000001/00000001.00 asks for "send-pigeon", which this version of tocsin cannot do: use the newer one that wrote it`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
