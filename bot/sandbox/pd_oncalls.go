package sandbox

import (
	"slices"
	"time"
)

// duty is one stretch of time that a user is on call at a level of a policy. A user who is named by the
// policy itself is on call always: start and end are zero.
type duty struct {
	policy     pdPolicy
	level      int
	user       pdUser
	schedule   bool
	start, end time.Time
}

// maxOnCallRange is PagerDuty's bound of since to until.
const maxOnCallRange = 90 * 24 * time.Hour

// listOnCalls is who is on call in a range of time, now unless it is given
// (https://developer.pagerduty.com/api-reference/3a6b910f11050-list-all-of-the-on-calls).
func (pd *pagerDuty) listOnCalls(p *pdCall) (obj, error) {
	now := time.Now()
	since, err := p.instant("since", now)
	if err != nil {
		return nil, err
	}
	until, err := p.instant("until", since)
	if err != nil {
		return nil, err
	}
	if until.Before(since) || until.Sub(since) > maxOnCallRange {
		return nil, &pdRefusal{400, 2005, "Invalid Query Date Range", []string{"until must be after since, by at most 90 days"}}
	}
	all, seen := []obj{}, map[string]bool{}
	for _, d := range pd.duties(since, until) {
		who := d.policy.id + d.user.id + string(rune('0'+d.level))
		if !p.wants(pd, d) || (p.query.Get("earliest") == "true" && seen[who]) {
			continue
		}
		seen[who] = true
		all = append(all, pd.dutyObject(d, p.query["include[]"]))
	}
	return p.page("oncalls", all), nil
}

// wants tells whether the request asks for this stretch.
func (p *pdCall) wants(pd *pagerDuty, d duty) bool {
	schedule := "" // users of no schedule are in no list of schedules
	if d.schedule {
		schedule = pd.schedule.id
	}
	return p.among("escalation_policy_ids[]", d.policy.id) && p.among("user_ids[]", d.user.id) && p.among("schedule_ids[]", schedule)
}

// duties are all stretches that touch a range of time, in order of policy, level and time.
func (pd *pagerDuty) duties(since, until time.Time) (all []duty) {
	for _, policy := range pd.policies {
		for i, level := range policy.levels {
			for _, id := range level {
				if id == pd.schedule.id {
					all = append(all, pd.shifts(policy, i+1, since, until)...)
				} else {
					all = append(all, duty{policy: policy, level: i + 1, user: pd.user(id)})
				}
			}
		}
	}
	return all
}

// shifts are those of the schedule that touch a range of time.
func (pd *pagerDuty) shifts(policy pdPolicy, level int, since, until time.Time) (all []duty) {
	for at := since; ; {
		user, start, end := pd.schedule.shift(at)
		all = append(all, duty{policy, level, pd.user(user), true, start, end})
		if at = end; !at.Before(until) {
			return all
		}
	}
}

func (pd *pagerDuty) dutyObject(d duty, include []string) obj {
	out := obj{
		"escalation_policy": d.policy.ref(), "escalation_level": d.level, "user": d.user.ref(), "schedule": nil,
		"start": pdStampOrNull(d.start), "end": pdStampOrNull(d.end),
	}
	if d.schedule {
		out["schedule"] = pd.schedule.ref()
	}
	if slices.Contains(include, "users") {
		out["user"] = pd.userObject(d.user)
	}
	if slices.Contains(include, "escalation_policies") {
		out["escalation_policy"] = pd.policyObject(d.policy)
	}
	if slices.Contains(include, "schedules") && d.schedule {
		out["schedule"] = pd.scheduleObject()
	}
	return out
}
