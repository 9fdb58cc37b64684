package pagerduty_test

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/bot/pagerduty"
)

// storm has PagerDuty alert n times, no faster than it lets anybody.
func (d *desk) storm(n int) {
	for i := range n {
		d.alert("PSVC001", fmt.Sprint("Slow ", i))
		if i%500 == 499 {
			<-time.After(2 * time.Minute)
		}
	}
	d.rules.writes()
}

// insist attempts an effect until it is done with, as bot's worker does, and tells
// all facts and how long it took.
func (d *desk) insist(e effect.Effect) (facts []incident.Fact, took time.Duration) {
	d.t.Helper()
	begun := time.Now()
	for range 100 {
		some, err := d.try(e)
		var l *bot.Later
		switch {
		case err == nil:
			return append(facts, some...), time.Since(begun)
		case errors.As(err, &l):
			facts = append(facts, l.Facts...)
			d.record(l.Facts...)
			<-time.After(l.After)
		default:
			<-time.After(quiet)
		}
	}
	d.t.Fatalf("it never ends; %d facts by now", len(facts))
	return nil, 0
}

// puts counts the changes of each incident since the last time.
func (d *desk) puts() map[string]int {
	puts := map[string]int{}
	for _, w := range d.rules.writes() {
		if path, ok := strings.CutPrefix(w, "PUT /incidents/"); ok {
			id, _, _ := strings.Cut(path, " ")
			puts[id]++
		}
	}
	return puts
}

// TestSyncOfAStorm: a thousand of PagerDuty's incidents are brought up to date
// within minutes, each changed once and told once; when all is well already, that
// is found out as fast.
func TestSyncOfAStorm(t *testing.T) {
	const n = 1000
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, full())
		d.storm(n)
		for _, step := range []struct {
			fact    incident.Fact
			changes int
		}{
			{incident.SeverityChanged{From: incident.SEV2, To: incident.SEV1}, n}, {incident.Mitigated{}, 0}, {incident.Resolved{}, n},
		} {
			<-time.After(2 * time.Minute)
			d.record(step.fact)
			facts, took := d.insist(effect.SyncPager{})
			told := map[incident.Fact]bool{}
			for _, f := range facts {
				told[f] = true
			}
			puts := d.puts()
			if len(puts) != step.changes || len(facts) != step.changes || len(told) != step.changes || took > 5*time.Minute {
				t.Errorf("%T: %d changed, %d facts, %d of them different, in %v", step.fact, len(puts), len(facts), len(told), took)
			}
			for id, times := range puts {
				if times != 1 {
					t.Fatalf("%T: %s is changed %d times", step.fact, id, times)
				}
			}
		}
		for _, inc := range d.ws.PagerDutyIncidents() {
			if inc.Status != "resolved" || inc.Priority != "P1" {
				t.Fatalf("%+v", inc)
			}
		}
	})
}

// TestSyncInParts: however much there is to change, what one attempt did is told
// after a hundred changes; a new process goes on from there.
func TestSyncInParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, full())
		d.storm(250)
		d.record(incident.Resolved{})
		for _, want := range []int{100, 100, 50} {
			facts, err := d.try(effect.SyncPager{})
			if l, ok := errors.AsType[*bot.Later](err); ok {
				facts = l.Facts
				d.record(facts...)
				<-time.After(l.After)
			}
			if len(facts) != want || len(d.puts()) != want || (err == nil) != (want == 50) {
				t.Errorf("%d facts, want %d: %v", len(facts), want, err)
			}
			d.Performer = pagerduty.NewPerformer(d.Client)
		}
	})
}

// TestSyncInterrupted: what was done before something went wrong is told once,
// whatever it was, and is not done again.
func TestSyncInterrupted(t *testing.T) {
	for _, kind := range []string{"rate_limited", "lost_answer", "lost_request", "internal_error"} {
		for _, change := range []incident.Fact{incident.Resolved{}, incident.SeverityChanged{To: incident.SEV1}} {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, full())
				first, second := d.alert("PSVC001", "Slow"), d.alert("PSVC002", "Slow too")
				d.record(change)
				d.rules.instead = func(method, path string) *canned {
					if method == http.MethodPut && strings.HasSuffix(path, second) {
						d.rules.instead = nil
						d.fault(kind, "PUT /incidents/{id}", 1)
					}
					return nil
				}
				facts, _ := d.insist(effect.SyncPager{})
				told := 0
				for _, f := range facts {
					if f.(incident.PagerSynced).Key == first {
						told++
					}
				}
				if n := d.puts()[first]; told != 1 || n != 1 {
					t.Errorf("%s: %T: the first changed %d times: %+v", kind, change, n, facts)
				}
			})
		}
	}
}

// TestSyncPastWhatIsGone: what PagerDuty has no more, or has since long before, keeps
// nothing else from being brought up to date.
func TestSyncPastWhatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, full())
		old := d.made(`{"incident":{"type":"incident","title":"Old","service":{"id":"PSVC001","type":"service_reference"}}}`)
		<-time.After(48 * time.Hour)
		d.events = nil
		d.record(incident.Declared{Title: "Answers are slow", Severity: incident.SEV2})
		for _, key := range []string{"QGONE", old} {
			d.record(incident.Signaled{Source: "pagerduty", State: incident.StateFiring, Key: key})
		}
		d.storm(20)
		d.record(incident.Resolved{})
		if facts := d.do(effect.SyncPager{}); len(facts) != 21 || len(d.puts()) != 21 {
			t.Errorf("%d facts, want 21: %+v", len(facts), facts)
		}
	})
}

// TestSyncInAnEndlessList: where PagerDuty lists more than it gives, what was not found
// there is read one by one, and everything is resolved.
func TestSyncInAnEndlessList(t *testing.T) {
	const n = 101
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, full())
		d.storm(n)
		d.record(incident.Resolved{})
		foreign := `{"incidents":[` + strings.Repeat(`{"id":"QOTHER","type":"incident","status":"triggered"},`, 99) + `{"id":"QOTHER","type":"incident","status":"triggered"}],"more":true}`
		d.rules.instead = func(method, path string) *canned {
			if method == http.MethodGet && path == "/incidents" {
				return &canned{status: http.StatusOK, body: foreign}
			}
			return nil
		}
		facts, _ := d.insist(effect.SyncPager{})
		if len(facts) != n || len(d.puts()) != n {
			t.Errorf("%d facts, want %d", len(facts), n)
		}
		for _, inc := range d.ws.PagerDutyIncidents() {
			if inc.Status != "resolved" {
				t.Fatalf("%+v", inc)
			}
		}
	})
}

// TestSyncKnowsWhatIsOver: nothing is asked about alerts that are known to be
// resolved when there is nothing left but to resolve.
func TestSyncKnowsWhatIsOver(t *testing.T) {
	d := newDesk(t, full())
	over, open := d.alert("PSVC001", "Slow"), d.alert("PSVC002", "Slow too")
	d.record(incident.Signaled{Source: "pagerduty", Event: "incident.resolved", State: incident.StateResolved, Key: over}, incident.Resolved{})
	d.rules.writes()
	d.rules.instead = func(_, path string) *canned {
		if strings.HasSuffix(path, over) {
			t.Error("asked about what is known to be resolved")
		}
		return nil
	}
	want := []incident.Fact{incident.PagerSynced{Key: open, State: incident.StateResolved}}
	if facts := d.do(effect.SyncPager{}); !reflect.DeepEqual(facts, want) {
		t.Errorf("%+v, want %+v", facts, want)
	}
}
