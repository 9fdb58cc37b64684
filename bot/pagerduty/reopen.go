package pagerduty

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
)

// reopenings counts how often inc was reopened, and tells when it last was.
func reopenings(inc incident.Incident) (n int, last time.Time) {
	for _, e := range inc.Timeline {
		if _, ok := e.Fact.(incident.Reopened); ok {
			n, last = n+1, e.Logged
		}
	}
	return n, last
}

// reopen calls people again when inc was reopened after everything in PagerDuty
// was resolved. The REST API cannot reopen: a PUT takes acknowledged and resolved
// only, and refuses what is resolved. So there is one new incident for each time,
// on the service of the first, and for those whom a page of ours called with that.
func (p *Performer) reopen(ctx context.Context, inc incident.Incident, all []record, job bot.Job) ([]incident.Fact, error) {
	n, at := reopenings(inc)
	if !inc.Active() || n == 0 || len(all) == 0 {
		return nil, nil
	}
	for _, r := range all {
		if !r.over() {
			return nil, nil
		}
		if ours, err := p.byUs(ctx, r, job); err != nil {
			return nil, err
		} else if !ours && r.Changed.After(at) { // resolved since: somebody there knows better
			return nil, nil
		}
	}
	service := all[0].Service
	if service == nil {
		return nil, nil
	}
	in := newIncident{Title: headline(inc), Service: refer(service.ID, "service"), Key: reopenedKey(inc.ID, n, at), Urgency: urgencyOf(inc.Severity)}
	to := theService(service)
	if page, ours := madeFor(inc, all[0]); ours {
		to = page.To
		in.callFor(to, all[0])
	}
	text := strings.TrimSpace(fmt.Sprintf("It was resolved as %s, and is not over.\n\n%s", all[0].HTMLURL, join(inc)))
	made, err := p.create(ctx, inc, in, text, job)
	if err != nil {
		return nil, err
	}
	return again(n, made, to), nil
}

// again tells of the incident that called people again the nth time.
func again(n int, made record, to incident.PageTarget) []incident.Fact {
	return []incident.Fact{
		incident.Paged{N: -n, To: to, Key: made.ID, Link: made.HTMLURL},
		incident.PagerSynced{Key: made.ID, State: incident.StateFiring},
	}
}

// theService is a service as who was paged.
func theService(s *reference) incident.PageTarget {
	to := incident.PageTarget{Kind: incident.TargetService}
	if s != nil {
		to.ID, to.Name = s.ID, s.Summary
	}
	return to
}

// calledAgain finds the incident that an earlier attempt may have made to call people
// again: a webhook may have linked it since, and then nobody would tell the room of it;
// and once inc is over, nobody else would ever end it.
func (p *Performer) calledAgain(ctx context.Context, inc incident.Incident, job bot.Job) ([]incident.Fact, error) {
	n, at := reopenings(inc)
	known := slices.ContainsFunc(inc.Pages, func(page incident.Page) bool { return page.N == -n })
	if n == 0 || known || job.Tries <= 1 {
		return nil, nil
	}
	made, found, err := p.client.withKey(ctx, reopenedKey(inc.ID, n, at))
	if err != nil || !found {
		return nil, err
	}
	return again(n, made, theService(made.Service)), nil
}
