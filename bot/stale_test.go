package bot_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
)

// TestStaleWords: for an hour Slack answers nothing. What people wrote is said
// afterwards, in order, once, and says when it is from; nudges and words of alerts
// that nobody needs any more are dropped, and all of it is on the timeline.
func TestStaleWords(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		w.say("open", "", "sev1 Answers are wrong")
		w.settle()
		room := w.inc("INC-1").Channel.Channel
		w.fault(sandbox.Fault{Kind: "server_error", Method: "*"})
		for i := range 6 {
			<-time.After(10 * time.Minute)
			w.say(fmt.Sprint("note", i), "", fmt.Sprintf("INC-1 note Finding %d", i))
			w.fire("alertmanager", "A", "other", "Cache is broken", "critical")
			w.receive(alert("alertmanager", "A", "other", "Cache is broken", "critical", incident.StateResolved))
		}
		reminded := count[incident.Reminded](w.inc("INC-1"))
		if reminded < 2 {
			t.Fatalf("%d reminders in an hour", reminded)
		}
		w.fault(sandbox.Fault{Kind: "clear"})
		w.settle()
		last := -1
		for i := range 6 {
			text := fmt.Sprintf("Finding %d", i)
			at := w.find(room, text)
			if len(at) != 1 || at[0] <= last {
				t.Fatalf("%q is at %v, after %d", text, at, last)
			}
			last = at[0]
		}
		if n := w.said(room, "could not be sent before"); n < 4 {
			t.Errorf("%d messages say when they are from", n)
		}
		if n := w.said(room, "An update was due"); n > 1 {
			t.Errorf("%d nudges after an hour, of %d", n, reminded)
		}
	})
}

// TestQuestionsOutlastAnOutage: a question that is still to be answered is asked
// after an outage; one that has answered itself is not.
func TestQuestionsOutlastAnOutage(t *testing.T) {
	for _, back := range []bool{false, true} {
		described(t)(t, func(t *testing.T, w *world) {
			w.fire("alertmanager", "A", "other", "Cache is broken", "critical")
			w.settle()
			room := w.inc("INC-1").Channel.Channel
			w.fault(sandbox.Fault{Kind: "server_error", Method: "*"})
			w.receive(alert("alertmanager", "A", "other", "Cache is broken", "critical", incident.StateResolved))
			<-time.After(40 * time.Minute)
			if back {
				w.fire("alertmanager", "A", "other", "Cache is broken", "critical")
			}
			w.fault(sandbox.Fault{Kind: "clear"})
			w.settle()
			if n := w.said(room, "Is it over?"); n == 0 != back {
				t.Errorf("back %v: asked %d times whether it is over", back, n)
			}
		})
	}
}

// find is where in a channel a text is.
func (w *world) find(channel, text string) (at []int) {
	for i, m := range w.ws.Messages(channel) {
		if strings.Contains(m.Text, text) {
			at = append(at, i)
		}
	}
	return at
}
