package sandbox_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"

	"tocsin/bot/sandbox"
)

// pager is a workspace whose PagerDuty webhooks go to a receiver that keeps them.
func pager(t *testing.T) (*sandbox.Workspace, func() (http.Header, map[string]any)) {
	t.Helper()
	type hook struct {
		header http.Header
		body   []byte
	}
	got := make(chan hook, 100)
	ws := sandbox.New(sandbox.Options{
		PagerDutyURL: "http://app.test/webhook/pagerduty", PagerDutySecret: "s3cret",
		HTTP: sandbox.InProcess(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			mac := hmac.New(sha256.New, []byte("s3cret"))
			mac.Write(body)
			if r.Header.Get("X-PagerDuty-Signature") != "v1="+hex.EncodeToString(mac.Sum(nil)) {
				rw.WriteHeader(http.StatusUnauthorized)
				return
			}
			got <- hook{r.Header, body}
			rw.WriteHeader(http.StatusAccepted)
		})),
	})
	t.Cleanup(ws.Close)
	return ws, func() (http.Header, map[string]any) {
		h := <-got
		var body struct{ Event map[string]any }
		decode(t, h.body, &body)
		return h.header, body.Event
	}
}

// TestPagerDutyStory: events of one incident agree with each other.
func TestPagerDutyStory(t *testing.T) {
	ws, next := pager(t)
	fire := func(p sandbox.Page) sandbox.Paged {
		t.Helper()
		got, err := ws.PagerDuty(ctx(t), p)
		must(t, err)
		if !got.OK || got.Status != http.StatusAccepted {
			t.Fatalf("%+v: %+v", p, got)
		}
		return got
	}
	first := fire(sandbox.Page{Title: "529 overloaded", Service: "answers", Priority: "P2"})
	header, event := next()
	data := event["data"].(m)
	if event["event_type"] != "incident.triggered" || data["id"] != first.IncidentID || data["status"] != "triggered" || data["title"] != "529 overloaded" ||
		data["service"].(m)["summary"] != "answers" || data["priority"].(m)["summary"] != "P2" || data["urgency"] != "high" || header.Get("X-Webhook-Id") != event["id"] {
		t.Errorf("triggered: %v", event)
	}
	again := fire(sandbox.Page{ID: first.IncidentID})
	if _, repeated := next(); again.EventID != first.EventID || repeated["id"] != event["id"] {
		t.Errorf("the same page again is a new event: %+v", again)
	}
	for kind, status := range map[string]string{"incident.acknowledged": "acknowledged", "incident.resolved": "resolved", "incident.reopened": "triggered"} {
		fire(sandbox.Page{ID: first.IncidentID, EventType: kind, Agent: "Dina Weiss"})
		_, event := next()
		if data := event["data"].(m); data["status"] != status || data["title"] != "529 overloaded" || event["agent"].(m)["summary"] != "Dina Weiss" {
			t.Errorf("%s: %v", kind, event)
		}
	}
	fire(sandbox.Page{ID: first.IncidentID, EventType: "incident.priority_updated", Priority: "P1"})
	if _, event := next(); event["data"].(m)["priority"].(m)["summary"] != "P1" {
		t.Errorf("priority_updated: %v", event)
	}
	fire(sandbox.Page{ID: first.IncidentID, EventType: "incident.annotated", Note: "rolled back"})
	if _, event := next(); event["data"].(m)["content"] != "rolled back" || event["data"].(m)["incident"].(m)["id"] != first.IncidentID {
		t.Errorf("annotated: %v", event)
	}
	fire(sandbox.Page{Repeat: 2})
	_, one := next()
	_, two := next()
	_, three := next()
	if one["id"] != two["id"] || two["id"] != three["id"] {
		t.Errorf("repeats differ: %v %v %v", one["id"], two["id"], three["id"])
	}
	fire(sandbox.Page{EventType: "pagey.ping"})
	if _, event := next(); event["resource_type"] != "pagey" {
		t.Errorf("ping: %v", event)
	}
}

func TestPagerDutyWrong(t *testing.T) {
	ws, _ := pager(t)
	got, err := ws.PagerDuty(ctx(t), sandbox.Page{Secret: "wrong"})
	must(t, err)
	if got.OK || got.Status != http.StatusUnauthorized {
		t.Errorf("a wrong secret: %+v", got)
	}
	if _, err := ws.PagerDuty(ctx(t), sandbox.Page{EventType: "incident.exploded"}); err == nil || !strings.Contains(err.Error(), "incident.triggered") {
		t.Errorf("an unknown event: %v", err)
	}
	if _, err := newBench(t, sandbox.Options{}).PagerDuty(ctx(t), sandbox.Page{}); err == nil {
		t.Error("without a receiver there is no error")
	}
}
