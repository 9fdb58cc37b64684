package sandbox

import (
	"strings"
	"time"
)

func pdRespondersShape() pdShape {
	target := pdReference("user", "escalation_policy")
	return pdObject(map[string]pdShape{
		"*requester_id": pdText(64), "*message": pdText(1024),
		"*responder_request_targets": pdList(25, pdObject(map[string]pdShape{"*responder_request_target": target})),
	})
}

// targetsOf are the users and policies that a request calls, or a refusal.
func (pd *pagerDuty) targetsOf(p *pdCall) (targets []pdThing, err error) {
	for _, item := range asList(p.body["responder_request_targets"]) {
		target := asObj(asObj(item)["responder_request_target"])
		thing := pd.user(refID(target)).pdThing
		if strings.HasPrefix(asText(target["type"]), "escalation_policy") {
			thing = pd.policy(refID(target)).pdThing
		}
		if thing.id == "" {
			return nil, pdInvalid("Responder request target " + refID(target) + " Not Found")
		}
		targets = append(targets, thing)
	}
	return targets, nil
}

// requestResponders is POST /incidents/{id}/responder_requests
// (https://developer.pagerduty.com/api-reference/6850764326ee2-create-a-responder-request-for-an-incident).
func (pd *pagerDuty) requestResponders(p *pdCall) (obj, error) {
	inc := pd.incidents[p.id]
	if inc == nil {
		return nil, pdNotFound()
	}
	if inc.status == pdResolved {
		return nil, pdInvalid("Incident Already Resolved")
	}
	requester := pd.user(asText(p.body["requester_id"]))
	if requester.id == "" {
		return nil, &pdRefusal{400, 2013, "User not found", []string{"requester_id is no user of this account"}}
	}
	targets, err := pd.targetsOf(p)
	if err != nil {
		return nil, err
	}
	request := pd.request(inc, requester, asText(p.body["message"]), targets)
	return obj{"responder_request": request}, nil
}

// request asks each target's people to respond.
func (pd *pagerDuty) request(inc *pdIncident, requester pdUser, message string, targets []pdThing) obj {
	list := []any{}
	for _, target := range targets {
		u, policy := pd.user(target.id), pd.policy(target.id)
		if policy.id != "" {
			u = pd.onCall(policy, 1, time.Now())
		}
		responder := obj{
			"state": "pending", "user": u.ref(), "incident": inc.ref(), "message": message,
			"requester": requester.ref(), "requested_at": pdStamp(time.Now()), "updated_at": pdStamp(time.Now()),
		}
		inc.responders = append(inc.responders, responder)
		whole := target.ref()
		whole["type"], whole["incident_responders"] = target.kind, []any{responder}
		list = append(list, obj{"responder_request_target": whole})
		pd.tell("incident.responder.added", inc, requester.ref(), inc.responderData(u, policy, message, "pending"))
	}
	request := obj{
		"id": pd.newID("R"), "incident": inc.ref(), "requester": requester.ref(), "requested_at": pdStamp(time.Now()),
		"message": message, "responder_request_targets": list,
	}
	inc.requests = append(inc.requests, request)
	return request
}
