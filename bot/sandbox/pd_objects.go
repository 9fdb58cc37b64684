package sandbox

import (
	"strings"
	"time"
)

const (
	pdAPI  = "https://api.pagerduty.com/"
	pdSite = "https://sandbox.pagerduty.com/"
)

// pageRef is a reference as PagerDuty makes them.
func pageRef(kind, id, summary string) obj {
	path := pdPlural(kind) + "/" + id
	return obj{"id": id, "type": kind + "_reference", "summary": summary, "self": pdAPI + path, "html_url": pdSite + path}
}

// pdPlural is the collection that things of a kind are in.
func pdPlural(kind string) string {
	if stem, found := strings.CutSuffix(kind, "y"); found {
		return stem + "ies"
	}
	return kind + "s"
}

func (t pdThing) ref() obj { return pageRef(t.kind, t.id, t.name) }

// maybe is the reference, or null where there is no such thing.
func (t pdThing) maybe() any {
	if t.id == "" {
		return nil
	}
	return t.ref()
}

// whole is the start of every whole object: the reference under its real type.
func (t pdThing) whole() obj {
	out := t.ref()
	out["type"], out["name"] = t.kind, t.name
	return out
}

func (pd *pagerDuty) teams() []any { return []any{pd.team.ref()} }

func (pd *pagerDuty) userObject(u pdUser) obj {
	out := u.whole()
	out["email"], out["color"], out["role"], out["time_zone"] = u.email, u.color, u.role, "Etc/UTC"
	out["avatar_url"], out["description"], out["job_title"] = "https://sandbox.pagerduty.com/avatar/"+u.id, nil, nil
	out["billed"], out["invitation_sent"] = true, false
	out["teams"], out["contact_methods"], out["notification_rules"] = pd.teams(), []any{}, []any{}
	return out
}

func (pd *pagerDuty) serviceObject(s *pdService) obj {
	out := s.whole()
	out["description"], out["status"], out["created_at"] = "", pd.serviceStatus(s), pdStamp(s.created)
	out["escalation_policy"], out["teams"] = pd.policy(s.policy).ref(), pd.teams()
	out["auto_resolve_timeout"], out["acknowledgement_timeout"] = nil, nil
	out["alert_creation"], out["alert_grouping"] = "create_alerts_and_incidents", nil
	out["incident_urgency_rule"] = obj{"type": "constant", "urgency": "severity_based"}
	integration := pageRef("integration", "PI"+s.id[2:], "Events API V2")
	integration["type"] = "events_api_v2_inbound_integration_reference"
	out["integrations"] = []any{integration}
	return out
}

// serviceStatus is critical with a triggered incident, warning with an acknowledged one.
func (pd *pagerDuty) serviceStatus(s *pdService) string {
	status := "active"
	for _, inc := range pd.incidents {
		if inc.service == s && inc.status == pdTriggered {
			return "critical"
		}
		if inc.service == s && inc.status == pdAcknowledged {
			status = "warning"
		}
	}
	return status
}

func (pd *pagerDuty) policyObject(p pdPolicy) obj {
	out := p.whole()
	var rules []any
	for i, level := range p.levels {
		var targets []any
		for _, id := range level {
			targets = append(targets, pd.target(id))
		}
		rules = append(rules, obj{"id": p.id[:6] + string(rune('1'+i)), "escalation_delay_in_minutes": 15, "targets": targets})
	}
	out["escalation_rules"], out["num_loops"], out["teams"] = rules, 2, pd.teams()
	out["description"], out["on_call_handoff_notifications"], out["services"] = "", "if_has_services", []any{}
	return out
}

// target is the reference of a policy's level: a schedule or a user.
func (pd *pagerDuty) target(id string) obj {
	if id == pd.schedule.id {
		return pd.schedule.ref()
	}
	return pd.user(id).ref()
}

func (pd *pagerDuty) scheduleObject() obj {
	out := pd.schedule.whole()
	var users []any
	for _, id := range pd.schedule.users {
		users = append(users, pd.user(id).ref())
	}
	out["time_zone"], out["description"], out["users"], out["teams"] = "Etc/UTC", "The first on call, a week each", users, pd.teams()
	out["escalation_policies"] = []any{pd.policy(pdDefaultID).ref()}
	return out
}

func pdPriorityObject(p pdThing) obj {
	out := p.whole()
	out["html_url"], out["description"], out["color"], out["order"] = pdSite+"account/incident_priorities", "", "a8171c", int(p.id[len(p.id)-1]-'0')
	return out
}

// pdStamp is a time in REST answers: whole seconds, UTC.
func pdStamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// pdStampOrNull is null for a time that has not come.
func pdStampOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return pdStamp(t)
}

// pageTime is a time in webhooks.
func pageTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
