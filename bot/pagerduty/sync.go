package pagerduty

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/PagerDuty/go-pagerduty"

	"tocsin/bot"
	"tocsin/bot/incident"
)

// sync makes PagerDuty's incidents show the state of inc, where they show
// something else. It acknowledges nothing: that would keep PagerDuty from calling
// the next person, and whoever has a role in inc need not be whom it called.
func (p *Performer) sync(ctx context.Context, inc incident.Incident, job bot.Job) ([]incident.Fact, error) {
	if len(job.Line) == 0 {
		job.Line = []incident.Incident{inc}
	}
	facts, err := p.syncEvents(ctx, job)
	if passed := inc.PassedOn(); err == nil && !passed && p.client.config.Token != "" { // else they are that one's business
		var more []incident.Fact
		more, err = p.syncIncidents(ctx, inc, job)
		facts = append(facts, more...)
	}
	if err != nil {
		return nil, soFar(facts, err)
	}
	return facts, nil
}

// syncIncidents changes what differs, up to a batch. The facts that come with an
// error tell what was done before it.
func (p *Performer) syncIncidents(ctx context.Context, inc incident.Incident, job bot.Job) ([]incident.Fact, error) {
	facts, err := p.calledAgain(ctx, inc, job)
	if err != nil {
		return nil, err
	}
	ids := unsettled(inc, job.First)
	for _, f := range facts {
		if page, ok := f.(incident.Paged); ok && !slices.Contains(ids, page.Key) {
			ids = append(ids, page.Key)
		}
	}
	known, err := p.listed(ctx, inc, ids)
	if err != nil {
		return facts, err
	}
	var all []record
	for _, id := range ids {
		if len(facts) >= batch {
			return facts, &bot.Later{After: time.Second, Err: errMore}
		}
		r, err := p.read(ctx, known, id)
		if definite(err) {
			continue // deleted, or out of our sight
		}
		if err != nil {
			return facts, err
		}
		change, err := p.syncOne(ctx, inc, r, job)
		if err != nil {
			return facts, err
		}
		facts, all = append(facts, change...), append(all, r)
	}
	again, err := p.reopen(ctx, inc, all, job)
	return append(facts, again...), err
}

func ended(inc incident.Incident) bool {
	return inc.Status == incident.Over || inc.Status == incident.Shut
}

// change is what a PUT changes of an incident.
type change struct {
	Type     string     `json:"type"`
	Status   string     `json:"status,omitempty"`
	Priority *reference `json:"priority,omitempty"`
	Urgency  string     `json:"urgency,omitempty"`
}

func (p *Performer) put(ctx context.Context, id string, c change) error {
	c.Type = "incident"
	return p.client.call(ctx, http.MethodPut, "/incidents/"+id, map[string]any{"incident": c}, nil)
}

// syncOne changes what differs. What an earlier attempt of ours did is told too:
// nobody was told then.
func (p *Performer) syncOne(ctx context.Context, inc incident.Incident, r record, job bot.Job) ([]incident.Fact, error) {
	resolved := incident.PagerSynced{Key: r.ID, State: incident.StateResolved}
	switch {
	case ended(inc) && r.over():
		ours, err := p.byUs(ctx, r, job)
		if err != nil || !ours || toldOver(inc, r.ID) {
			return nil, err
		}
		return []incident.Fact{resolved}, nil
	case ended(inc):
		err := p.put(ctx, r.ID, change{Status: "resolved"})
		if says(err, "already resolved") {
			return nil, nil
		}
		return []incident.Fact{resolved}, err
	case r.over():
		return nil, nil // see reopen
	case undecided(inc, r.ID):
		return nil, nil
	}
	return p.rate(ctx, inc, r)
}

// toldOver tells whether it is told that we resolved PagerDuty's incident, and not that it
// was open again since.
func toldOver(inc incident.Incident, key string) bool {
	for _, e := range slices.Backward(inc.Timeline) {
		switch f := e.Fact.(type) {
		case incident.PagerSynced:
			if f.Key == key && f.State != "" {
				return f.State == incident.StateResolved
			}
		case incident.Signaled:
			if f.Source == source && f.Key == key && f.Event == "incident.reopened" {
				return false
			}
		}
	}
	return false
}

// byUs tells whether it was us who last changed the status, in an earlier attempt.
func (p *Performer) byUs(ctx context.Context, r record, job bot.Job) (bool, error) {
	if job.Tries <= 1 || r.ChangedBy == nil || r.Changed.Before(job.First.Add(-skew)) {
		return false, nil
	}
	me, err := p.client.me(ctx)
	return r.ChangedBy.ID == me.ID, err
}

// undecided tells whether an alert that joined inc is worse than it, and nobody has said
// that inc is no worse: people are asked, and meanwhile PagerDuty goes on to call
// somebody for it.
func undecided(inc incident.Incident, key string) bool {
	s, ok := inc.Alert(source, key)
	return ok && s.Severity.Worse(inc.Severity) && !decided(inc, key)
}

// decided tells whether a person has set the severity since an alert joined inc. What
// tocsin made itself has it from the beginning, whenever PagerDuty tells of it.
func decided(inc incident.Incident, key string) bool {
	_, joined := inc.NumberOf(source, key)
	made := slices.ContainsFunc(inc.Pages, func(p incident.Page) bool { return p.Key == key && !p.Added })
	return made || joined == 0 || slices.ContainsFunc(inc.Timeline[joined:], func(e incident.Event) bool {
		_, set := e.Fact.(incident.SeverityChanged)
		return set
	})
}

// rate makes priority and urgency show the severity; the urgency, by which PagerDuty
// calls people or does not, is only lowered where a person has set the severity, since
// they asked for the page if they did. Where
// the account has no priority for it, the urgency alone does, and is told in its place.
func (p *Performer) rate(ctx context.Context, inc incident.Incident, r record) ([]incident.Fact, error) {
	priority, err := p.client.priority(ctx, inc.Severity)
	if err != nil {
		return nil, err
	}
	var c change
	fact := incident.PagerSynced{Key: r.ID}
	if urgency := urgencyOf(inc.Severity); r.Urgency != urgency && (urgency == "high" || decided(inc, r.ID) && !called(inc, r.ID)) {
		c.Urgency, fact.Priority = urgency, urgency
	}
	if priority != nil && (r.Priority == nil || r.Priority.ID != priority.ID) {
		c.Priority, fact.Priority = refer(priority.ID, "priority"), first(priority.Summary)
	}
	if c == (change{}) {
		return nil, nil
	}
	return []incident.Fact{fact}, p.put(ctx, r.ID, c)
}

// called tells whether a person asked for PagerDuty's incident, to call somebody, at the
// severity that ours still has: then it goes on to, however mild that is.
func called(inc incident.Incident, key string) bool {
	i := slices.IndexFunc(inc.Pages, func(p incident.Page) bool { return p.Key == key && !p.Added && p.N > 0 })
	if i < 0 {
		return false
	}
	for _, e := range slices.Backward(inc.Timeline) {
		switch f := e.Fact.(type) {
		case incident.SeverityChanged:
			return false
		case incident.PageAsked:
			if f.N == inc.Pages[i].N {
				return true
			}
		}
	}
	return false
}

// urgencyOf is PagerDuty's urgency for a severity.
func urgencyOf(s incident.Severity) string {
	if incident.SEV2.Worse(s) {
		return "low"
	}
	return "high"
}

// syncEvents resolves what was paged by event, and fires it again when what it goes with is
// reopened: that of what went on as another incident goes with that one, for nothing else
// tells of it there. Events cannot be read back, so what was last sent is on a timeline.
// What an attempt may have sent that nobody knows of, and that is no longer so, is sent
// over. The facts that come with an error tell what was sent before it.
func (p *Performer) syncEvents(ctx context.Context, job bot.Job) ([]incident.Fact, error) {
	var facts []incident.Fact
	if p.client.config.RoutingKey == "" {
		return nil, nil
	}
	now := job.Line[0]
	for _, c := range courses(job) {
		var err error
		want, key := c.want(), c.page.Key
		switch {
		case c.known == want:
			continue
		case want == incident.StateResolved:
			err = p.client.send(ctx, pagerduty.V2Event{Action: "resolve", DedupKey: key})
		default:
			err = p.trigger(ctx, now, key, join(now))
		}
		if err != nil {
			return facts, err
		}
		facts = append(facts, incident.PagerSynced{Key: key, State: want})
	}
	return facts, nil
}
