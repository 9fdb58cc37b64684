package bot_test

import (
	"testing"
	"time"

	"tocsin/bot/incident"
)

// TestFoundBeforeItsWebhook: what was found by asking PagerDuty is told once, although its
// webhook comes later, by another name and with another split of the second; that it was
// reopened once more is told.
func TestFoundBeforeItsWebhook(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		tell := func(event, id, state string, at time.Time) {
			s := signal(id, "P1", state)
			s.Event, s.At = "incident."+event, at
			w.receive(s)
		}
		tell("triggered", "1", incident.StateFiring, time.Now())
		w.wait(time.Minute)
		tell("resolved", "2", incident.StateResolved, time.Now())
		w.wait(time.Minute)
		at := time.Now().Add(300 * time.Millisecond)
		w.wait(time.Second)
		told := func() int { return count[incident.Signaled](w.inc("INC-1")) }
		tell("triggered", "reconcile/P1/triggered/1", incident.StateFiring, at.Truncate(time.Second))
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
