package sandbox_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot/sandbox"
)

// TestHooksAreTriedAgain: what answers nothing, 5xx or 429 gets the same webhook later; what follows
// waits for it, and other incidents do not.
func TestHooksAreTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t, sandbox.Options{})
		a.hooks.answer(503, 429, 0, 500)
		began := time.Now()
		id := a.incident(t, "one")
		synctest.Wait()
		a.put(t, id, `"status":"resolved"`)
		wait(t, 900*time.Millisecond)
		if got := a.hooks.kinds(); got != "triggered" {
			t.Errorf("before a second has passed: %s", got)
		}
		wait(t, 20*time.Second) // 1 s, 2 s, then 5 s without an answer and 4 s, then 8 s
		got := a.hooks.take()
		ids := map[string]bool{}
		var after []string
		for _, h := range got {
			ids[h.id] = true
			after = append(after, h.at.Sub(began).String())
		}
		if strings.Join(after, " ") != "1s 3s 12s 20s 20s" {
			t.Errorf("tried again after %v", after)
		}
		if len(got) != 5 || len(ids) != 2 || got[4].event["event_type"] != "incident.resolved" {
			t.Errorf("after %v: %d webhooks, %d ids", time.Since(began), len(got), len(ids))
		}
		var errors []string
		for _, d := range a.State().Deliveries {
			if d.Kind == "pagerduty" {
				errors = append(errors, d.Error)
			}
		}
		if strings.Join(errors, "|") != "Service Unavailable|Too Many Requests|no answer|Internal Server Error||" {
			t.Errorf("on record: %q", errors)
		}
	})
}

// TestHooksOfOtherIncidentsGoOn: the queue is an incident's.
func TestHooksOfOtherIncidentsGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t, sandbox.Options{})
		a.hooks.answer(503)
		a.incident(t, "one")
		synctest.Wait()
		a.incident(t, "two")
		synctest.Wait()
		if got := a.hooks.take(); len(got) != 2 || got[1].event["data"].(m)["title"] != "two" {
			t.Errorf("at once: %v", got)
		}
		wait(t, 1100*time.Millisecond)
		if got := a.hooks.take(); len(got) != 1 || got[0].event["data"].(m)["title"] != "one" {
			t.Errorf("a second later: %v", got)
		}
	})
}

// TestHooksAreDropped: another 4xx drops a webhook; three in a row disable the subscription and drop
// what waits, until it is enabled.
func TestHooksAreDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t, sandbox.Options{})
		disabled := func() any {
			_, _, out := a.ask(t, "GET", "/webhook_subscriptions/PWHSBX1", "", nil)
			return out["webhook_subscription"].(m)["delivery_method"].(m)["temporarily_disabled"]
		}
		a.hooks.answer(401, 400, 202, 401, 401)
		waiting := a.incident(t, "two drops, then one taken, then two drops")
		for range 4 {
			a.PagerAct(ctx(t), sandbox.PagerAct{Incident: waiting, Act: "note", Note: "n"})
		}
		wait(t, time.Minute)
		if got := len(a.hooks.take()); got != 5 || disabled() != false {
			t.Errorf("%d attempts, disabled %v", got, disabled())
		}
		a.hooks.answer(503)
		slow := a.incident(t, "has to be tried again")
		synctest.Wait()
		a.hooks.answer(404)
		a.incident(t, "the third drop")
		synctest.Wait()
		if disabled() != true {
			t.Error("three drops one after the other did not disable the subscription")
		}
		a.put(t, slow, `"status":"resolved"`)
		wait(t, time.Minute)
		if got := a.hooks.kinds(); got != "triggered triggered" {
			t.Errorf("disabled, it still had: %s", got)
		}
		if status, _, out := a.ask(t, "POST", "/webhook_subscriptions/PWHSBX1/enable", "", nil); status != http.StatusOK || disabled() != false {
			t.Errorf("enable: %d %v", status, out)
		}
		a.incident(t, "after")
		a.PagerAct(ctx(t), sandbox.PagerAct{Incident: slow, Act: "note", Note: "n"})
		wait(t, time.Minute)
		if got := a.hooks.kinds(); got != "triggered annotated" && got != "annotated triggered" {
			t.Errorf("enabled again: %s", got)
		}
	})
}

// TestHooksComeBackByThemselves: a disabled subscription is enabled after a day.
func TestHooksComeBackByThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t, sandbox.Options{})
		a.hooks.answer(400, 400, 400)
		for range 3 {
			a.incident(t, "dropped")
			synctest.Wait()
		}
		a.hooks.take()
		a.incident(t, "nobody hears")
		wait(t, 24*time.Hour)
		a.incident(t, "the next day")
		synctest.Wait()
		if got := a.hooks.take(); len(got) != 1 || got[0].event["data"].(m)["title"] != "the next day" {
			t.Errorf("the next day: %v", got)
		}
	})
}

// TestHooksGiveUp: after 48 hours without an answer a webhook is dropped, and what follows goes on.
func TestHooksGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t, sandbox.Options{})
		statuses := make([]int, 2881) // six waits of 63 s, one a minute after that
		for i := range statuses {
			statuses[i] = 503
		}
		a.hooks.answer(statuses...)
		id := a.incident(t, "nobody is there")
		a.put(t, id, `"status":"resolved"`)
		wait(t, 49*time.Hour)
		if got := a.hooks.kinds(); !strings.HasSuffix(got, "triggered resolved") {
			t.Errorf("in the end: …%s", got[max(0, len(got)-40):])
		}
	})
}

// TestHookFaults: twice, in the wrong order, late; the id tells that they are the same.
func TestHookFaults(t *testing.T) {
	for _, test := range []struct {
		fault sandbox.Fault
		want  string
		soon  int // webhooks at once
	}{
		{sandbox.Fault{Kind: "duplicate_delivery", Method: "pagerduty", Times: 1}, "triggered triggered acknowledged resolved", 4},
		{sandbox.Fault{Kind: "reordered_delivery", Method: "pagerduty", Times: 1}, "acknowledged triggered resolved", 0},
		{sandbox.Fault{Kind: "late_delivery", Method: "pagerduty", Times: 1, DelayMS: 500}, "triggered acknowledged resolved", 0},
		{sandbox.Fault{Kind: "duplicate_delivery", Method: "events_api", Times: 1}, "triggered acknowledged resolved", 3},
	} {
		t.Run(test.fault.Kind+" "+test.fault.Method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAccount(t, sandbox.Options{})
				must(t, a.Fault(test.fault))
				id := a.incident(t, "x")
				synctest.Wait()
				a.put(t, id, `"status":"acknowledged"`)
				a.put(t, id, `"status":"resolved"`)
				synctest.Wait()
				soon := a.hooks.take()
				wait(t, 2*time.Second)
				var got []string
				ids := map[string]bool{}
				for _, h := range append(soon, a.hooks.take()...) {
					got = append(got, strings.TrimPrefix(text(h.event["event_type"]), "incident."))
					ids[h.id] = true
				}
				if strings.Join(got, " ") != test.want || len(soon) != test.soon || len(ids) != 3 {
					t.Errorf("%d at once, then %v with %d ids; want %s", len(soon), got, len(ids), test.want)
				}
			})
		})
	}
}
