package sandbox

import (
	"slices"
	"strings"
)

// page is one page of a list, with what tells whether there is more
// (https://developer.pagerduty.com/docs/pagination).
func (p *pdCall) page(name string, all []obj) obj {
	limit, offset := p.number("limit", 25), p.number("offset", 0)
	from := min(offset, len(all))
	to := min(from+limit, len(all))
	out := obj{name: append([]obj{}, all[from:to]...), "limit": limit, "offset": offset, "more": to < len(all), "total": nil}
	if p.query.Get("total") == "true" {
		out["total"] = len(all)
	}
	return out
}

// looksFor tells whether the parameter query is in one of the words.
func (p *pdCall) looksFor(words ...string) bool {
	query := strings.ToLower(p.query.Get("query"))
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(strings.ToLower(w), query) })
}

// among tells whether a list parameter is not given, or holds one of the ids.
func (p *pdCall) among(name string, ids ...string) bool {
	wanted := p.query[name]
	return len(wanted) == 0 || slices.ContainsFunc(wanted, func(id string) bool { return slices.Contains(ids, id) })
}

func (pd *pagerDuty) nothing(*pdCall) (obj, error) { return nil, pdNotFound() }

func (pd *pagerDuty) getAbilities(*pdCall) (obj, error) {
	return obj{"abilities": s("teams", "urgencies", "event_rules", "incident_priorities", "incident_status_updates", "multiple_responders", "webhooks_v3")}, nil
}

func (pd *pagerDuty) listUsers(p *pdCall) (obj, error) {
	var all []obj
	for _, u := range pd.users {
		if p.looksFor(u.name, u.email) && p.among("team_ids[]", pd.team.id) {
			all = append(all, pd.userObject(u))
		}
	}
	return p.page("users", all), nil
}

// getMe is who the key belongs to.
func (pd *pagerDuty) getMe(p *pdCall) (obj, error) {
	if p.app {
		return nil, pdInvalid("The token belongs to no user")
	}
	return obj{"user": pd.userObject(pd.user(pdOwnerID))}, nil
}

func (pd *pagerDuty) getUser(p *pdCall) (obj, error) {
	u := pd.user(p.id)
	if u.id == "" {
		return nil, pdNotFound()
	}
	return obj{"user": pd.userObject(u)}, nil
}

func (pd *pagerDuty) listServices(p *pdCall) (obj, error) {
	var all []obj
	name := p.query.Get("name")
	for _, s := range pd.services {
		if p.looksFor(s.name) && (name == "" || s.name == name) && p.among("team_ids[]", pd.team.id) {
			all = append(all, pd.serviceObject(s))
		}
	}
	return p.page("services", all), nil
}

func (pd *pagerDuty) getService(p *pdCall) (obj, error) {
	s := pd.service(p.id)
	if s == nil {
		return nil, pdNotFound()
	}
	return obj{"service": pd.serviceObject(s)}, nil
}

func (pd *pagerDuty) listPolicies(p *pdCall) (obj, error) {
	var all []obj
	for _, policy := range pd.policies {
		if p.looksFor(policy.name) && p.among("team_ids[]", pd.team.id) && p.among("user_ids[]", slices.Concat(policy.levels...)...) {
			all = append(all, pd.policyObject(policy))
		}
	}
	return p.page("escalation_policies", all), nil
}

func (pd *pagerDuty) getPolicy(p *pdCall) (obj, error) {
	policy := pd.policy(p.id)
	if policy.id == "" {
		return nil, pdNotFound()
	}
	return obj{"escalation_policy": pd.policyObject(policy)}, nil
}

func (pd *pagerDuty) listSchedules(p *pdCall) (obj, error) {
	var all []obj
	if p.looksFor(pd.schedule.name) {
		all = append(all, pd.scheduleObject())
	}
	return p.page("schedules", all), nil
}

func (pd *pagerDuty) listPriorities(p *pdCall) (obj, error) {
	var all []obj
	for _, priority := range pd.priorities {
		all = append(all, pdPriorityObject(priority))
	}
	return p.page("priorities", all), nil
}
