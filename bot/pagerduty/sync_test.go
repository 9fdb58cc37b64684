package pagerduty_test

import (
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/bot/pagerduty"
	"tocsin/bot/sandbox"
)

// TestSyncSeverity: PagerDuty's incidents show our severity, by the account's
// priorities and by the urgency; what shows it already is left alone.
func TestSyncSeverity(t *testing.T) {
	tests := []struct {
		severity                incident.Severity
		priority, urgency, told string
	}{
		{incident.SEV1, "P1", "high", "P1"}, {incident.SEV2, "P2", "high", "P2"}, {incident.SEV3, "P3", "low", "P3"}, {incident.SEV4, "P4", "low", "P4"},
	}
	for _, test := range tests {
		d := newDesk(t, full())
		id := d.alert("PSVC001", "Answers are slow")
		d.record(incident.SeverityChanged{From: incident.SEV2, To: test.severity})
		want := []incident.Fact{incident.PagerSynced{Key: id, Priority: test.told}}
		if facts := d.do(effect.SyncPager{}); !reflect.DeepEqual(facts, want) {
			t.Errorf("%s: %+v, want %+v", test.severity, facts, want)
		}
		if got := d.shown(id); got.Priority != test.priority || got.Urgency != test.urgency {
			t.Errorf("%s: %+v", test.severity, got)
		}
		d.rules.writes()
		if facts := d.do(effect.SyncPager{}); len(facts) > 0 || len(d.rules.writes()) > 0 {
			t.Errorf("%s: again: %+v", test.severity, facts)
		}
	}
}

// TestJoinedIsNotHushed: an incident of PagerDuty's that joined is not made less of until
// a person has set our severity: it may be calling somebody. One that is as bad as ours
// gets our priority, and keeps its urgency.
func TestJoinedIsNotHushed(t *testing.T) {
	for severity, priority := range map[incident.Severity]string{incident.SEV1: "", incident.SEV3: "P3", incident.SEV4: "P3"} {
		d := newDesk(t, full())
		d.record(incident.SeverityChanged{From: incident.SEV2, To: incident.SEV3})
		id := d.made(`{"incident":{"type":"incident","title":"Slow","service":{"id":"PSVC001","type":"service_reference"},"urgency":"high"}}`)
		d.record(incident.Signaled{Source: "pagerduty", Event: "incident.triggered", State: incident.StateFiring, Key: id, Title: "Slow", Severity: severity, Why: "because it is of the same service"})
		if d.do(effect.SyncPager{}); d.shown(id).Urgency != "high" || d.shown(id).Priority != priority {
			t.Errorf("%s: %+v", severity, d.shown(id))
		}
		d.record(incident.SeverityChanged{From: incident.SEV3, To: incident.SEV4})
		if d.do(effect.SyncPager{}); d.shown(id).Urgency != "low" || d.shown(id).Priority != "P4" {
			t.Errorf("%s: %+v", severity, d.shown(id))
		}
	}
}

// TestOurPageFollowsUs: PagerDuty tells of a page of ours as of any other, maybe after the
// severity was changed.
func TestOurPageFollowsUs(t *testing.T) {
	d := newDesk(t, full())
	d.record(incident.SeverityChanged{From: incident.SEV2, To: incident.SEV1})
	paged, err := d.page(answers, "")
	must(t, err)
	id := paged.Key
	d.record(incident.SeverityChanged{From: incident.SEV1, To: incident.SEV3})
	d.record(incident.Signaled{Source: "pagerduty", Event: "incident.triggered", State: incident.StateFiring, Key: id, Title: "Slow", Severity: incident.SEV1})
	if d.do(effect.SyncPager{}); d.shown(id).Urgency != "low" || d.shown(id).Priority != "P3" {
		t.Errorf("%+v", d.shown(id))
	}
}

// TestAPageThatWasAskedForCalls: what a person asked for at a mild severity is not hushed.
func TestAPageThatWasAskedForCalls(t *testing.T) {
	d := newDesk(t, full())
	d.record(incident.SeverityChanged{From: incident.SEV2, To: incident.SEV3})
	paged, err := d.page(dina, "")
	must(t, err)
	if d.do(effect.SyncPager{}); d.shown(paged.Key).Urgency != "high" || d.shown(paged.Key).Priority != "P3" {
		t.Errorf("%+v", d.shown(paged.Key))
	}
}

// TestPageOfADuplicate: what paged people for a duplicate is the business of the incident
// that took in its alerts, for as long as that has it.
func TestPageOfADuplicate(t *testing.T) {
	for _, kept := range []bool{true, false} {
		d := newDesk(t, full())
		id := d.made(`{"incident":{"type":"incident","title":"Slow","incident_key":"tocsin-INC-5-page-1","service":{"id":"PSVC001","type":"service_reference"},"urgency":"high"}}`)
		d.record(incident.Merged{From: "INC-5", Alerts: 1},
			incident.Signaled{Source: "pagerduty", Event: "incident.triggered", State: incident.StateFiring, Key: id, Title: "Slow", Why: "because INC-5 is a duplicate"})
		d.events[1].Cause, d.events[2].Cause = "slack/1/alerts", "slack/1/alerts/0"
		if !kept {
			d.record(incident.Detached{Source: "pagerduty", Key: id})
		}
		d.record(incident.Resolved{})
		if d.do(effect.SyncPager{}); (d.shown(id).Status == "resolved") != kept {
			t.Errorf("kept %v: %+v", kept, d.shown(id))
		}
	}
}

// TestConfiguredPriorities: the account's own names, in any case, and none for a
// severity that has none.
func TestConfiguredPriorities(t *testing.T) {
	c := full()
	c.Team = &said{priorities: map[incident.Severity]string{incident.SEV2: "p5"}}
	d := newDesk(t, c)
	id := d.alert("PSVC001", "Answers are slow")
	d.do(effect.SyncPager{})
	if got := d.shown(id); got.Priority != "P5" {
		t.Errorf("%+v", got)
	}
	d.record(incident.SeverityChanged{From: incident.SEV2, To: incident.SEV4})
	want := []incident.Fact{incident.PagerSynced{Key: id, Priority: "low"}}
	if facts := d.do(effect.SyncPager{}); !reflect.DeepEqual(facts, want) || d.shown(id).Priority != "P5" {
		t.Errorf("%+v, %+v: only the urgency can show it", facts, d.shown(id))
	}
}

// TestSyncResolves: when ours is over, all of PagerDuty's are resolved; those that
// somebody resolved there are left alone, and nothing is acknowledged meanwhile.
func TestSyncResolves(t *testing.T) {
	for _, end := range []incident.Fact{incident.Resolved{}, incident.Closed{Reason: "false-alarm"}} {
		d := newDesk(t, full())
		alerts := []string{d.alert("PSVC001", "Slow"), d.alert("PSVC002", "Slow too"), d.alert("PSVC003", "Slow as well")}
		d.do(effect.SyncPager{})
		d.elsewhere("PUT", "/incidents/"+alerts[1], `{"incident":{"type":"incident","status":"resolved"}}`)
		paged, err := d.page(answers, "")
		must(t, err)
		byKey, err := d.page(anybody, "")
		must(t, err)
		for _, inc := range d.ws.PagerDutyIncidents() {
			if inc.Status == "acknowledged" {
				t.Errorf("%+v", inc)
			}
		}
		d.record(end)
		want := []incident.Fact{
			incident.PagerSynced{Key: byKey.Key, State: incident.StateResolved}, incident.PagerSynced{Key: alerts[0], State: incident.StateResolved},
			incident.PagerSynced{Key: alerts[2], State: incident.StateResolved}, incident.PagerSynced{Key: paged.Key, State: incident.StateResolved},
		}
		if facts := d.do(effect.SyncPager{}); !reflect.DeepEqual(facts, want) {
			t.Errorf("%+v, want %+v", facts, want)
		}
		for _, inc := range d.ws.PagerDutyIncidents() {
			if inc.Status != "resolved" {
				t.Errorf("%+v", inc)
			}
		}
		d.rules.writes()
		if facts := d.do(effect.SyncPager{}); len(facts) > 0 || len(d.rules.writes()) > 0 {
			t.Errorf("again: %+v", facts)
		}
	}
}

// TestGoesOnInPrivate: a page that was made before an incident went private is over when the
// private one is.
func TestGoesOnInPrivate(t *testing.T) {
	d := newDesk(t, full())
	id := d.made(`{"incident":{"type":"incident","title":"INC-3 SEV1: Other","incident_key":"tocsin-INC-3-page-1-1","service":{"id":"PSVC001","type":"service_reference"}}}`)
	d.events = nil
	d.record(incident.Declared{Title: "Answers leak", Severity: incident.SEV1, Private: true, From: "INC-3"},
		incident.Signaled{Source: "pagerduty", State: incident.StateFiring, Key: id}, incident.Resolved{})
	d.do(effect.SyncPager{})
	if got := d.shown(id); got.Status != "resolved" {
		t.Errorf("%+v", got)
	}
}

// TestNotOurs: what was taken off, goes on elsewhere or went with a merger
// incident is not ours to change.
func TestNotOurs(t *testing.T) {
	tests := map[string]func(*desk) []incident.Fact{
		"taken off": func(d *desk) []incident.Fact {
			id := d.alert("PSVC001", "Slow")
			return []incident.Fact{incident.Detached{Source: "pagerduty", Key: id}, incident.Resolved{}}
		},
		"a page that went on elsewhere": func(d *desk) []incident.Fact {
			paged, err := d.page(answers, "")
			must(d.t, err)
			return []incident.Fact{incident.Detached{Source: "pagerduty", Key: paged.Key, To: "INC-8"}, incident.Resolved{}}
		},
		"a duplicate": func(d *desk) []incident.Fact {
			d.alert("PSVC001", "Slow")
			return []incident.Fact{incident.Closed{Reason: "duplicate", Of: "INC-3"}}
		},
		"moved": func(d *desk) []incident.Fact {
			d.alert("PSVC001", "Slow")
			return []incident.Fact{incident.Closed{Reason: "moved"}}
		},
		"went with a merger": func(d *desk) []incident.Fact {
			_, err := d.page(answers, "")
			must(d.t, err)
			return []incident.Fact{incident.Closed{Reason: "duplicate", Of: "INC-3"}, incident.Reopened{}, incident.Resolved{}}
		},
		"another source's": func(d *desk) []incident.Fact {
			id := d.alert("PSVC001", "Slow")
			d.events = d.events[:1]
			return []incident.Fact{incident.Signaled{Source: "grafana", State: incident.StateFiring, Key: id}, incident.Resolved{}}
		},
		"gone": func(d *desk) []incident.Fact {
			return []incident.Fact{incident.Signaled{Source: "pagerduty", State: incident.StateFiring, Key: "QGONE"}, incident.Resolved{}}
		},
	}
	for name, story := range tests {
		d := newDesk(t, full())
		d.record(story(d)...)
		d.rules.writes()
		if facts := d.do(effect.SyncPager{}); len(facts) > 0 || len(d.rules.writes()) > 0 {
			t.Errorf("%s: %+v", name, facts)
		}
	}
}

// TestReopened: PagerDuty cannot reopen, so people are called again by one new
// incident for each time; not when PagerDuty's was resolved since.
func TestReopened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, full())
		first, second := d.alert("PSVC003", "Slow"), d.alert("PSVC002", "Slow too")
		for n, key := range []string{"tocsin-INC-7-reopened-1", "tocsin-INC-7-reopened-2"} {
			<-time.After(time.Hour)
			d.record(incident.Resolved{})
			d.do(effect.SyncPager{})
			<-time.After(time.Hour)
			d.record(incident.Reopened{})
			facts := d.do(effect.SyncPager{})
			made := d.ws.PagerDutyIncidents()[2+n]
			want := incident.PagerSynced{Key: made.ID, State: incident.StateFiring}
			if len(facts) != 2 || facts[1] != want || !strings.HasPrefix(made.Key, key+"-") || made.Service != "search" || made.Status != "triggered" {
				t.Errorf("%+v, %+v", facts, made)
			}
			if facts := d.do(effect.SyncPager{}); len(facts) > 0 || len(d.ws.PagerDutyIncidents()) != 3+n {
				t.Errorf("again: %+v", facts)
			}
			<-time.After(time.Hour)
			d.elsewhere("PUT", "/incidents/"+made.ID, `{"incident":{"type":"incident","status":"resolved"}}`)
			if facts := d.do(effect.SyncPager{}); len(facts) > 0 {
				t.Errorf("resolved in PagerDuty since: %+v", facts)
			}
		}
		if d.shown(first).Status != "resolved" || d.shown(second).Status != "resolved" {
			t.Errorf("%+v", d.ws.PagerDutyIncidents())
		}
	})
}

// TestMonitorResolves: what PagerDuty resolves while we work on it is nothing to
// call people for again.
func TestMonitorResolves(t *testing.T) {
	d := newDesk(t, full())
	id := d.alert("PSVC003", "Slow")
	d.do(effect.SyncPager{})
	d.elsewhere("PUT", "/incidents/"+id, `{"incident":{"type":"incident","status":"resolved"}}`)
	if facts := d.do(effect.SyncPager{}); len(facts) > 0 || len(d.ws.PagerDutyIncidents()) != 1 {
		t.Errorf("%+v", facts)
	}
}

// TestSyncByEvent: with a routing key alone what was paged is resolved, and fired
// again when ours is reopened.
func TestSyncByEvent(t *testing.T) {
	d := newDesk(t, pagerduty.Config{RoutingKey: sandbox.RoutingKey})
	d.record(incident.Signaled{Source: "pagerduty", State: incident.StateFiring, Key: "QOTHER"})
	paged, err := d.page(anybody, "")
	must(t, err)
	if facts := d.do(effect.SyncPager{}); len(facts) > 0 {
		t.Errorf("%+v", facts)
	}
	steps := []struct {
		fact          incident.Fact
		state, status string
		incidents     int
	}{
		{incident.Resolved{}, incident.StateResolved, "resolved", 1},
		{incident.Reopened{}, incident.StateFiring, "triggered", 2},
		{incident.Closed{Reason: "false-alarm"}, incident.StateResolved, "resolved", 2},
	}
	for _, step := range steps {
		d.record(step.fact)
		want := []incident.Fact{incident.PagerSynced{Key: paged.Key, State: step.state}}
		if facts := d.do(effect.SyncPager{}); !reflect.DeepEqual(facts, want) {
			t.Errorf("%T: %+v, want %+v", step.fact, facts, want)
		}
		all := d.ws.PagerDutyIncidents()
		if len(all) != step.incidents || all[len(all)-1].Status != step.status {
			t.Errorf("%T: %+v", step.fact, all)
		}
		if facts := d.do(effect.SyncPager{}); len(facts) > 0 {
			t.Errorf("%T again: %+v", step.fact, facts)
		}
	}
	d.do(effect.TellPager{Text: "An event can carry no note"})
}

// TestEventGoesWithAMerger: what was paged by event calls people for as long as what the
// incident goes on as is open, and no longer; whichever of the two is looked at.
func TestEventGoesWithAMerger(t *testing.T) {
	for _, of := range []string{"the duplicate", "the original"} {
		d := newDesk(t, pagerduty.Config{RoutingKey: sandbox.RoutingKey})
		paged, err := d.page(anybody, "")
		must(t, err)
		d.record(incident.Closed{Reason: "duplicate", Of: "INC-3"})
		original := []incident.Event{{Seq: 1, Logged: time.Now(), Fact: incident.Declared{Title: "Slow", Severity: incident.SEV2}}, {Seq: 2, Logged: time.Now(), Fact: incident.Merged{From: "INC-7"}}}
		look := func() []incident.Fact {
			now := incident.Fold("INC-3", original)
			job, inc := bot.Job{Effect: effect.SyncPager{}, Tries: 1, First: time.Now(), Line: []incident.Incident{now, d.inc()}}, now
			if of == "the duplicate" {
				inc = d.inc()
			}
			facts, err := d.Perform(t.Context(), inc, job)
			must(t, err)
			return facts
		}
		if facts := look(); len(facts) > 0 || d.ws.PagerDutyIncidents()[0].Status != "triggered" {
			t.Errorf("%s: %+v, %+v", of, facts, d.ws.PagerDutyIncidents())
		}
		original = append(original, incident.Event{Seq: 3, Logged: time.Now(), Fact: incident.Resolved{}})
		want := []incident.Fact{incident.PagerSynced{Key: paged.Key, State: incident.StateResolved}}
		if facts := look(); !reflect.DeepEqual(facts, want) || d.ws.PagerDutyIncidents()[0].Status != "resolved" {
			t.Errorf("%s: %+v, %+v", of, facts, d.ws.PagerDutyIncidents())
		}
		original = append(original, incident.Event{Seq: 4, Logged: time.Now(), Fact: want[0]})
		if facts := look(); len(facts) > 0 {
			t.Errorf("%s, again: %+v", of, facts)
		}
	}
}

// TestOverBeforeTheMerger: what was resolved before its incident was closed as a duplicate
// calls nobody because the original is open; whichever of the two is looked at.
func TestOverBeforeTheMerger(t *testing.T) {
	d := newDesk(t, pagerduty.Config{RoutingKey: sandbox.RoutingKey})
	_, err := d.page(anybody, "")
	must(t, err)
	original := incident.Fold("INC-3", []incident.Event{{Seq: 1, Logged: time.Now(), Fact: incident.Declared{Title: "Slow", Severity: incident.SEV2}}, {Seq: 2, Logged: time.Now(), Fact: incident.Merged{From: "INC-7"}}})
	d.record(incident.Resolved{})
	d.do(effect.SyncPager{})
	d.record(incident.Closed{Reason: "duplicate", Of: "INC-3"})
	for _, inc := range []incident.Incident{original, d.inc()} {
		facts, err := d.Perform(t.Context(), inc, bot.Job{Effect: effect.SyncPager{}, Tries: 1, First: time.Now(), Line: []incident.Incident{original, d.inc()}})
		if all := d.ws.PagerDutyIncidents(); err != nil || len(facts) > 0 || len(all) != 1 || all[0].Status != "resolved" {
			t.Errorf("%s: %+v, %+v, %v", inc.ID, facts, all, err)
		}
	}
}

// TestTell: notes and status updates bear our mark, on each of PagerDuty's
// incidents.
func TestTell(t *testing.T) {
	d := newDesk(t, full())
	ids := []string{d.alert("PSVC001", "Slow"), d.alert("PSVC002", "Slow too")}
	d.do(effect.TellPager{Text: "Rolled back"})
	d.do(effect.TellPager{Text: "Rolled back"}) // said twice is told twice
	d.do(effect.TellPager{Text: "Answers are fast again", Update: true})
	for _, id := range ids {
		got := d.shown(id)
		if strings.Join(got.Notes, "|") != "[INC-7] Rolled back|[INC-7] Rolled back" || strings.Join(got.Updates, "|") != "[INC-7] Answers are fast again" {
			t.Errorf("%+v", got)
		}
	}
}
