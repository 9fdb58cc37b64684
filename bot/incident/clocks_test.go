package incident_test

import (
	"testing"
	"time"

	"tocsin/bot/incident"
)

// at is one event that happened so many minutes after noon.
func at(minutes int, by incident.Actor, f incident.Fact) incident.Event {
	return incident.Event{At: clock(minutes), Logged: clock(60), By: by, Fact: f}
}

func folded(events ...incident.Event) incident.Incident {
	for i := range events {
		events[i].Seq = i + 1
	}
	return incident.Fold("INC-1", events)
}

func firing(minutes int) incident.Event {
	return at(minutes, pager, incident.Signaled{Source: "pagerduty", Key: "P1", State: incident.StateFiring})
}

func TestDetectedIsTheFirstWord(t *testing.T) {
	report := func(q *incident.Quote) incident.Event {
		return at(0, chat(ada), incident.Declared{Title: "Slow", Began: clock(-30), Quote: q})
	}
	said := func(minutes int) *incident.Quote { return &incident.Quote{Text: "slow?", Written: clock(minutes)} }
	for _, c := range []struct {
		name   string
		events []incident.Event
		want   int // minutes after noon
	}{
		{"the declaration", []incident.Event{report(nil)}, 0},
		{"a message written before it", []incident.Event{report(said(-4))}, -4},
		{"not a message written after it", []incident.Event{report(said(2))}, 0},
		{"not a message without a time", []incident.Event{report(&incident.Quote{Text: "slow?"})}, 0},
		{"an alert that had fired before", []incident.Event{report(said(-4)), firing(-9)}, -9},
		{"a monitor that had heard nothing before", []incident.Event{report(nil), at(-9, pager, incident.Signaled{State: incident.StateNoData})}, -9},
		{"an alert that had fired before, and was sent late", []incident.Event{report(nil), at(-9, pager, incident.Signaled{State: incident.StateFiring, Late: true})}, -9},
		{"not when the impact that it tells of began", []incident.Event{report(nil), at(0, pager, incident.Signaled{State: incident.StateFiring, Since: clock(-9)})}, 0},
		{"not an alert that fired later", []incident.Event{report(nil), firing(3)}, 0},
		{"not what an alert did otherwise", []incident.Event{report(nil), at(-9, pager, incident.Signaled{State: incident.StateInfo})}, 0},
	} {
		inc := folded(c.events...)
		if !inc.Detected.Equal(clock(c.want)) || !inc.Declared.Equal(noon) || !inc.Began.Equal(clock(-30)) {
			t.Errorf("%s: began %v, detected %v, declared %v; want 11:30, %v, 12:00",
				c.name, inc.Began.Format(time.Kitchen), inc.Detected.Format(time.Kitchen), inc.Declared.Format(time.Kitchen), clock(c.want).Format(time.Kitchen))
		}
	}
}

func TestImpactBeganCorrects(t *testing.T) {
	inc := declared(incident.ImpactBegan{At: clock(-45)}, incident.ImpactBegan{At: clock(-20)})
	wantEqual(t, "Began", inc.Began, clock(-20))
	wantEqual(t, "Detected", inc.Detected, noon)
}

func TestSourceIsWhoReportedFirst(t *testing.T) {
	wantEqual(t, "of a person's incident, Source", folded(at(0, chat(ada), incident.Declared{}), firing(1)).Source, "")
	wantEqual(t, "of an alert's incident, Source", folded(at(0, incident.Bot, incident.Declared{}), firing(0),
		at(1, pager, incident.Signaled{Source: "grafana"})).Source, "pagerduty")
}

// The life of an incident, and how long each part of it took.
func TestStatusAndItsClocks(t *testing.T) {
	type clocks struct {
		status                       incident.Status
		active                       bool
		mitigated, resolved, shutOff time.Time
	}
	of := func(inc incident.Incident) clocks {
		return clocks{inc.Status, inc.Active(), inc.MitigatedAt, inc.ResolvedAt, inc.ClosedAt}
	}
	var none time.Time
	mitigated, resolved, reopened, closed := incident.Mitigated{How: "rollback", Text: "m"}, incident.Resolved{Text: "r"}, incident.Reopened{}, incident.Closed{Reason: "resolved"}
	for _, c := range []struct {
		name  string
		facts []incident.Fact // at 12:01, 12:02 and so on
		want  clocks
	}{
		{"declared", nil, clocks{incident.Investigating, true, none, none, none}},
		{"impact over", []incident.Fact{mitigated}, clocks{incident.Contained, true, clock(1), none, none}},
		{"resolved after that", []incident.Fact{mitigated, resolved}, clocks{incident.Over, false, clock(1), clock(2), none}},
		{"resolved at once: impact ended with it", []incident.Fact{resolved}, clocks{incident.Over, false, clock(1), clock(1), none}},
		{"closed", []incident.Fact{mitigated, resolved, closed}, clocks{incident.Shut, false, clock(1), clock(2), clock(3)}},
		{"reopened: all that was over is not", []incident.Fact{mitigated, resolved, closed, reopened}, clocks{incident.Investigating, true, none, none, none}},
		{"resolved again: by its last end", []incident.Fact{mitigated, reopened, resolved}, clocks{incident.Over, false, clock(3), clock(3), none}},
	} {
		if got := of(declared(c.facts...)); got != c.want {
			t.Errorf("%s:\n got %+v\nwant %+v", c.name, got, c.want)
		}
	}
	again := declared(mitigated, resolved, closed, reopened)
	for what, left := range map[string]string{"How": again.How, "Mitigation": again.Mitigation, "Resolution": again.Resolution, "Reason": again.Reason, "Original": string(again.Original)} {
		if left != "" {
			t.Errorf("after reopening, %s is still %q: it did not hold", what, left)
		}
	}
}

func TestUpdateDue(t *testing.T) {
	play := incident.PlayStarted{UpdateEvery: 30 * time.Minute}
	var none time.Time
	wantEqual(t, "without a play", declared().UpdateDue(), none)
	wantEqual(t, "of a play that asks for none", declared(incident.PlayStarted{}).UpdateDue(), none)
	wantEqual(t, "first", declared(play).UpdateDue(), clock(30))
	wantEqual(t, "after an update", declared(play, incident.Updated{N: 1}).UpdateDue(), clock(32))
	wantEqual(t, "after impact", declared(play, incident.Mitigated{}).UpdateDue(), clock(30))
	wantEqual(t, "once resolved", declared(play, incident.Resolved{}).UpdateDue(), none)
}

// A follow-up has all of its day.
func TestOverdue(t *testing.T) {
	day := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	end := day.AddDate(0, 0, 1)
	wantEqual(t, "on its day, overdue", incident.Action{Due: day}.Overdue(end.Add(-time.Second)), false)
	wantEqual(t, "the day after, overdue", incident.Action{Due: day}.Overdue(end), true)
	wantEqual(t, "done, overdue", incident.Action{Due: day, Done: true}.Overdue(end), false)
	wantEqual(t, "without a day, overdue", incident.Action{}.Overdue(end), false)
}
