package pagerduty

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tocsin/bot"
)

const (
	// history is how long before a change its incident may have begun: PagerDuty lists
	// by when incidents began.
	history = 30 * 24 * time.Hour
	// overlap is how much further back than the last time is asked: what is told twice
	// changes nothing.
	overlap = 2 * time.Minute
	// firstLook is how far back the first look goes.
	firstLook = time.Hour
)

// Changes are the incidents whose status changed since the last time, as the webhooks
// would have told them that were lost while PagerDuty or tocsin was away: each by
// its present status, an acknowledged one by its beginning too. An answer is the
// same signal each time, until the status changes again.
//
// asked is when it was asked, and what last is to be the next time. Both are of
// PagerDuty's clock, so that ours may be wrong, and be set. A last that is zero, or that
// lies in PagerDuty's future because a clock that was ahead gave it, is a first look: it
// goes an hour back.
func (c *Client) Changes(ctx context.Context, last time.Time) (signals []bot.Signal, asked time.Time, err error) {
	asked, err = c.now(ctx)
	if err != nil {
		return nil, asked, classify(err)
	}
	if last.IsZero() || last.After(asked) {
		last = asked.Add(-firstLook)
	}
	since := last.Add(-overlap)
	open, err := c.changed(ctx, since, asked, url.Values{"statuses[]": {"triggered", "acknowledged"}, "sort_by": {"created_at:asc"}})
	if err != nil {
		return nil, asked, classify(err)
	}
	resolved, err := c.changed(ctx, since, asked, url.Values{"statuses[]": {"resolved"}, "sort_by": {"resolved_at:desc"}})
	if err != nil {
		return nil, asked, classify(err)
	}
	for _, r := range append(open, resolved...) {
		signals = append(signals, r.signals(c.Who)...)
	}
	return signals, asked, nil
}

// now is PagerDuty's time, by the Date of its answer to the shortest page of what is
// asked for; ours where it does not say.
func (c *Client) now(ctx context.Context) (time.Time, error) {
	header, err := c.ask(ctx, http.MethodGet, "/incidents?limit=1", nil, nil)
	if err != nil {
		return time.Time{}, err
	}
	if at, err := http.ParseTime(header.Get("Date")); err == nil {
		return at, nil
	}
	return c.config.Now(), nil
}

// changed reads the incidents that changed since a time. A list that begins with
// what was resolved last is read no further than that.
func (c *Client) changed(ctx context.Context, since, now time.Time, query url.Values) ([]record, error) {
	query.Set("since", since.Add(-history).UTC().Format(time.RFC3339))
	query.Set("until", now.Add(skew).UTC().Format(time.RFC3339))
	var found []record
	newestFirst := strings.HasSuffix(query.Get("sort_by"), ":desc")
	err := pages(ctx, c, "/incidents", "incidents", query, func(some []record) (more bool) {
		for _, r := range some {
			if !r.Changed.Before(since.Truncate(time.Second)) {
				found = append(found, r)
			} else if newestFirst {
				return false
			}
		}
		return true
	})
	return found, err
}

// signals are what webhooks would have told of the incident. An acknowledgement
// opens no room, so the beginning goes before it, in case the page was lost as well;
// who acknowledged did not begin it.
func (r record) signals(who Who) []bot.Signal {
	if r.Status != "acknowledged" {
		return []bot.Signal{r.signal(who)}
	}
	began := r
	began.Status, began.Changed, began.ChangedBy = "triggered", r.Created, nil
	return []bot.Signal{began.signal(who), r.signal(who)}
}

// signal is what a webhook would have told of the incident's present status.
func (r record) signal(who Who) bot.Signal {
	at, name := r.Changed.UTC(), "incident."+r.Status
	e := event{
		ID: bot.AskedID(r.ID, name, at), Type: name, OccurredAt: stamp{at}, Agent: r.ChangedBy,
		Data: data{
			reference: r.reference, Title: r.Title, Urgency: r.Urgency, IncidentKey: r.Key, CreatedAt: stamp{r.Created},
			Priority: r.Priority, Service: r.Service, EscalationPolicy: r.Policy, Teams: r.Teams,
		},
	}
	e.Data.Type = "incident"
	for _, a := range r.Assignments {
		e.Data.Assignees = append(e.Data.Assignees, a.Assignee)
	}
	return e.signal(who)
}
