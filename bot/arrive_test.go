package bot_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
	"tocsin/store"
	"tocsin/store/mem"
)

// alarms tells a story of alerts that open, join, overtake and end, and of people
// who mend what was put together; it returns the signals that were acknowledged.
func (w *world) alarms() []bot.Signal {
	var sent []bot.Signal
	at := time.Now()
	tell := func(key, service, title, state string) {
		at = at.Add(time.Second)
		s := alert("alertmanager", key, service, title, "critical", state)
		s.ID, s.At = fmt.Sprint(len(sent), key, state), at
		w.receive(s)
		sent = append(sent, s)
		<-time.After(time.Second)
	}
	down := "error rate is high, the provider answers 529 overloaded_error"
	tell("early", "other", "Cache is broken", incident.StateAcknowledged) // before what it is about
	tell("a", "service-00", down, incident.StateFiring)
	tell("b", "service-01", down, incident.StateFiring)
	tell("early", "other", "Cache is broken", incident.StateFiring)
	tell("c", "service-00", down+" again", incident.StateFiring)
	for n := range 8 {
		tell(fmt.Sprint("d", n), "service-01", down, incident.StateFiring)
	}
	w.say("split", "", "INC-1 split 2 4-6")
	tell("b", "service-01", down, incident.StateResolved)
	w.say("detach", "", "INC-1 detach 3")
	tell("c", "service-00", down+" worse", incident.StateResolved)
	w.say("merge", "", "INC-3 merge INC-1")
	tell("d2", "service-01", down, incident.StateResolved)
	tell("a", "service-00", down, incident.StateResolved)
	return sent
}

// told checks that every signal is on a timeline once, that every alert is with
// the incident that it says, and that nothing waits.
func (w *world) told(sent []bot.Signal) {
	ctx, j := context.Background(), store.NewJournal(w.kv)
	events, open := map[string]int{}, 0
	for _, h := range w.heads() {
		inc := w.inc(h.ID)
		for _, e := range inc.Timeline {
			if _, ok := e.Fact.(incident.Signaled); ok {
				events[e.Cause]++
			}
		}
		if strings.HasPrefix(inc.Title, "error rate is high") && inc.Active() {
			open++
			if inc.Tally.Total != 10 || inc.Tally.Firing != 7 {
				w.t.Errorf("%s: %+v", inc.ID, inc.Tally)
			}
		}
	}
	if open != 1 || len(w.heads()) != 3 {
		w.t.Errorf("%d incidents, %d of the outage are open", len(w.heads()), open)
	}
	for _, s := range sent {
		a, ok, err := j.Alert(ctx, s.Source, s.Key)
		loose := s.Key == "c" && s.State == incident.StateResolved
		if n := events[s.Source+"/"+s.ID]; n != 1 && !loose {
			w.t.Errorf("%s is on %d timelines", s.ID, n)
		}
		if !ok || err != nil || a.Incident == "" && s.Key != "c" {
			w.t.Errorf("the alert %s is nowhere: %+v %v", s.Key, a, err)
		}
		if want := count1(sent, s.Key); a.Count != want {
			w.t.Errorf("the alert %s was counted %d times, told %d times", s.Key, a.Count, want)
		}
	}
	if left, err := j.Arrivals(ctx, store.Arrival{}, 0); err != nil || len(left) > 0 {
		w.t.Errorf("%d deliveries wait, %v", len(left), err)
	}
	rooms := 0
	for _, name := range w.ws.ChannelNames() {
		if strings.HasPrefix(name, "inc-") {
			rooms++
		}
	}
	if rooms != 3 {
		w.t.Errorf("%d rooms of three incidents", rooms)
	}
}

func count1(sent []bot.Signal, key string) (n int) {
	for _, s := range sent {
		if s.Key == key {
			n++
		}
	}
	return n
}

// alarmed plays the story of alerts in a world of its own.
func alarmed(t *testing.T, seed uint64, crash func(n int, tx store.Tx) mem.Outcome, faults bool) {
	services := catalogue(t, 2, "other.md", "---\nid: other\nprovider: openai\n---\nText.\n")
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, seed)
		defer w.close()
		w.more = []func(*bot.Config){func(c *bot.Config) { c.Services = services }}
		if w.crash = crash; faults {
			w.faults()
		}
		w.restart()
		sent := w.alarms()
		w.settle()
		w.told(sent)
	})
}

// TestAlertsThroughCrashes kills the bot at the nth commit of the story of alerts,
// before and after it was carried out, for every n there is.
func TestAlertsThroughCrashes(t *testing.T) {
	for _, outcome := range []mem.Outcome{mem.FailBefore, mem.FailAfter} {
		for n := 1; ; n++ {
			count, crashed := 0, false
			ok := t.Run(fmt.Sprintf("%v/%d", outcome, n), func(t *testing.T) {
				alarmed(t, 1, func(int, store.Tx) mem.Outcome {
					if count++; count == n {
						crashed = true
						return outcome
					}
					return mem.CarryOn
				}, false)
			})
			if !ok || !crashed {
				if n < manyPoints {
					t.Errorf("it ends after %d points, %v: is the hook called?", n-1, outcome)
				}
				break
			}
		}
	}
}

// TestAlertsThroughFaults plays it with Slack failing by chance and the store
// failing at random commits.
func TestAlertsThroughFaults(t *testing.T) {
	for seed := range seeds(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 2))
			alarmed(t, seed, func(int, store.Tx) mem.Outcome {
				return slices.Concat([]mem.Outcome{mem.FailBefore, mem.FailAfter}, slices.Repeat([]mem.Outcome{mem.CarryOn}, 28))[rng.IntN(30)]
			}, true)
		})
	}
}
