package pagerduty

import (
	"context"
	"errors"
	"net/url"
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
)

// A storm leaves an incident with more of PagerDuty's incidents than its rate limit
// lets us change at once. So a sync goes in parts: each tells what it did, and the
// next goes on from there.
const (
	// batch is how many changes one attempt makes, about half a minute's worth.
	batch = 100
	// few is up to how many incidents are read one by one.
	few = 10
	// doubt is how long what an attempt left in doubt is left alone: longer than
	// callTimeout.
	doubt = 15 * time.Second
)

var errMore = errors.New("more of PagerDuty's incidents have to be brought up to date")

// soFar is err, with what was done before it. What trying again will not mend is
// told by the next attempt, which begins with it.
func soFar(facts []incident.Fact, err error) error {
	err = classify(err)
	if len(facts) == 0 {
		return err
	}
	if later, ok := errors.AsType[*bot.Later](err); ok {
		return &bot.Later{After: later.After, Err: later.Err, Facts: facts}
	}
	return &bot.Later{After: doubt, Err: err, Facts: facts}
}

// unsettled are the linked incidents that may have to be changed. Once inc has
// ended, those that are resolved are none: by what PagerDuty told us, or by what an
// attempt at the same sync did.
func unsettled(inc incident.Incident, since time.Time) []string {
	if !ended(inc) {
		return linked(inc)
	}
	over := map[string]bool{}
	for i := len(inc.Timeline) - 1; i >= 0 && !inc.Timeline[i].Logged.Before(since); i-- {
		if f, ok := inc.Timeline[i].Fact.(incident.PagerSynced); ok && f.State == incident.StateResolved {
			over[f.Key] = true
		}
	}
	var ids []string
	for _, id := range linked(inc) {
		if s, ok := inc.Alert(source, id); !over[id] && !(ok && s.State == incident.StateResolved) {
			ids = append(ids, id)
		}
	}
	return ids
}

// listed reads many incidents a hundred to a call: those that began since inc's
// first alert did. What it does not find is to be read by itself. It makes no more
// calls than it can save.
func (p *Performer) listed(ctx context.Context, inc incident.Incident, ids []string) (map[string]record, error) {
	found := map[string]record{}
	if len(ids) <= few {
		return found, nil
	}
	wanted := map[string]bool{}
	for _, id := range ids {
		wanted[id] = true
	}
	query := url.Values{
		"since": {began(inc).Add(-time.Hour).UTC().Format(time.RFC3339)}, "until": {time.Now().Add(skew).UTC().Format(time.RFC3339)},
		"sort_by": {"created_at:asc"}, "statuses[]": {"triggered", "acknowledged", "resolved"},
	}
	calls := 0
	err := pages(ctx, p.client, "/incidents", "incidents", query, func(some []record) (more bool) {
		for _, r := range some {
			if wanted[r.ID] {
				found[r.ID] = r
			}
		}
		calls++
		return len(found) < len(wanted) && calls < len(wanted)
	})
	if definite(err) || errors.Is(err, errEndless) {
		return found, nil // further back, or further on, than PagerDuty lists
	}
	return found, err
}

// read is an incident as it was listed, or else as it is.
func (p *Performer) read(ctx context.Context, known map[string]record, id string) (record, error) {
	if r, ok := known[id]; ok {
		return r, nil
	}
	return p.client.incident(ctx, id)
}

// began is when the first of inc's alerts did, or inc itself.
func began(inc incident.Incident) time.Time {
	first := time.Now()
	for _, e := range inc.Timeline {
		if _, ok := e.Fact.(incident.Signaled); (ok || e.Seq == 1) && e.At.Before(first) {
			first = e.At
		}
	}
	return first
}
