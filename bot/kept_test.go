package bot_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
	"tocsin/store"
)

// offline does something to the record while no bot runs on it, and starts one.
func (w *world) offline(do func(j *store.Journal)) {
	w.t.Helper()
	w.run()
	<-w.done
	w.kv = w.kv.Reopen()
	do(store.NewJournal(w.kv))
	w.start()
}

// repaired is what `tocsin doctor --repair` does.
func (w *world) repaired() {
	w.t.Helper()
	w.offline(func(j *store.Journal) {
		done, left, err := j.Repair(context.Background(), time.Now())
		if err != nil || len(done) == 0 || len(left.Findings) > 0 {
			w.t.Errorf("repaired %q, left %v, %v", done, left.Findings, err)
		}
	})
}

// deliver has a delivery stored, and waits until what can be done of it is.
func (w *world) deliver(id string, list ...bot.Signal) {
	w.t.Helper()
	w.insist(func() error {
		_, err := w.bot.Accept(context.Background(), bot.Delivery{Source: list[0].Source, ID: id, Signals: list})
		return err
	})
	w.wait(5 * time.Second)
}

// heard are the states of an alert that an incident was told of by some causes, in order.
func heard(inc incident.Incident, causes ...string) (states []string) {
	for _, e := range inc.Timeline {
		if f, ok := e.Fact.(incident.Signaled); ok && slices.Contains(causes, e.Cause) {
			states = append(states, f.State)
			if f.Late {
				states = append(states, "late")
			}
		}
	}
	return states
}

// TestKeptUntilRepaired: what was acknowledged while a record that it needs is damaged
// keeps nothing else waiting, is named once a start, and is on the timeline once and in
// its order after a repair.
func TestKeptUntilRepaired(t *testing.T) {
	for _, key := range []string{"alert/alertmanager/A", "log/00000001/00000003"} {
		t.Run(key, func(t *testing.T) {
			described(t)(t, func(t *testing.T, w *world) {
				log := w.logged()
				w.fire("alertmanager", "A", "other", "Cache is broken", "critical")
				w.settle()
				w.offline(func(*store.Journal) { spoil(t, w.kv, key) })
				said := func(id, alertKey, service, title, state string) bot.Signal {
					s := alert("alertmanager", alertKey, service, title, "critical", state)
					s.ID, s.At = id, time.Now()
					return s
				}
				w.deliver("z", said("z1", "A", "other", "Cache is broken", incident.StateResolved), said("z2", "C", "thing", "Queue is stuck", incident.StateFiring))
				w.deliver("a", said("a1", "A", "other", "Cache is broken", incident.StateFiring))
				const words = `"a signal waits for the next start, because its record is damaged"`
				for starts := range 2 {
					w.wait(5 * time.Minute)
					if n := log.count(words); n != starts+1 || w.bot.Kept() != 1 || w.bot.Arriving() != 0 {
						t.Errorf("after %d starts: %d lines, %d alerts are kept, %d deliveries arrive", starts+1, n, w.bot.Kept(), w.bot.Arriving())
					}
					if a := w.record("alertmanager", "C"); a.Incident == "" || a.Count != 1 {
						t.Errorf("after %d starts another alert is kept waiting, or told again: %+v", starts+1, a)
					}
					if starts == 0 {
						w.offline(func(*store.Journal) {})
					}
				}
				left, err := store.NewJournal(w.kv).Arrivals(t.Context(), store.Arrival{}, 0)
				if err != nil || len(left) != 2 || strings.Contains(fmt.Sprintf("%s", left), `"z2"`) {
					t.Errorf("these wait, and among them what was carried out: %s %v", left, err)
				}
				log.what(t, words, ` key=A .* cause=alertmanager/z1 error=`)
				w.repaired()
				w.wait(5 * time.Second)
				w.routed()
				want := []string{incident.StateResolved, incident.StateFiring}
				for range 2 {
					inc := w.inc("INC-1")
					if got := heard(inc, "alertmanager/z1", "alertmanager/a1"); !slices.Equal(got, want) || len(w.heads()) != 2 {
						t.Errorf("INC-1 was told of %q, want %q; %d incidents", got, want, len(w.heads()))
					}
					if a := w.record("alertmanager", "C"); a.Count != 1 {
						t.Errorf("what was done already was done again: %+v", a)
					}
					for _, id := range []string{"z", "a"} { // and played back
						if got, err := w.bot.Accept(t.Context(), bot.Delivery{Source: "alertmanager", ID: id, Signals: []bot.Signal{said("x", "A", "other", "x", incident.StateFiring)}}); err != nil || !got.Known {
							t.Errorf("delivery %s again: %+v %v", id, got, err)
						}
					}
					w.restart()
					w.wait(5 * time.Second)
				}
			})
		})
	}
}

// TestManyAreKept: more is kept of one alert than there is room for in memory. All else has
// its place, the log has one line, and after the repair all of it is told in the order in
// which it came, whatever it is called.
func TestManyAreKept(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		log := w.logged()
		w.fire("alertmanager", "A", "other", "Cache is broken", "critical")
		w.settle()
		w.offline(func(*store.Journal) { spoil(t, w.kv, "log/00000001/00000003") })
		const many = 4_500
		send := func(n int, state string) {
			s := alert("alertmanager", "A", "other", "Cache is broken", "critical", state)
			s.ID, s.At = fmt.Sprintf("%05d", many-n), time.Now()
			if _, err := w.bot.Accept(t.Context(), bot.Delivery{Source: "alertmanager", ID: s.ID, Signals: []bot.Signal{s}}); err != nil {
				t.Fatal(err)
			}
			<-time.After(time.Millisecond)
		}
		for n := range many - 2 {
			send(n, incident.StateFiring)
		}
		send(many-2, incident.StateResolved)
		send(many-1, incident.StateFiring)
		for range 2 {
			w.wait(10 * time.Second)
			w.fire("alertmanager", fmt.Sprint("B", w.starts), "thing", "Queue is stuck", "critical")
			if a := w.record("alertmanager", fmt.Sprint("B", w.starts)); a.Incident == "" {
				t.Errorf("another alert is kept waiting: %+v", a)
			}
			w.offline(func(*store.Journal) {})
		}
		w.wait(10 * time.Second)
		if n := log.count("waits for the next start"); n != 3 {
			t.Errorf("%d lines in three starts", n)
		}
		w.repaired()
		w.wait(10 * time.Second)
		w.routed()
		if a := w.record("alertmanager", "A"); a.Count != many+1 {
			t.Errorf("it was counted %d times", a.Count)
		}
		inc, want := w.inc("INC-1"), []string{incident.StateResolved, incident.StateFiring}
		if got := heard(inc, "alertmanager/00002", "alertmanager/00001"); !slices.Equal(got, want) {
			t.Errorf("INC-1 was told of %q, want %q", got, want)
		}
	})
}

// TestKeptForLong: what is kept is dropped by no tidying, nor is the alert that knows where
// it belongs; and it is known for as long as any delivery once it is carried out.
func TestKeptForLong(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		w.fire("alertmanager", "A", "other", "Cache is broken", "critical")
		w.settle()
		w.offline(func(*store.Journal) { spoil(t, w.kv, "log/00000001/00000003") })
		s := alert("alertmanager", "A", "other", "Cache is broken", "critical", incident.StateResolved)
		s.ID, s.At = "over", time.Now()
		w.deliver("over", s)
		w.offline(func(*store.Journal) { <-time.After(31 * 24 * time.Hour) })
		w.wait(3 * 24 * time.Hour) // a clock that jumped is believed after a day
		w.repaired()
		w.wait(2 * 24 * time.Hour)
		w.routed()
		if got := heard(w.inc("INC-1"), "alertmanager/over"); !slices.Equal(got, []string{incident.StateResolved}) || w.record("alertmanager", "A").Count != 2 {
			t.Errorf("INC-1 was told of %q; %+v", got, w.record("alertmanager", "A"))
		}
		if got, err := w.bot.Accept(t.Context(), bot.Delivery{Source: "alertmanager", ID: "over", Signals: []bot.Signal{s}}); err != nil || !got.Known {
			t.Errorf("it is not known two days after it was carried out: %+v %v", got, err)
		}
	})
}
