package bot_test

import (
	"fmt"
	"testing"
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
)

// pagerTells delivers an event of PagerDuty's P1 that happened at a time.
func (w *world) pagerTells(event, id, state string, at time.Time) {
	s := signal(id, "P1", state)
	s.Event, s.At = "incident."+event, at
	w.receive(s)
}

// TestFoundBeforeItsWebhook: what was found by asking PagerDuty is told once, although its
// webhook comes later, by another name and with another split of the second; that it was
// reopened once more is told.
func TestFoundBeforeItsWebhook(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		tell := w.pagerTells
		tell("triggered", "1", incident.StateFiring, time.Now())
		w.wait(time.Minute)
		tell("resolved", "2", incident.StateResolved, time.Now())
		w.wait(time.Minute)
		at := time.Now().Add(300 * time.Millisecond)
		w.wait(time.Second)
		told := func() int { return count[incident.Signaled](w.inc("INC-1")) }
		tell("triggered", bot.AskedID("P1", "incident.triggered", at), incident.StateFiring, at.Truncate(time.Second))
		before := told()
		tell("reopened", "3", incident.StateFiring, at)
		if n := told(); before != 3 || n != before {
			t.Errorf("%d signals are told with what was found, and %d with its webhook", before, n)
		}
		w.wait(time.Minute)
		tell("reopened", "4", incident.StateFiring, time.Now())
		if n := told(); n != before+1 {
			t.Errorf("that it was reopened once more: %d signals are told", n)
		}
	})
}

// TestOverTwice: that an alert is over, found by asking, is no news again when its webhook
// comes after the incident was resolved.
func TestOverTwice(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		tell := func(id, event, state string) {
			s := signal(id, "P1", state)
			s.Event = event
			w.receive(s)
			w.wait(time.Minute)
		}
		tell("1", "incident.triggered", incident.StateFiring)
		tell("reconcile/P1/resolved/1", "incident.resolved", incident.StateResolved)
		w.say("resolve", "", "INC-1 resolve it is over")
		w.settle()
		tell("2", "incident.resolved", incident.StateResolved)
		if n := count[incident.Signaled](w.inc("INC-1")); n != 2 {
			t.Errorf("%d signals are told, want two", n)
		}
	})
}

// TestReopenedLate: that a person reopened it in PagerDuty is told, although its webhook comes
// after what was done next, and changes nothing of what is so now.
func TestReopenedLate(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		tell := w.pagerTells
		tell("triggered", "1", incident.StateFiring, time.Now())
		w.wait(time.Minute)
		tell("resolved", "2", incident.StateResolved, time.Now())
		w.wait(time.Minute)
		at := time.Now()
		w.wait(2 * time.Second)
		tell("acknowledged", "4", incident.StateAcknowledged, at.Add(time.Second))
		tell("reopened", "3", incident.StateFiring, at)
		inc := w.inc("INC-1")
		if a, _ := inc.Alert("pagerduty", "P1"); a.State != incident.StateAcknowledged || count[incident.Signaled](inc) != 4 {
			t.Errorf("%d of 4 signals are told, and it is %s", count[incident.Signaled](inc), a.State)
		}
	})
}

// TestWorseOnceFound: what was found by asking is told once, although its webhook, which
// comes later, has another priority.
func TestWorseOnceFound(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		tell := func(id, event, state, urgency string) {
			s := signal(id, "P1", state)
			s.Event, s.Urgency, s.At = event, urgency, time.Now()
			w.receive(s)
		}
		tell("1", "incident.triggered", incident.StateFiring, "P3")
		w.wait(time.Minute)
		tell(bot.AskedID("P1", "incident.acknowledged", time.Now()), "incident.acknowledged", incident.StateAcknowledged, "P3")
		tell("2", "incident.acknowledged", incident.StateAcknowledged, "P1")
		if n := count[incident.Signaled](w.inc("INC-1")); n != 2 {
			t.Errorf("%d signals are told, want two", n)
		}
	})
}

// TestBeganLong: that an incident of PagerDuty's fired once is no news and changes nothing,
// where it was acknowledged within the second, however late it is heard of.
func TestBeganLong(t *testing.T) {
	for _, id := range []string{"asked", "3"} {
		inBubble(t, func(t *testing.T, w *world) {
			began := time.Now()
			if id == "asked" {
				id = bot.AskedID("P1", "incident.triggered", began)
			}
			tell := func(id, event, state string) {
				s := signal(id, "P1", state)
				s.Event, s.At, s.Since = event, began, began
				w.receive(s)
			}
			tell("1", "incident.triggered", incident.StateFiring)
			tell("2", "incident.acknowledged", incident.StateAcknowledged)
			w.wait(time.Minute)
			tell(id, "incident.triggered", incident.StateFiring)
			tell(bot.AskedID("P1", "incident.acknowledged", began), "incident.acknowledged", incident.StateAcknowledged)
			inc := w.inc("INC-1")
			if a, _ := inc.Alert("pagerduty", "P1"); a.State != incident.StateAcknowledged || count[incident.Signaled](inc) != 2 {
				t.Errorf("%s: %d signals are told, want two, and it is %s", id, count[incident.Signaled](inc), a.State)
			}
		})
	}
}

// TestWithinASecond: PagerDuty's list has whole seconds. What its webhooks tell of happened
// within one ends as it ended there.
func TestWithinASecond(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		tell := w.pagerTells
		tell("triggered", "1", incident.StateFiring, time.Now())
		w.wait(time.Minute)
		at := time.Now().Truncate(time.Second)
		w.wait(2 * time.Second)
		tell("resolved", bot.AskedID("P1", "incident.resolved", at), incident.StateResolved, at)
		tell("acknowledged", "2", incident.StateAcknowledged, at.Add(200*time.Millisecond))
		tell("resolved", "3", incident.StateResolved, at.Add(700*time.Millisecond))
		if a, _ := w.inc("INC-1").Alert("pagerduty", "P1"); a.State != incident.StateResolved || w.record("pagerduty", "P1").State != a.State {
			t.Errorf("it is %s, and on record %s", a.State, w.record("pagerduty", "P1").State)
		}
	})
}

// TestFoundBeforeAMerger: what was found by asking is no news where its incident went on as
// another one before the webhook came.
func TestFoundBeforeAMerger(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		tell := w.pagerTells
		tell("triggered", "1", incident.StateFiring, time.Now())
		w.wait(time.Minute)
		tell("resolved", "2", incident.StateResolved, time.Now())
		w.say("other", "", "open sev2 Answers are slow")
		w.wait(time.Minute)
		at := time.Now()
		tell("triggered", bot.AskedID("P1", "incident.triggered", at), incident.StateFiring, at)
		w.say("merge", "", "INC-1 close duplicate INC-2")
		w.wait(10 * time.Second)
		before := count[incident.Signaled](w.inc("INC-2"))
		tell("reopened", "3", incident.StateFiring, at)
		if n := count[incident.Signaled](w.inc("INC-2")); w.inc("INC-1").Original != "INC-2" || n != before {
			t.Errorf("INC-1 went on as %q, which is told of %d signals, and of %d before", w.inc("INC-1").Original, n, before)
		}
	})
}

// TestManyOnIt: PagerDuty names as many people as are read, and nothing of it is left out.
func TestManyOnIt(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.receive(signal("1", "P1", incident.StateFiring))
		w.settle()
		s := signal("2", "P1", incident.StateResolved)
		for n := range 50 {
			s.People = append(s.People, incident.Person{User: incident.User(fmt.Sprintf("U%04d", n)), Name: fmt.Sprint("Person ", n)})
		}
		w.receive(s)
		inc := w.inc("INC-1")
		if a, _ := inc.Alert("pagerduty", "P1"); a.State != incident.StateResolved || count[incident.Joined](inc) < 50 {
			t.Errorf("it is %s, and %d people joined", a.State, count[incident.Joined](inc))
		}
	})
}
