package sandbox_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot/sandbox"
)

// enqueue sends an event without any header but the type.
func (a *account) enqueue(t *testing.T, body string) (int, m) {
	t.Helper()
	status, _, out := a.ask(t, "POST", "/v2/enqueue", body, map[string]string{"Authorization": "", "Accept": "", "From": ""})
	return status, out
}

func alert(action, key, more string) string {
	return `{"routing_key":"` + sandbox.RoutingKey + `","event_action":"` + action + `","dedup_key":"` + key + `"` + more + `}`
}

const payload = `,"client":"Prometheus","payload":{"summary":"529 overloaded","source":"gateway-1","severity":"critical"}`

// TestEventsStory: one incident a key while it is open; what has no open alert is dropped.
func TestEventsStory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t, sandbox.Options{})
		for _, step := range []struct {
			body      string
			incidents int
			status    string // of the last
			told      string
		}{
			{alert("resolve", "disk", ""), 0, "", ""},
			{alert("trigger", "disk", payload), 1, "triggered", "triggered"},
			{alert("trigger", "disk", payload), 1, "triggered", ""},
			{alert("acknowledge", "disk", ""), 1, "acknowledged", "acknowledged"},
			{alert("acknowledge", "disk", ""), 1, "acknowledged", ""},
			{alert("trigger", "other", strings.Replace(payload, "critical", "info", 1)), 2, "triggered", "triggered"},
			{alert("resolve", "other", ""), 2, "resolved", "resolved"},
			{alert("trigger", "other", payload), 3, "triggered", "triggered"},
		} {
			status, out := a.enqueue(t, step.body)
			if status != http.StatusAccepted || out["status"] != "success" || out["dedup_key"] == "" {
				t.Errorf("%s: %d %v", step.body, status, out)
			}
			synctest.Wait()
			hooks := a.hooks.take()
			var told string
			for _, h := range hooks {
				told += strings.TrimPrefix(text(h.event["event_type"]), "incident.")
				if agent := h.event["agent"].(m); agent["type"] != "events_api_v2_inbound_integration_reference" {
					t.Errorf("%s: agent %v", step.body, agent)
				}
			}
			all := a.PagerDutyIncidents()
			if len(all) != step.incidents || told != step.told || (len(all) > 0 && all[len(all)-1].Status != step.status) {
				t.Errorf("%s: %+v, told %q", step.body, all, told)
			}
		}
		all := a.PagerDutyIncidents()
		if all[0].Urgency != "high" || all[1].Urgency != "low" || all[0].Service != "answers-api" || all[0].Key != "disk" || all[0].Title != "529 overloaded" {
			t.Errorf("incidents: %+v", all)
		}
		if status, out := a.enqueue(t, strings.Replace(alert("trigger", "", payload), `"dedup_key":"",`, "", 1)); status != http.StatusAccepted || len(text(out["dedup_key"])) != 32 {
			t.Errorf("without a key: %d %v", status, out)
		}
	})
}

func TestEventsStrict(t *testing.T) {
	a := newAccount(t, sandbox.Options{})
	for body, why := range map[string]string{
		"{":  "JSON",
		"{}": "'event_action' is missing or blank",
		`{"routing_key":"short","event_action":"resolve","dedup_key":"k"}`:                              "Length of 'routing_key' is incorrect (should be 32 characters)",
		strings.Replace(alert("resolve", "k", ""), "001a", "999a", 1):                                   "no integration",
		alert("open", "k", payload):                                                                     "must be one of: trigger acknowledge resolve",
		alert("resolve", "", ""):                                                                        "'dedup_key' is missing",
		alert("trigger", strings.Repeat("k", 256), payload):                                             "maximum is 255",
		alert("trigger", "k", ""):                                                                       "'payload' is missing",
		alert("trigger", "k", `,"payload":{"source":"s","severity":"info"}`):                            "'payload.summary' is missing",
		alert("trigger", "k", `,"payload":{"summary":"s","severity":"info"}`):                           "'payload.source' is missing",
		alert("trigger", "k", `,"payload":{"summary":"s","source":"s"}`):                                "'payload.severity' is missing",
		alert("trigger", "k", strings.Replace(payload, "critical", "sev1", 1)):                          "must be one of: critical error warning info",
		alert("trigger", "k", strings.Replace(payload, "529 overloaded", strings.Repeat("x", 1025), 1)): "maximum is 1024",
	} {
		status, out := a.enqueue(t, body)
		var all []string
		list, _ := out["errors"].([]any)
		for _, e := range list {
			all = append(all, text(e))
		}
		if status != http.StatusBadRequest || out["status"] != "invalid event" || out["message"] != "Event object is invalid" || !strings.Contains(strings.Join(all, "\n"), why) {
			t.Errorf("%.120s: %d %v, want %s", body, status, out, why)
		}
	}
	if n := len(a.PagerDutyIncidents()); n != 0 {
		t.Errorf("%d incidents of events that were refused", n)
	}
}

// TestEventsRate: 120 a minute for one key; another key has its own.
func TestEventsRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t, sandbox.Options{})
		for range 120 {
			if status, out := a.enqueue(t, alert("trigger", "k", payload)); status != http.StatusAccepted {
				t.Fatal(status, out)
			}
		}
		if status, out := a.enqueue(t, alert("trigger", "k", payload)); status != 429 || out["status"] != "throttle exceeded" {
			t.Errorf("event 121: %d %v", status, out)
		}
		if status, _ := a.enqueue(t, strings.Replace(alert("trigger", "k", payload), "001a", "002a", 1)); status != http.StatusAccepted {
			t.Errorf("another service: %d", status)
		}
		wait(t, time.Minute)
		if status, _ := a.enqueue(t, alert("trigger", "k", payload)); status != http.StatusAccepted {
			t.Errorf("a minute later: %d", status)
		}
	})
}
