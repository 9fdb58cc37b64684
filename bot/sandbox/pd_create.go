package sandbox

import (
	"net/http"
	"slices"
)

// pdCreateShape is the body of POST /incidents. A null is not an object, as PagerDuty's schema says.
func pdCreateShape() pdShape {
	return pdObject(map[string]pdShape{"*incident": pdObject(map[string]pdShape{
		"*type": pdOneOf("incident"), "*title": pdText(1024), "*service": pdReference("service"),
		"priority": pdReference("priority"), "urgency": pdOneOf("high", "low"), "incident_key": pdText(255),
		"body":        pdObject(map[string]pdShape{"*type": pdOneOf("incident_body"), "details": pdText(65536)}),
		"assignments": pdAssignmentsShape(), "escalation_policy": pdReference("escalation_policy"),
		"conference_bridge": pdConferenceShape(), "incident_type": pdObject(map[string]pdShape{"*name": pdText(255)}),
	})})
}

func pdAssignmentsShape() pdShape {
	return pdList(10, pdObject(map[string]pdShape{"*assignee": pdReference("user")}))
}

func pdConferenceShape() pdShape {
	return pdObject(map[string]pdShape{"conference_number": pdText(255), "conference_url": pdText(2048)})
}

// createIncident is POST /incidents
// (https://developer.pagerduty.com/api-reference/a7d81b0e9200f-create-an-incident).
func (pd *pagerDuty) createIncident(p *pdCall) (obj, error) {
	in := asObj(p.body["incident"])
	n := pdNew{
		title: asText(in["title"]), key: asText(in["incident_key"]), urgency: asText(in["urgency"]),
		details: asText(asObj(in["body"])["details"]), service: pd.service(refID(in["service"])),
		conference: asObj(in["conference_bridge"]), by: p.from.ref(),
	}
	err := firstError(pd.resolve(in, &n), pd.refuseTwice(n))
	if err != nil {
		return nil, err
	}
	inc := pd.newIncident(n)
	pd.tell("incident.triggered", inc, p.agent(), pd.incidentData(inc))
	if inc.direct && slices.ContainsFunc(inc.assignees, func(u pdUser) bool { return u.id == p.from.id }) {
		pd.turn(inc, pdAcknowledged, "incident.acknowledged", p.from) // who pages himself has seen it
	}
	return obj{"incident": pd.incidentObject(inc)}, nil
}

// resolve looks up what a new incident refers to.
func (pd *pagerDuty) resolve(in obj, n *pdNew) error {
	if n.service == nil {
		return pdInvalid("Service Not Found")
	}
	if in["assignments"] != nil && in["escalation_policy"] != nil {
		return pdInvalid("Assignments cannot be specified together with an escalation_policy")
	}
	var err error
	n.assignees, err = pd.assigneesOf(in)
	if err != nil {
		return err
	}
	if n.policy, err = pd.policyOf(in); err != nil {
		return err
	}
	n.priority, err = pd.priorityOf(in)
	return err
}

func (pd *pagerDuty) refuseTwice(n pdNew) error {
	if n.key == "" || n.service == nil || pd.open(n.service, n.key) == nil {
		return nil
	}
	return pdArguments("Open incident with matching dedup key already exists on this service")
}

func refID(v any) string { return asText(asObj(v)["id"]) }

func (pd *pagerDuty) assigneesOf(in obj) (people []pdUser, err error) {
	for _, a := range asList(in["assignments"]) {
		u := pd.user(refID(asObj(a)["assignee"]))
		if u.id == "" {
			return nil, &pdRefusal{http.StatusBadRequest, 1007, "Assigned To User Not Found", []string{"Assignee Not Found"}}
		}
		people = append(people, u)
	}
	return people, nil
}

func (pd *pagerDuty) policyOf(in obj) (pdPolicy, error) {
	p := pd.policy(refID(in["escalation_policy"]))
	if in["escalation_policy"] != nil && p.id == "" {
		return p, &pdRefusal{http.StatusBadRequest, 1014, "Escalation Policy Not Found", []string{"Escalation Policy Not Found"}}
	}
	return p, nil
}

func (pd *pagerDuty) priorityOf(in obj) (pdThing, error) {
	p := findThing(pd.priorities, func(p pdThing) bool { return p.id == refID(in["priority"]) })
	if in["priority"] != nil && p.id == "" {
		return p, &pdRefusal{http.StatusBadRequest, 1020, "Invalid Priority", []string{"Priority Not Found"}}
	}
	return p, nil
}
