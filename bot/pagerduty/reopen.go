package pagerduty

import (
	"context"
	"fmt"
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
// on the service of the first.
func (p *Performer) reopen(ctx context.Context, inc incident.Incident, all []record, job bot.Job) ([]incident.Fact, error) {
	n, at := reopenings(inc)
	if !inc.Active() || n == 0 || len(all) == 0 {
		return nil, nil
	}
	for _, r := range all {
		if !r.over() || r.Changed.After(at) { // resolved since: somebody there knows better
			return nil, nil
		}
	}
	service := all[0].Service
	if service == nil {
		return nil, nil
	}
	in := newIncident{Title: headline(inc), Service: refer(service.ID, "service"), Key: reopenedKey(inc.ID, n), Urgency: urgencyOf(inc.Severity)}
	text := strings.TrimSpace(fmt.Sprintf("It was resolved as %s, and is not over.\n\n%s", all[0].HTMLURL, join(inc)))
	made, err := p.create(ctx, inc, in, text, job)
	if err != nil {
		return nil, err
	}
	to := incident.PageTarget{Kind: incident.TargetService, ID: service.ID, Name: service.Summary}
	return []incident.Fact{
		incident.Paged{N: -n, To: to, Key: made.ID, Link: made.HTMLURL},
		incident.PagerSynced{Key: made.ID, State: incident.StateFiring},
	}, nil
}
