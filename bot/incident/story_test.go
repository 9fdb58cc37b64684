package incident_test

import (
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tocsin/bot/incident"
)

// noon is when the incident of most tests is declared.
var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// clock is so many minutes after noon.
func clock(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }

var (
	ada   = incident.Person{User: "U0ADA", Name: "Ada Okafor"}
	ben   = incident.Person{User: "U0BEN", Name: "Ben Sato"}
	pager = incident.Actor{Person: incident.Person{Name: "PagerDuty"}, Via: "pagerduty"}
)

func chat(p incident.Person) incident.Actor { return incident.Actor{Person: p, Via: "slack"} }

// timeline makes a timeline of facts, one a minute, all by Ada.
func timeline(facts ...incident.Fact) []incident.Event {
	var events []incident.Event
	for i, f := range facts {
		events = append(events, incident.Event{Seq: i + 1, At: clock(i), Logged: clock(i), By: chat(ada), Fact: f})
	}
	return events
}

// declared is INC-1 as Ada declared it, after further facts.
func declared(facts ...incident.Fact) incident.Incident {
	first := incident.Declared{Title: "Answers cut off", Severity: incident.SEV2, Symptom: "invalid-inference"}
	return incident.Fold("INC-1", timeline(append([]incident.Fact{first}, facts...)...))
}

// visible compares all of an incident that others can see in its fields.
var visible = cmpopts.IgnoreUnexported(incident.Incident{})

func wantSame(t interface {
	Helper()
	Fatalf(string, ...any)
}, what string, got, want incident.Incident) {
	t.Helper()
	if diff := cmp.Diff(want, got, visible); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
	if diff := cmp.Diff(maps.Collect(want.Alerts()), maps.Collect(got.Alerts())); diff != "" {
		t.Fatalf("%s, alerts (-want +got):\n%s", what, diff)
	}
}

// wantEqual compares one value that a test's reader should see.
func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}
