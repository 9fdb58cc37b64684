package sandbox_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"tocsin/bot/sandbox"
)

// TestPagerDutyByREST: what is done by REST is told by webhook, in order, with who did it.
func TestPagerDutyByREST(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t, sandbox.Options{})
		id := a.incident(t, "Answers cut off")
		if inc := a.put(t, id, `"status":"acknowledged","priority":{"id":"PPRIOR1","type":"priority_reference"}`); inc["status"] != "acknowledged" || inc["priority"].(m)["name"] != "P1" {
			t.Errorf("changed: %v", inc)
		}
		a.put(t, id, `"priority":null`)
		a.put(t, id, `"escalation_level":2`)
		a.put(t, id, `"escalation_policy":{"id":"PEPLATF","type":"escalation_policy_reference"}`)
		if inc := a.put(t, id, `"assignments":[{"assignee":{"id":"PUSRDIN","type":"user_reference"}}]`); inc["assigned_via"] != "direct_assignment" {
			t.Errorf("assigned: %v", inc)
		}
		for path, body := range map[string]string{
			"notes":              `{"note":{"content":"rolled back"}}`,
			"status_updates":     `{"message":"A fix is on its way"}`,
			"responder_requests": `{"requester_id":"PUSRADA","message":"Please help","responder_request_targets":[{"responder_request_target":{"id":"PEPLATF","type":"escalation_policy_reference"}}]}`,
		} {
			if status, _, out := a.ask(t, "POST", "/incidents/"+id+"/"+path, body, nil); status != http.StatusOK {
				t.Errorf("%s: %d %v", path, status, out)
			}
			synctest.Wait()
			got := a.hooks.take()
			if last := got[len(got)-1].event; last["data"].(m)["incident"].(m)["id"] != id || last["agent"].(m)["summary"] != "Ada Okafor" {
				t.Errorf("%s: %v", path, last)
			}
		}
		a.put(t, id, `"status":"resolved"`)
		synctest.Wait()
		if got := a.hooks.kinds(); got != "resolved" {
			t.Errorf("in the end: %s", got)
		}
		got := a.PagerDutyIncidents()[0]
		if got.Status != "resolved" || got.Notes[0] != "rolled back" || got.Updates[0] != "A fix is on its way" || got.Responders[0] != "Mei Chen: pending" {
			t.Errorf("in the end: %+v", got)
		}
	})
}

// TestPagerDutyTellsInOrder: one webhook for every part of a change, in the order of the acts.
func TestPagerDutyTellsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t, sandbox.Options{})
		id := a.incident(t, "Answers cut off")
		a.put(t, id, `"status":"acknowledged","priority":{"id":"PPRIOR1","type":"priority_reference"}`)
		a.put(t, id, `"priority":null,"escalation_level":2`)
		a.put(t, id, `"escalation_policy":{"id":"PEPLATF","type":"escalation_policy_reference"}`)
		a.put(t, id, `"assignments":[{"assignee":{"id":"PUSRDIN","type":"user_reference"}}]`)
		act := func(user, act string) {
			t.Helper()
			_, err := a.PagerAct(ctx(t), sandbox.PagerAct{User: user, Incident: id, Act: act, Note: "n"})
			must(t, err)
		}
		act("", "note")
		act("dina@example.com", "resolve")
		act("", "reopen")
		synctest.Wait()
		hooks := a.hooks.take()
		var got []string
		for _, h := range hooks {
			got = append(got, strings.TrimPrefix(text(h.event["event_type"]), "incident.")+"/"+text(h.event["agent"].(m)["summary"]))
			if h.id != h.event["id"] {
				t.Errorf("X-Webhook-Id %s of the event %s", h.id, h.event["id"])
			}
		}
		want := "triggered/Ada Okafor priority_updated/Ben Ortiz acknowledged/Ben Ortiz priority_updated/Ben Ortiz escalated/Ben Ortiz " +
			"delegated/Ben Ortiz reassigned/Ben Ortiz annotated/Mei Chen resolved/Dina Weiss reopened/Mei Chen"
		if strings.Join(got, " ") != want {
			t.Errorf("webhooks:\n%s\nwant\n%s", strings.Join(got, " "), want)
		}
		if _, err := a.PagerAct(ctx(t), sandbox.PagerAct{Incident: id, Act: "reopen"}); err == nil || !strings.Contains(err.Error(), "is triggered") {
			t.Errorf("reopened twice: %v", err)
		}
	})
}
