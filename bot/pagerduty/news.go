package pagerduty

import (
	"cmp"
	"encoding/json"
	"strings"
)

// news tells an event that changes no state, after the name of who did it; ""
// for an event that we do not know.
func (e *event) news() string {
	d := &e.Data
	switch e.Type {
	case "incident.unacknowledged":
		return "let the acknowledgement in PagerDuty lapse"
	case "incident.escalated":
		return "escalated it in PagerDuty" + to(names(d.Assignees))
	case "incident.delegated":
		return "delegated it in PagerDuty" + to(names(d.Assignees))
	case "incident.reassigned":
		return "reassigned it in PagerDuty" + to(names(d.Assignees))
	case "incident.priority_updated":
		if d.Priority == nil {
			return "removed the priority in PagerDuty"
		}
		return "set the priority in PagerDuty" + to(d.Priority.Summary)
	case "incident.urgency_updated":
		return "set the urgency in PagerDuty" + to(d.Urgency)
	case "incident.service_updated":
		return "moved it in PagerDuty" + to(summary(d.Service))
	case "incident.incident_type.changed":
		return "changed its type in PagerDuty" + to(d.IncidentType.Name)
	case "incident.annotated":
		return "noted in PagerDuty" + colon(d.Content)
	case "incident.status_update_published":
		return "sent a status update from PagerDuty" + colon(d.Message)
	case "incident.conference_bridge.updated":
		return d.bridge()
	case "incident.custom_field_values.updated":
		return d.fields()
	case "incident.role.assigned":
		return d.roles()
	}
	return e.work()
}

// work tells of people and machines that were set to work.
func (e *event) work() string {
	d := &e.Data
	switch e.Type {
	case "incident.responder.added":
		return "asked for a responder in PagerDuty" + within(d.whom())
	case "incident.responder.replied":
		if e.Agent != nil && d.User != nil && e.Agent.ID == d.User.ID {
			return "answered the page in PagerDuty" + colon(d.State)
		}
		return "heard back from a responder in PagerDuty" + within(d.whom()) + colon(cmp.Or(d.State, "replied"))
	case "incident.task.created":
		return "added a task in PagerDuty" + colon(cmp.Or(d.Name, d.Summary)) + within(names(d.Assignees))
	case "incident.task.updated":
		return "changed a task in PagerDuty" + colon(cmp.Or(d.Name, d.Summary)) + within(strings.ReplaceAll(d.Status, "_", " "))
	case "incident.task.completed":
		return "finished a task in PagerDuty" + colon(cmp.Or(d.Name, d.Summary))
	case "incident.workflow.started":
		return "started a workflow in PagerDuty" + colon(cmp.Or(summary(d.Workflow), d.Summary))
	case "incident.workflow.completed":
		return "finished a workflow in PagerDuty" + colon(cmp.Or(summary(d.Workflow), d.Summary))
	case "incident.action_invocation.created":
		return "started an automation in PagerDuty" + colon(summary(d.Action))
	case "incident.action_invocation.updated":
		return "got on with an automation in PagerDuty" + colon(summary(d.Action)) + within(d.State)
	case "incident.action_invocation.terminated":
		return "ended an automation in PagerDuty" + colon(summary(d.Action)) + within(d.State)
	}
	return ""
}

// whom is who was asked: a person, or whoever a policy calls.
func (d *data) whom() string { return cmp.Or(summary(d.User), summary(d.EscalationPolicy)) }

// bridge tells where people talk: a link, a number, or both.
func (d *data) bridge() string {
	var ways []string
	if d.URL != "" {
		ways = append(ways, d.URL)
	}
	for _, n := range d.Numbers {
		if n.Number != "" {
			ways = append(ways, n.Number)
		}
	}
	if len(ways) == 0 {
		return "removed the conference bridge in PagerDuty"
	}
	return "set the conference bridge in PagerDuty" + colon(strings.Join(ways, ", "))
}

// fields tells the fields that changed, with their new values.
func (d *data) fields() string {
	now := map[string]any{}
	for _, f := range d.Fields {
		now[f.ID] = f.Value
	}
	var changes []string
	for _, f := range d.Changed {
		changes = append(changes, f.Name+to(value(now[f.ID])))
	}
	if len(changes) == 0 {
		return "changed custom fields in PagerDuty"
	}
	return "changed in PagerDuty" + colon(strings.Join(changes, ", "))
}

// value is a field's value in words, "" for none.
func value(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case []any:
		var all []string
		for _, part := range v {
			all = append(all, value(part))
		}
		return strings.Join(all, " and ")
	}
	data, _ := json.Marshal(v)
	return string(data)
}

// roles tells who has which role now.
func (d *data) roles() string {
	var changes []string
	for _, r := range d.Roles {
		name := cmp.Or(r.Role.Summary, "a role")
		switch now := summary(r.Assignee); {
		case now != "":
			changes = append(changes, name+to(now))
		case r.Old != nil:
			changes = append(changes, name+" to nobody")
		}
	}
	if len(changes) == 0 {
		return "changed roles in PagerDuty"
	}
	return "gave in PagerDuty" + colon(strings.Join(changes, ", "))
}

// to, colon and within join what may be missing to a sentence.
func to(s string) string     { return after(" to ", s, "") }
func colon(s string) string  { return after(": ", s, "") }
func within(s string) string { return after(" (", s, ")") }

func after(before, s, end string) string {
	if s == "" {
		return ""
	}
	return before + s + end
}
