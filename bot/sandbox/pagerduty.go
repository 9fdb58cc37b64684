package sandbox

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Page is one PagerDuty V3 webhook to fire at once. Of one incident's id, later events tell what
// happened to it; incident.triggered again is the first webhook delivered again.
type Page struct {
	EventType string `json:"event_type"` // default incident.triggered
	ID        string `json:"id"`         // of the incident; default a new one
	Title     string `json:"title"`
	Service   string `json:"service"`
	Urgency   string `json:"urgency"`  // high or low
	Priority  string `json:"priority"` // P1 …
	Note      string `json:"note"`     // of incident.annotated and other events that carry words
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

// pageKinds are the event types that a Page may have.
func pageKinds() []string {
	return []string{
		"incident.triggered", "incident.acknowledged", "incident.unacknowledged", "incident.resolved", "incident.reopened",
		"incident.annotated", "incident.priority_updated", "incident.reassigned", "incident.delegated", "incident.escalated",
		"incident.service_updated", "incident.status_update_published", "incident.responder.added", "incident.responder.replied",
		"incident.conference_bridge.updated", "incident.custom_field_values.updated", "incident.incident_type.changed",
		"incident.role.assigned", "incident.task.created", "incident.task.updated", "incident.task.completed",
		"incident.workflow.started", "incident.workflow.completed", "incident.action_invocation.created",
		"incident.action_invocation.updated", "incident.action_invocation.terminated",
		"service.created", "service.updated", "service.deleted", "service.custom_field_values.updated", "pagey.ping",
	}
}

// PagerDuty builds a webhook, signs it and posts it to Options.PagerDutyURL once, now; the incident
// that it tells of is in the REST API too.
func (ws *Workspace) PagerDuty(ctx context.Context, p Page) (Paged, error) {
	if ws.opt.PagerDutyURL == "" {
		return Paged{}, fmt.Errorf("no receiver: the sandbox was started without a PagerDuty webhook URL")
	}
	ws.mu.Lock()
	event, err := ws.pages.webhook(p)
	ws.changed()
	ws.mu.Unlock()
	if err != nil {
		return Paged{}, err
	}
	result := Paged{EventID: event.id, IncidentID: event.incident}
	for range max(0, p.Repeat) + 1 {
		ws.postPage(ctx, event, cmp.Or(p.Secret, ws.opt.PagerDutySecret), &result)
	}
	return result, nil
}

// webhook is what to send, after it has been made true.
func (pd *pagerDuty) webhook(p Page) (*pdEvent, error) {
	if len(p.Body) > 0 {
		return &pdEvent{body: p.Body}, nil
	}
	kind := cmp.Or(p.EventType, "incident.triggered")
	switch {
	case !slices.Contains(pageKinds(), kind):
		return nil, fmt.Errorf("no event %q; use one of %s, or give a body", kind, strings.Join(pageKinds(), ", "))
	case kind == "pagey.ping":
		return pd.ping(), nil
	case strings.HasPrefix(kind, "service."):
		s := pd.serviceNamed(cmp.Or(p.Service, pdServiceNames()[0]))
		agent := pd.agentNamed(p.Agent)
		return pd.newEvent(kind, "service", "", agent, pdClient(agent), pd.serviceData(kind, s)), nil
	}
	return pd.pageOf(kind, p), nil
}

func (pd *pagerDuty) ping() *pdEvent {
	return pd.newEvent("pagey.ping", "pagey", "", nil, nil, obj{"message": "Hello from your friend Pagey!", "type": "ping"})
}

// pageOf is the webhook of an event of an incident.
func (pd *pagerDuty) pageOf(kind string, p Page) *pdEvent {
	inc := pd.incidents[p.ID]
	if inc != nil && inc.trigger != nil && kind == "incident.triggered" {
		return inc.trigger
	}
	if inc == nil {
		inc = pd.newIncident(pdNew{
			id: p.ID, title: cmp.Or(p.Title, "Provider error rate high: 529 overloaded"), urgency: p.Urgency,
			service: pd.serviceNamed(cmp.Or(p.Service, pdServiceNames()[0])), priority: pd.priority(p.Priority),
		})
	}
	agent := pd.agentNamed(p.Agent)
	data := pd.pageChange(kind, inc, p, agent)
	event := pd.newEvent(kind, "incident", inc.id, agent, pdClient(agent), data)
	if kind == "incident.triggered" {
		inc.trigger = event
	}
	return event
}

// pageChange makes an event true of the incident and gives its data.
func (pd *pagerDuty) pageChange(kind string, inc *pdIncident, p Page, agent obj) obj {
	status := map[string]string{
		"incident.triggered": pdTriggered, "incident.reopened": pdTriggered, "incident.unacknowledged": pdTriggered,
		"incident.acknowledged": pdAcknowledged, "incident.resolved": pdResolved,
	}[kind]
	by := pd.userNamed(p.Agent)
	switch kind {
	case "incident.incident_type.changed":
	case "incident.priority_updated":
		inc.priority = pd.priority(cmp.Or(p.Priority, "P1"))
	case "incident.reassigned", "incident.delegated", "incident.escalated":
		inc.assignees = []pdUser{cmp.Or(by, pd.user("PUSRDIN"))}
	case "incident.service_updated":
		inc.service = pd.serviceNamed(cmp.Or(p.Service, inc.service.name))
	default:
		if status == "" {
			return pd.pageWords(kind, inc, p, agent)
		}
		inc.setStatus(status, agent)
		if status == pdAcknowledged {
			inc.acknowledger = by
		}
	}
	return pd.incidentData(inc)
}

// pageWords is the data of events that add something to the incident.
func (pd *pagerDuty) pageWords(kind string, inc *pdIncident, p Page, agent obj) obj {
	who := cmp.Or(pd.userNamed(p.Agent), pd.user("PUSRDIN"))
	switch kind {
	case "incident.annotated":
		id, content := pd.newID("N"), cmp.Or(p.Note, "A note from the sandbox")
		inc.notes = append(inc.notes, obj{"id": id, "content": content, "created_at": pdStamp(time.Now()), "user": agent})
		return inc.noteData(id, content)
	case "incident.status_update_published":
		return inc.updateData(pd.newID("S"), cmp.Or(p.Note, "The provider has been called"))
	case "incident.responder.added":
		return inc.responderData(who, inc.policy, cmp.Or(p.Note, "Please help"), "pending")
	case "incident.responder.replied":
		return inc.responderData(who, inc.policy, cmp.Or(p.Note, "Please help"), "accepted")
	case "incident.conference_bridge.updated":
		inc.conference = obj{"conference_number": "+1 555 0100", "conference_url": "https://meet.example.com/" + inc.id}
		return inc.bridgeData()
	}
	return pd.otherData(kind, inc, p)
}

// agentNamed is the reference to who did it: a user of the account, or somebody of that name.
func (pd *pagerDuty) agentNamed(name string) obj {
	if u := pd.userNamed(name); u.id != "" {
		return u.ref()
	}
	if name == "" {
		return nil
	}
	return pageRef("user", "P"+strings.ToUpper(pdKey(name)[:6]), name)
}
