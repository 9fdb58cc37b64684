package pagerduty

import (
	"cmp"
	"slices"
	"strings"

	"tocsin/bot/incident"
)

// Catalogue is what a team says of its services and of its PagerDuty account. It is asked
// each time, so that what they change serves at once.
type Catalogue interface {
	// Find is the service with a name of any kind; ok is false if none is described.
	Find(name string) (d Described, ok bool)
	// All are those that are described.
	All() []Described
	// Default is what holds where a service has no place in PagerDuty: its Service is what
	// pages go under then, its Policy who is on call.
	Default() Described
	// Priorities are the names of the account's priorities for our severities; nil: P1 to
	// P4, or whatever is called like the severity.
	Priorities() map[incident.Severity]string
}

// Described is what a team says of one of its services.
type Described struct {
	ID    string
	Names []string // what else people and monitors call it
	// Service and Policy are PagerDuty's service and escalation policy for it, by name or
	// id. Without a Service the one that is called like it is meant, without a Policy the
	// one that the service has.
	Service, Policy string
}

// none is the catalogue of a team that has described nothing.
type none struct{}

func (none) Find(string) (Described, bool)            { return Described{}, false }
func (none) All() []Described                         { return nil }
func (none) Default() Described                       { return Described{} }
func (none) Priorities() map[incident.Severity]string { return nil }

// place is where something is in PagerDuty; either part may be missing.
type place struct {
	service service
	// policy is whom PagerDuty calls for it; chosen, that the team says so, whatever
	// the service's own is.
	policy reference
	chosen bool
}

// called finds a service by name or id.
func (a *account) called(name string) (service, bool) {
	s, ok := a.services.by[strings.ToLower(name)]
	return s, ok && name != ""
}

// policyCalled finds an escalation policy by name or id.
func (a *account) policyCalled(name string) (policy, bool) {
	p, ok := a.policies.by[strings.ToLower(name)]
	return p, ok && name != ""
}

// of is where what a team describes is: this is the one place that says what their words
// mean in PagerDuty.
func (a *account) of(d Described) place {
	var p place
	for _, name := range slices.Concat([]string{d.Service, d.ID}, d.Names) {
		if s, ok := a.called(name); ok {
			p = s.place()
			break
		}
	}
	if own, ok := a.policyCalled(d.Policy); ok {
		p.policy, p.chosen = reference{ID: own.ID, Summary: own.Name}, true
	}
	return p
}

// place is where a service is that nobody has described.
func (s service) place() place {
	if s.Policy == nil {
		return place{service: s}
	}
	return place{service: s, policy: *s.Policy}
}

// place is where the service with a name is, ours or PagerDuty's own; its parts are
// missing where there is none.
func (c *Client) place(a *account, name string) place {
	if d, ok := c.team().Find(name); ok {
		return a.of(d)
	}
	s, _ := a.called(name)
	return s.place()
}

// placeWithID is where a service of PagerDuty's is. Where a team has described several
// that share it, the first of names that is one of them is meant.
func (c *Client) placeWithID(a *account, id string, names ...string) place {
	var all []Described
	for _, name := range names {
		if d, ok := c.team().Find(name); ok {
			all = append(all, d)
		}
	}
	for _, d := range append(all, c.team().All()...) {
		if p := a.of(d); p.service.ID == id {
			return p
		}
	}
	s, _ := a.called(id)
	return s.place()
}

// onCallFor is the id of the policy that is called for a service, "" where nobody knows
// one: the service's, or else the team's default.
func (c *Client) onCallFor(a *account, service string) string {
	if id := c.place(a, service).policy.ID; id != "" {
		return id
	}
	p, _ := a.policyCalled(c.team().Default().Policy)
	return p.ID
}

// PolicyOf is the id of the escalation policy that is called for a service, by any name
// of the service; "" if it is not known. It makes no call.
func (c *Client) PolicyOf(service string) string { return c.onCallFor(c.dir.current(), service) }

// team is never nil.
func (c *Client) team() Catalogue {
	if c.config.Team == nil {
		return none{}
	}
	return c.config.Team
}

// aliases are the names that a team has for what is in PagerDuty, by its id.
func (c *Client) aliases(a *account) map[string][]string {
	names := map[string][]string{}
	for _, d := range c.team().All() {
		p := a.of(d)
		if id := cmp.Or(p.service.ID, p.policy.ID); id != "" {
			names[id] = append(append(names[id], d.ID), d.Names...)
		}
	}
	return names
}

// unknown is what a team names and PagerDuty does not have, each with where to mend it.
func (c *Client) unknown(a *account, priorities []reference) []string {
	var out []string
	said := func(file, kind, name string, known bool) {
		if name != "" && !known {
			out = append(out, "services/"+file+".md: PagerDuty has no "+kind+" “"+name+"”: correct it, or leave it out")
		}
	}
	for _, d := range append(c.team().All(), c.team().Default()) {
		_, service := a.called(d.Service)
		_, policy := a.policyCalled(d.Policy)
		said(d.ID, "service", d.Service, service)
		said(d.ID, "escalation policy", d.Policy, policy)
	}
	for _, s := range incident.Severities {
		name := c.team().Priorities()[s]
		said(c.team().Default().ID, "priority", name, prioritized(priorities, name) != nil)
	}
	return out
}
