package pagerduty

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"tocsin/bot/incident"
)

// Duty is somebody's being on call.
type Duty struct {
	Person   incident.Person // by name; the e-mail finds them in the chat
	Email    string
	UserID   string
	Policy   string
	PolicyID string
	Schedule string    // "" if the policy names the person itself
	Level    int       // 1 is called first
	Until    time.Time // zero: always
}

// duties keeps who is on call, for a minute.
type duties struct {
	mu   sync.Mutex
	kept map[string]kept
}

type kept struct {
	list []Duty
	at   time.Time
}

// fresh is how long an answer about who is on call is given again.
const fresh = time.Minute

// maxDuties bounds who is listed as on call.
const maxDuties = 1000

// OnCall is who is on call now, by policy and level: of a team, a service, ours or
// PagerDuty's, or an escalation policy by its name, "" for all. What is not known is
// an incident.Refusal.
func (c *Client) OnCall(ctx context.Context, team string) ([]Duty, error) {
	key := strings.ToLower(strings.TrimSpace(team))
	if list, ok := c.duties.get(key); ok {
		return list, nil
	}
	policies, err := c.policiesOf(ctx, key)
	if err != nil {
		return nil, err
	}
	if key != "" && len(policies) == 0 {
		return nil, c.nobodyFor(team)
	}
	query := url.Values{"include[]": {"users"}}
	if len(policies) > 0 {
		query["escalation_policy_ids[]"] = policies
	}
	all, err := list[onCall](ctx, c, "/oncalls", "oncalls", query, maxDuties)
	if err != nil {
		return nil, classify(err)
	}
	return c.duties.put(key, sorted(all)), nil
}

func (d *duties) get(key string) ([]Duty, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	k, ok := d.kept[key]
	return slices.Clone(k.list), ok && time.Since(k.at) < fresh
}

func (d *duties) put(key string, list []Duty) []Duty {
	d.mu.Lock()
	defer d.mu.Unlock()
	for old, k := range d.kept {
		if time.Since(k.at) >= fresh {
			delete(d.kept, old)
		}
	}
	if d.kept == nil {
		d.kept = map[string]kept{}
	}
	d.kept[key] = kept{list, time.Now()}
	return slices.Clone(list)
}

// onCall is one entry of PagerDuty's list.
type onCall struct {
	User     user       `json:"user"`
	Schedule *reference `json:"schedule"`
	Policy   *reference `json:"escalation_policy"`
	Level    int        `json:"escalation_level"`
	End      time.Time  `json:"end"`
}

func (o onCall) duty() Duty {
	d := Duty{Person: incident.Person{Name: or(o.User.Name, o.User.Summary)}, Email: o.User.Email, UserID: o.User.ID, Level: o.Level, Until: o.End}
	if o.Schedule != nil {
		d.Schedule = o.Schedule.Summary
	}
	if o.Policy != nil {
		d.Policy, d.PolicyID = o.Policy.Summary, o.Policy.ID
	}
	return d
}

// sorted are the duties by policy, level and name, each once.
func sorted(all []onCall) []Duty {
	var list []Duty
	for _, o := range all {
		list = append(list, o.duty())
	}
	slices.SortStableFunc(list, func(a, b Duty) int {
		return cmp.Or(cmp.Compare(a.Policy, b.Policy), cmp.Compare(a.Level, b.Level), cmp.Compare(a.Person.Name, b.Person.Name))
	})
	return slices.Compact(list)
}

// nobodyFor refuses a name for which nobody is on call.
func (c *Client) nobodyFor(name string) error {
	if d, ok := c.team().Find(name); ok {
		return incident.Refusef("PagerDuty knows no service %s: whoever runs tocsin can say in services/%s.md which of its services or escalation policies is meant.", incident.Escape(d.ID), d.ID)
	}
	return incident.Refusef("PagerDuty has no team, service or escalation policy “%s”.", incident.Escape(name))
}

// policiesOf are the ids of the escalation policies that a name stands for: a
// team's, a service's, its own. The same name may stand for several.
func (c *Client) policiesOf(ctx context.Context, name string) ([]string, error) {
	if name == "" {
		return nil, nil
	}
	a, err := c.known(ctx)
	if err != nil {
		return nil, err
	}
	ids := a.ofTeam(name)
	if _, ours := c.team().Find(name); ours {
		ids = append(ids, c.onCallFor(a, name))
	} else {
		found, err := c.Targets(ctx, name)
		if err != nil {
			return nil, err
		}
		ids = append(ids, c.behind(c.dir.current(), found)...)
	}
	slices.Sort(ids)
	return slices.DeleteFunc(slices.Compact(ids), func(id string) bool { return id == "" }), nil
}

// behind are the policies of targets.
func (c *Client) behind(a *account, found []incident.PageTarget) []string {
	var ids []string
	for _, t := range found {
		switch t.Kind {
		case incident.TargetPolicy:
			ids = append(ids, t.ID)
		case incident.TargetService:
			ids = append(ids, c.placeWithID(a, t.ID, t.Name).policy.ID)
		}
	}
	return ids
}

// ofTeam are the policies of the team with a name.
func (a *account) ofTeam(name string) []string {
	var ids []string
	for _, p := range a.policies.list {
		if slices.ContainsFunc(p.Teams, func(t reference) bool { return strings.EqualFold(t.Summary, name) || t.ID == name }) {
			ids = append(ids, p.ID)
		}
	}
	return ids
}
