package pagerduty_test

import (
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
)

// promises is the table of the package comment: what comes of each call.
func promises(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("doc.go")
	must(t, err)
	_, table, _ := strings.Cut(string(text), "//\tcall  ")
	table, _, _ = strings.Cut(table, "\n//\n")
	done := map[string]string{}
	for _, line := range strings.Split(table, "\n")[1:] {
		cells := strings.Split(strings.TrimPrefix(line, "//\t"), "|")
		if len(cells) != 4 {
			t.Fatalf("%q is no row of the table", line)
		}
		done[strings.TrimSpace(cells[0])] = strings.TrimSpace(cells[3])
	}
	return done
}

// kinds are the ways in which an attempt can end without anybody knowing how.
var kinds = []sandbox.Fault{
	{Kind: "lost_answer"}, {Kind: "lost_request"}, {Kind: "broken_answer"}, {Kind: "server_error"}, {Kind: "internal_error"}, {Kind: "reset"},
	{Kind: "late", DelayMS: 12_000},
	{Kind: "slow", DelayMS: 12_000}, // done two seconds after our time-out
}

// TestOneTrace: whatever becomes of the first attempt at a call, and then of the
// first look for it, there is one trace in the end, and the same facts are told as
// after an attempt that nothing befell. The table of the package comment says of which
// calls; one without a story fails.
func TestOneTrace(t *testing.T) {
	stories := writes()
	for call, done := range promises(t) {
		told := slices.ContainsFunc(slices.Collect(maps.Values(stories)), func(w write) bool { return w.call == call })
		if done == "once" && !told && !strings.HasSuffix(call, "/enable") {
			t.Errorf("%s is in the table, and no story is told of it", call)
		}
	}
	for name, w := range stories {
		for _, kind := range append([]sandbox.Fault{{}}, kinds...) {
			t.Run(w.call+"/"+name+"/"+kind.Kind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { oneTrace(t, w, kind) })
			})
		}
	}
}

func oneTrace(t *testing.T, w write, kind sandbox.Fault) {
	d := newDesk(t, full())
	e := w.story(d)
	if kind.Kind != "" {
		kind.Method, kind.Times = "pagerduty/"+w.call, 1
		must(t, d.ws.Fault(kind))
		if facts, err := d.try(e); err == nil {
			t.Fatalf("the first attempt told %+v", facts)
		}
		<-time.After(quiet)
	}
	if look := w.look; look != "" && kind.Kind != "" {
		d.fault("lost_answer", look, 1)
		if facts, err := d.try(e); err == nil {
			t.Fatalf("the attempt that could not look told %+v", facts)
		}
		<-time.After(quiet)
	}
	facts := d.do(e)
	<-time.After(time.Minute) // what comes late has come
	if n := w.count(d); n != 1 {
		t.Errorf("%d traces: %+v", n, d.ws.PagerDutyIncidents())
	}
	if _, tells := e.(effect.TellPager); !tells && len(facts) == 0 {
		t.Error("nothing was told of it")
	}
}

// deaf is a desk whose PagerDuty stopped sending webhooks, because they were
// refused.
func deaf(t *testing.T) *desk {
	t.Helper()
	refuse := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) })
	ws := sandbox.New(sandbox.Options{PagerDutyURL: "http://tocsin/webhook/pagerduty", PagerDutySecret: "s", HTTP: sandbox.InProcess(refuse)})
	d := newDeskAt(t, full(), ws)
	for range 3 {
		d.made(`{"incident":{"type":"incident","title":"Slow","service":{"id":"PSVC001","type":"service_reference"},"urgency":"high"}}`)
	}
	<-time.After(time.Minute)
	if !ws.State().PagerDuty.Disabled {
		t.Fatal("PagerDuty still sends webhooks")
	}
	return d
}

// TestEnabledOnce: a subscription is enabled again whatever becomes of the first
// attempt, and that it was enabled already is no failure.
func TestEnabledOnce(t *testing.T) {
	for _, kind := range kinds {
		synctest.Test(t, func(t *testing.T) {
			d := deaf(t)
			kind.Method, kind.Times = "pagerduty/POST /webhook_subscriptions/{id}/enable", 1
			must(t, d.ws.Fault(kind))
			_, fix, err := d.Subscription(t.Context())
			must(t, err)
			if err := fix(t.Context()); err == nil {
				t.Errorf("%s: the first attempt came back well", kind.Kind)
			}
			must(t, fix(t.Context()))
			<-time.After(time.Minute)
			if enabled, fix, err := d.Subscription(t.Context()); !enabled || fix != nil || err != nil {
				t.Errorf("%s: enabled %v, %v", kind.Kind, enabled, err)
			}
		})
	}
}

// TestStoriesMakeEveryCall: all that the package can be asked for makes each call of
// the table, and none beside them.
func TestStoriesMakeEveryCall(t *testing.T) {
	called := map[string]bool{}
	note := func(d *desk) {
		for name := range d.ws.Counts() {
			called[strings.TrimPrefix(name, "pagerduty/")] = true
		}
	}
	synctest.Test(t, func(t *testing.T) {
		for _, w := range writes() {
			d := newDesk(t, full())
			e := w.story(d)
			d.fault("lost_answer", w.call, 1)
			_, _ = d.try(e)
			d.do(e)
			note(d)
		}
		d := deaf(t)
		_, fix, err := d.Subscription(t.Context())
		must(t, err)
		must(t, fix(t.Context()))
		d.Check(t.Context())
		_, err = d.OnCall(t.Context(), "")
		must(t, err)
		_, _, err = d.Changes(t.Context(), time.Now().Add(-time.Hour))
		must(t, err)
		note(d)
		nobody := full()
		nobody.From = ""
		d = newDesk(t, nobody)
		d.Check(t.Context())
		note(d)
	})
	want := slices.Sorted(maps.Keys(promises(t)))
	if got := slices.Sorted(maps.Keys(called)); !slices.Equal(got, want) {
		t.Errorf("the calls are\n%v, the table has\n%v", got, want)
	}
}

// TestDeleted: who or what is gone from PagerDuty cannot be paged, by a page of its
// own or as a responder: that is final, and says to page somebody else.
func TestDeleted(t *testing.T) {
	for _, kind := range []string{incident.TargetUser, incident.TargetService, incident.TargetPolicy} {
		for _, alerted := range []bool{false, true} {
			d := newDesk(t, full())
			if alerted {
				d.alert("PSVC001", "Slow")
			}
			_, err := d.page(incident.PageTarget{Kind: kind, ID: "PGONE", Name: "Gone"}, "")
			if !final(err, "Page somebody else") {
				t.Errorf("%s, alerted %v: %v, want a Final", kind, alerted, err)
			}
		}
	}
}
