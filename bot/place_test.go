package bot_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/bot/incident"
)

// things fires alerts that have nothing to do with each other.
func (w *world) things(n int, name, urgency string) {
	for i := range n {
		thing := fmt.Sprintf("%s-%c%c", name, 'a'+i/26, 'a'+i%26)
		w.fire("alertmanager", thing, thing, thing+" is broken", urgency)
	}
}

// TestHeldTurnsBad: people were asked about an alert; then a far worse one joins it.
// The room opens, as bad as it is now, with the owners in it.
func TestHeldTurnsBad(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		w.fire("alertmanager", "A", "service-00", "Cache hit rate is low", "warning")
		w.wait(time.Minute)
		if w.inc("INC-1").Held == "" {
			t.Fatal("people are not asked")
		}
		w.fire("alertmanager", "B", "service-00", "Cache hit rate is zero for all users", "emergency")
		w.settle()
		inc := w.inc("INC-1")
		if len(w.heads()) != 1 || inc.Held != "" || inc.Channel.Channel == "" || inc.Severity != incident.SEV1 {
			t.Fatalf("%d incidents, held %q, channel %q, %s", len(w.heads()), inc.Held, inc.Channel.Channel, inc.Severity)
		}
		if !slices.Contains(w.room().Members, "U0BEN") {
			t.Errorf("the owner is not in the room: %v", w.room().Members)
		}
	})
}

// TestNoIncidentTurnsWorse: people said that an alert is no incident; when it comes
// back worse it is something new.
func TestNoIncidentTurnsWorse(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		w.fire("alertmanager", "A", "other", "Cache hit rate is low", "warning")
		w.settle()
		w.say("no", "", "INC-1 close false-alarm")
		w.wait(20 * time.Minute)
		w.fire("alertmanager", "A", "other", "Cache hit rate is low", "emergency")
		w.settle()
		if len(w.heads()) != 2 || w.inc("INC-2").Severity != incident.SEV1 || w.inc("INC-2").Channel.Channel == "" {
			t.Errorf("%d incidents", len(w.heads()))
		}
	})
}

// TestLooseTurnsBad: an alert that was only listed gets a room when its priority rises.
func TestLooseTurnsBad(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		w.receive(pd("a", "P1", "incident.triggered", incident.StateFiring, "Chat is odd", "P5", time.Now()))
		if len(w.heads()) != 0 {
			t.Fatal("it opened an incident")
		}
		w.wait(time.Minute)
		s := pd("b", "P1", "incident.priority_updated", incident.StateInfo, "Chat is odd", "P1", time.Now())
		s.Labels = map[string]string{"priority": "P1"}
		w.receive(s)
		w.settle()
		if len(w.heads()) != 1 || w.inc("INC-1").Severity != incident.SEV1 || w.inc("INC-1").Channel.Channel == "" {
			t.Errorf("%d incidents", len(w.heads()))
		}
	})
}

// TestQuestions: sixty things to ask about in a minute are five questions, and the
// last of them tells how many more there are; a restart asks no more.
func TestQuestions(t *testing.T) {
	for _, restart := range []bool{false, true} {
		described(t)(t, func(t *testing.T, w *world) {
			w.things(30, "thing", "warning")
			if restart {
				w.restart()
			}
			w.things(30, "stuff", "warning")
			w.settle()
			if len(w.heads()) != 60 || w.said("incidents", "Is this an incident?") != 5 || w.said("incidents", "And 55 more") != 1 {
				t.Errorf("restart %v: %d incidents, %d questions, %d tell of the rest", restart, len(w.heads()), w.said("incidents", "Is this an incident?"), w.said("incidents", "And 55 more"))
			}
			last := w.ws.Messages("incidents")
			if n := len(last); n == 0 || !strings.Contains(last[n-1].Text, "more: ") {
				t.Error("it is not the last question that tells of the rest")
			}
		})
	}
}

// TestHeldIsLeftAlone: nobody is reminded of what nobody asked a room for, and a day
// after its alerts have ended it is closed.
func TestHeldIsLeftAlone(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		w.fire("alertmanager", "A", "other", "Cache hit rate is low", "warning")
		w.wait(48 * time.Hour)
		if inc := w.inc("INC-1"); count[incident.Reminded](inc) != 0 || !inc.Active() {
			t.Errorf("%d reminders, %s while it fires", count[incident.Reminded](inc), inc.Status)
		}
		w.resolve("alertmanager", "A", "other", "Cache hit rate is low", "warning")
		w.wait(23 * time.Hour)
		if !w.inc("INC-1").Active() {
			t.Error("closed within the day")
		}
		w.wait(2 * time.Hour)
		if inc := w.inc("INC-1"); inc.Status != incident.Shut || count[incident.Closed](inc) != 1 {
			t.Errorf("%s a day after its alerts have ended", inc.Status)
		}
	})
}

// TestOldStorm: the incident of a storm of days ago takes in nothing of a new one.
func TestOldStorm(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		w.things(7, "thing", "critical")
		w.wait(48 * time.Hour)
		w.things(9, "stuff", "critical")
		w.settle()
		var totals []int
		for _, h := range w.heads() {
			if inc := w.inc(h.ID); inc.Storm {
				totals = append(totals, inc.Tally.Total)
			}
		}
		if !slices.Equal(totals, []int{2, 4}) {
			t.Errorf("the storms took in %v alerts, want 2 and 4", totals)
		}
	})
}

// TestLimitsOutlastARestart: five rooms in a minute are five, however often the bot
// is started again.
func TestLimitsOutlastARestart(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		for _, name := range []string{"thing", "stuff", "matter"} {
			w.things(5, name, "critical")
			w.restart()
		}
		w.settle()
		if inc := w.inc("INC-6"); len(w.heads()) != 6 || !inc.Storm || inc.Tally.Total != 10 {
			t.Errorf("%d incidents, storm %v with %d alerts", len(w.heads()), inc.Storm, inc.Tally.Total)
		}
	})
}

// TestRoomsPerHour: a service's alerts open as many rooms in an hour as it may have, and
// people are asked about the next; a restart forgets none, whatever the monitor writes
// the service's name like, and alerts that name no service have a limit, too.
func TestRoomsPerHour(t *testing.T) {
	services := catalogue(t, 0, "noisy.md", "---\nid: noisy\nalso: [\"Noisy Thing\"]\nrooms_per_hour: 1\n---\nText.\n")
	for _, test := range []struct {
		names []string // of the service, in turns
		label bool     // it is named by a label
		limit int
		why   string
	}{
		{names: []string{"noisy", "Noisy Thing", "NOISY"}, limit: 1, why: "noisy had 1 room within the last hour"},
		{names: []string{"thing"}, limit: 3, why: "thing had 3 rooms within the last hour"},
		{names: []string{"The-Thing", "the-thing"}, limit: 3, why: "the-thing had 3 rooms within the last hour"},
		{names: []string{"thing"}, label: true, limit: 3, why: "thing had 3 rooms within the last hour"},
		{names: []string{""}, limit: 3, why: "alerts that name no service had 3 rooms within the last hour"},
	} {
		for _, restart := range []bool{false, true} {
			inStorm(t, services, func(t *testing.T, w *world) {
				n, began := 0, time.Now()
				fire := func() incident.Incident {
					n++
					s := alert("alertmanager", fmt.Sprint("K", n), test.names[n%len(test.names)], fmt.Sprintf("Disk %c is full", 'a'+n), "critical", incident.StateFiring)
					if test.label {
						s.Service, s.Labels = "", map[string]string{"service": s.Service}
					}
					w.receive(s)
					w.settle()
					if restart {
						w.restart()
					}
					return w.inc(incident.NewID(n))
				}
				for range test.limit {
					if inc := fire(); inc.Held != "" || inc.Channel.Channel == "" {
						t.Errorf("%v: room %d: held %q", test.names, n, inc.Held)
					}
					w.wait(6 * time.Minute) // it is something new by then
				}
				if inc := fire(); inc.Held != test.why || w.said("incidents", test.why) != 1 {
					t.Errorf("%v, restart %v: one too many: held %q, want %q", test.names, restart, inc.Held, test.why)
				}
				w.wait(time.Until(began.Add(time.Hour + 10*time.Minute)))
				if inc := fire(); inc.Held != "" {
					t.Errorf("%v: an hour later: held %q", test.names, inc.Held)
				}
			})
		}
	}
}
