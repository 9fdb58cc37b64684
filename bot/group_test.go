package bot_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
	"tocsin/store"
)

// described are two services of one provider, and one of another.
func described(t testing.TB) func(*testing.T, func(*testing.T, *world)) {
	services := catalogue(t, 2, "other.md", "---\nid: other\nprovider: openai\nalso: [the-other]\npagerduty: PSOTHER\n---\nText.\n",
		"quiet.md", "---\nid: quiet\nalerts:\n  - {when: {severity: [sev1]}, do: open}\n  - {do: attach}\n---\nText.\n")
	return func(t *testing.T, f func(*testing.T, *world)) {
		inBubble(t, func(t *testing.T, w *world) {
			w.run()
			<-w.done
			w.more = []func(*bot.Config){func(c *bot.Config) { c.Services = services }}
			w.start()
			f(t, w)
		})
	}
}

// TestGroups: where an alert belongs, and why.
func TestGroups(t *testing.T) {
	const errors, slow = "error rate is high, the provider answers 529 overloaded_error", "p95 time to first token is 11 s"
	tests := []struct {
		name           string
		service, title string
		after          time.Duration
		why            string // "": an incident of its own
	}{
		{"the same service and symptom", "service-00", "service-00: provider calls fail with 529", 0, "same service and symptom"},
		{"another service of the provider", "service-01", errors, 0, "depends on anthropic, too"},
		{"a name by which monitors call it", "SERVICE-01", errors, 4 * time.Minute, "depends on anthropic, too"},
		{"another provider", "other", errors, 0, ""},
		{"the same service and another symptom", "service-00", slow, 0, ""},
		{"another symptom of no provider", "unknown-thing", "disk is full", 0, ""},
		{"another thing of the provider's", "service-01", "disk is full", 0, ""},
		{"too long after", "service-00", errors, 20 * time.Minute, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			described(t)(t, func(t *testing.T, w *world) {
				w.fire("alertmanager", "A", "service-00", errors, "critical")
				w.settle()
				<-time.After(test.after)
				w.fire("alertmanager", "B", test.service, test.title, "critical")
				if h := w.heads(); test.why == "" {
					if len(h) != 2 {
						t.Errorf("%d incidents: %+v", len(h), w.inc("INC-1").Tally)
					}
					return
				} else if len(h) != 1 {
					t.Fatalf("%d incidents", len(h))
				}
				if s, ok := w.inc("INC-1").Alert("alertmanager", "B"); !ok || !strings.Contains(s.Why, test.why) {
					t.Errorf("why %q", s.Why)
				}
			})
		})
	}
}

// TestPeoplesIncidentsTakeAlertsIn: what a monitor says of what a person reported
// belongs to that, but never to what is private.
func TestPeoplesIncidentsTakeAlertsIn(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		w.say("open", "", "open service-00 returns errors on every call to the provider")
		w.fire("alertmanager", "A", "service-00", "error rate is high, 529 overloaded_error", "critical")
		if len(w.heads()) != 1 || w.inc("INC-1").Tally.Total != 1 {
			t.Error("the alert does not belong to what a person reported")
		}
	})
	described(t)(t, func(t *testing.T, w *world) {
		w.say("open", "", "open service-00 returns errors on every call to the provider")
		w.say("private", "", "INC-1 private")
		w.fire("alertmanager", "A", "service-00", "error rate is high, 529 overloaded_error", "critical")
		if len(w.heads()) != 3 || w.inc("INC-2").Tally.Total != 0 {
			t.Error("an alert went to a private incident by itself")
		}
	})
}

// TestAsked: what is not bad enough for a room is asked about; each answer works.
func TestAsked(t *testing.T) {
	ask := func(t *testing.T, f func(*testing.T, *world)) {
		described(t)(t, func(t *testing.T, w *world) {
			w.fire("alertmanager", "A", "other", "Cache hit rate is low", "warning")
			w.fire("alertmanager", "B", "other", "Cache hit rate is very low", "warning")
			w.settle()
			inc := w.inc("INC-1")
			if inc.Held == "" || inc.Channel.Channel != "" || inc.Tally.Total != 2 || len(w.heads()) != 1 {
				t.Fatalf("held %q, %+v", inc.Held, inc.Tally)
			}
			if w.said(w.channel("incidents"), "Is this an incident? Nobody has been called in yet, because alerts of sev3 ask first") != 1 {
				t.Errorf("nobody is asked: %+v", w.ws.Messages("incidents"))
			}
			f(t, w)
		})
	}
	ask(t, func(t *testing.T, w *world) {
		w.say("room", "", "INC-1 room")
		w.settle()
		inc := w.inc("INC-1")
		if inc.Channel.Channel == "" || w.said(inc.Channel.Channel, "Alertmanager alerted: Cache hit rate is low") != 1 {
			t.Error("its room does not say what began it")
		}
	})
	ask(t, func(t *testing.T, w *world) {
		w.say("no", "", "INC-1 close false-alarm")
		w.settle()
		w.fire("alertmanager", "A", "other", "Cache hit rate is low: 3 %", "warning")
		w.fire("alertmanager", "A2", "other", "Cache hit rate is low", "warning")
		if h := w.heads(); len(h) != 2 {
			t.Errorf("%d incidents: what is not one is suppressed, something new is not", len(h))
		}
	})
	ask(t, func(t *testing.T, w *world) {
		w.say("open", "", "open The answers of something else are wrong")
		w.settle()
		w.say("merge", "", "INC-1 merge INC-2")
		w.settle()
		if inc := w.inc("INC-2"); inc.Tally.Total != 2 || w.inc("INC-1").Original != "INC-2" {
			t.Errorf("%+v", inc.Tally)
		}
		w.receive(alert("alertmanager", "A", "other", "Cache hit rate is low", "warning", incident.StateResolved))
		if s, _ := w.inc("INC-2").Alert("alertmanager", "A"); s.State != incident.StateResolved {
			t.Error("what comes later does not go to the original")
		}
	})
}

// TestListed: what only attaches is listed, and can be attached by hand.
func TestListed(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		w.fire("alertmanager", "A", "quiet", "Something small", "warning")
		<-time.After(time.Minute)
		w.fire("alertmanager", "A", "quiet", "Something small", "warning")
		w.say("open", "", "open The answers are wrong")
		if len(w.heads()) != 1 {
			t.Fatal("it opened an incident")
		}
		a, err := w.as("U0ADA", "list", "alerts")
		if err != nil || !strings.Contains(a.Body, "Something small") || !strings.Contains(a.Body, "2 times") {
			t.Errorf("%s %v", a.Body, err)
		}
		choice, err := w.as("U0ADA", "choice", "INC-1 attach")
		if err != nil || len(choice.Buttons) != 1 {
			t.Fatalf("%+v %v", choice, err)
		}
		w.say("attach", "", choice.Buttons[0].Command)
		if s, ok := w.inc("INC-1").Alert("alertmanager", "A"); !ok || s.Why != "because a person attached it" {
			t.Errorf("%+v", s)
		}
		w.receive(alert("alertmanager", "A", "quiet", "Something small", "warning", incident.StateResolved))
		if s, _ := w.inc("INC-1").Alert("alertmanager", "A"); s.State != incident.StateResolved {
			t.Error("what comes later does not follow")
		}
		w.say("detach", "", "INC-1 detach 1")
		w.receive(alert("alertmanager", "A", "quiet", "Something small again", "critical", incident.StateFiring))
		if w.inc("INC-1").Tally.Total != 0 {
			t.Error("it came back to where a person took it off")
		}
	})
}

// TestAgain: an alert that fires again belongs to its incident while that is fresh:
// it asks to reopen it, once; later it is something new. What no monitor sees any
// more is asked about.
func TestAgain(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		fire := func(state string) {
			<-time.After(time.Second)
			w.receive(alert("alertmanager", "A", "other", "Cache is broken", "critical", state))
		}
		fire(incident.StateFiring)
		fire(incident.StateResolved)
		fire(incident.StateFiring)
		if n := count[incident.Signaled](w.inc("INC-1")); n != 3 {
			t.Errorf("%d signals", n)
		}
		fire(incident.StateResolved)
		w.say("over", "", "INC-1 resolve")
		fire(incident.StateFiring)
		fire(incident.StateResolved)
		fire(incident.StateFiring)
		w.settle()
		if n := w.said(w.inc("INC-1").Channel.Channel, "The alert is back. Is the incident, too?"); n != 1 || len(w.heads()) != 1 {
			t.Errorf("asked %d times, %d incidents", n, len(w.heads()))
		}
		fire(incident.StateResolved)
		<-time.After(2 * time.Hour)
		fire(incident.StateFiring)
		if len(w.heads()) != 2 || w.inc("INC-2").Tally.Total != 1 {
			t.Errorf("%d incidents", len(w.heads()))
		}
		w.receive(alert("alertmanager", "N", "nobody", "No data of the eval job", "critical", incident.StateNoData))
		if w.inc("INC-3").Held == "" {
			t.Error("a monitor that hears nothing opened a room")
		}
	})
}

// TestFiresOn: people resolve an incident, and its monitor fires on. They are told of it
// once while it is fresh; afterwards it is something new. What they said is no
// incident stays none for as long as it fires on.
func TestFiresOn(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		fires := func(key, service string) {
			<-time.After(20 * time.Minute)
			w.fire("alertmanager", key, service, "Cache is broken", "critical")
			w.settle()
		}
		fires("A", "other")
		w.say("over", "", "INC-1 resolve")
		fires("A", "other")
		fires("A", "other")
		if n := count[incident.Signaled](w.inc("INC-1")); n != 2 || len(w.heads()) != 1 {
			t.Errorf("%d signals in %d incidents, want 2 in 1", n, len(w.heads()))
		}
		a, _, err := store.NewJournal(w.kv).Alert(context.Background(), "alertmanager", "A")
		if err != nil || a.Count != 3 {
			t.Errorf("counted %d times: %v", a.Count, err)
		}
		for range 3 {
			fires("A", "other")
		}
		if len(w.heads()) != 2 || w.inc("INC-2").Tally.Total != 1 {
			t.Errorf("%d incidents after 2 hours", len(w.heads()))
		}
	})
	described(t)(t, func(t *testing.T, w *world) {
		s := alert("alertmanager", "N", "nobody", "No data of the eval job", "critical", incident.StateNoData)
		for i := range 8 {
			s.ID = fmt.Sprint("N", i)
			w.receive(s)
			if i == 0 {
				w.say("none", "", "INC-1 close")
			}
			<-time.After(30 * time.Minute)
		}
		if len(w.heads()) != 1 {
			t.Errorf("asked %d times of what people said is none", len(w.heads()))
		}
	})
}

// TestOutOfOrder: what overtakes the alert that it is about waits for it; what is
// older than what is known changes no state.
func TestOutOfOrder(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		w.run() // what arrives while nobody routes is stored
		<-w.done
		var err error
		if w.bot, err = newPacedBot(w.kv, w.conn.Performer, w.conn.Pacer(), w.more...); err != nil {
			t.Fatal(err)
		}
		now := time.Now().Add(-2 * time.Hour)
		for i, s := range []bot.Signal{
			{Signaled: incident.Signaled{Source: "pagerduty", Event: "incident.annotated", State: incident.StateInfo, Key: "P1", Text: "noted in PagerDuty: on it", Title: "Cache is broken"}, At: now.Add(2 * time.Second)},
			{Signaled: incident.Signaled{Source: "pagerduty", Event: "incident.resolved", State: incident.StateResolved, Key: "P2", Title: "Old"}, At: now.Add(time.Minute)},
			{Signaled: incident.Signaled{Source: "pagerduty", Event: "incident.triggered", State: incident.StateFiring, Key: "P2", Title: "Old"}, At: now},
			{Signaled: incident.Signaled{Source: "pagerduty", Event: "incident.triggered", State: incident.StateFiring, Key: "P1", Title: "Cache is broken", Urgency: "high"}, At: now.Add(time.Second)},
		} {
			s.ID = string(rune('a' + i))
			if _, err := w.accept(s); err != nil {
				t.Fatal(err)
			}
			<-time.After(time.Second)
		}
		w.kv = w.kv.Reopen()
		w.start()
		synctest.Wait()
		inc := w.inc("INC-1")
		if len(w.heads()) != 1 || inc.Title != "Cache is broken" || count[incident.Signaled](inc) != 2 {
			t.Errorf("%d incidents, %q with %d signals", len(w.heads()), inc.Title, count[incident.Signaled](inc))
		}
		w.receive(bot.Signal{Signaled: incident.Signaled{Source: "pagerduty", Event: "incident.resolved", State: incident.StateResolved, Key: "P1"}, ID: "r", At: now.Add(time.Hour)})
		w.receive(bot.Signal{Signaled: incident.Signaled{Source: "pagerduty", Event: "incident.acknowledged", State: incident.StateAcknowledged, Key: "P1"}, ID: "k", At: now.Add(time.Minute)})
		if s, _ := w.inc("INC-1").Alert("pagerduty", "P1"); s.State != incident.StateResolved {
			t.Errorf("an old acknowledgement made it %s", s.State)
		}
	})
}

// TestRightPeople: whoever reports trouble with a service that is described gets
// its owners into the room, and who is on call; not into a private one.
func TestRightPeople(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		w.say("1", "", "open service-00 is slow")
		if inc := w.inc("INC-1"); !inc.Knows(incident.Person{User: "U0BEN"}) || inc.Service != "service-00" {
			t.Errorf("people %v, service %q", inc.People, inc.Service)
		}
		w.say("2", "", "open service-00 shows another customer's invoices, a leak of personal data")
		if inc := w.inc("INC-2"); !inc.Private || inc.Knows(incident.Person{User: "U0BEN"}) {
			t.Errorf("private %v, people %v", inc.Private, inc.People)
		}
	})
}
