package incident_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/bot/incident"
)

// alert is a word of PagerDuty about one of its alerts.
func alert(key, state, service string) incident.Signaled {
	return incident.Signaled{Source: "pagerduty", Key: key, State: state, Service: service, Title: "first told " + state}
}

func off(key string) incident.Fact { return incident.Detached{Source: "pagerduty", Key: key} }

// wantAlerts wants an incident's alerts, each as "number key state".
func wantAlerts(t *testing.T, what string, inc incident.Incident, want ...string) {
	t.Helper()
	var got []string
	for n, s := range inc.Alerts() {
		got = append(got, fmt.Sprint(n, " ", s.Key, " ", s.State))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s, alerts (-want +got):\n%s", what, diff)
	}
}

// counts are what a tally counts, without when it changed.
func counts(t incident.Tally) incident.Tally {
	return incident.Tally{Total: t.Total, Firing: t.Firing, Services: t.Services}
}

func wantTallied(t *testing.T, what string, inc incident.Incident, want incident.Tally) {
	t.Helper()
	if diff := cmp.Diff(want, counts(inc.Tally)); diff != "" {
		t.Errorf("%s, tally (-want +got):\n%s", what, diff)
	}
}

// Of each alert the incident keeps what it was first told and where it stands:
// a note from the alerting service neither adds an alert nor changes its state.
func TestSignalsAreKeptByAlert(t *testing.T) {
	urgent := func(s incident.Signaled, urgency string, sev incident.Severity) incident.Signaled {
		s.Urgency, s.Severity = urgency, sev
		return s
	}
	inc := declared(urgent(alert("P1", incident.StateFiring, ""), "low", incident.SEV3), alert("P2", incident.StateFiring, ""),
		urgent(alert("P1", incident.StateAcknowledged, ""), "high", incident.SEV1), alert("P1", incident.StateInfo, ""),
		alert("P2", incident.StateResolved, ""), alert("P2", incident.StateUnknown, ""))
	first := urgent(alert("P1", incident.StateFiring, ""), "high", incident.SEV1)
	first.State = incident.StateAcknowledged
	got, ok := inc.Alert("pagerduty", "P1")
	if diff := cmp.Diff(first, got); diff != "" || !ok {
		t.Errorf("P1: %v (-want +got):\n%s", ok, diff)
	}
	wantAlerts(t, "after all", inc, "1 P1 acknowledged", "2 P2 resolved")
	for _, k := range [][2]string{{"grafana", "P1"}, {"pagerduty", "P3"}, {"pagerduty", ""}} {
		if s, ok := inc.Alert(k[0], k[1]); ok || s.Key != "" {
			t.Errorf("%s has %q: %+v", k[0], k[1], s)
		}
	}
}

// Two sources may call two alerts by one name.
func TestAlertsOfTwoSourcesAreTwo(t *testing.T) {
	other := alert("P1", incident.StateResolved, "")
	other.Source = "grafana"
	inc := declared(alert("P1", incident.StateFiring, ""), other)
	wantAlerts(t, "both", inc, "1 P1 firing", "2 P1 resolved")
	inc = inc.With(event(inc, chat(ada), off("P1")))
	wantAlerts(t, "PagerDuty's taken off", inc, "2 P1 resolved")
}

// Each case is what became of two alerts, P1 of chat and P2 of search, that fire.
func TestTally(t *testing.T) {
	both := []string{"chat", "search"}
	late, echo := alert("P1", incident.StateResolved, "chat"), alert("P1", incident.StateResolved, "chat")
	late.Late, echo.Echo = true, true
	for _, c := range []struct {
		name  string
		facts []incident.Fact
		want  incident.Tally
	}{
		{"they fire", nil, incident.Tally{Total: 2, Firing: 2, Services: both}},
		{"one fires again", []incident.Fact{alert("P1", incident.StateFiring, "chat")}, incident.Tally{Total: 2, Firing: 2, Services: both}},
		{"one is acknowledged", []incident.Fact{alert("P1", incident.StateAcknowledged, "")}, incident.Tally{Total: 2, Firing: 2, Services: both}},
		{"one hears nothing", []incident.Fact{alert("P1", incident.StateNoData, "")}, incident.Tally{Total: 2, Firing: 2, Services: both}},
		{"one is over", []incident.Fact{alert("P1", incident.StateResolved, "")}, incident.Tally{Total: 2, Firing: 1, Services: both}},
		{"one is over, twice told", []incident.Fact{alert("P1", incident.StateResolved, ""), alert("P1", incident.StateResolved, "")}, incident.Tally{Total: 2, Firing: 1, Services: both}},
		{"one is over and fires again", []incident.Fact{alert("P1", incident.StateResolved, ""), alert("P1", incident.StateFiring, "")}, incident.Tally{Total: 2, Firing: 2, Services: both}},
		{"one is over, and then there is a note", []incident.Fact{alert("P1", incident.StateResolved, ""), alert("P1", incident.StateInfo, ""), alert("P1", incident.StateUnknown, "")}, incident.Tally{Total: 2, Firing: 1, Services: both}},
		{"one was over, told late", []incident.Fact{late}, incident.Tally{Total: 2, Firing: 2, Services: both}},
		{"one was made to be over by us", []incident.Fact{echo}, incident.Tally{Total: 2, Firing: 1, Services: both}},
		{"another hears nothing", []incident.Fact{alert("P3", incident.StateNoData, "chat")}, incident.Tally{Total: 3, Firing: 3, Services: both}},
		{"another was over before it came", []incident.Fact{alert("P3", incident.StateResolved, "billing")}, incident.Tally{Total: 3, Firing: 2, Services: []string{"chat", "search", "billing"}}},
		{"another is known by a note: nobody said that it is over", []incident.Fact{alert("P3", incident.StateInfo, "")}, incident.Tally{Total: 3, Firing: 3, Services: both}},
		{"one is off", []incident.Fact{off("P1")}, incident.Tally{Total: 1, Firing: 1, Services: []string{"search"}}},
		{"one is off, twice told", []incident.Fact{off("P1"), off("P1")}, incident.Tally{Total: 1, Firing: 1, Services: []string{"search"}}},
		{"one that is over is off", []incident.Fact{alert("P1", incident.StateResolved, ""), off("P1")}, incident.Tally{Total: 1, Firing: 1, Services: []string{"search"}}},
		{"one is off, and another of its service is not", []incident.Fact{alert("P3", incident.StateFiring, "chat"), off("P1")}, incident.Tally{Total: 2, Firing: 2, Services: both}},
		{"all of a service are off", []incident.Fact{alert("P3", incident.StateFiring, "chat"), off("P1"), off("P3")}, incident.Tally{Total: 1, Firing: 1, Services: []string{"search"}}},
		{"all are off", []incident.Fact{off("P2"), off("P1")}, incident.Tally{Services: []string{}}},
		{"one is off and back, of another service", []incident.Fact{off("P1"), alert("P1", incident.StateFiring, "billing")}, incident.Tally{Total: 2, Firing: 2, Services: []string{"search", "billing"}}},
		{"none of ours is off", []incident.Fact{off("P9")}, incident.Tally{Total: 2, Firing: 2, Services: both}},
	} {
		facts := []incident.Fact{alert("P1", incident.StateFiring, "chat"), alert("P2", incident.StateFiring, "search")}
		wantTallied(t, c.name, declared(append(facts, c.facts...)...), c.want)
	}
}

// People say "detach 2": a number means one alert for as long as the incident
// lives, and one that comes back has its own again.
func TestAnAlertKeepsItsNumber(t *testing.T) {
	three := []incident.Fact{alert("P1", incident.StateFiring, ""), alert("P2", incident.StateFiring, ""), alert("P3", incident.StateFiring, "")}
	inc := declared(append(three, off("P2"))...)
	wantAlerts(t, "the second off", inc, "1 P1 firing", "3 P3 firing")
	if s, ok := inc.AlertNumber(2); ok {
		t.Errorf("number 2 is %+v, and it was taken off", s)
	}
	if s, ok := inc.AlertNumber(3); !ok || s.Key != "P3" {
		t.Errorf("number 3 is %+v, %v", s, ok)
	}
	inc = inc.With(event(inc, pager, alert("P4", incident.StateFiring, "")))
	wantAlerts(t, "another", inc, "1 P1 firing", "3 P3 firing", "4 P4 firing")
	inc = inc.With(event(inc, pager, alert("P2", incident.StateAcknowledged, "")))
	wantAlerts(t, "the second back", inc, "1 P1 firing", "2 P2 acknowledged", "3 P3 firing", "4 P4 firing")
	got, _ := inc.AlertNumber(2)
	wantEqual(t, "what came back, Title", got.Title, "first told acknowledged")
}

// A number is said with the event that the alert came with first: whoever tells of
// a word can tell whether it is the alert's first one.
func TestNumberOf(t *testing.T) {
	before := declared(alert("P1", incident.StateFiring, ""))
	inc := before.With(event(before, pager, alert("P2", incident.StateFiring, "")))
	inc = inc.With(event(inc, pager, alert("P1", incident.StateResolved, "")))
	inc = inc.With(event(inc, chat(ada), off("P1")))
	for _, c := range []struct {
		name, source, key string
		inc               incident.Incident
		n, seq            int
	}{
		{"one that was taken off", "pagerduty", "P1", inc, 1, 2},
		{"the second", "pagerduty", "P2", inc, 2, 3},
		{"one that came after", "pagerduty", "P2", before, 0, 0},
		{"another source's", "grafana", "P1", inc, 0, 0},
		{"none", "pagerduty", "P9", inc, 0, 0},
		{"of nothing", "pagerduty", "P1", incident.Incident{}, 0, 0},
	} {
		n, seq := c.inc.NumberOf(c.source, c.key)
		wantEqual(t, c.name+", number", n, c.n)
		wantEqual(t, c.name+", event", seq, c.seq)
	}
}

// People are told once when it spreads, when an alert is worse than all before it,
// and when none fires any more: the tally says which event that was. The incident
// is declared by event 1.
func TestTallyMarks(t *testing.T) {
	fires := func(key, service string, sev incident.Severity) incident.Fact {
		s := alert(key, incident.StateFiring, service)
		s.Urgency, s.Severity = "u", sev
		return s
	}
	late := alert("P1", incident.StateResolved, "")
	late.Late = true
	over := func(key string) incident.Fact { return alert(key, incident.StateResolved, "") }
	type marks struct {
		spread, spreadSeq int
		worst             incident.Severity
		worstSeq, quiet   int
	}
	var eleven []incident.Fact
	for n := range 11 {
		eleven = append(eleven, fires(fmt.Sprint(n), fmt.Sprint("service ", n), ""))
	}
	for _, c := range []struct {
		name  string
		facts []incident.Fact // from event 2 on
		want  marks
	}{
		{"nothing", nil, marks{}},
		{"one fires", []incident.Fact{fires("P1", "a", incident.SEV3)}, marks{worst: incident.SEV3, worstSeq: 2}},
		{"one that is as bad", []incident.Fact{fires("P1", "a", incident.SEV3), fires("P2", "a", incident.SEV3)}, marks{worst: incident.SEV3, worstSeq: 2}},
		{"one that is less bad", []incident.Fact{fires("P1", "a", incident.SEV2), fires("P2", "a", incident.SEV3)}, marks{worst: incident.SEV2, worstSeq: 2}},
		{"one that is worse", []incident.Fact{fires("P1", "a", incident.SEV2), fires("P2", "a", incident.SEV1)}, marks{worst: incident.SEV1, worstSeq: 3}},
		{"the same is worse now", []incident.Fact{fires("P1", "a", incident.SEV2), fires("P1", "a", incident.SEV1)}, marks{worst: incident.SEV1, worstSeq: 3}},
		{"one that nobody rated", []incident.Fact{fires("P1", "a", incident.SEV2), fires("P2", "a", "")}, marks{worst: incident.SEV2, worstSeq: 2}},
		{"the worst is off", []incident.Fact{fires("P1", "a", incident.SEV1), fires("P2", "a", ""), off("P1")}, marks{worst: incident.SEV1, worstSeq: 2}},
		{"two services", []incident.Fact{fires("P1", "a", ""), fires("P2", "b", "")}, marks{}},
		{"three services", []incident.Fact{fires("P1", "a", ""), fires("P2", "b", ""), fires("P3", "c", "")}, marks{spread: 3, spreadSeq: 4}},
		{"four services", []incident.Fact{fires("P1", "a", ""), fires("P2", "b", ""), fires("P3", "c", ""), fires("P4", "d", "")}, marks{spread: 3, spreadSeq: 4}},
		{"three services, two, and three again", []incident.Fact{fires("P1", "a", ""), fires("P2", "b", ""), fires("P3", "c", ""), off("P3"), fires("P3", "c", "")}, marks{spread: 3, spreadSeq: 4}},
		{"eleven services", eleven, marks{spread: 10, spreadSeq: 11}},
		{"all are over", []incident.Fact{fires("P1", "a", ""), fires("P2", "a", ""), over("P1"), over("P2")}, marks{quiet: 5}},
		{"one is over, the other not", []incident.Fact{fires("P1", "a", ""), fires("P2", "a", ""), over("P1")}, marks{}},
		{"all are over, and told again", []incident.Fact{fires("P1", "a", ""), over("P1"), over("P1"), incident.Noted{Text: "n"}}, marks{quiet: 3}},
		{"over, and fires again", []incident.Fact{fires("P1", "a", ""), over("P1"), fires("P1", "a", "")}, marks{}},
		{"over, fires again, and over again", []incident.Fact{fires("P1", "a", ""), over("P1"), fires("P1", "a", ""), over("P1")}, marks{quiet: 5}},
		{"over, and told late", []incident.Fact{fires("P1", "a", ""), late}, marks{}},
		{"the last that fired is off", []incident.Fact{fires("P1", "a", ""), over("P1"), fires("P2", "a", ""), off("P2")}, marks{quiet: 5}},
		{"none of ours is off", []incident.Fact{off("P9")}, marks{}},
	} {
		tally := declared(c.facts...).Tally
		got := marks{tally.Spread, tally.SpreadSeq, tally.Worst, tally.WorstSeq, tally.QuietSeq}
		if got != c.want {
			t.Errorf("%s:\n got %+v\nwant %+v", c.name, got, c.want)
		}
	}
}

// What was taken off stays off until it alerts again, or is brought back for a
// reason: neither a note about it nor a word that comes late does that.
func TestWhatIsOffStaysOff(t *testing.T) {
	late := alert("P1", incident.StateFiring, "chat")
	late.Late = true
	for _, f := range []incident.Signaled{alert("P1", incident.StateInfo, "chat"), alert("P1", incident.StateUnknown, "chat"), late} {
		inc := declared(alert("P1", incident.StateFiring, "chat"), off("P1"), f)
		wantAlerts(t, "after "+f.State, inc)
		wantTallied(t, "after "+f.State, inc, incident.Tally{Services: []string{}})
	}
	moved := alert("P1", incident.StateInfo, "")
	moved.Why = "because a person attached it"
	wantAlerts(t, "after a person attached it", declared(alert("P1", incident.StateFiring, ""), off("P1"), moved), "1 P1 info")
	wantAlerts(t, "after it fired", declared(alert("P1", incident.StateFiring, ""), off("P1"), alert("P1", incident.StateFiring, "")), "1 P1 firing")
}

// A late word and an echo are of one moment; the alert itself is neither.
func TestALateWordChangesNoAlert(t *testing.T) {
	late := alert("P1", incident.StateFiring, "search")
	late.Late, late.Echo, late.Urgency, late.Severity = true, true, "low", incident.SEV4
	over := alert("P1", incident.StateResolved, "chat")
	over.Urgency, over.Severity = "high", incident.SEV1
	got, _ := declared(over, late).Alert("pagerduty", "P1")
	if diff := cmp.Diff(over, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	got, _ = declared(late).Alert("pagerduty", "P1")
	late.Late, late.Echo = false, false
	if diff := cmp.Diff(late, got); diff != "" {
		t.Errorf("an alert known by a late word (-want +got):\n%s", diff)
	}
}

// An incident that was never folded has no alerts, and a loop over them may stop.
func TestAlertsAreRead(t *testing.T) {
	wantAlerts(t, "none", incident.Incident{})
	if _, ok := (incident.Incident{}).Alert("pagerduty", "P1"); ok {
		t.Error("an incident that was never folded has P1")
	}
	for n := range declared(alert("P1", "", ""), alert("P2", "", "")).Alerts() {
		if n > 1 {
			t.Errorf("number %d after the loop ended", n)
		}
		break
	}
}

// The room of an incident is held once, and never against somebody's wish.
func TestHold(t *testing.T) {
	held := incident.RoomHeld{Why: "a storm"}
	for _, c := range []struct {
		name string
		inc  incident.Incident
		want []incident.Fact
	}{
		{"no room yet", declared(), one(held)},
		{"mitigated", declared(incident.Mitigated{}), one(held)},
		{"held already", declared(held), nil},
		{"a room", declared(incident.Linked{Channel: "C1"}), nil},
		{"over", declared(incident.Resolved{}), nil},
		{"closed", shut(), nil},
		{"somebody asked for it", declared(held, incident.RoomWanted{}), nil},
	} {
		if diff := cmp.Diff(c.want, c.inc.Hold("a storm", false)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// What comes back of our own doing is no news, for a while.
func TestSyncedTo(t *testing.T) {
	inc := declared(incident.PagerSynced{Key: "P1", State: incident.StateResolved}, incident.PagerSynced{Key: "P2", Priority: "P1"}, incident.Noted{Text: "n"})
	for _, c := range []struct {
		name                 string
		key, state, priority string
		since, at            time.Time
		want                 bool
	}{
		{"its state", "P1", incident.StateResolved, "", noon, noon, true},
		{"another state", "P1", incident.StateFiring, "", noon, noon, false},
		{"no state", "P2", "", "", noon, noon, false},
		{"nothing asked", "P1", "", "", noon, noon, false},
		{"another's state", "P2", incident.StateResolved, "", noon, noon, false},
		{"its priority", "P2", "", "P1", noon, noon, true},
		{"its priority, and a state that it was not given", "P2", incident.StateResolved, "P1", noon, noon, true},
		{"another priority", "P2", "", "P2", noon, noon, false},
		{"another's priority", "P1", "", "P1", noon, noon, false},
		{"just within the while", "P1", incident.StateResolved, "", clock(1).Add(-time.Nanosecond), noon, true},
		{"too long ago", "P1", incident.StateResolved, "", clock(1), noon, false},
		{"a minute later, by a clock that is ahead", "P1", incident.StateResolved, "", noon, clock(2), true},
		{"later than that: somebody else did it", "P1", incident.StateResolved, "", noon, clock(2).Add(time.Nanosecond), false},
	} {
		wantEqual(t, c.name+", synced", inc.SyncedTo(c.key, c.state, c.priority, c.since, c.at), c.want)
	}
}
