package sandbox

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// PagerAct is what a person does in PagerDuty to an incident; the bot hears of it by webhook.
type PagerAct struct {
	User     string `json:"user"`     // a name, an e-mail address or an id; default who is on call
	Incident string `json:"incident"` // its id
	Act      string `json:"act"`      // acknowledge, resolve, reopen, note, priority, escalate, accept or decline; enable
	Note     string `json:"note"`     // of note
	Priority string `json:"priority"` // of priority: P1 …
}

// PagerAct lets a person act in PagerDuty.
func (ws *Workspace) PagerAct(_ context.Context, a PagerAct) (Result, error) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	defer ws.changed()
	defer ws.sendHooks()
	err := ws.pages.act(a)
	return Result{OK: err == nil}, err
}

func (pd *pagerDuty) act(a PagerAct) error {
	if a.Act == "enable" { // the subscription, by hand
		pd.hooks.enable()
		return nil
	}
	inc := pd.incidents[a.Incident]
	if inc == nil {
		return fmt.Errorf("PagerDuty has no incident %q; look at GET /pagerduty/incidents", a.Incident)
	}
	u := pd.onCall(inc.policy, 1, time.Now())
	if a.User != "" {
		u = pd.userNamed(a.User)
	}
	if u.id == "" {
		return fmt.Errorf("PagerDuty has no user %q; use ada, ben, mei or dina@example.com", a.User)
	}
	return pd.actOn(inc, u, a)
}

func (pd *pagerDuty) actOn(inc *pdIncident, u pdUser, a PagerAct) error {
	open := inc.status != pdResolved
	switch {
	case a.Act == "acknowledge" && open:
		pd.turn(inc, pdAcknowledged, "incident.acknowledged", u)
	case a.Act == "resolve" && open:
		pd.turn(inc, pdResolved, "incident.resolved", u)
	case a.Act == "reopen" && !open:
		pd.turn(inc, pdTriggered, "incident.reopened", u)
	case a.Act == "escalate" && open && inc.level < len(inc.policy.levels):
		pd.escalate(inc, inc.level+1, u)
	case a.Act == "note" && strings.TrimSpace(a.Note) != "":
		pd.note(inc, a.Note, u)
	case a.Act == "priority" && pd.priority(a.Priority).id != "":
		inc.priority = pd.priority(a.Priority)
		pd.tell("incident.priority_updated", inc, u.ref(), pd.incidentData(inc))
	case a.Act == "accept" || a.Act == "decline":
		return pd.reply(inc, u, a.Act)
	default:
		return fmt.Errorf("cannot %q incident %s, which is %s; the acts are acknowledge, resolve, reopen, note (with a note), priority (with a priority), escalate, accept, decline", a.Act, inc.id, inc.status)
	}
	return nil
}

// reply answers a responder request that the user has not answered.
func (pd *pagerDuty) reply(inc *pdIncident, u pdUser, act string) error {
	i := slices.IndexFunc(inc.responders, func(r any) bool {
		return refID(asObj(r)["user"]) == u.id && asObj(r)["state"] == "pending"
	})
	if i < 0 {
		return fmt.Errorf("%s has not been asked to respond to %s", u.name, inc.id)
	}
	inc.responders = slices.Clone(inc.responders) // an answer with the old ones may be under way
	responder := maps.Clone(asObj(inc.responders[i]))
	inc.responders[i] = responder
	state := map[string]string{"accept": "accepted", "decline": "declined"}[act]
	responder["state"], responder["updated_at"] = state, pdStamp(time.Now())
	pd.tell("incident.responder.replied", inc, u.ref(), inc.responderData(u, pdPolicy{}, asText(responder["message"]), state))
	return nil
}

// PagerIncident is an incident in PagerDuty, as /sandbox/state shows it.
type PagerIncident struct {
	ID         string   `json:"id"`
	Number     int      `json:"number"`
	Title      string   `json:"title"`
	Service    string   `json:"service"`
	Policy     string   `json:"policy"`
	Status     string   `json:"status"`
	Urgency    string   `json:"urgency"`
	Priority   string   `json:"priority,omitempty"`
	Assignee   string   `json:"assignee,omitempty"`
	Key        string   `json:"key"`
	Notes      []string `json:"notes,omitempty"`
	Updates    []string `json:"updates,omitempty"`
	Responders []string `json:"responders,omitempty"` // "Dina Weiss: pending"
}

// PagerDutyIncidents are all of them, in the order in which they came.
func (ws *Workspace) PagerDutyIncidents() []PagerIncident {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	out := []PagerIncident{}
	for _, inc := range ws.pages.order {
		out = append(out, inc.shown())
	}
	return out
}

func (inc *pdIncident) shown() PagerIncident {
	out := PagerIncident{
		ID: inc.id, Number: inc.number, Title: inc.title, Service: inc.service.name, Policy: inc.policy.name, Status: inc.status,
		Urgency: inc.urgency, Priority: inc.priority.name, Key: inc.key,
	}
	if len(inc.assignees) > 0 && inc.status != pdResolved {
		out.Assignee = inc.assignees[0].name
	}
	for _, n := range inc.notes {
		out.Notes = append(out.Notes, asText(asObj(n)["content"]))
	}
	for _, u := range inc.updates {
		out.Updates = append(out.Updates, asText(asObj(u)["message"]))
	}
	for _, r := range inc.responders {
		out.Responders = append(out.Responders, asText(asObj(asObj(r)["user"])["summary"])+": "+asText(asObj(r)["state"]))
	}
	return out
}
