package sandbox

import (
	"cmp"
	"time"
)

// pdChangeable are the fields that PUT takes.
func pdChangeable() map[string]pdShape {
	return map[string]pdShape{
		"*type": pdOneOf("incident", "incident_reference"), "status": pdOneOf(pdAcknowledged, pdResolved),
		"title": pdText(1024), "urgency": pdOneOf("high", "low"), "resolution": pdText(1024), "priority": pdOrNull(pdReference("priority")),
		"escalation_level": pdNumber, "escalation_policy": pdReference("escalation_policy"), "assignments": pdAssignmentsShape(),
		"conference_bridge": pdConferenceShape(), "incident_type": pdObject(map[string]pdShape{"*name": pdText(255)}),
	}
}

func pdUpdateShape() pdShape {
	return pdObject(map[string]pdShape{"*incident": pdObject(pdChangeable())})
}

// pdManageShape is the body of PUT /incidents, which changes several at once.
func pdManageShape() pdShape {
	one := pdChangeable()
	one["*id"] = pdText(64)
	return pdObject(map[string]pdShape{"*incidents": pdList(250, pdObject(one))})
}

func pdOrNull(shape pdShape) pdShape {
	return func(path string, v any) []string {
		if v == nil {
			return nil
		}
		return shape(path, v)
	}
}

// updateIncident is PUT /incidents/{id}
// (https://developer.pagerduty.com/api-reference/8a0e1aa2ec666-update-an-incident).
func (pd *pagerDuty) updateIncident(p *pdCall) (obj, error) {
	inc := pd.incidents[p.id]
	if inc == nil {
		return nil, pdNotFound()
	}
	in := asObj(p.body["incident"])
	if err := pd.checkChange(inc, in); err != nil {
		return nil, err
	}
	pd.change(inc, in, p)
	return obj{"incident": pd.incidentObject(inc)}, nil
}

// manageIncidents is PUT /incidents: all of the changes or none.
func (pd *pagerDuty) manageIncidents(p *pdCall) (obj, error) {
	list := asList(p.body["incidents"])
	for _, in := range list {
		inc := pd.incidents[refID(in)]
		if inc == nil {
			return nil, pdNotFound()
		}
		if err := pd.checkChange(inc, asObj(in)); err != nil {
			return nil, err
		}
	}
	all := []obj{}
	for _, in := range list {
		inc := pd.incidents[refID(in)]
		pd.change(inc, asObj(in), p)
		all = append(all, pd.incidentObject(inc))
	}
	return obj{"incidents": all}, nil
}

// checkChange refuses a change before any part of it is made.
func (pd *pagerDuty) checkChange(inc *pdIncident, in obj) error {
	level, _ := in["escalation_level"].(float64)
	switch {
	case inc.status == pdResolved && (in["status"] != nil || in["assignments"] != nil || in["escalation_policy"] != nil || level > 0):
		return pdInvalid("Incident Already Resolved")
	case in["assignments"] != nil && in["escalation_policy"] != nil:
		return pdInvalid("Assignments cannot be specified together with an escalation_policy")
	case int(level) > len(inc.policy.levels):
		return &pdRefusal{400, 1006, "Cannot Escalate", []string{"The escalation policy has no such level"}}
	}
	_, noUser := pd.assigneesOf(in)
	_, noPolicy := pd.policyOf(in)
	_, noPriority := pd.priorityOf(in)
	return firstError(noUser, noPolicy, noPriority)
}

// change makes every part of a change, each with the webhook that tells it.
func (pd *pagerDuty) change(inc *pdIncident, in obj, p *pdCall) {
	inc.title = cmp.Or(asText(in["title"]), inc.title)
	inc.urgency = cmp.Or(asText(in["urgency"]), inc.urgency)
	if bridge := asObj(in["conference_bridge"]); bridge != nil {
		inc.conference = bridge
		pd.tell("incident.conference_bridge.updated", inc, p.agent(), inc.bridgeData())
	}
	if wanted, given := in["priority"]; given && refID(wanted) != inc.priority.id {
		inc.priority, _ = pd.priorityOf(in)
		pd.tell("incident.priority_updated", inc, p.agent(), pd.incidentData(inc))
	}
	pd.assign(inc, in, p.from)
	switch status := asText(in["status"]); {
	case status == pdAcknowledged && (inc.status != pdAcknowledged || inc.acknowledger.id != p.from.id):
		pd.turn(inc, pdAcknowledged, "incident.acknowledged", p.from)
	case status == pdResolved:
		if resolution := asText(in["resolution"]); resolution != "" {
			pd.note(inc, resolution, p.from)
		}
		pd.turn(inc, pdResolved, "incident.resolved", p.from)
	}
}

// turn changes the status and tells it.
func (pd *pagerDuty) turn(inc *pdIncident, status, kind string, by pdUser) {
	inc.setStatus(status, by.ref())
	if status == pdAcknowledged {
		inc.acknowledger = by
	}
	pd.tell(kind, inc, by.ref(), pd.incidentData(inc))
}

// assign changes whose incident it is: a person's, another policy's, the next level's.
func (pd *pagerDuty) assign(inc *pdIncident, in obj, by pdUser) {
	if people, _ := pd.assigneesOf(in); len(people) > 0 {
		inc.assignees, inc.direct = people, true
		pd.tell("incident.reassigned", inc, by.ref(), pd.incidentData(inc))
	}
	if policy, _ := pd.policyOf(in); policy.id != "" {
		inc.policy, inc.level, inc.direct = policy, 1, false
		inc.assignees = []pdUser{pd.onCall(policy, 1, time.Now())}
		pd.tell("incident.delegated", inc, by.ref(), pd.incidentData(inc))
	}
	if level, _ := in["escalation_level"].(float64); level > 0 {
		pd.escalate(inc, int(level), by)
	}
}

// escalate calls a level of the incident's policy.
func (pd *pagerDuty) escalate(inc *pdIncident, level int, by pdUser) {
	inc.level, inc.direct = level, false
	inc.assignees = []pdUser{pd.onCall(inc.policy, level, time.Now())}
	pd.tell("incident.escalated", inc, by.ref(), pd.incidentData(inc))
}
