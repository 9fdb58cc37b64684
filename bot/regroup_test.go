package bot_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
	"tocsin/store"
	"tocsin/store/mem"
)

// hooked is a store that lets others act just before it commits.
type hooked struct {
	store.KV
	before func(store.Tx)
}

func (h *hooked) Commit(ctx context.Context, tx store.Tx) error {
	if h.before != nil {
		h.before(tx)
	}
	return h.KV.Commit(ctx, tx)
}

// whenStored has somebody act while an alert is about to be stored, once. They get
// every chance to be done first: whether they have to wait is up to the bot.
func (w *world) whenStored(key string, act func()) {
	w.run()
	<-w.done
	w.kv = w.kv.Reopen()
	var done atomic.Bool
	h := &hooked{before: func(tx store.Tx) {
		if !puts(tx, key) || done.Swap(true) {
			return
		}
		go act()
		for range 10_000 {
			runtime.Gosched()
		}
	}}
	w.more = append(w.more, func(c *bot.Config) { h.KV = c.Store; c.Store = h })
	w.start()
}

func puts(tx store.Tx, key string) bool {
	for _, p := range tx.Put {
		if p.Key == key {
			return true
		}
	}
	return false
}

// record is what is stored of an alert.
func (w *world) record(source, key string) store.Alert {
	w.t.Helper()
	a, ok, err := store.NewJournal(w.kv).Alert(context.Background(), source, key)
	if err != nil || !ok {
		w.t.Fatalf("no record of %s %s: %v", source, key, err)
	}
	return a
}

// resolve delivers that an alert has ended.
func (w *world) resolve(source, key, service, title, urgency string) {
	w.receive(alert(source, key, service, title, urgency, incident.StateResolved))
}

// routed fails the test if a delivery still waits.
func (w *world) routed() {
	w.t.Helper()
	if list, err := store.NewJournal(w.kv).Arrivals(context.Background(), store.Arrival{}, 0); err != nil || len(list) != 0 {
		w.t.Errorf("%d deliveries wait: %v", len(list), err)
	}
}

// TestSplitWhileItIsTold: a person splits an alert off while a signal of it is being
// stored; both happen, and what the alert says later goes to the new incident.
func TestSplitWhileItIsTold(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		for n := range 3 {
			w.fire("alertmanager", fmt.Sprint("A", n), "other", fmt.Sprint("Cache is broken ", n), "critical")
		}
		w.settle()
		var err error
		w.whenStored("alert/alertmanager/A2", func() { _, err = w.as("U0ADA", "split", "INC-1 split 3") })
		w.resolve("alertmanager", "A2", "other", "Cache is broken 2", "critical")
		w.settle()
		if err != nil || w.record("alertmanager", "A2").Incident != "INC-2" {
			t.Fatalf("%v, it belongs to %s", err, w.record("alertmanager", "A2").Incident)
		}
		w.fire("alertmanager", "A2", "other", "Cache is broken 2", "critical")
		w.routed()
		if s, _ := w.inc("INC-2").Alert("alertmanager", "A2"); s.State != incident.StateFiring || w.inc("INC-1").Tally.Total != 2 || len(w.heads()) != 2 {
			t.Errorf("it is %s, %d stayed, %d incidents", s.State, w.inc("INC-1").Tally.Total, len(w.heads()))
		}
	})
}

// TestDetachedFiresAgain: an alert that a person took off gets another home than the
// one it had, also if its record was never kept.
func TestDetachedFiresAgain(t *testing.T) {
	for _, old := range []bool{false, true} {
		described(t)(t, func(t *testing.T, w *world) {
			w.fire("pagerduty", "P1", "other", "Cache is broken", "critical")
			w.settle()
			if old {
				w.asOfOld("INC-1", "pagerduty", "P1")
			}
			w.say("detach", "", "INC-1 detach 1")
			w.wait(25 * time.Hour)
			w.fire("pagerduty", "P1", "other", "Cache is broken", "critical")
			w.routed()
			if len(w.heads()) != 2 || w.inc("INC-1").Tally.Total != 0 || w.inc("INC-2").Tally.Total != 1 {
				t.Errorf("%d incidents, the old one has %d", len(w.heads()), w.inc("INC-1").Tally.Total)
			}
		})
	}
}

// asOfOld leaves an alert as an older version stored it: a handle, and no record.
func (w *world) asOfOld(id incident.ID, source, key string) {
	w.run()
	<-w.done
	w.kv = w.kv.Reopen()
	ctx, j := context.Background(), store.NewJournal(w.kv)
	_, tip, err := j.Load(ctx, id)
	if err == nil {
		_, err = j.Append(ctx, tip, store.Append{Handles: []string{source + "/" + key}})
	}
	if err == nil {
		err = w.kv.Commit(ctx, store.Tx{Delete: []string{"alert/" + source + "/" + key}})
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.start()
}

// TestAttachWhileItIsTold: a person attaches an alert while a signal of it is being
// stored; it stays where the person put it.
func TestAttachWhileItIsTold(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		w.say("open", "", "open The weather is odd")
		w.fire("alertmanager", "A", "quiet", "Something small", "warning")
		w.settle()
		var err error
		w.whenStored("alert/alertmanager/A", func() { _, err = w.as("U0ADA", "attach", "INC-1 attach alertmanager A") })
		w.fire("alertmanager", "A", "quiet", "Something small", "warning")
		w.settle()
		if a := w.record("alertmanager", "A"); err != nil || a.Incident != "INC-1" {
			t.Fatalf("%v, it belongs to %q", err, a.Incident)
		}
		w.resolve("alertmanager", "A", "quiet", "Something small", "warning")
		if s, _ := w.inc("INC-1").Alert("alertmanager", "A"); s.State != incident.StateResolved {
			t.Errorf("its incident has it as %q", s.State)
		}
	})
}

// TestSplitMany: a split moves all that it means, by numbers or by their service.
func TestSplitMany(t *testing.T) {
	for _, which := range []string{"1-60", "other"} {
		described(t)(t, func(t *testing.T, w *world) {
			for n := range 60 {
				w.fire("alertmanager", fmt.Sprint("A", n), "other", fmt.Sprint("Cache is broken ", n), "critical")
			}
			if a, err := w.as("U0ADA", "split", "INC-1 split "+which); err != nil || !strings.Contains(a.Body, "**INC-2** is open for 60 alerts") {
				t.Errorf("%s: %s %v", which, a.Body, err)
			}
			if from, to := w.inc("INC-1").Tally.Total, w.inc("INC-2").Tally.Total; from != 0 || to != 60 || len(w.heads()) != 2 {
				t.Errorf("%s: %d stayed, %d moved, %d incidents", which, from, to, len(w.heads()))
			}
		})
	}
}

// TestSplitTwice: a click that is delivered twice opens one incident.
func TestSplitTwice(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		for n := range 4 {
			w.fire("alertmanager", fmt.Sprint("A", n), "other", fmt.Sprint("Cache is broken ", n), "critical")
		}
		for range 2 {
			if a, err := w.as("U0ADA", "split", "INC-1 split 2"); err != nil || !strings.Contains(a.Body, "**INC-2** is open for 1 alert:") {
				t.Errorf("%s %v", a.Body, err)
			}
		}
		if from, to := w.inc("INC-1").Tally.Total, w.inc("INC-2").Tally.Total; from != 3 || to != 1 || len(w.heads()) != 2 {
			t.Errorf("%d stayed, %d moved, %d incidents", from, to, len(w.heads()))
		}
	})
}

// TestMergedTwice: an alert goes with the first merger of its incident, and stays
// there: opened again, and merged into another one, the duplicate has it no more.
func TestMergedTwice(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		w.say("1", "", "open sev3 The weather is odd")
		w.say("2", "", "open sev3 Something else entirely")
		w.fire("alertmanager", "K", "other", "Cache is broken", "critical")
		for i, line := range []string{"merge INC-1", "reopen", "merge INC-2"} {
			w.say(fmt.Sprint("then", i), "", "INC-3 "+line)
			w.settle()
		}
		w.resolve("alertmanager", "K", "other", "Cache is broken", "critical")
		if s, _ := w.inc("INC-1").Alert("alertmanager", "K"); s.State != incident.StateResolved || w.record("alertmanager", "K").Incident != "INC-1" {
			t.Errorf("INC-1 has it as %q, it belongs to %s", s.State, w.record("alertmanager", "K").Incident)
		}
		if w.inc("INC-2").Tally.Total+w.inc("INC-3").Tally.Total != 0 {
			t.Error("another one has it as well")
		}
	})
}

// TestNoDuplicateAfterAll: a duplicate that was opened again has alerts of its own, also
// once it is over; what comes for the one that it was a duplicate of stays there.
func TestNoDuplicateAfterAll(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		w.say("1", "", "open sev3 The weather is odd")
		w.fire("alertmanager", "K", "other", "Cache is broken", "critical")
		for i, line := range []string{"merge INC-1", "reopen"} {
			w.say(fmt.Sprint("then", i), "", "INC-2 "+line)
		}
		w.fire("alertmanager", "L", "quiet", "Something small", "warning")
		w.say("attach", "", "INC-2 attach alertmanager L")
		w.say("over", "", "INC-2 resolve")
		w.settle()
		w.resolve("alertmanager", "L", "quiet", "Something small", "warning")
		w.resolve("alertmanager", "K", "other", "Cache is broken", "critical")
		if s, _ := w.inc("INC-2").Alert("alertmanager", "L"); s.State != incident.StateResolved || w.record("alertmanager", "L").Incident != "INC-2" {
			t.Errorf("INC-2 has it as %q, it belongs to %s", s.State, w.record("alertmanager", "L").Incident)
		}
		if s, _ := w.inc("INC-1").Alert("alertmanager", "K"); s.State != incident.StateResolved || w.inc("INC-1").Tally.Total != 1 {
			t.Errorf("INC-1 has it as %q, of %d", s.State, w.inc("INC-1").Tally.Total)
		}
	})
}

// TestPrivateStaysPrivate: a private incident is no duplicate of one that all can
// read, and an alert that was taken off it is listed to nobody, also when it fires on.
func TestPrivateStaysPrivate(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		w.say("1", "", "open The weather is odd")
		w.say("2", "", "open Something else entirely")
		w.say("3", "", "INC-2 private")
		w.fire("alertmanager", "Z", "quiet", "Bucket of Jane Roe is public", "warning")
		w.say("attach", "", "INC-3 attach alertmanager Z")
		if !w.inc("INC-3").Private || w.inc("INC-3").Tally.Total != 1 {
			t.Fatalf("private %v, %d alerts", w.inc("INC-3").Private, w.inc("INC-3").Tally.Total)
		}
		for i, line := range []string{"INC-3 close duplicate of INC-1", "INC-3 merge INC-1", "INC-1 attach INC-3"} {
			if a, err := w.as("U0ADA", fmt.Sprint("merge", i), line); err != nil || !strings.Contains(a.Body, "private and the other is not") || w.inc("INC-1").Tally.Total != 0 || !w.inc("INC-3").Active() {
				t.Errorf("%s is not refused: %s %v", line, a.Body, err)
			}
		}
		w.say("detach", "", "INC-3 detach 1")
		for range 2 {
			for _, line := range []string{"alerts", "INC-1 attach"} {
				if a, err := w.as("U0ADA", "", line); err != nil || strings.Contains(fmt.Sprint(a), "Jane Roe") {
					t.Errorf("%s lists it: %+v %v", line, a, err)
				}
			}
			w.fire("alertmanager", "Z", "quiet", "Bucket of Jane Roe is public", "warning")
		}
	})
}

// TestSensitiveAlertsKeepApart: what may concern people's data goes to no incident of
// another kind that all can read, nor to the storm's, which is never private itself.
func TestSensitiveAlertsKeepApart(t *testing.T) {
	leak := func(w *world, key, service string) {
		s := alert("pagerduty", key, service, "PII leak: Jane Roe sees data of other customers", "critical", incident.StateFiring)
		s.People = []incident.Person{{User: "U0BEN"}}
		w.receive(s)
	}
	private := func(w *world) (n, public, storms int) {
		for _, h := range w.heads() {
			inc := w.inc(h.ID)
			for _, s := range inc.Alerts() {
				switch {
				case strings.Contains(s.Title, "Jane Roe") && inc.Private && !inc.Storm:
					n++
				case strings.Contains(s.Title, "Jane Roe"):
					public++
				}
			}
			if inc.Storm && !inc.Private {
				storms++
			}
		}
		return n, public, storms
	}
	described(t)(t, func(t *testing.T, w *world) {
		w.fire("alertmanager", "A", "other", "Strange things happen", "critical")
		leak(w, "P1", "other")
		w.settle()
		if n, public, _ := private(w); n != 1 || public != 0 || w.said(w.inc("INC-1").Channel.Channel, "Jane Roe")+w.said("incidents", "Jane Roe") != 0 {
			t.Errorf("%d in private, %d in the open", n, public)
		}
	})
	for _, before := range []int{5, 8} { // it is the one too many, or comes in the storm
		described(t)(t, func(t *testing.T, w *world) {
			for n := range 12 {
				if n == before {
					leak(w, "S", "thing-s")
				}
				w.fire("alertmanager", fmt.Sprint("A", n), fmt.Sprintf("thing-%c", 'a'+n), fmt.Sprintf("%c thing is odd", 'a'+n), "critical")
			}
			w.settle()
			if n, public, storms := private(w); n != 1 || public != 0 || storms != 1 {
				t.Errorf("after %d: %d in private, %d in the open, %d storms that all can read", before, n, public, storms)
			}
			if a, err := w.as("U0DINA", "", "status"); err != nil || strings.Contains(a.Body, "Jane Roe") {
				t.Errorf("a stranger sees %s %v", a.Body, err)
			}
		})
	}
}

// TestManySensitiveAlerts: thirty of one service are one private room, also while
// rooms are on hold: nobody else would hear of it.
func TestManySensitiveAlerts(t *testing.T) {
	for _, hold := range []bool{false, true} {
		described(t)(t, func(t *testing.T, w *world) {
			if hold {
				w.say("hold", "", "hold")
			}
			for n := range 30 {
				s := alert("pagerduty", fmt.Sprint("S", n), "other", "PII leak: customers see data of other customers", "critical", incident.StateFiring)
				s.People = []incident.Person{{User: "U0BEN"}}
				w.receive(s)
			}
			w.settle()
			synctest.Wait()
			inc := w.inc("INC-1")
			if len(w.heads()) != 1 || !inc.Private || inc.Tally.Total != 30 || inc.Channel.Channel == "" || !inc.Knows(incident.Person{User: "U0BEN"}) {
				t.Errorf("hold %v: %d incidents, private %v, %d alerts, channel %q", hold, len(w.heads()), inc.Private, inc.Tally.Total, inc.Channel.Channel)
			}
		})
	}
}

// TestHoldLeavesNothingBehind: what was on its way into a room that is held is made
// anew when somebody asks for the room, and waits for nothing until then.
func TestHoldLeavesNothingBehind(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		if err := w.ws.Fault(sandbox.Fault{Kind: "rate_limited", Method: "conversations.create", RetryAfter: 600}); err != nil {
			t.Fatal(err)
		}
		for n := range 3 {
			w.fire("alertmanager", fmt.Sprint("A", n), fmt.Sprint("thing-", n), "Disk is full", "critical")
		}
		w.say("hold", "", "hold")
		if err := w.ws.Fault(sandbox.Fault{Kind: "clear"}); err != nil {
			t.Fatal(err)
		}
		held := incident.ID("")
		for _, h := range w.heads() {
			if h.Held {
				held = h.ID
			}
		}
		if held == "" {
			t.Skip("every room was being made")
		}
		w.settle() // fails if something waits for a room that nobody asked for
		w.say("room", "", string(held)+" room")
		w.settle()
		if n := w.said(w.inc(held).Channel.Channel, "Alertmanager alerted: Disk is full"); n != 1 {
			t.Errorf("the room was told %d times what began it", n)
		}
	})
}

// TestNoAlertInTwoIncidents: a duplicate gives its alerts away, also if it is opened again.
func TestNoAlertInTwoIncidents(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		w.say("1", "", "open sev3 The weather is odd")
		w.fire("alertmanager", "K", "other", "Cache is broken", "critical")
		w.say("2", "", "INC-2 merge INC-1")
		w.say("3", "", "INC-2 reopen")
		w.receive(alert("alertmanager", "K", "other", "Cache is broken", "critical", incident.StateResolved))
		if w.inc("INC-2").Tally.Total != 0 || w.inc("INC-1").Tally.Firing != 0 || w.inc("INC-1").Tally.Total != 1 {
			t.Errorf("INC-1 %+v, INC-2 %+v", w.inc("INC-1").Tally, w.inc("INC-2").Tally)
		}
	})
}

// TestDamagedAlertIsNotListed: an alert that cannot be read keeps no other off the list.
func TestDamagedAlertIsNotListed(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		for _, key := range []string{"A", "B"} {
			w.fire("alertmanager", key, "quiet", "Something small", "warning")
		}
		if err := w.kv.Commit(context.Background(), store.Tx{Put: []store.Pair{{Key: "alert/alertmanager/A", Value: []byte("garbage")}}}); err != nil {
			t.Fatal(err)
		}
		if list, err := w.bot.Loose(context.Background()); err != nil || len(list) != 1 {
			t.Errorf("%d alerts are listed: %v", len(list), err)
		}
	})
}

// TestTakenOffInPrivate: what was taken off a private incident and fires on is as
// private, and for the same people.
func TestTakenOffInPrivate(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		s := alert("pagerduty", "S", "other", "PII leak: customers see data of other customers", "critical", incident.StateFiring)
		s.People = []incident.Person{{User: "U0BEN"}}
		w.receive(s)
		if _, err := w.as("U0BEN", "off", "INC-1 detach 1"); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Minute)
		s = alert("pagerduty", "S", "other", "It goes on, say two of them", "critical", incident.StateFiring)
		w.receive(s)
		if inc := w.inc("INC-2"); !inc.Private || !inc.Knows(incident.Person{User: "U0BEN"}) {
			t.Errorf("private %v, people %v", inc.Private, inc.People)
		}
	})
}

// TestRegroupInParts: moving more alerts than one transaction takes comes to its end,
// wherever the bot was killed and whether anybody asks again or not: each alert is in one
// place, and the right one. Only what was killed before it was on record is not done at all.
func TestRegroupInParts(t *testing.T) {
	for _, line := range []string{"detach 1-60", "detach other", "split 1-60", "split other", "merge INC-2", "private"} {
		for _, outcome := range []mem.Outcome{mem.FailBefore, mem.FailAfter} {
			for _, again := range []bool{false, true} {
				crashed := true
				for n := 1; crashed; n++ {
					t.Run(fmt.Sprint(line, " ", outcome, " ", n, " ", again), func(t *testing.T) {
						described(t)(t, func(t *testing.T, w *world) { crashed = w.regroup(line, n, outcome, again) })
					})
				}
			}
		}
	}
}

// regroup has a command move 60 alerts while the nth commit since fails, and tells
// whether there was an nth. again: the command is delivered until it is done.
func (w *world) regroup(line string, n int, outcome mem.Outcome, again bool) (crashed bool) {
	t := w.t
	t.Helper()
	var left atomic.Int32
	w.crash = func(int, store.Tx) mem.Outcome {
		if left.Add(-1) == 0 {
			return outcome
		}
		return mem.CarryOn
	}
	w.restart()
	for n := range 60 {
		w.fire("alertmanager", fmt.Sprint("A", n), "other", fmt.Sprint("Cache is broken ", n), "critical")
	}
	verb, _, _ := strings.Cut(line, " ")
	if verb == "merge" {
		w.say("open", "", "open sev3 The weather is odd")
	}
	w.settle()
	left.Store(int32(n))
	if again {
		w.say("regroup", "", "INC-1 "+line)
	} else if _, err := w.as("U0ADA", "regroup", "INC-1 "+line); err != nil {
		w.settle() // which starts it again
		if n == 1 && outcome == mem.FailBefore {
			w.placed(60, 0, "INC-1")
			return true
		}
	}
	crashed = left.Swap(0) <= 0
	stays, comes, to := 0, 60, incident.ID("INC-2")
	switch verb {
	case "detach":
		comes, to = 0, ""
	case "private":
		stays = 60 // it keeps what it has, and goes on elsewhere
	}
	for range 2 { // delivered again
		synctest.Wait() // a start finishes what was cut short beside what people ask
		w.placed(stays, comes, to)
		if inc := w.inc("INC-1"); (verb == "merge" || verb == "private") != inc.PassedOn() {
			t.Fatalf("INC-1 is %s, %q", inc.Status, inc.Reason)
		}
		if left, err := store.NewJournal(w.kv).Intents(t.Context()); err != nil || len(left) > 0 {
			t.Fatalf("still intended: %+v, %v", left, err)
		}
		w.say("regroup", "", "INC-1 "+line)
	}
	return crashed
}

// placed wants INC-1 to have some of 60 alerts, INC-2 some if it is there, and the record
// of each to say where it belongs.
func (w *world) placed(first, second int, to incident.ID) {
	w.t.Helper()
	if n := w.inc("INC-1").Tally.Total; n != first {
		w.t.Fatalf("INC-1 has %d alerts, want %d", n, first)
	}
	if inc, err := w.bot.Incident(w.t.Context(), "INC-2"); err == nil && inc.Tally.Total != second {
		w.t.Fatalf("INC-2 has %d alerts, want %d", inc.Tally.Total, second)
	}
	for n := range 60 {
		if a := w.record("alertmanager", fmt.Sprint("A", n)); a.Incident != to {
			w.t.Fatalf("alert %d belongs to %q", n, a.Incident)
		}
	}
}
