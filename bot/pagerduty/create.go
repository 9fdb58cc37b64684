package pagerduty

import (
	"context"
	"net/http"

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
	service, err := p.serviceFor(ctx, inc, ask.To)
	if err != nil {
		return record{}, err
	}
	in := newIncident{Title: headline(inc), Service: refer(service, "service"), Key: ask.key(inc), Urgency: "high"}
	switch ask.To.Kind {
	case incident.TargetPolicy:
		in.Policy = refer(ask.To.ID, "escalation_policy")
	case incident.TargetUser:
		in.Assignments = []assignment{{*refer(ask.To.ID, "user")}}
	}
	return p.create(ctx, inc, in, details(inc, ask), job)
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

// serviceFor is the id of the service that a new incident belongs to: the target
// itself; what the incident is about; a service of the policy, or of a policy that
// names the person; where an alert of ours came from; the only one there is.
func (p *Performer) serviceFor(ctx context.Context, inc incident.Incident, to incident.PageTarget) (string, error) {
	if to.Kind == incident.TargetService {
		return to.ID, nil
	}
	d, err := p.client.known(ctx)
	if err != nil {
		return "", err
	}
	if s, ok := d.serviceCalled(inc.Service); ok {
		return s.ID, nil
	}
	if id := d.serviceOf(to); id != "" {
		return id, nil
	}
	for _, s := range inc.Alerts() {
		if id := s.Labels[labelService]; s.Source == source && id != "" {
			return id, nil
		}
	}
	if len(d.services) == 1 {
		return d.services[0].ID, nil
	}
	return "", &bot.Final{Why: "PagerDuty pages for a service, and it is not clear which: " + to.Name + " stands behind none, and " + string(inc.ID) + " names none that PagerDuty knows. Page a service instead."}
}
