package sandbox_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot/sandbox"
)

// TestPagesAreInREST: an incident that a page made can be asked for, changed and told of.
func TestPagesAreInREST(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t, sandbox.Options{})
		paged, err := a.PagerDuty(ctx(t), sandbox.Page{Title: "529 overloaded", Service: "a-new-service", Priority: "P2"})
		must(t, err)
		_, err = a.PagerDuty(ctx(t), sandbox.Page{ID: paged.IncidentID, EventType: "incident.annotated", Note: "called the provider", Agent: "Dina Weiss"})
		must(t, err)
		_, _, out := a.ask(t, "GET", "/incidents/"+paged.IncidentID, "", nil)
		inc := out["incident"].(m)
		if inc["title"] != "529 overloaded" || inc["service"].(m)["summary"] != "a-new-service" || inc["priority"].(m)["name"] != "P2" {
			t.Errorf("incident: %v", inc)
		}
		_, _, out = a.ask(t, "GET", "/incidents/"+paged.IncidentID+"/notes", "", nil)
		if notes := out["notes"].([]any); len(notes) != 1 || notes[0].(m)["content"] != "called the provider" || notes[0].(m)["user"].(m)["id"] != "PUSRDIN" {
			t.Errorf("notes: %v", out)
		}
		a.put(t, paged.IncidentID, `"status":"resolved","resolution":"it was the provider"`)
		synctest.Wait()
		if got := a.hooks.kinds(); got != "triggered annotated annotated resolved" {
			t.Errorf("webhooks: %s", got)
		}
		if open := a.State().PagerDuty.Open; open != 0 {
			t.Errorf("%d open", open)
		}
	})
}

// TestResponders: whoever is asked can answer, once.
func TestResponders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t, sandbox.Options{})
		id := a.incident(t, "x")
		body := `{"requester_id":"PUSRADA","message":"Please help","responder_request_targets":[{"responder_request_target":{"id":"PUSRDIN","type":"user_reference"}}]}`
		if status, _, out := a.ask(t, "POST", "/incidents/"+id+"/responder_requests", body, nil); status != http.StatusOK {
			t.Fatal(status, out)
		}
		for _, step := range []struct {
			user string
			ok   bool
		}{{"mei@example.com", false}, {"dina@example.com", true}, {"dina@example.com", false}} {
			if _, err := a.PagerAct(ctx(t), sandbox.PagerAct{User: step.user, Incident: id, Act: "accept"}); (err == nil) != step.ok {
				t.Errorf("%s: %v", step.user, err)
			}
		}
		synctest.Wait()
		got := a.hooks.take()
		last := got[len(got)-1].event
		if data := last["data"].(m); last["event_type"] != "incident.responder.replied" || data["state"] != "accepted" || data["user"].(m)["summary"] != "Dina Weiss" {
			t.Errorf("told: %v", last)
		}
		if _, _, out := a.ask(t, "GET", "/incidents/"+id, "", nil); out["incident"].(m)["incidents_responders"].([]any)[0].(m)["state"] != "accepted" {
			t.Errorf("incident: %v", out)
		}
	})
}

// TestPagerActsOverHTTP: the page's acts and the storm are HTTP calls that anybody can make.
func TestPagerActsOverHTTP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t, sandbox.Options{})
		id := a.incident(t, "x")
		for _, step := range []struct {
			path, body, want string
			status           int
		}{
			{"pagerduty/act", `{"incident":"` + id + `","act":"acknowledge"}`, `"ok":true`, 200},
			{"pagerduty/act", `{"incident":"` + id + `","act":"explode"}`, "the acts are acknowledge, resolve", 400},
			{"pagerduty/act", `{"act":"enable"}`, `"ok":true`, 200},
			{"storm", `{"alerts":10,"services":2,"over_ms":1000,"source":"pagerduty"}`, `"ok":10`, 200},
			{"storm", `{"alerts":-1}`, "give 1 to 100000", 400},
			{"alert", `{"source":"generic","body":{}}`, "no receiver", 400},
			{"fault", `{"kind":"limits"}`, `"ok":true`, 200},
		} {
			resp, err := a.Client().Post(sandbox.InProcessURL+"/sandbox/"+step.path, "application/json", strings.NewReader(step.body))
			must(t, err)
			body, err := io.ReadAll(resp.Body)
			must(t, err)
			resp.Body.Close()
			if resp.StatusCode != step.status || !strings.Contains(string(body), step.want) {
				t.Errorf("%s %s: %d %s", step.path, step.body, resp.StatusCode, body)
			}
		}
		wait(t, time.Minute)
		if got := a.PagerDutyIncidents(); len(got) != 11 || got[0].Status != "acknowledged" {
			t.Errorf("incidents: %+v", got)
		}
	})
}
