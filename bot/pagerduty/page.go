package pagerduty

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/PagerDuty/go-pagerduty"

	"tocsin/bot"
	"tocsin/bot/incident"
)

// page has PagerDuty page whom the nth page is for. People and policies are added
// as responders to an incident that is open there already; otherwise there is a
// new one.
func (p *Performer) page(ctx context.Context, inc incident.Incident, n int, job bot.Job) ([]incident.Fact, error) {
	ask, ok := asked(inc, n)
	if !ok {
		return nil, &bot.Final{Why: fmt.Sprintf("nobody asked for page %d of %s.", n, inc.ID)}
	}
	if i := slices.IndexFunc(inc.Pages, func(done incident.Page) bool { return done.N == n && done.Key != "" }); i >= 0 {
		return nil, nil
	}
	byEvent := ask.To.Kind == incident.TargetKey || p.client.config.Token == ""
	if job.Tries > 1 && !byEvent { // an earlier attempt may have made it; a webhook may have linked it since
		f, found, err := p.pagedBefore(ctx, inc, ask, job)
		if err != nil || found {
			return done(f), err
		}
	}
	if ended(inc) && byEvent && job.Tries > 1 && p.client.config.RoutingKey != "" {
		// Events cannot be read back. What comes of this calls it off (syncEvents).
		return done(incident.Paged{N: n, To: behindKey()[0], Key: ask.key(inc), Event: true, Perhaps: true}), nil
	}
	if ended(inc) {
		return nil, &bot.Final{Why: "The incident was over before the page went out. If you still need them, reopen it and page again."}
	}
	if byEvent {
		return p.pageByEvent(ctx, inc, ask)
	}
	if ask.To.Kind != incident.TargetService {
		open, found, err := p.open(ctx, inc)
		if err != nil {
			return nil, err
		}
		if found {
			err := p.addResponder(ctx, inc, open, ask)
			if status(err) != http.StatusPaymentRequired { // a plan without responders has incidents
				return done(incident.Paged{N: n, To: ask.To, Key: open.ID, Link: open.HTMLURL, Added: true}), err
			}
		}
	}
	made, err := p.pageByIncident(ctx, inc, ask, job)
	return done(incident.Paged{N: n, To: ask.To, Key: made.ID, Link: made.HTMLURL}), err
}

func done(f incident.Paged) []incident.Fact { return []incident.Fact{f} }

// wanted is a page that was asked for, and when.
type wanted struct {
	incident.PageAsked
	at time.Time
}

func (w wanted) key(inc incident.Incident) string { return pageKey(inc.ID, w.N, w.at) }

// asked finds what was asked for.
func asked(inc incident.Incident, n int) (wanted, bool) {
	for _, e := range inc.Timeline {
		if f, ok := e.Fact.(incident.PageAsked); ok && f.N == n {
			return wanted{f, e.Logged}, true
		}
	}
	return wanted{}, false
}

// open finds the first of PagerDuty's incidents of inc that is not resolved.
func (p *Performer) open(ctx context.Context, inc incident.Incident) (record, bool, error) {
	for _, id := range linked(inc) {
		if s, ok := inc.Alert(source, id); ok && s.State == incident.StateResolved {
			continue
		}
		r, err := p.client.incident(ctx, id)
		if definite(err) {
			continue // deleted, or out of our sight
		}
		if err != nil {
			return record{}, false, err
		}
		if !r.over() {
			return r, true, nil
		}
	}
	return record{}, false, nil
}

// pagedBefore finds what an earlier attempt at a page may have made.
func (p *Performer) pagedBefore(ctx context.Context, inc incident.Incident, ask wanted, job bot.Job) (f incident.Paged, found bool, err error) {
	r, found, err := p.client.withKey(ctx, ask.key(inc))
	if err == nil && !found && ask.To.Kind != incident.TargetService {
		r, f.Added, err = p.requested(ctx, inc, ask, job)
	}
	f.N, f.To, f.Key, f.Link = ask.N, ask.To, r.ID, r.HTMLURL
	return f, found || f.Added, err
}

// requested finds PagerDuty's incident that people were added to for a page. It
// was the first that was open then, so it is not beyond the first that is open since
// before; one that was reopened may stand before it now.
func (p *Performer) requested(ctx context.Context, inc incident.Incident, ask wanted, job bot.Job) (record, bool, error) {
	for _, id := range openSince(inc, job.First) {
		r, err := p.client.incident(ctx, id)
		switch {
		case definite(err):
			continue
		case err != nil:
			return record{}, false, err
		case slices.ContainsFunc(r.Requests, func(q request) bool { return ask.by(q, inc.ID) }):
			return r, true, nil
		case !r.over() && r.Changed.Before(job.First.Add(-skew)):
			return record{}, false, nil
		}
	}
	return record{}, false, nil
}

// openSince are the incidents that were linked at a time or are now, but for those that
// were resolved before.
func openSince(inc incident.Incident, since time.Time) []string {
	then, later := 0, map[string]bool{}
	for _, e := range inc.Timeline {
		if !e.Logged.After(since) {
			then = e.Seq
		}
		if f, ok := e.Fact.(incident.Signaled); ok && f.Source == source && !e.Logged.Before(since) {
			later[f.Key] = true
		}
	}
	ids := linked(incident.Fold(inc.ID, inc.Timeline[:then]))
	for _, id := range linked(inc) {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return slices.DeleteFunc(ids, func(id string) bool {
		s, ok := inc.Alert(source, id)
		return ok && s.State == incident.StateResolved && !later[id]
	})
}

// addResponder asks a person or a policy to join PagerDuty's incident.
func (p *Performer) addResponder(ctx context.Context, inc incident.Incident, r record, ask wanted) error {
	me, err := p.client.me(ctx)
	if err != nil {
		return err
	}
	kind := "user"
	if ask.To.Kind == incident.TargetPolicy {
		kind = "escalation_policy"
	}
	in := request{Requester: me.ID, Message: invitation(inc, ask), Targets: []target{{*refer(ask.To.ID, kind)}}}
	return p.client.call(ctx, http.MethodPost, "/incidents/"+r.ID+"/responder_requests", in, nil)
}

// invitation is what a responder is told. No two pages have the same.
func invitation(inc incident.Incident, ask wanted) string {
	words := []string{inc.Severity.Title() + ": " + incident.Line(inc.Title) + ".", incident.Line(ask.Text)}
	if inc.Private {
		words = []string{"A private incident needs you."}
	}
	tail := strings.TrimSpace(join(inc) + " " + numbered(ask.N))
	text := mark(inc.ID) + strings.TrimSpace(strings.Join(words, " "))
	return incident.Cut(text, maxMessage-len([]rune(tail))-1) + " " + tail
}

// numbered ends an invitation.
func numbered(n int) string { return fmt.Sprintf("(page %d)", n) }

// by tells whether a request is the page's, whatever the incident was like when it was
// made. One that is older than the page is of another time, before a restore.
func (w wanted) by(q request, id incident.ID) bool {
	older := !q.Requested.IsZero() && q.Requested.Before(w.at.Add(-skew))
	return strings.HasPrefix(q.Message, mark(id)) && strings.HasSuffix(q.Message, " "+numbered(w.N)) && !older
}

// details are what a page says below its title.
func details(inc incident.Incident, ask wanted) string {
	if inc.Private {
		return join(inc)
	}
	return strings.TrimSpace(incident.Cut(incident.Block(ask.Text), maxDetails) + "\n\n" + join(inc))
}

// pageByEvent pages whoever stands behind the routing key. The dedup key makes
// sending it again harmless.
func (p *Performer) pageByEvent(ctx context.Context, inc incident.Incident, ask wanted) ([]incident.Fact, error) {
	if p.client.config.RoutingKey == "" {
		return nil, &bot.Final{Why: "PAGERDUTY_ROUTING_KEY is not set, so there is nobody behind it to page. Page a service, a policy or a person."}
	}
	key := ask.key(inc)
	if err := p.trigger(ctx, inc, key, details(inc, ask)); err != nil {
		return nil, err
	}
	to := incident.PageTarget{Kind: incident.TargetKey, Name: anybody}
	return done(incident.Paged{N: ask.N, To: to, Key: key, Event: true}), nil
}

// anybody is what we call those behind the routing key: PagerDuty does not tell
// who they are.
const anybody = "whoever is on call"

// grave is an event's severity for ours.
var grave = map[incident.Severity]string{incident.SEV1: "critical", incident.SEV2: "error", incident.SEV3: "warning", incident.SEV4: "info"}

func (p *Performer) trigger(ctx context.Context, inc incident.Incident, key, text string) error {
	e := pagerduty.V2Event{
		Action: "trigger", DedupKey: key, Client: client, ClientURL: inc.Channel.Link,
		Payload: &pagerduty.V2Payload{Summary: headline(inc), Source: client, Severity: or(grave[inc.Severity], "error")},
	}
	if !inc.Private {
		e.Payload.Component = incident.Cut(inc.Service, maxTitle)
	}
	if text != "" {
		e.Payload.Details = map[string]string{"message": text}
	}
	return p.client.send(ctx, e)
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
