package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"tocsin/bot/sandbox"
)

// alertServices are what alerts are about: few, so that most belong together.
var alertServices = []string{"chat-api", "search", "gateway"}

// monitors make a body in the form of a source, of an alert of its own.
var monitors = map[string]func(token, service string) any{
	"alertmanager": func(token, service string) any { return prometheusBody("4", token, service) },
	"grafana":      func(token, service string) any { return prometheusBody("1", token, service) },
	"datadog": func(token, service string) any {
		return map[string]string{
			"id": token, "title": "[P3] [Triggered] Error rate of " + token, "event_type": "query_alert_monitor", "alert_id": token,
			"alert_cycle_key": token, "aggreg_key": token, "alert_priority": "P3", "alert_title": "Error rate of " + token,
			"alert_transition": "Triggered", "alert_type": "error", "tags": "service:" + service,
		}
	},
	"generic": func(token, service string) any {
		return map[string]string{"source": "probes", "dedup_key": token, "status": "firing", "severity": "sev3", "title": "Probe fails " + token, "service": service}
	},
}

// prometheusBody is what Alertmanager sends, and Grafana nearly so.
func prometheusBody(version, token, service string) any {
	return map[string]any{
		"receiver": "tocsin", "status": "firing", "version": version, "groupKey": token, "state": "alerting",
		"alerts": []any{map[string]any{
			"status": "firing", "fingerprint": token, "startsAt": time.Now().UTC(), "endsAt": "0001-01-01T00:00:00Z",
			"labels":      map[string]string{"alertname": "Rate" + token, "service": service, "service_name": service, "severity": "warning"},
			"annotations": map[string]string{"summary": "Too many errors " + token},
		}},
	}
}

// alert has a monitor or PagerDuty tell of something, until it is taken; and now
// and then once more.
func (w *worker) alert(ctx context.Context) {
	service := alertServices[w.rng.IntN(len(alertServices))]
	if w.rng.IntN(4) == 0 {
		w.pager(ctx, service)
		return
	}
	source := w.rarest((*wish).theRoute, "alertmanager", "grafana", "datadog", "generic")
	a := w.wish(source, "signaled")
	body, err := json.Marshal(monitors[source](a.token, service))
	if err != nil {
		w.problem("%v", err)
		return
	}
	w.deliver(ctx, a, func() (int, string) {
		r, err := w.ws.Alert(ctx, sandbox.Alert{Source: source, Body: body})
		if err != nil {
			w.problem("%v", err)
		}
		return r.Status, r.Response
	})
}

// pager fires a page, and has somebody write a note on it in PagerDuty.
func (w *worker) pager(ctx context.Context, service string) {
	a := w.wish("pagerduty", "signaled")
	id := "Q" + a.token
	taken := w.deliver(ctx, a, func() (int, string) {
		r, err := w.ws.PagerDuty(ctx, sandbox.Page{EventType: "incident.triggered", ID: id, Title: "Provider errors " + a.token, Service: service})
		if err != nil {
			w.problem("%v", err)
		}
		return r.Status, r.Response
	})
	if !taken || w.rng.IntN(2) == 0 {
		return
	}
	note := w.wish("pagerduty's note", "signaled")
	if _, err := w.ws.PagerAct(ctx, sandbox.PagerAct{User: "ben@example.com", Incident: id, Act: "note", Note: "on it " + note.token}); err != nil {
		w.problem("%v", err)
		return
	}
	w.insist(note)
}

// deliver sends until it is accepted. A source that did not hear the answer sends
// again: so does this one, now and then.
func (w *worker) deliver(ctx context.Context, a *wish, send func() (status int, words string)) (taken bool) {
	for range 100 {
		switch status, words := send(); {
		case status == http.StatusAccepted && !taken:
			taken = true
			w.acknowledge(a)
			if w.rng.IntN(3) > 0 {
				return true
			}
		case status == http.StatusAccepted:
			return true
		case status != 0 && status != http.StatusServiceUnavailable:
			w.problem("an alert was answered with %d: %s", status, words)
			return false
		}
		if ctx.Err() != nil {
			return taken
		}
		w.wait(50*time.Millisecond + upTo(w.rng, 100*time.Millisecond))
	}
	return taken
}

// kind is how a problem names a request.
func (a *wish) String() string { return fmt.Sprintf("%s (%s)", a.token, a.fact) }
