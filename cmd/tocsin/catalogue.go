package main

import (
	"tocsin/bot/incident"
	"tocsin/bot/pagerduty"
	"tocsin/runbooks"
)

// catalogue is what a team says of its services, as PagerDuty's client asks for it.
type catalogue struct{ services *runbooks.Services }

// Find implements pagerduty.Catalogue.
func (c catalogue) Find(name string) (pagerduty.Described, bool) {
	v, ok := c.services.Find(name, "")
	if !ok {
		return pagerduty.Described{}, false
	}
	return described(v), true
}

// All implements pagerduty.Catalogue.
func (c catalogue) All() []pagerduty.Described {
	var all []pagerduty.Described
	for _, v := range c.services.All() {
		all = append(all, described(v))
	}
	return all
}

// Default implements pagerduty.Catalogue.
func (c catalogue) Default() pagerduty.Described { return described(c.services.Defaults()) }

// Priorities implements pagerduty.Catalogue.
func (c catalogue) Priorities() map[incident.Severity]string { return c.services.Defaults().Priorities }

func described(v *runbooks.Service) pagerduty.Described {
	d := pagerduty.Described{ID: v.ID, Service: v.PagerDuty, Policy: v.Escalation, Names: v.Also}
	if v.Title != "" {
		d.Names = append([]string{v.Title}, v.Also...)
	}
	return d
}
