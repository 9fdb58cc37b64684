package bot_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
	"tocsin/store"
)

// pd is a signal of PagerDuty about a thing of the service other.
func pd(id, key, event, state, title, urgency string, at time.Time) bot.Signal {
	return bot.Signal{
		Signaled: incident.Signaled{Source: "pagerduty", Event: event, State: state, Key: key, Title: title, Urgency: urgency, Service: "other"},
		ID:       id, At: at, By: incident.Actor{Person: incident.Person{Name: "PagerDuty"}, Via: "pagerduty"},
	}
}

// TestLargeDelivery: alerts that are long, and longer as they are stored, come to
// their incident all the same.
func TestLargeDelivery(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		w.fire("alertmanager", "A", "other", "Cache is broken", "critical")
		var list []bot.Signal
		for n := range 25 {
			s := alert("alertmanager", fmt.Sprint("A", n), "other", "Cache is broken", "critical", incident.StateFiring)
			s.Text = strings.Repeat("<", 4000)
			list = append(list, s)
		}
		if _, err := w.bot.Accept(context.Background(), bot.Delivery{Source: "alertmanager", ID: "large", Signals: list}); err != nil {
			t.Fatal(err)
		}
		w.settle()
		w.routed()
		if n := w.inc("INC-1").Tally.Total; n != 26 {
			t.Errorf("%d alerts, want 26", n)
		}
	})
}

// TestDamage: an alert or a timeline that cannot be read stops no other alert.
func TestDamage(t *testing.T) {
	for _, key := range []string{"alert/alertmanager/A", "log/00000001/00000003"} {
		described(t)(t, func(t *testing.T, w *world) {
			w.fire("alertmanager", "A", "other", "Cache is broken", "critical")
			w.settle()
			w.say("resolve", "", "INC-1 resolve")
			w.settle()
			w.run()
			<-w.done
			w.kv = w.kv.Reopen()
			if err := w.kv.Commit(context.Background(), store.Tx{Put: []store.Pair{{Key: key, Value: []byte("garbage")}}}); err != nil {
				t.Fatal(err)
			}
			w.start()
			w.fire("alertmanager", "A", "other", "Cache is broken", "critical")
			w.receive(pd("b", "P1", "incident.triggered", incident.StateFiring, "Chat is down", "P1", time.Now()))
			w.wait(5 * time.Second)
			if a := w.record("pagerduty", "P1"); a.Incident == "" || w.bot.Err() != nil {
				t.Errorf("%s: %+v %v", key, a, w.bot.Err())
			}
		})
	}
}

// TestAcknowledgedFirst: an acknowledgement may come before the alert that it is of.
// In either order they are one room and one acknowledged alert; one that was
// triggered before what is known is no news.
func TestAcknowledgedFirst(t *testing.T) {
	for _, late := range []bool{false, true} {
		described(t)(t, func(t *testing.T, w *world) {
			now := time.Now().Add(-time.Minute)
			list := []bot.Signal{
				pd("a", "P1", "incident.triggered", incident.StateFiring, "Chat is down", "P1", now),
				pd("b", "P1", "incident.acknowledged", incident.StateAcknowledged, "Chat is down", "P1", now.Add(5*time.Second)),
			}
			if late {
				list[0], list[1] = list[1], list[0]
			}
			said := 0
			for _, s := range list {
				said = 0
				if len(w.heads()) > 0 {
					said = len(w.ws.Messages(w.room().ID))
				}
				w.receive(s)
				w.settle()
			}
			inc := w.inc("INC-1")
			if s, _ := inc.Alert("pagerduty", "P1"); len(w.heads()) != 1 || s.State != incident.StateAcknowledged || inc.Title != "Chat is down" {
				t.Errorf("late %v: %d incidents, %q is %s", late, len(w.heads()), inc.Title, s.State)
			}
			if n := len(w.ws.Messages(w.room().ID)) - said; late && n != 0 {
				t.Errorf("the room was told %d times of what it knows", n)
			}
		})
	}
}

// TestLooseHistory: what came of an alert before it gets its incident is told there,
// and undoes nothing that came after.
func TestLooseHistory(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		for _, s := range [][2]string{{incident.StateFiring, "warning"}, {incident.StateResolved, "warning"}, {incident.StateFiring, "emergency"}} {
			w.wait(time.Minute)
			w.receive(alert("alertmanager", "A", "quiet", "Something", s[1], s[0]))
		}
		w.settle()
		inc := w.inc("INC-1")
		s, _ := inc.Alert("alertmanager", "A")
		if s.State != incident.StateFiring || inc.Tally.Firing != 1 || w.record("alertmanager", "A").State != incident.StateFiring || count[incident.Signaled](inc) != 3 {
			t.Errorf("it is %s, %d fire, %d signals", s.State, inc.Tally.Firing, count[incident.Signaled](inc))
		}
		if w.said(inc.Channel.Channel, "Is it over?") != 0 {
			t.Error("people are asked whether it is over, and it burns")
		}
	})
}

// TestSameAlertWorse: a monitor that says the same, but worse, is heard.
func TestSameAlertWorse(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		w.fire("datadog", "A", "other", "p95 latency is high", "error")
		w.say("room", "", "INC-1 room")
		w.settle()
		w.fire("datadog", "A", "other", "p95 latency is high", "critical")
		w.settle()
		inc := w.inc("INC-1")
		if s, _ := inc.Alert("datadog", "A"); s.Severity != incident.SEV2 || inc.Tally.Worst != incident.SEV2 || w.said(inc.Channel.Channel, "which is a SEV2 here") != 1 {
			t.Errorf("%s, worst %s, said %d times", s.Severity, inc.Tally.Worst, w.said(inc.Channel.Channel, "which is a SEV2 here"))
		}
	})
}

// TestFuture: a source whose clock is a year ahead is still heard afterwards.
func TestFuture(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		s := alert("generic", "A", "other", "Cache is broken", "critical", incident.StateFiring)
		s.At = time.Now().AddDate(1, 0, 0)
		w.receive(s)
		w.wait(time.Hour)
		w.resolve("generic", "A", "other", "Cache is broken", "critical")
		w.settle()
		inc := w.inc("INC-1")
		if a, _ := inc.Alert("generic", "A"); a.State != incident.StateResolved || inc.Tally.Firing != 0 || w.said(inc.Channel.Channel, "Is it over?") != 1 {
			t.Errorf("it is %s, %d fire", a.State, inc.Tally.Firing)
		}
	})
}

// TestReconciledAfterTheEnd: what is read from PagerDuty and was told before says
// nothing in a room whose incident is over.
func TestReconciledAfterTheEnd(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		w.receive(pd("e1", "P1", "incident.triggered", incident.StateFiring, "Chat is down", "P1", time.Now()))
		w.settle()
		at := time.Now()
		w.receive(pd("e2", "P1", "incident.resolved", incident.StateResolved, "Chat is down", "P1", at))
		w.say("resolve", "", "INC-1 resolve")
		w.settle()
		said, signals := len(w.ws.Messages(w.room().ID)), count[incident.Signaled](w.inc("INC-1"))
		for n := range 3 {
			w.wait(4 * time.Minute)
			w.receive(pd(fmt.Sprint("reconcile/P1/resolved/", n), "P1", "incident.resolved", incident.StateResolved, "Chat is down", "P1", at))
		}
		w.settle()
		if m, s := len(w.ws.Messages(w.room().ID)), count[incident.Signaled](w.inc("INC-1")); m != said || s != signals || len(w.heads()) != 1 {
			t.Errorf("%d messages more, %d signals more, %d incidents", m-said, s-signals, len(w.heads()))
		}
	})
}

// TestReconciledBeforeTheWebhook: what PagerDuty was asked for is not told again when
// its first webhook comes, however grave that was then.
func TestReconciledBeforeTheWebhook(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		began := time.Now()
		w.receive(pd("reconcile/P1/triggered/1", "P1", "incident.triggered", incident.StateFiring, "Chat is down", "P1", began))
		w.settle()
		w.say("sev", "", "INC-1 sev 3")
		w.receive(pd("e2", "P1", "incident.priority_updated", incident.StateInfo, "Chat is down", "P3", began.Add(time.Second)))
		w.settle()
		said, signals := len(w.ws.Messages(w.room().ID)), count[incident.Signaled](w.inc("INC-1"))
		w.receive(pd("e1", "P1", "incident.triggered", incident.StateFiring, "Chat is down", "P1", began))
		w.settle()
		if m, s := len(w.ws.Messages(w.room().ID)), count[incident.Signaled](w.inc("INC-1")); m != said || s != signals {
			t.Errorf("%d messages more, %d signals more", m-said, s-signals)
		}
	})
}

// TestNoDataAfterTheEnd: a monitor that hears nothing asks once whether it is back.
func TestNoDataAfterTheEnd(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		w.fire("alertmanager", "A", "other", "Cache is broken", "critical")
		w.settle()
		w.say("resolve", "", "INC-1 resolve")
		for range 8 {
			w.wait(time.Minute)
			w.receive(alert("alertmanager", "A", "other", "Cache is broken", "critical", incident.StateNoData))
		}
		w.settle()
		if n := w.said(w.room().ID, "The alert is back. Is the incident, too?"); n != 1 || len(w.heads()) != 1 {
			t.Errorf("asked %d times, %d incidents", n, len(w.heads()))
		}
	})
}

// TestAcceptedLater: who accepts in PagerDuty later is brought into the room, but
// into none that is private.
func TestAcceptedLater(t *testing.T) {
	mei := incident.Person{User: "U0MEI", Name: "Mei"}
	for title, joins := range map[string]bool{"Cache is broken": true, "PII leak: customers see data of other customers": false} {
		described(t)(t, func(t *testing.T, w *world) {
			s := pd("a", "P1", "incident.triggered", incident.StateFiring, title, "P2", time.Now())
			s.People = []incident.Person{{User: "U0BEN", Name: "Ben"}}
			w.receive(s)
			w.settle()
			s = pd("b", "P1", "incident.responder.replied", incident.StateInfo, title, "", time.Now())
			s.Text, s.People = "answered the page in PagerDuty: accepted", []incident.Person{mei}
			w.receive(s)
			w.settle()
			if inc := w.inc("INC-1"); inc.Private == joins || inc.Knows(mei) != joins {
				t.Errorf("%s: private %v, people %v", title, inc.Private, inc.People)
			}
		})
	}
}

// TestNoNews: whatever is counted and not told, or not even counted, is in the log with
// the reason; and how often an alert fired is not how often somebody noted on it.
func TestNoNews(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		log := w.logged()
		now := time.Now()
		fires := func(id string) bot.Signal {
			return pd(id, "P1", "incident.triggered", incident.StateFiring, "Chat is down", "P1", now)
		}
		w.receive(fires("reconcile/P1/triggered/1"))
		w.receive(fires("a"))
		if a := w.record("pagerduty", "P1"); a.Count != 1 || a.Other != 0 {
			t.Errorf("it fired once, and was asked for: %d times, %d other words", a.Count, a.Other)
		}
		log.what(t, `"a signal is no news"`, `incident=INC-1 .*id=a .*why="PagerDuty was asked for it before it told"`)
		w.receive(fires("reconcile/P1/triggered/2"))
		for n := range 3 {
			w.receive(pd(fmt.Sprint("note", n), "P1", "incident.annotated", incident.StateInfo, "Chat is down", "", now))
		}
		if a := w.record("pagerduty", "P1"); a.Count != 4 || a.Other != 3 {
			t.Errorf("heard %d times, %d of them notes", a.Count, a.Other)
		}
	})
	for why, again := range map[string]func(*world){
		"same Alertmanager key as an alert of INC-1 that says so already": func(w *world) {
			w.fire("alertmanager", "A", "other", "Cache is broken", "critical")
		},
		"this event was heard before, in another delivery or before a restart": func(w *world) {
			s := alert("alertmanager", "A", "other", "Cache is broken", "critical", incident.StateFiring)
			s.ID = "one"
			for _, id := range []string{"first", "second"} {
				if _, err := w.bot.Accept(context.Background(), bot.Delivery{Source: s.Source, ID: id, Signals: []bot.Signal{s}}); err != nil {
					t.Fatal(err)
				}
				w.wait(time.Second)
			}
		},
	} {
		described(t)(t, func(t *testing.T, w *world) {
			log := w.logged()
			w.fire("alertmanager", "A", "other", "Cache is broken", "critical")
			w.wait(time.Minute)
			again(w)
			log.what(t, `"a signal is no news"`, `incident=INC-1 .*source=alertmanager key=A .*why="(`+why+`|same Alertmanager key.*)"`)
			if !strings.Contains(log.text.String(), why) {
				t.Errorf("the log does not say %q", why)
			}
		})
	}
}
