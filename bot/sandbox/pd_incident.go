package sandbox

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// The three states of an incident.
const (
	pdTriggered    = "triggered"
	pdAcknowledged = "acknowledged"
	pdResolved     = "resolved"
)

// pagerDuty is the account. Guarded by the Workspace's lock; its methods never lock, and put the
// webhooks that a change causes into outgoing.
type pagerDuty struct {
	team       pdThing
	users      []pdUser
	services   []*pdService
	policies   []pdPolicy
	priorities []pdThing
	schedule   pdSchedule
	created    time.Time

	serial    int
	incidents map[string]*pdIncident
	order     []*pdIncident // as they came
	windows   map[string]*pdWindow
	outgoing  []*pdEvent
	hookURL   string // where the subscription sends to; empty: nobody has subscribed
	hooks     hooks
}

type pdIncident struct {
	id, title, key, urgency, status, details string
	number, level                            int
	service                                  *pdService
	policy                                   pdPolicy
	priority                                 pdThing
	assignees                                []pdUser
	direct                                   bool // assigned to people, not by a policy
	acknowledger                             pdUser
	conference                               obj
	created, changed, resolved               time.Time
	changedBy                                obj
	notes, updates, requests, responders     []any

	trigger *pdEvent // the first webhook of an incident that POST /sandbox/pagerduty made
}

// pdNew is what an incident is made of.
type pdNew struct {
	id, title, key, urgency, details string
	service                          *pdService
	policy                           pdPolicy
	priority                         pdThing
	assignees                        []pdUser
	conference                       obj
	by                               obj
}

// newIncident enters an incident; nothing is told yet.
func (pd *pagerDuty) newIncident(n pdNew) *pdIncident {
	now := time.Now()
	inc := &pdIncident{
		id: n.id, title: n.title, key: n.key, urgency: cmp.Or(n.urgency, "high"), status: pdTriggered, details: n.details,
		number: len(pd.order) + 1, level: 1, service: n.service, policy: n.policy, priority: n.priority,
		assignees: n.assignees, direct: len(n.assignees) > 0, conference: n.conference, created: now, changed: now, changedBy: n.by,
	}
	if inc.id == "" {
		inc.id = pd.newID("Q")
	}
	if inc.policy.id == "" {
		inc.policy = pd.policy(n.service.policy)
	}
	if !inc.direct {
		inc.assignees = []pdUser{pd.onCall(inc.policy, 1, now)}
	}
	inc.key = cmp.Or(inc.key, pdKey(inc.id))
	pd.incidents[inc.id] = inc
	pd.order = append(pd.order, inc)
	return inc
}

// pdKey is the key of an incident that came without one.
func pdKey(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:16])
}

// newID makes an id in PagerDuty's shape: fourteen upper-case letters and digits.
func (pd *pagerDuty) newID(prefix string) string {
	pd.serial++
	return fmt.Sprintf("%sSANDBOX%06d", prefix, pd.serial)
}

// open is the incident of that key on a service that is not resolved.
func (pd *pagerDuty) open(s *pdService, key string) *pdIncident {
	return findThing(pd.order, func(inc *pdIncident) bool {
		return inc.service == s && inc.key == key && inc.status != pdResolved
	})
}

// setStatus changes the status and remembers when and by whom.
func (inc *pdIncident) setStatus(status string, by obj) {
	inc.status, inc.changed, inc.changedBy = status, time.Now(), by
	inc.resolved, inc.acknowledger = time.Time{}, pdUser{}
	switch status {
	case pdResolved:
		inc.resolved = inc.changed
	case pdTriggered:
		inc.level = 1
	}
}

func (inc *pdIncident) ref() obj { return pageRef("incident", inc.id, inc.title) }

func (inc *pdIncident) assigneeRefs() []any {
	out := []any{}
	if inc.status == pdResolved {
		return out
	}
	for _, u := range inc.assignees {
		out = append(out, u.ref())
	}
	return out
}

// object is the incident as REST answers it
// (https://developer.pagerduty.com/api-reference/005299ed43553-get-an-incident).
func (pd *pagerDuty) incidentObject(inc *pdIncident) obj {
	out := inc.ref()
	out["type"], out["summary"] = "incident", fmt.Sprintf("[#%d] %s", inc.number, inc.title)
	add := obj{
		"incident_number": inc.number, "title": inc.title, "description": inc.title, "status": inc.status, "incident_key": inc.key,
		"created_at": pdStamp(inc.created), "updated_at": pdStamp(inc.changed), "last_status_change_at": pdStamp(inc.changed),
		"resolved_at": pdStampOrNull(inc.resolved), "last_status_change_by": inc.changedBy, "urgency": inc.urgency,
		"service": inc.service.ref(), "escalation_policy": inc.policy.ref(), "teams": pd.teams(), "priority": nil,
		"assignments": inc.assignments(), "assigned_via": inc.via(), "acknowledgements": inc.acknowledgements(),
		"pending_actions": []any{}, "is_mergeable": inc.status != pdResolved, "resolve_reason": nil, "alert_grouping": nil,
		"alert_counts":            inc.alertCounts(),
		"first_trigger_log_entry": pageRef("trigger_log_entry", "R"+inc.id, "Triggered through the API"),
		"incidents_responders":    append([]any{}, inc.responders...), "responder_requests": append([]any{}, inc.requests...),
		"conference_bridge": inc.conference, "incident_type": obj{"name": "incident_default"},
	}
	if inc.priority.id != "" {
		add["priority"] = pdPriorityObject(inc.priority)
	}
	if inc.details != "" {
		add["body"] = obj{"type": "incident_body", "details": inc.details}
	}
	for key, value := range add {
		out[key] = value
	}
	return out
}

func (inc *pdIncident) assignments() []any {
	out := []any{}
	for _, ref := range inc.assigneeRefs() {
		out = append(out, obj{"at": pdStamp(inc.created), "assignee": ref})
	}
	return out
}

func (inc *pdIncident) acknowledgements() []any {
	if inc.status != pdAcknowledged || inc.acknowledger.id == "" {
		return []any{}
	}
	return []any{obj{"at": pdStamp(inc.changed), "acknowledger": inc.acknowledger.ref()}}
}

func (inc *pdIncident) via() string {
	if inc.direct {
		return "direct_assignment"
	}
	return "escalation_policy"
}

// alertCounts: an incident of the sandbox has one alert.
func (inc *pdIncident) alertCounts() obj {
	if inc.status == pdResolved {
		return obj{"all": 1, "triggered": 0, "resolved": 1}
	}
	return obj{"all": 1, "triggered": 1, "resolved": 0}
}
