package sandbox

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Page is one PagerDuty V3 webhook to fire. Of one incident's id, later events tell what happened to
// it; incident.triggered again is the first webhook delivered again.
type Page struct {
	EventType string `json:"event_type"` // default incident.triggered
	ID        string `json:"id"`         // of the incident; default a new one
	Title     string `json:"title"`
	Service   string `json:"service"`
	Urgency   string `json:"urgency"`  // high or low
	Priority  string `json:"priority"` // P1 …
	Note      string `json:"note"`     // of incident.annotated
	Agent     string `json:"agent"`    // who did it
	Secret    string `json:"secret"`   // signs it instead of the right one
	Repeat    int    `json:"repeat"`   // deliver it so many times more
	// Body is sent as it is instead.
	Body json.RawMessage `json:"body"`
}

// Paged is what the receiver said.
type Paged struct {
	OK         bool   `json:"ok"`
	Status     int    `json:"status"` // HTTP
	Response   string `json:"response"`
	EventID    string `json:"event_id"`
	IncidentID string `json:"incident_id"`
	Error      string `json:"error,omitempty"`
}

// pagerDuty remembers the incidents that it told of. Guarded by the Workspace's lock.
type pagerDuty struct {
	serial    int
	incidents map[string]*pagedIncident
}

type pagedIncident struct {
	id, title, service, urgency, priority string
	status, assignee                      string
	number                                int
	created                               time.Time
	trigger                               []byte // the first webhook
	triggerID                             string
}

// PagerDuty builds a webhook, signs it and posts it to Options.PagerDutyURL
// (https://developer.pagerduty.com/docs/webhooks-overview).
func (ws *Workspace) PagerDuty(ctx context.Context, p Page) (Paged, error) {
	if ws.opt.PagerDutyURL == "" {
		return Paged{}, fmt.Errorf("no receiver: the sandbox was started without a PagerDuty webhook URL")
	}
	ws.mu.Lock()
	body, result, err := ws.pages.webhook(p)
	ws.mu.Unlock()
	if err != nil {
		return Paged{}, err
	}
	for range max(0, p.Repeat) + 1 {
		ws.postPage(ctx, body, cmp.Or(p.Secret, ws.opt.PagerDutySecret), &result)
	}
	return result, nil
}

func (ws *Workspace) postPage(ctx context.Context, body []byte, secret string, result *Paged) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second) // as PagerDuty waits
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, ws.opt.PagerDutyURL, bytes.NewReader(body))
	if err != nil {
		result.Error = err.Error()
		return
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "PagerDuty-Webhook/V3.0")
	req.Header.Set("X-PagerDuty-Signature", "v1="+hex.EncodeToString(mac.Sum(nil)))
	req.Header.Set("X-Webhook-Id", cmp.Or(result.EventID, "raw"))
	req.Header.Set("X-Webhook-Subscription", "PSANDBOX")
	resp, err := ws.http.Do(req)
	if err != nil {
		result.OK, result.Error = false, err.Error()
		return
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 4096))
	result.Status, result.Response = resp.StatusCode, strings.TrimSpace(string(text))
	result.OK = resp.StatusCode >= 200 && resp.StatusCode < 300
}

// webhook is the body to send, and what it is about.
func (pd *pagerDuty) webhook(p Page) ([]byte, Paged, error) {
	if len(p.Body) > 0 {
		return p.Body, Paged{}, nil
	}
	kind := cmp.Or(p.EventType, "incident.triggered")
	pd.serial++
	eventID := fmt.Sprintf("01SANDBOX%017d", pd.serial)
	if kind == "pagey.ping" {
		data := obj{"message": "Hello from your friend Pagey!", "type": "ping"}
		return toJSON(pageEvent(eventID, kind, "pagey", nil, data)), Paged{EventID: eventID}, nil
	}
	inc := pd.incidents[p.ID]
	if inc != nil && inc.trigger != nil && kind == "incident.triggered" {
		return inc.trigger, Paged{EventID: inc.triggerID, IncidentID: inc.id}, nil
	}
	if inc == nil {
		inc = pd.newIncident(p)
	}
	data, err := inc.change(kind, p, pd.serial)
	if err != nil {
		return nil, Paged{}, err
	}
	body := toJSON(pageEvent(eventID, kind, "incident", agentOf(p.Agent), data))
	if kind == "incident.triggered" {
		inc.trigger, inc.triggerID = body, eventID
	}
	return body, Paged{EventID: eventID, IncidentID: inc.id}, nil
}

func (pd *pagerDuty) newIncident(p Page) *pagedIncident {
	inc := &pagedIncident{
		id: cmp.Or(p.ID, fmt.Sprintf("PSBX%04d", pd.serial)), number: len(pd.incidents) + 1, status: "triggered",
		title: cmp.Or(p.Title, "Provider error rate high: 529 overloaded"), service: cmp.Or(p.Service, "answers-api"),
		urgency: cmp.Or(p.Urgency, "high"), priority: p.Priority, assignee: "Ben Ortiz", created: time.Now(),
	}
	pd.incidents[inc.id] = inc
	return inc
}

// change makes an event true of the incident and gives its data.
func (inc *pagedIncident) change(kind string, p Page, serial int) (obj, error) {
	switch kind {
	case "incident.triggered", "incident.reopened", "incident.unacknowledged":
		inc.status = "triggered"
	case "incident.acknowledged":
		inc.status = "acknowledged"
	case "incident.resolved":
		inc.status = "resolved"
	case "incident.priority_updated":
		inc.priority = cmp.Or(p.Priority, "P1")
	case "incident.reassigned", "incident.delegated", "incident.escalated":
		inc.assignee = cmp.Or(p.Agent, "Dina Weiss")
	case "incident.annotated":
		return obj{
			"incident": inc.reference(), "id": fmt.Sprintf("PNOTE%d", serial), "type": "incident_note", "trimmed": false,
			"content": cmp.Or(p.Note, "A note from the sandbox"),
		}, nil
	case "incident.service_updated":
		inc.service = cmp.Or(p.Service, inc.service)
	default:
		return nil, fmt.Errorf("no event %q; use incident.triggered, acknowledged, unacknowledged, resolved, reopened, annotated, priority_updated, reassigned, delegated, escalated or service_updated, pagey.ping, or give a body", kind)
	}
	return inc.data(), nil
}

func pageEvent(id, kind, resource string, agent, data any) obj {
	var client any // a person acts in PagerDuty, an integration through none
	if agent != nil {
		client = obj{"name": "PagerDuty"}
	}
	return obj{"event": obj{
		"id": id, "event_type": kind, "resource_type": resource, "occurred_at": pageTime(time.Now()),
		"agent": agent, "client": client, "data": data,
	}}
}

func pageTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func agentOf(name string) any {
	if name == "" {
		return nil
	}
	return pageRef("user", "PU"+strings.ToUpper(shorten(slug(name), 6)), name)
}

func slug(s string) string {
	return strings.Map(func(r rune) rune {
		if ('a' <= r|0x20 && r|0x20 <= 'z') || ('0' <= r && r <= '9') {
			return r
		}
		return -1
	}, s)
}

// pageRef is a reference as PagerDuty makes them.
func pageRef(kind, id, summary string) obj {
	plural := strings.Replace(kind+"s", "policys", "policies", 1)
	plural = strings.Replace(plural, "prioritys", "priorities", 1)
	return obj{
		"id": id, "type": kind + "_reference", "summary": summary,
		"self": "https://api.pagerduty.com/" + plural + "/" + id, "html_url": "https://sandbox.pagerduty.com/" + plural + "/" + id,
	}
}

func (inc *pagedIncident) reference() obj { return pageRef("incident", inc.id, inc.title) }

// data is the incident as PagerDuty's events carry it.
func (inc *pagedIncident) data() obj {
	out := obj{
		"id": inc.id, "type": "incident", "number": inc.number, "status": inc.status, "title": inc.title,
		"self": "https://api.pagerduty.com/incidents/" + inc.id, "html_url": "https://sandbox.pagerduty.com/incidents/" + inc.id,
		"incident_key": "sandbox-" + inc.id, "created_at": inc.created.UTC().Format(time.RFC3339),
		"service":           pageRef("service", "PS"+strings.ToUpper(shorten(slug(inc.service), 6)), inc.service),
		"escalation_policy": pageRef("escalation_policy", "PEDEFLT", "Default"), "teams": []any{}, "urgency": inc.urgency,
		"assignees": []any{}, "priority": nil, "conference_bridge": nil, "resolve_reason": nil, "incident_type": obj{"name": "incident_default"},
	}
	if inc.status != "resolved" {
		out["assignees"] = []any{agentOf(inc.assignee)}
	}
	if inc.priority != "" {
		out["priority"] = pageRef("priority", "P"+strings.ToUpper(slug(inc.priority))+"00000", inc.priority)
	}
	return out
}
