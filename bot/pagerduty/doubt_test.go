package pagerduty_test

import (
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
)

// TestPageInDoubtWhenOver: nobody knows whether an event that was not answered went out.
// Once the incident is over people are told that it may have, and it is called off.
func TestPageInDoubtWhenOver(t *testing.T) {
	for kind, out := range map[string]int{"lost_answer": 1, "lost_request": 0} {
		synctest.Test(t, func(t *testing.T) {
			d := newDesk(t, full())
			d.record(incident.PageAsked{N: 1, To: anybody})
			d.fault(kind, "POST /v2/enqueue", 1)
			if _, err := d.try(effect.Page{N: 1}); err == nil {
				t.Fatal("it was answered")
			}
			d.record(incident.Resolved{})
			<-time.After(quiet)
			paged, ok := d.do(effect.Page{N: 1})[0].(incident.Paged)
			if !ok || !paged.Perhaps || !paged.Event {
				t.Errorf("%s: %+v", kind, paged)
			}
			d.do(effect.SyncPager{})
			got := d.ws.PagerDutyIncidents()
			if len(got) != out || out == 1 && got[0].Status != "resolved" {
				t.Errorf("%s: %+v", kind, got)
			}
		})
	}
	d := newDesk(t, full())
	d.record(incident.PageAsked{N: 1, To: anybody}, incident.Resolved{})
	if _, err := d.try(effect.Page{N: 1}); !final(err, "over before the page went out") {
		t.Errorf("a page that was never tried: %v", err)
	}
}

// TestPageInDoubtWhenReopened: an event that may not have gone out goes out when the
// incident is open again, once.
func TestPageInDoubtWhenReopened(t *testing.T) {
	for _, kind := range []string{"lost_answer", "lost_request"} {
		synctest.Test(t, func(t *testing.T) {
			d := newDesk(t, full())
			d.record(incident.PageAsked{N: 1, To: anybody})
			d.fault(kind, "POST /v2/enqueue", 1)
			if _, err := d.try(effect.Page{N: 1}); err == nil {
				t.Fatal("it was answered")
			}
			d.record(incident.Resolved{})
			<-time.After(quiet)
			d.do(effect.Page{N: 1})
			d.record(incident.Reopened{})
			d.do(effect.SyncPager{})
			if got := d.ws.PagerDutyIncidents(); len(got) != 1 || got[0].Status != "triggered" {
				t.Errorf("%s: %+v", kind, got)
			}
		})
	}
}

// TestResponderInDoubt: somebody who was added to one of PagerDuty's incidents, and
// nobody knows, is not called again, whatever became of either incident since.
func TestResponderInDoubt(t *testing.T) {
	for name, since := range map[string]func(d *desk, first, second string){
		"it has a room now": func(d *desk, _, _ string) { d.record(incident.Linked{Channel: "C1", Link: "https://chat.test/C1"}) },
		"it is worse":       func(d *desk, _, _ string) { d.record(incident.SeverityChanged{To: incident.SEV1, From: incident.SEV2}) },
		"theirs is over": func(d *desk, first, _ string) {
			d.elsewhere("PUT", "/incidents/"+first, `{"incident":{"type":"incident","status":"resolved"}}`)
			d.record(incident.Signaled{Source: "pagerduty", Event: "incident.resolved", State: incident.StateResolved, Key: first})
		},
		"ours is over": func(d *desk, _, _ string) { d.record(incident.Resolved{}) },
		"they went with a merger": func(d *desk, first, second string) {
			for _, key := range []string{first, second} {
				d.record(incident.Detached{Source: "pagerduty", Key: key, To: "INC-3"})
			}
			d.record(incident.Closed{Reason: "duplicate", Of: "INC-3"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, full())
				first, second := d.alert("PSVC001", "Slow"), d.alert("PSVC002", "Slow too")
				d.record(incident.PageAsked{N: 1, To: dina})
				d.fault("lost_answer", "POST /incidents/{id}/responder_requests", 1)
				if _, err := d.try(effect.Page{N: 1}); err == nil {
					t.Fatal("it was answered")
				}
				<-time.After(quiet)
				since(d, first, second)
				paged, ok := d.do(effect.Page{N: 1})[0].(incident.Paged)
				if !ok || paged.Key != first || !paged.Added || paged.To != dina {
					t.Errorf("%+v", paged)
				}
				if len(d.shown(first).Responders) != 1 || len(d.shown(second).Responders) != 0 || len(d.ws.PagerDutyIncidents()) != 2 {
					t.Errorf("%+v", d.ws.PagerDutyIncidents())
				}
			})
		})
	}
}

// TestResponderInDoubtWhenReopened: nor are they called again when an older one of
// PagerDuty's incidents was reopened since, which would get them now.
func TestResponderInDoubtWhenReopened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, full())
		first, second := d.alert("PSVC001", "Slow"), d.alert("PSVC002", "Slow too")
		turn := func(act, state string) {
			_, err := d.ws.PagerAct(t.Context(), sandbox.PagerAct{Incident: first, Act: act})
			must(t, err)
			d.record(incident.Signaled{Source: "pagerduty", State: state, Key: first})
		}
		turn("resolve", incident.StateResolved)
		<-time.After(time.Hour)
		d.record(incident.PageAsked{N: 1, To: dina})
		d.fault("lost_answer", "POST /incidents/{id}/responder_requests", 1)
		if _, err := d.try(effect.Page{N: 1}); err == nil {
			t.Fatal("it was answered")
		}
		<-time.After(quiet)
		turn("reopen", incident.StateFiring)
		paged, ok := d.do(effect.Page{N: 1})[0].(incident.Paged)
		if !ok || paged.Key != second || len(d.shown(first).Responders) != 0 || len(d.shown(second).Responders) != 1 {
			t.Errorf("%+v: %+v", paged, d.ws.PagerDutyIncidents())
		}
	})
}

// calledAgainInDoubt is a desk whose incident was resolved and reopened: people were called
// again, and the answer was lost.
func calledAgainInDoubt(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t, full())
	d.alert("PSVC001", "Slow")
	d.record(incident.Resolved{})
	d.do(effect.SyncPager{})
	<-time.After(time.Hour)
	d.record(incident.Reopened{})
	d.fault("lost_answer", "POST /incidents", 1)
	if _, err := d.try(effect.SyncPager{}); err == nil {
		t.Fatal("it was answered")
	}
	return d
}

// TestCalledAgainInVain: an incident of PagerDuty's that was made to call people again,
// and nobody knows of, is resolved with ours all the same.
func TestCalledAgainInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := calledAgainInDoubt(t)
		d.record(incident.Resolved{})
		<-time.After(quiet)
		d.do(effect.SyncPager{})
		for _, got := range d.ws.PagerDutyIncidents() {
			if got.Status != "resolved" {
				t.Errorf("it goes on to call people: %+v", got)
			}
		}
	})
}

// TestCalledAgainInDoubt: that people are called again is told although the answer was
// lost and a webhook has linked PagerDuty's incident since; and they are called once.
func TestCalledAgainInDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := calledAgainInDoubt(t)
		made := d.ws.PagerDutyIncidents()[1]
		d.record(incident.Signaled{Source: "pagerduty", Event: "incident.triggered", State: incident.StateFiring, Key: made.ID, Echo: true})
		<-time.After(quiet)
		paged, ok := d.do(effect.SyncPager{})[0].(incident.Paged)
		if !ok || paged.N != -1 || paged.Key != made.ID {
			t.Errorf("%+v", paged)
		}
		d.do(effect.SyncPager{})
		if n := len(d.ws.PagerDutyIncidents()); n != 2 {
			t.Errorf("%d incidents, want two", n)
		}
	})
}

// TestResolvedOnceInDoubt: what was resolved with ours is told once, also if ours is then
// closed and the first attempt to look at it gets no answer.
func TestResolvedOnceInDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, full())
		if _, err := d.page(answers, ""); err != nil {
			t.Fatal(err)
		}
		d.record(incident.Resolved{})
		if facts := d.do(effect.SyncPager{}); len(facts) != 1 {
			t.Fatalf("%+v", facts)
		}
		<-time.After(5 * time.Second)
		d.record(incident.Closed{Reason: "resolved"})
		must(t, d.ws.Fault(sandbox.Fault{Kind: "lost_answer", Method: "pagerduty/GET /incidents/{id}", Times: 1}))
		if _, err := d.try(effect.SyncPager{}); err == nil {
			t.Fatal("it was answered")
		}
		<-time.After(quiet)
		if facts := d.do(effect.SyncPager{}); len(facts) > 0 {
			t.Errorf("told again: %+v", facts)
		}
	})
}

// TestTurnedInDoubt: an incident is over and reopened while nobody knows what an attempt
// has told PagerDuty, and then reopened and over: people are called for what is open, and
// for nothing else.
func TestTurnedInDoubt(t *testing.T) {
	for _, kind := range []string{"lost_answer", "lost_request", "late"} {
		for call, to := range map[string]incident.PageTarget{"POST /v2/enqueue": anybody, "PUT /incidents/{id}": answers} {
			t.Run(kind+" "+call, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { turnedInDoubt(t, kind, call, to) })
			})
		}
	}
}

func turnedInDoubt(t *testing.T, kind, call string, to incident.PageTarget) {
	d := newDesk(t, full())
	if _, err := d.page(to, ""); err != nil {
		t.Fatal(err)
	}
	turn := func(from, to incident.Fact) {
		d.record(from)
		must(t, d.ws.Fault(sandbox.Fault{Kind: kind, Method: "pagerduty/" + call, Times: 1, DelayMS: 4000}))
		if _, err := d.try(effect.SyncPager{}); err == nil {
			t.Fatal("it was answered")
		}
		<-time.After(2 * time.Second)
		d.record(to)
		<-time.After(quiet)
		d.do(effect.SyncPager{})
	}
	turn(incident.Resolved{}, incident.Reopened{})
	if all := d.ws.PagerDutyIncidents(); all[len(all)-1].Status == "resolved" {
		t.Errorf("nobody is called: %+v", all)
	}
	if call != "POST /v2/enqueue" {
		return // TestCalledAgainInVain
	}
	d.record(incident.Resolved{})
	d.do(effect.SyncPager{})
	turn(incident.Reopened{}, incident.Resolved{})
	for _, got := range d.ws.PagerDutyIncidents() {
		if got.Status != "resolved" {
			t.Errorf("it goes on to call people: %+v", got)
		}
	}
}
