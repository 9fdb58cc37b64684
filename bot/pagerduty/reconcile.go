package pagerduty

import (
	"context"
	"net/url"
	"strings"
	"time"

	"tocsin/bot"
)

// history is how long before a change its incident may have begun: PagerDuty lists
// by when incidents began.
const history = 30 * 24 * time.Hour

// Changes are the incidents whose status changed since a time, as the webhooks
// would have told them that were lost while PagerDuty or tocsin was away: each by
// its present status, an acknowledged one by its beginning too. An answer is the
// same signal each time, until the status changes again.
func (c *Client) Changes(ctx context.Context, since time.Time) ([]bot.Signal, error) {
	open, err := c.changed(ctx, since, url.Values{"statuses[]": {"triggered", "acknowledged"}, "sort_by": {"created_at:asc"}})
	if err != nil {
		return nil, classify(err)
	}
	resolved, err := c.changed(ctx, since, url.Values{"statuses[]": {"resolved"}, "sort_by": {"resolved_at:desc"}})
	if err != nil {
		return nil, classify(err)
	}
	var signals []bot.Signal
	for _, r := range append(open, resolved...) {
		signals = append(signals, r.signals(c.Who)...)
	}
	return signals, nil
}

// changed reads the incidents that changed since a time. A list that begins with
// what was resolved last is read no further than that.
func (c *Client) changed(ctx context.Context, since time.Time, query url.Values) ([]record, error) {
	query.Set("since", since.Add(-history).UTC().Format(time.RFC3339))
	query.Set("until", time.Now().Add(skew).UTC().Format(time.RFC3339))
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
	at := r.Changed.UTC()
	e := event{
		ID:   "reconcile/" + r.ID + "/" + r.Status + "/" + at.Format(time.RFC3339),
		Type: "incident." + r.Status, OccurredAt: stamp{at}, Agent: r.ChangedBy,
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
