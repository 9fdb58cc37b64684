package bot_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
)

// TestRowsOfATimeline: what a storm makes a hundred times in a row is one line, by
// kind and by who did it; what is no news parts no row, nor does what machines do at the
// same time, in whatever order, nor who comes in; people's words part alerts.
func TestRowsOfATimeline(t *testing.T) {
	monitor := incident.Actor{Person: incident.Person{Name: "PagerDuty"}, Via: "pagerduty"}
	ada := incident.Actor{Person: incident.Person{User: "UADA", Name: "Ada"}, Via: "pagerduty"}
	ben := incident.Actor{Person: incident.Person{User: "UBEN", Name: "Ben"}, Via: "slack"}
	var timeline []incident.Event
	add := func(by incident.Actor, f incident.Fact) {
		n := len(timeline) + 1
		at := time.Date(2026, 11, 22, 12, n-1, 0, 0, time.UTC)
		timeline = append(timeline, incident.Event{Seq: n, At: at, Logged: at, By: by, Fact: f})
	}
	each := func(n int, by incident.Actor, s incident.Signaled) {
		for i := range n {
			s.Source, s.Key, s.Title, s.Service = "pagerduty", fmt.Sprint("P", i), fmt.Sprint("It fails ", i), fmt.Sprint("service-", i%2)
			add(by, s)
		}
	}
	add(incident.Bot, incident.Declared{Title: "It fails", Severity: incident.SEV2})
	each(5, monitor, incident.Signaled{State: incident.StateFiring, Why: "because it is of the same service"})
	each(5, ada, incident.Signaled{State: incident.StateAcknowledged})
	each(4, monitor, incident.Signaled{State: incident.StateAcknowledged})
	for i := range 6 {
		add(incident.Bot, incident.PagerSynced{Key: fmt.Sprint("P", i), Priority: "P1"})
		add(ada, incident.Signaled{Source: "pagerduty", Key: fmt.Sprint("P", i), State: incident.StateInfo, Text: "set the priority", Echo: true})
	}
	each(5, monitor, incident.Signaled{State: incident.StateResolved})
	add(ben, incident.Noted{Text: "it is quiet"})
	each(4, monitor, incident.Signaled{State: incident.StateResolved})
	for i := range 5 {
		add(incident.Bot, incident.PagerSynced{Key: fmt.Sprint("P", i), State: incident.StateResolved})
	}
	for range 2 { // all at once
		each(3, monitor, incident.Signaled{State: incident.StateFiring, Why: "because it is of the same service"})
		add(incident.Bot, incident.PagerSynced{Key: "P1", State: incident.StateFiring})
		add(ben, incident.Joined{Person: ben.Person})
		each(2, monitor, incident.Signaled{State: incident.StateResolved})
		add(incident.Bot, incident.PagerSynced{Key: "P2", State: incident.StateFiring})
		add(incident.Bot, incident.PagerSynced{Key: "P3", State: incident.StateFiring})
	}
	add(incident.Bot, incident.PagerSynced{Key: "P3", Priority: "P2"})
	add(incident.Bot, incident.PagerSynced{Key: "P3", State: incident.StateFiring})
	got := bot.TimelineMarkdown(incident.Fold("INC-1", timeline), 0)
	want := []string{
		"tocsin declared a SEV2: It fails", "5 more alerts from 2 services, until 12:05", "Ada acknowledged 5 alerts from 2 services, until 12:10",
		"PagerDuty acknowledged It fails 0", "PagerDuty acknowledged It fails 1", "PagerDuty acknowledged It fails 2", "PagerDuty acknowledged It fails 3",
		"tocsin set 6 of PagerDuty's incidents to P1", "5 alerts from 2 services were resolved, until 12:31", "Ben noted: it is quiet",
		"8 alerts from 2 services were resolved, until 12:57", "tocsin resolved 5 of PagerDuty's incidents",
		"6 more alerts from 2 services, until 12:53", "tocsin reopened 6 of PagerDuty's incidents", "Ben came into the channel", "Ben came into the channel",
		"tocsin set PagerDuty's incident P3 to P2", "tocsin reopened PagerDuty's incident P3",
	}
	var lines []string
	for line := range strings.Lines(got) {
		if _, what, ok := strings.Cut(strings.TrimSpace(line), " · "); ok {
			lines = append(lines, what)
		}
	}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}

// TestFiring: how many alerts fire is said in the fewest words.
func TestFiring(t *testing.T) {
	for _, test := range []struct {
		alerts, firing int
		want           string
	}{{1, 1, "firing"}, {1, 0, "over"}, {16, 16, "all firing"}, {16, 3, "3 of 16 firing"}, {16, 0, "none firing any more"}} {
		if got := bot.Firing(test.alerts, test.firing); got != test.want {
			t.Errorf("%d of %d: %q, want %q", test.firing, test.alerts, got, test.want)
		}
	}
}

// TestItSpreads: the first alerts are told by themselves, also the one that makes
// it a matter of several services; later ones are counted.
func TestItSpreads(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		for n := range 12 {
			w.fire("alertmanager", fmt.Sprint("K", n), fmt.Sprint("thing-", n), fmt.Sprint("openai answers 529 overloaded_error to thing-", n), "critical")
		}
		w.settle()
		room := w.room().ID
		for text, want := range map[string]int{
			"overloaded_error to thing-2 (service thing-2)": 1, "overloaded_error to thing-9 (service": 0,
			"alerts come from 3 services by now": 1, "alerts come from 10 services by now": 1, "alerts come from 4 services": 0,
		} {
			if n := w.said(room, text); n != want {
				t.Errorf("%q is said %d times, want %d", text, n, want)
			}
		}
	})
}
