package pagerduty_test

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
)

// quiet is how long bot's worker waits after an ambiguous attempt.
const quiet = 15 * time.Second

// write is a change that we make in PagerDuty, and how it is counted there.
type write struct {
	call  string
	story func(*desk) effect.Effect // what leads to it
	count func(*desk) int           // its traces
	look  string                    // the call that looks for it; "": none has to
}

func writes() map[string]write {
	incidents := func(d *desk) int { return len(d.ws.PagerDutyIncidents()) }
	first := func(d *desk) sandbox.PagerIncident { return d.ws.PagerDutyIncidents()[0] }
	ask := func(d *desk, to incident.PageTarget) effect.Effect {
		d.record(incident.PageAsked{N: 1, To: to})
		return effect.Page{N: 1}
	}
	return map[string]write{
		"a page": {"POST /incidents", func(d *desk) effect.Effect { return ask(d, answers) }, incidents, "GET /incidents"},
		"a responder": {"POST /incidents/{id}/responder_requests", func(d *desk) effect.Effect {
			d.alert("PSVC001", "Slow")
			return ask(d, dina)
		}, func(d *desk) int { return len(first(d).Responders) }, "GET /incidents/{id}"},
		"an event": {"POST /v2/enqueue", func(d *desk) effect.Effect { return ask(d, anybody) }, incidents, ""},
		"a note": {"POST /incidents/{id}/notes", func(d *desk) effect.Effect {
			d.alert("PSVC001", "Slow")
			return effect.TellPager{Text: "Rolled back"}
		}, func(d *desk) int { return len(first(d).Notes) }, "GET /incidents/{id}/notes"},
		"an update": {"POST /incidents/{id}/status_updates", func(d *desk) effect.Effect {
			d.alert("PSVC001", "Slow")
			return effect.TellPager{Text: "All is well", Update: true}
		}, func(d *desk) int { return len(first(d).Updates) }, "GET /incidents/{id}/log_entries"},
		"a resolution": {"PUT /incidents/{id}", func(d *desk) effect.Effect {
			d.alert("PSVC001", "Slow")
			d.record(incident.Resolved{})
			return effect.SyncPager{}
		}, func(d *desk) int {
			if first(d).Status == "resolved" {
				return 1
			}
			return 0
		}, "GET /incidents/{id}"},
		"calling again": {"POST /incidents", func(d *desk) effect.Effect {
			d.alert("PSVC001", "Slow")
			d.record(incident.Resolved{})
			d.do(effect.SyncPager{})
			<-time.After(time.Hour)
			d.record(incident.Reopened{})
			return effect.SyncPager{}
		}, func(d *desk) int { return incidents(d) - 1 }, "GET /incidents"},
	}
}

// TestEchoIsTrace: what PagerDuty told us of our own text is enough to know that
// it is there; an echo from before is another text's.
func TestEchoIsTrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for path, event := range map[string]string{"notes": "incident.annotated", "status_updates": "incident.status_update_published"} {
			d := newDesk(t, full())
			id := d.alert("PSVC001", "Slow")
			told := effect.TellPager{Text: "All is well", Update: path == "status_updates"}
			echo := incident.Signaled{Source: "pagerduty", Event: event, State: incident.StateInfo, Key: id, Text: "noted in PagerDuty: [INC-7] All is well", Echo: true}
			d.record(echo)
			<-time.After(time.Hour)
			d.fault("lost_answer", "POST /incidents/{id}/"+path, 1)
			if _, err := d.try(told); err == nil {
				t.Fatal("the answer was not lost")
			}
			d.record(echo)
			d.do(told)
			traces := func() int { return len(d.shown(id).Notes) + len(d.shown(id).Updates) }
			if traces() != 1 {
				t.Errorf("%+v", d.shown(id))
			}
			d.do(told) // the same words once more are meant
			if traces() != 2 {
				t.Errorf("%+v", d.shown(id))
			}
			<-time.After(time.Hour)
			d.fault("lost_request", "POST /incidents/{id}/"+path, 1)
			if _, err := d.try(told); err == nil {
				t.Fatal("the request was not lost")
			}
			if d.do(told); traces() != 3 {
				t.Errorf("an old echo was taken for a new one: %+v", d.shown(id))
			}
		}
	})
}

// TestOurClockIsAhead: a text whose answer was lost is found although our clock is hours
// ahead of PagerDuty's, and the same words once more are told all the same.
func TestOurClockIsAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for path, fact := range map[string]incident.Fact{"notes": incident.Noted{Text: "All is well"}, "status_updates": incident.Updated{Text: "All is well"}} {
			d := newDesk(t, full())
			id := d.alert("PSVC001", "Slow")
			told := effect.TellPager{Text: "Ada: All is well", Update: path == "status_updates"}
			for n := 1; n <= 2; n++ {
				d.record(fact)
				first := time.Now().Add(14 * time.Hour)
				if n == 2 {
					first = time.Now()
				}
				kind := []string{"", "lost_answer", "lost_request"}[n]
				d.fault(kind, "POST /incidents/{id}/"+path, 1)
				for tries := 1; tries <= 2; tries++ {
					_, err := d.Perform(t.Context(), d.inc(), bot.Job{Key: path, Effect: told, First: first, Tries: tries})
					if (err == nil) != (tries == 2) {
						t.Fatal(err)
					}
					<-time.After(time.Minute)
				}
				if got := d.shown(id); len(got.Notes)+len(got.Updates) != n {
					t.Errorf("%s: %+v, want it %d times", path, got, n)
				}
				<-time.After(time.Hour)
			}
		}
	})
}

// TestSomebodyElseResolved: between two attempts somebody resolved it there: that
// is their deed.
func TestSomebodyElseResolved(t *testing.T) {
	d := newDesk(t, full())
	id := d.alert("PSVC001", "Slow")
	d.record(incident.Resolved{})
	d.fault("lost_request", "PUT /incidents/{id}", 1)
	if _, err := d.try(effect.SyncPager{}); err == nil {
		t.Fatal("the request was not lost")
	}
	d.elsewhere("PUT", "/incidents/"+id, `{"incident":{"type":"incident","status":"resolved"}}`)
	if facts := d.do(effect.SyncPager{}); len(facts) > 0 {
		t.Errorf("%+v", facts)
	}
}

// TestResolvedMeanwhile: a page that was made and resolved before we knew of it is
// not made again.
func TestResolvedMeanwhile(t *testing.T) {
	d := newDesk(t, full())
	d.fault("lost_answer", "POST /incidents", 1)
	if _, err := d.page(answers, ""); err == nil {
		t.Fatal("the answer was not lost")
	}
	id := d.ws.PagerDutyIncidents()[0].ID
	d.elsewhere("PUT", "/incidents/"+id, `{"incident":{"type":"incident","status":"resolved"}}`)
	facts := d.do(effect.Page{N: 1})
	if len(d.ws.PagerDutyIncidents()) != 1 || len(facts) != 1 || facts[0].(incident.Paged).Key != id {
		t.Errorf("%+v, %+v", facts, d.ws.PagerDutyIncidents())
	}
}

// TestResolvedInBetween: somebody resolves it there between our look and our deed:
// then there is nothing left to do, and nothing to tell.
func TestResolvedInBetween(t *testing.T) {
	d := newDesk(t, full())
	id := d.alert("PSVC001", "Slow")
	d.record(incident.Resolved{})
	d.rules.instead = func(method, path string) *canned {
		if method == http.MethodPut {
			d.elsewhere("PUT", path, `{"incident":{"type":"incident","status":"resolved"}}`)
		}
		return nil
	}
	if facts := d.do(effect.SyncPager{}); len(facts) > 0 || d.shown(id).Status != "resolved" {
		t.Errorf("%+v, %+v", facts, d.shown(id))
	}
}

// TestKeyInUse: a page whose key is open already is that page, even when the
// attempt that made it is not remembered.
func TestKeyInUse(t *testing.T) {
	d := newDesk(t, full())
	paged, err := d.page(answers, "")
	must(t, err)
	d.events, d.tries = d.events[:2], map[string]*bot.Job{} // only that it was asked for
	again := d.do(effect.Page{N: 1})
	if len(again) != 1 || again[0] != paged || len(d.ws.PagerDutyIncidents()) != 1 {
		t.Errorf("%+v, want %+v", again, paged)
	}
}

// TestRestoredCountsAgain: the record was restored from a backup that knows of no page. The
// next one has the number of one that PagerDuty remembers, and goes out like any other.
func TestRestoredCountsAgain(t *testing.T) {
	for name, test := range map[string]struct {
		first, second incident.PageTarget
		over          bool // the first was resolved
		alerted       bool // both are responders of another
		lost          string
	}{
		"still open":     {first: dina, second: platform, lost: "POST /incidents"},
		"resolved since": {first: dina, second: dina, over: true, lost: "POST /incidents"},
		"by event":       {first: anybody, second: anybody},
		"a responder":    {first: dina, second: dina, alerted: true, lost: "POST /incidents/{id}/responder_requests"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, full())
				if test.alerted {
					d.alert("PSVC001", "Slow")
				}
				known := len(d.events)
				first, err := d.page(test.first, "first")
				must(t, err)
				if test.over {
					d.record(incident.Resolved{})
					d.do(effect.SyncPager{})
				}
				<-time.After(72 * time.Hour)
				d.events, d.tries = d.events[:known], map[string]*bot.Job{}
				if test.lost == "" {
					_, err = d.page(test.second, "second")
					must(t, err)
				} else {
					d.fault("lost_request", test.lost, 1)
					if paged, err := d.page(test.second, "second"); err == nil {
						t.Fatalf("%+v, with its request lost", paged)
					}
					<-time.After(quiet)
					if facts := d.do(effect.Page{N: 1}); len(facts) != 1 || facts[0].(incident.Paged).To != test.second {
						t.Errorf("%+v", facts)
					}
				}
				pages := len(d.ws.PagerDutyIncidents())
				if test.alerted {
					pages = len(d.shown(first.Key).Responders)
				}
				if pages != 2 {
					t.Errorf("%d pages went out: %+v", pages, d.ws.PagerDutyIncidents())
				}
			})
		})
	}
}

// TestHalfTold: with several incidents the second attempt tells only those that
// were not told.
func TestHalfTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, full())
		d.alert("PSVC001", "Slow")
		d.alert("PSVC002", "Slow too")
		told := effect.TellPager{Text: "Rolled back"}
		d.record(incident.Noted{Text: "Rolled back"}, incident.Noted{Text: "Rolled back"})
		d.do(told) // an hour ago, in the same words
		<-time.After(time.Hour)
		d.rules.writes()
		for _, kind := range []string{"lost_answer", "lost_request"} {
			d.fault(kind, "POST /incidents/{id}/notes", 1)
			if _, err := d.try(told); err == nil {
				t.Fatalf("%s: told at once", kind)
			}
			<-time.After(quiet)
		}
		d.do(told)
		want := []string{"[INC-7] Rolled back", "[INC-7] Rolled back"}
		for _, inc := range d.ws.PagerDutyIncidents() {
			if !reflect.DeepEqual(inc.Notes, want) {
				t.Errorf("%+v", inc)
			}
		}
		if n := len(d.rules.writes()); n != 3 {
			t.Errorf("%d attempts at notes, want 3: two that failed and one more", n)
		}
	})
}

// TestRateLimit: one 429 has every REST call wait, without asking PagerDuty, as
// long as it named; events have a limit of their own.
func TestRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, full())
		d.alert("PSVC001", "Slow")
		must(t, d.ws.Fault(sandbox.Fault{Kind: "rate_limited", Method: "pagerduty/POST /incidents/{id}/notes", Times: 1, RetryAfter: 23}))
		if _, err := d.try(effect.TellPager{Text: "Rolled back"}); !later(err, 23*time.Second, "rate limit") {
			t.Fatalf("%v", err)
		}
		<-time.After(3 * time.Second)
		d.rules.writes()
		if _, err := d.try(effect.SyncPager{}); !later(err, 20*time.Second, "rate limit") {
			t.Errorf("%v", err)
		}
		if _, err := d.OnCall(t.Context(), ""); !later(err, 20*time.Second, "rate limit") {
			t.Errorf("%v", err)
		}
		if _, err := d.page(anybody, ""); err != nil {
			t.Errorf("an event has another limit: %v", err)
		}
		if writes := d.rules.writes(); len(writes) != 1 || !strings.HasPrefix(writes[0], "POST /v2/enqueue") {
			t.Errorf("%q", writes)
		}
		<-time.After(20 * time.Second)
		d.do(effect.TellPager{Text: "Rolled back"})
	})
}

// TestUsedUp: when the answer says that nothing is left, the next call waits
// before PagerDuty has to refuse it.
func TestUsedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, full())
		var refused int
		for refused == 0 {
			if err := d.Refresh(t.Context()); err != nil {
				if refused++; !later(err, time.Minute, "rate limit") {
					t.Errorf("%v", err)
				}
			}
		}
		for name, n := range d.ws.Counts() {
			if n.Limited > 0 {
				t.Errorf("%s was answered 429 %d times", name, n.Limited)
			}
		}
	})
}
