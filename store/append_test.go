package store_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/store"
	"tocsin/store/mem"
)

func TestWhatIsAppendedIsLoaded(t *testing.T) {
	onEach(t, func(t *testing.T, _ store.KV, j *store.Journal) {
		whole := story("INC-1", 12)
		tip := store.Tip{ID: "INC-1"}
		for _, n := range []int{1, 3, 4, 12} { // one transaction each
			tip = add(t, j, tip, whole[:n], store.Append{})
			if loaded := load(t, j, "INC-1", whole[:n]); loaded != tip {
				t.Fatalf("after %d events, Append returns tip %v and Load %v", n, tip, loaded)
			}
		}
	})
}

func TestTimelinesAreApart(t *testing.T) {
	onEach(t, func(t *testing.T, _ store.KV, j *store.Journal) {
		for n, id := range []incident.ID{"INC-1", "INC-11", "INC-2"} {
			begin(t, j, id, n+1, store.Append{})
		}
		for n, id := range []incident.ID{"INC-1", "INC-11", "INC-2"} {
			load(t, j, id, story(id, n+1))
		}
		if _, _, err := j.Load(t.Context(), "INC-3"); !errors.Is(err, store.ErrNotFound) || !strings.Contains(err.Error(), "INC-3") {
			t.Errorf("Load of no incident: %v, want ErrNotFound that names it", err)
		}
	})
}

// A conflict leaves no trace of what was to be appended, whatever it was.
func TestConflictsWriteNothing(t *testing.T) {
	items := []store.Item{store.NewItem("INC-1", 3, 0, say("late")), store.NewItem("INC-1", 3, 1, effect.ShowCard{})}
	whole := story("INC-1", 3)
	late := store.Append{Events: whole[2:], Head: store.HeadOf(incident.Fold("INC-1", whole)), Put: items, Settled: []string{"00000001.00"}, Alerts: []store.Alert{alertOf("pagerduty", "P1")}}
	taken := late
	taken.Handles = []string{"channel/C9", "pagerduty/P1"}
	for name, c := range map[string]struct {
		back int // events that the tip is behind
		what store.Append
	}{
		"the tip is stale":                    {1, store.Append{Events: story("INC-1", 2)[1:], Put: items, Settled: late.Settled, Alerts: late.Alerts, Handles: []string{"channel/C9"}}},
		"the tip is stale, and without event": {1, store.Append{Put: items, Settled: late.Settled, Alerts: late.Alerts}},
		"a handle is taken":                   {0, taken},
	} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, kv store.KV, j *store.Journal) {
				begin(t, j, "INC-7", 1, store.Append{Handles: []string{"pagerduty/P1"}})
				tips := []store.Tip{begin(t, j, "INC-1", 1, store.Append{Put: []store.Item{store.NewItem("INC-1", 1, 0, effect.OpenChannel{})}})}
				tips = append(tips, add(t, j, tips[0], story("INC-1", 2), store.Append{}))
				before := dump(t, kv)
				if _, err := j.Append(t.Context(), tips[1-c.back], c.what); !errors.Is(err, store.ErrConflict) {
					t.Fatalf("Append: %v, want ErrConflict", err)
				}
				wantSame(t, "the store after a conflict", dump(t, kv), before)
			})
		})
	}
}

func TestOneOfManyCreatesTheNextEvent(t *testing.T) {
	onEach(t, func(t *testing.T, _ store.KV, j *store.Journal) {
		var mu sync.Mutex
		var won []int
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				events := story("INC-1", 1)
				events[0].Cause = fmt.Sprint(i)
				_, err := j.Append(t.Context(), store.Tip{ID: "INC-1"}, store.Append{Events: events, Head: store.Head{ID: "INC-1", Events: 1}})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won = append(won, i)
				} else if !errors.Is(err, store.ErrConflict) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		events, _, err := j.Load(t.Context(), "INC-1")
		if err != nil || len(won) != 1 || len(events) != 1 || events[0].Cause != fmt.Sprint(won[0]) {
			t.Errorf("told that they won: %v; on the timeline: %+v, %v", won, events, err)
		}
	})
}

// A misnumbered event is a mistake in the program, and is not written.
func TestEventsAreNumberedOnFromTheTip(t *testing.T) {
	kv := mem.New()
	j := store.NewJournal(kv)
	tip := begin(t, j, "INC-1", 1, store.Append{})
	before := dump(t, kv)
	for _, events := range [][]incident.Event{story("INC-1", 1), story("INC-1", 3)[2:]} {
		if _, err := j.Append(t.Context(), tip, store.Append{Events: events}); err == nil || !strings.Contains(err.Error(), "INC-1") {
			t.Errorf("event %d appended after 1: %v, want an error", events[0].Seq, err)
		}
	}
	wantSame(t, "the store", dump(t, kv), before)
}

// When the answer of a commit is lost, loading tells what happened.
func TestLoadingTellsWhatBecameOfALostAnswer(t *testing.T) {
	for outcome, events := range map[mem.Outcome]int{mem.FailBefore: 1, mem.FailAfter: 2} {
		kv := mem.New()
		kv.Fault = func(n int, _ store.Tx) mem.Outcome {
			if n == 2 {
				return outcome
			}
			return mem.CarryOn
		}
		j := store.NewJournal(kv)
		tip := begin(t, j, "INC-1", 1, store.Append{})
		whole := story("INC-1", 2)
		item := store.NewItem("INC-1", 2, 0, say("hi"))
		_, err := j.Append(t.Context(), tip, store.Append{Events: whole[1:], Head: store.HeadOf(incident.Fold("INC-1", whole)), Put: []store.Item{item}})
		if !errors.Is(err, mem.ErrFault) {
			t.Fatalf("Append: %v, want the fault", err)
		}
		load(t, j, "INC-1", whole[:events])
		outbox(t, j, []store.Item{item}[:events-1]...)
	}
}

func TestHeadTellsAnIncidentAtAGlance(t *testing.T) {
	facts := []incident.Fact{
		incident.Declared{Title: "Leak", Severity: incident.SEV1, Private: true}, incident.Linked{Channel: "C1", Name: "inc-1"},
		incident.ActionAdded{N: 1}, incident.ActionAdded{N: 2}, incident.ActionDone{N: 1}, incident.Mitigated{},
	}
	whole := story("INC-1", len(facts))
	for i, f := range facts {
		whole[i].Fact, whole[i].At = f, whole[i].At.In(time.FixedZone("CET", 3600))
	}
	onEach(t, func(t *testing.T, _ store.KV, j *store.Journal) {
		add(t, j, store.Tip{ID: "INC-1"}, whole, store.Append{})
		heads, err := j.Heads(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		wantSame(t, "heads", heads, []store.Head{{
			ID: "INC-1", Title: "Leak", Severity: incident.SEV1, Status: incident.Contained, Private: true,
			Channel: "C1", Declared: noon, Events: 6, Actions: 1,
		}})
	})
	waits := store.HeadOf(incident.Fold("INC-2", append(story("INC-2", 1), incident.Event{Seq: 2, Fact: incident.RoomHeld{Why: "rooms are on hold"}})))
	if !waits.Held {
		t.Error("a head does not tell that its incident has no room yet")
	}
	for status, active := range map[incident.Status]bool{incident.Investigating: true, incident.Contained: true, incident.Over: false, incident.Shut: false} {
		if (store.Head{Status: status}).Active() != active {
			t.Errorf("a %s incident is active: %v", status, !active)
		}
	}
}

// Incidents are listed as they are counted: 9, 10, 11, not 1, 10, 11, 2.
func TestHeadsAndNextCount(t *testing.T) {
	onEach(t, func(t *testing.T, _ store.KV, j *store.Journal) {
		for n := 1; n <= 12; n++ {
			if next, err := j.Next(t.Context()); next != n || err != nil {
				t.Fatalf("after %d incidents, Next() = %d, %v", n-1, next, err)
			}
			begin(t, j, incident.NewID(n), 1, store.Append{})
		}
		heads, err := j.Heads(t.Context())
		if err != nil || len(heads) != 12 {
			t.Fatalf("%d heads, %v", len(heads), err)
		}
		for i, h := range heads {
			if h.ID != incident.NewID(i+1) {
				t.Errorf("head %d is that of %s", i+1, h.ID)
			}
		}
	})
}
