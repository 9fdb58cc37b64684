package bot

import (
	"context"
	"time"

	"tocsin/bot/incident"
	"tocsin/store"
)

// Signal is a word from a monitor or an alerting service, in one shape for all.
type Signal struct {
	incident.Signaled
	ID       string            // of this delivery's event, unique to the source
	By       incident.Actor    // who did it there, if a person did
	At       time.Time         // when it happened
	Severity incident.Severity // what the source's urgency comes to
}

// Receipt tells what became of a signal.
type Receipt struct {
	Incident incident.ID // "" if it belongs to none
	Opened   bool        // it opened the incident
	Known    bool        // it was recorded before
}

// Receive records a signal: on the incident that holds its handle, as a new
// incident if it fires, or apart if it belongs to none. Signals inform; they
// never resolve or close anything.
func (b *Bot) Receive(ctx context.Context, s Signal) (Receipt, error) {
	o := Origin{By: s.By, Cause: s.Source + "/" + s.ID, At: s.At}
	handle := s.Source + "/" + s.Key
	if s.Key != "" {
		id, ok, err := b.journal.Lookup(ctx, handle)
		if err != nil {
			return Receipt{}, err
		}
		if ok {
			if id, err = b.movedTo(ctx, id); err != nil {
				return Receipt{}, err
			}
			return b.attach(ctx, id, o, s)
		}
		if s.State == incident.StateFiring {
			return b.open(ctx, o, s, handle)
		}
	}
	first, err := b.journal.See(ctx, s.Source, s.ID, store.Seen{At: b.Now().UTC(), What: s.Event})
	return Receipt{Known: !first}, err
}

func (b *Bot) attach(ctx context.Context, id incident.ID, o Origin, s Signal) (Receipt, error) {
	known := true
	around := b.situation(ctx, id, s.Service, s.Title+" "+s.Text)
	_, err := b.Update(ctx, id, o, func(inc incident.Incident) ([]incident.Fact, error) {
		known = false
		facts := []incident.Fact{s.Signaled}
		if s.State != incident.StateResolved && inc.Active() && len(inc.Signals) > 0 { // the first chose the guide
			q := Query(inc, s.Title, s.Text)
			q.Context = around
			facts = append(facts, b.better(inc, q)...)
		}
		return facts, nil
	})
	return Receipt{Incident: id, Known: known}, err
}

// open declares from a signal. The declaration and the signal are two events:
// the second carries the signal's own cause and time.
func (b *Bot) open(ctx context.Context, o Origin, s Signal, handle string) (Receipt, error) {
	d := incident.Declared{Title: s.Title, Severity: s.Severity, Service: s.Service}
	if incident.Line(d.Title) == "" {
		d.Title = "Alert without a title from " + s.Source
	}
	d.Title = incident.Cut(d.Title, incident.MaxTitle)
	inc, fresh, err := b.declare(ctx, Origin{By: incident.Bot, Cause: "open/" + o.Cause}, d, b.guide(b.declaredQuery(ctx, d, s.Text)), handle)
	if err != nil {
		return Receipt{}, err
	}
	r, err := b.attach(ctx, inc.ID, o, s)
	r.Opened = fresh
	return r, err
}
