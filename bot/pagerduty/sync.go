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
	if passedOn(inc) {
		return nil, nil
	}
	facts, err := p.syncEvents(ctx, inc, job)
	if err == nil && p.client.config.Token != "" {
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
		if definite(err) || err == nil && !p.ours(inc, r) {
			continue // deleted, or not for us to change
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

// passedOn tells whether inc ended because it goes on as another incident, whose
// business PagerDuty's incidents are now.
func passedOn(inc incident.Incident) bool {
	return inc.Status == incident.Shut && (inc.Reason == "duplicate" || inc.Reason == "moved")
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
		if err != nil || !ours {
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

// syncEvents resolves what was paged by event, and fires it again when inc is
// reopened. Events cannot be read back, so what was last sent is on the timeline.
// What an attempt may have sent that nobody knows of, and that is no longer so, is sent
// over. The facts that come with an error tell what was sent before it.
func (p *Performer) syncEvents(ctx context.Context, inc incident.Incident, job bot.Job) ([]incident.Fact, error) {
	var facts []incident.Fact
	for _, page := range inc.Pages {
		if !page.Event || p.client.config.RoutingKey == "" {
			continue
		}
		var err error
		want := incident.StateFiring
		if ended(inc) {
			want = incident.StateResolved
		}
		switch {
		case known(inc, page.Key, job) == want:
			continue
		case want == incident.StateResolved:
			err = p.client.send(ctx, pagerduty.V2Event{Action: "resolve", DedupKey: page.Key})
		default:
			err = p.trigger(ctx, inc, page.Key, join(inc))
		}
		if err != nil {
			return facts, err
		}
		facts = append(facts, incident.PagerSynced{Key: page.Key, State: want})
	}
	return facts, nil
}

// known is the state in which we last left an alert that we sent; "" if that is in doubt,
// because inc ended or was reopened since the first attempt of a job, and an attempt may
// have sent what was so before.
func known(inc incident.Incident, key string, job bot.Job) string {
	state, doubt := incident.StateFiring, false
	for _, e := range inc.Timeline {
		switch f := e.Fact.(type) {
		case incident.PagerSynced:
			if f.Key == key && f.State != "" {
				state, doubt = f.State, false
			}
		case incident.Resolved, incident.Closed, incident.Reopened:
			doubt = doubt || job.Tries > 1 && !e.Logged.Before(job.First)
		}
	}
	if doubt {
		return ""
	}
	return state
}
