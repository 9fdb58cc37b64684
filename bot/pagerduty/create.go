package pagerduty

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"tocsin/bot"
	"tocsin/bot/incident"
)

// newIncident is an incident to be made in PagerDuty. What is not given is left
// out: PagerDuty refuses null.
type newIncident struct {
	Type        string       `json:"type"`
	Title       string       `json:"title"`
	Service     *reference   `json:"service"`
	Key         string       `json:"incident_key"`
	Urgency     string       `json:"urgency"`
	Priority    *reference   `json:"priority,omitempty"`
	Body        *body        `json:"body,omitempty"`
	Policy      *reference   `json:"escalation_policy,omitempty"`
	Assignments []assignment `json:"assignments,omitempty"`
}

type body struct {
	Type    string `json:"type"`
	Details string `json:"details"`
}

// pageByIncident makes an incident for a page. Every incident in PagerDuty is a
// service's; whom it goes to may be another policy or a person.
func (p *Performer) pageByIncident(ctx context.Context, inc incident.Incident, ask wanted, job bot.Job) (record, error) {
	a, err := p.client.known(ctx)
	if err != nil {
		return record{}, err
	}
	in := newIncident{Title: headline(inc), Key: ask.key(inc), Urgency: "high"}
	text := details(inc, ask)
	switch ask.To.Kind {
	case incident.TargetService:
		in.Service = refer(ask.To.ID, "service")
		if at := p.client.placeWithID(a, ask.To.ID, inc.Service, ask.To.Name); at.chosen {
			in.Policy = refer(at.policy.ID, "escalation_policy")
		}
		return p.create(ctx, inc, in, text, job)
	case incident.TargetPolicy:
		in.Policy = refer(ask.To.ID, "escalation_policy")
	case incident.TargetUser:
		in.Assignments = []assignment{{*refer(ask.To.ID, "user")}}
	}
	service, about := p.serviceFor(ctx, a, inc, ask.To)
	if service == "" {
		return record{}, &bot.Final{Why: "PagerDuty pages for a service, and the account has none that takes incidents. Call them by phone; whoever runs PagerDuty can add a service."}
	}
	if !about {
		text = strings.TrimSpace(text + "\n\nPagerDuty needs a service for it; this one may have no part in it.")
	}
	in.Service = refer(service, "service")
	return p.create(ctx, inc, in, text, job)
}

// create makes an incident, or finds the one that an earlier attempt made: by the
// key, which PagerDuty lets one open incident of a service have.
func (p *Performer) create(ctx context.Context, inc incident.Incident, in newIncident, text string, job bot.Job) (record, error) {
	if job.Tries > 1 {
		if r, found, err := p.client.withKey(ctx, in.Key); err != nil || found {
			return r, err
		}
	}
	in.Type = "incident"
	if text != "" {
		in.Body = &body{"incident_body", text}
	}
	priority, err := p.client.priority(ctx, inc.Severity)
	if err != nil {
		return record{}, err
	}
	if priority != nil {
		in.Priority = refer(priority.ID, "priority")
	}
	var answer struct {
		Incident record `json:"incident"`
	}
	err = p.client.call(ctx, http.MethodPost, "/incidents", map[string]any{"incident": in}, &answer)
	if definite(err) && says(err, "matching dedup key") || status(err) == http.StatusConflict {
		if r, found, lookErr := p.client.withKey(ctx, in.Key); lookErr != nil || found {
			return r, lookErr
		}
	}
	return answer.Incident, err
}

// serviceFor is the id of the service that the page of a person or a policy belongs to,
// "" where there is none: what the incident is about; where an alert of ours came from.
// Else it has nothing to do with it, since whom a page goes to is said by itself: what
// the team says for such pages; a service of the policy, or of one that the person is in
// or on call for; any.
func (p *Performer) serviceFor(ctx context.Context, a *account, inc incident.Incident, to incident.PageTarget) (id string, about bool) {
	if s := p.client.place(a, inc.Service).service; s.ID != "" && a.takes(s.ID) {
		return s.ID, true
	}
	for _, s := range inc.Alerts() {
		if id := s.Labels[labelService]; s.Source == source && id != "" && a.takes(id) {
			return id, true
		}
	}
	if s, ok := a.called(p.client.team().Default().Service); ok && a.takes(s.ID) {
		return s.ID, false
	}
	s, ok := a.serviceOf(to.ID, p.client.calledFor(ctx, to))
	if !ok {
		s, _ = a.first(func(service) bool { return true })
	}
	return s.ID, false
}

// calledFor are the policies for which somebody is on call now. Where that cannot be read,
// there are none: a page does not wait for it.
func (c *Client) calledFor(ctx context.Context, to incident.PageTarget) []string {
	if to.Kind != incident.TargetUser {
		return nil
	}
	var ids []string
	list, _ := c.OnCall(ctx, "")
	for _, d := range list {
		if d.UserID == to.ID {
			ids = append(ids, d.PolicyID)
		}
	}
	return ids
}

// madeFor is the page of ours that PagerDuty's incident was made for; ok is false if it
// was made for none.
func madeFor(inc incident.Incident, r record) (page incident.Page, ok bool) {
	i := slices.IndexFunc(inc.Pages, func(page incident.Page) bool { return page.Key == r.ID && !page.Added })
	if i < 0 {
		return incident.Page{}, false
	}
	return inc.Pages[i], true
}

// callFor has an incident call whom r was to call: they need not be the service's.
func (in *newIncident) callFor(to incident.PageTarget, r record) {
	switch {
	case to.Kind == incident.TargetUser:
		in.Assignments = []assignment{{*refer(to.ID, "user")}}
	case r.Policy != nil:
		in.Policy = refer(r.Policy.ID, "escalation_policy")
	}
}
