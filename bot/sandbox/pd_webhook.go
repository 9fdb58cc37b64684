package sandbox

import (
	"cmp"
	"fmt"
	"time"
)

// pdEvent is a V3 webhook (https://developer.pagerduty.com/docs/webhooks-overview): the same bytes at
// every attempt.
type pdEvent struct {
	id, kind, incident string
	body               []byte
}

// newEvent makes a webhook of what happened. A nil agent is PagerDuty itself.
func (pd *pagerDuty) newEvent(kind, resource, incident string, agent, client, data any) *pdEvent {
	pd.serial++
	id := fmt.Sprintf("01SANDBOX%017d", pd.serial)
	body := toJSON(obj{"event": obj{
		"id": id, "event_type": kind, "resource_type": resource, "occurred_at": pageTime(time.Now()),
		"agent": agent, "client": client, "data": data,
	}})
	return &pdEvent{id, kind, incident, body}
}

// tell puts a webhook about an incident into the outgoing queue.
func (pd *pagerDuty) tell(kind string, inc *pdIncident, agent, data obj) {
	pd.outgoing = append(pd.outgoing, pd.newEvent(kind, "incident", inc.id, agent, pdClient(agent), data))
}

// pdClient: a person acts in PagerDuty, an integration through none.
func pdClient(agent obj) any {
	if asText(agent["type"]) == "user_reference" {
		return obj{"name": "PagerDuty"}
	}
	return nil
}

// agent is who a request's webhooks name.
func (p *pdCall) agent() obj { return p.from.ref() }

// incidentData is the incident as webhooks carry it.
func (pd *pagerDuty) incidentData(inc *pdIncident) obj {
	out := obj{
		"id": inc.id, "type": "incident", "number": inc.number, "status": inc.status, "title": inc.title,
		"self": pdAPI + "incidents/" + inc.id, "html_url": pdSite + "incidents/" + inc.id,
		"incident_key": inc.key, "created_at": pdStamp(inc.created), "service": inc.service.ref(),
		"escalation_policy": inc.policy.ref(), "teams": pd.teams(), "urgency": inc.urgency, "assignees": inc.assigneeRefs(),
		"priority": inc.priority.maybe(), "conference_bridge": nil, "resolve_reason": nil, "incident_type": obj{"name": "incident_default"},
	}
	if inc.conference != nil {
		out["conference_bridge"] = inc.conference
	}
	return out
}

// The data of webhooks that are not the incident itself, but about it.

func (inc *pdIncident) noteData(id, content string) obj {
	return obj{"incident": inc.ref(), "id": id, "content": content, "trimmed": false, "type": "incident_note"}
}

func (inc *pdIncident) updateData(id, message string) obj {
	return obj{"incident": inc.ref(), "id": id, "message": message, "trimmed": false, "type": "incident_status_update"}
}

func (inc *pdIncident) responderData(u pdUser, p pdPolicy, message, state string) obj {
	return obj{
		"incident": inc.ref(), "user": u.ref(), "escalation_policy": p.maybe(),
		"message": message, "state": state, "type": "incident_responder",
	}
}

func (inc *pdIncident) bridgeData() obj {
	numbers := []any{}
	if n := asText(inc.conference["conference_number"]); n != "" {
		numbers = append(numbers, obj{"label": "", "number": n})
	}
	return obj{
		"incident": inc.ref(), "conference_numbers": numbers,
		"conference_url": inc.conference["conference_url"], "type": "incident_conference_bridge",
	}
}

// otherData is the data of the webhooks that no request of the account causes; they are fired by hand.
func (pd *pagerDuty) otherData(kind string, inc *pdIncident, p Page) obj {
	pd.serial++
	id := fmt.Sprintf("PFIRED%d", pd.serial)
	switch kind {
	case "incident.role.assigned":
		return obj{"type": "incident_role_assignment", "incident_role_assignments": []any{obj{
			"id": id, "type": "role_assignment_reference", "status": "active", "incident": inc.ref(), "old_assignee": nil,
			"assignee": inc.assignees[0].ref(), "role": obj{"id": "PROLEIC", "summary": "Incident Commander", "type": "role_reference"},
		}}}
	case "incident.task.created", "incident.task.updated", "incident.task.completed":
		name := cmp.Or(p.Note, "Check the provider's status page")
		return obj{
			"id": id, "type": "incident_task", "name": name, "summary": name, "description": "", "incident": inc.ref(),
			"status": map[bool]string{true: "done", false: "todo"}[kind == "incident.task.completed"], "assignees": inc.assigneeRefs(),
		}
	case "incident.workflow.started", "incident.workflow.completed":
		return obj{
			"id": id, "type": "incident_workflow_instance", "summary": "Provider outage", "incident": inc.ref(), "service": inc.service.ref(),
			"incident_workflow": pageRef("incident_workflow", "PWFLOW1", "Provider outage"),
			"workflow_trigger":  pageRef("workflow_trigger", "PWFTRIG", "By hand"),
		}
	case "incident.custom_field_values.updated":
		field := obj{"id": "PFIELD1", "type": "field_value", "name": "environment", "namespace": "incidents", "data_type": "string", "field_type": "single_value", "value": cmp.Or(p.Note, "production")}
		return obj{"incident": inc.ref(), "custom_fields": []any{field}, "changed_custom_fields": []any{field}, "type": "incident_field_values"}
	}
	return inc.actionData(id, kind)
}

// actionData is that of incident.action_invocation.created, updated and terminated.
func (inc *pdIncident) actionData(id, kind string) obj {
	action := pageRef("action", "PACTION", "Restart the gateway")
	return obj{
		"id": id, "type": "incident_action_invocation", "self": pdAPI + "automation/invocations/" + id, "html_url": pdSite + "invocations/" + id,
		"incident": inc.ref(), "action": action, "state": kind[len("incident.action_invocation."):],
	}
}

// serviceData is that of service.created, updated, deleted and custom_field_values.updated.
func (pd *pagerDuty) serviceData(kind string, s *pdService) obj {
	if kind == "service.custom_field_values.updated" {
		field := obj{"id": "PFIELD2", "type": "field_value", "name": "tier", "data_type": "string", "field_type": "single_value", "value": "1"}
		return obj{"service": s.ref(), "custom_fields": []any{field}, "changed_custom_fields": []any{field}, "type": "service_field_values"}
	}
	out := s.ref()
	out["type"], out["alert_creation"], out["teams"] = "service", "create_alerts_and_incidents", pd.teams()
	return out
}
