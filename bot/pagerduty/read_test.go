package pagerduty_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
)

// read is a call that changes nothing, and what asks for it: the answer, in words.
type read struct {
	call string
	ask  func(*desk) (string, error)
	from string // in whose name; "me": whose token it is
}

func reads() []read {
	told := func(v any, err error) (string, error) { return fmt.Sprintf("%+v", v), err }
	check := func(d *desk) (string, error) {
		if problems := d.Check(d.t.Context()); len(problems) > 0 {
			return "", errors.New(strings.Join(problems, "; "))
		}
		return "all is well", nil
	}
	target := func(name string) func(*desk) (string, error) {
		return func(d *desk) (string, error) { return told(d.Targets(d.t.Context(), name)) }
	}
	// performed asks by an effect, and answers with what PagerDuty then has.
	performed := func(e effect.Effect) func(*desk) (string, error) {
		return func(d *desk) (string, error) {
			_, err := d.try(e)
			return fmt.Sprintf("%+v", d.ws.PagerDutyIncidents()), err
		}
	}
	// again asks by the second attempt at an effect whose first was lost.
	again := func(e effect.TellPager, path string) func(*desk) (string, error) {
		lost := map[*desk]bool{}
		return func(d *desk) (string, error) {
			if !lost[d] {
				lost[d] = true
				d.fault("lost_answer", "POST /incidents/{id}/"+path, 1)
				if _, err := d.try(e); err == nil {
					d.t.Error("it was answered")
				}
			}
			return performed(e)(d)
		}
	}
	return []read{
		{call: "GET /abilities", ask: check},
		{call: "GET /users", ask: check},
		{call: "GET /users", ask: target("Dina Weiss")},
		{call: "GET /users/me", ask: check, from: "me"},
		{call: "GET /services", ask: target("answers-api")},
		{call: "GET /escalation_policies", ask: target("Platform")},
		{call: "GET /priorities", ask: performed(effect.Page{N: 1})},
		{call: "GET /oncalls", ask: func(d *desk) (string, error) { return told(d.OnCall(d.t.Context(), "")) }},
		{call: "GET /incidents", ask: func(d *desk) (string, error) {
			signals, _, err := d.Changes(d.t.Context(), start)
			return told(signals, err)
		}},
		{call: "GET /incidents/{id}", ask: performed(effect.SyncPager{})},
		{call: "GET /incidents/{id}/notes", ask: again(effect.TellPager{Text: "Rolled back"}, "notes")},
		{call: "GET /incidents/{id}/log_entries", ask: again(effect.TellPager{Text: "All is well", Update: true}, "status_updates")},
		{call: "GET /webhook_subscriptions", ask: func(d *desk) (string, error) {
			enabled, fix, err := d.Subscription(d.t.Context())
			return fmt.Sprint(enabled, fix == nil), err
		}},
	}
}

// start is before anything in a bubble.
var start = time.Date(1999, 12, 31, 23, 0, 0, 0, time.UTC)

// TestReadsAgain: a question whose answer does not come, in whichever way, is no answer;
// asked again it is answered as if nothing had been. The table of the package comment says
// of which calls.
func TestReadsAgain(t *testing.T) {
	all := reads()
	for call, done := range promises(t) {
		if done == "read" && !slices.ContainsFunc(all, func(r read) bool { return r.call == call }) {
			t.Errorf("%s is in the table, and nobody asks for it", call)
		}
	}
	for n, r := range all {
		want := ""
		for _, kind := range append([]sandbox.Fault{{}, {Kind: "rate_limited"}}, kinds...) {
			t.Run(fmt.Sprintf("%s/%d/%s", r.call, n, kind.Kind), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { want = readsAgain(t, r, kind, want) })
			})
		}
	}
}

// readsAgain wants an answer to be this one, or any if there is none to compare with.
func readsAgain(t *testing.T, r read, kind sandbox.Fault, want string) string {
	c := full()
	if r.from == "me" {
		c.From = ""
	}
	d := newDeskAt(t, c, sandbox.New(sandbox.Options{PagerDutyURL: "http://tocsin/webhook/pagerduty", HTTP: sandbox.InProcess(nobody())}))
	if r.call == "GET /incidents" || strings.Contains(r.call, "{id}") {
		d.alert("PSVC001", "Slow")
		d.record(incident.SeverityChanged{To: incident.SEV1, From: incident.SEV2})
	}
	d.record(incident.PageAsked{N: 1, To: answers})
	if kind.Kind != "" {
		kind.Method, kind.Times = "pagerduty/"+r.call, 1
		must(t, d.ws.Fault(kind))
		if got, err := r.ask(d); err == nil {
			t.Fatalf("what was not answered is taken for %s", got)
		}
		<-time.After(quiet)
	}
	got, err := r.ask(d)
	if err != nil || want != "" && got != want {
		t.Errorf("asked again: %v\n%s\nwant\n%s", err, got, want)
	}
	return got
}

// nobody takes every webhook, and does nothing with it.
func nobody() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
}
