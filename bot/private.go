package bot

import (
	"context"

	"tocsin/bot/incident"
	"tocsin/store"
)

// GoPrivate goes on with an incident in private: a new one with what is known,
// whose people are whoever asks for it and those they bring in, takes the place
// of the one that all can read. A chat cannot make a channel private that people
// have read; so the old one is closed, and says only that it goes on elsewhere.
func (b *Bot) GoPrivate(ctx context.Context, id incident.ID, o Origin) (incident.Incident, error) {
	defer b.regrouping(ctx)()
	inc, err := b.Incident(ctx, id)
	if err != nil {
		return inc, err
	}
	at, moved, err := b.journal.Lookup(ctx, privateHandle(id))
	switch {
	case err != nil:
		return inc, err
	case moved && !inc.Active():
		return b.wentOn(ctx, id, at, o.By)
	case moved: // and not closed: what an older version left, or a repair
	case inc.Private:
		return inc, incident.Refusef("%s is private already.", id)
	case !inc.Active():
		return inc, incident.Refusef("%s is %s. If impact is back, use `reopen` first.", id, inc.Status)
	}
	if err := b.intend(ctx, store.Intent{Cause: o.Cause, By: o.By, Do: doPrivate, Incident: id}); err != nil {
		return inc, err
	}
	at, _, err = b.journal.Lookup(ctx, privateHandle(id))
	if err != nil {
		return inc, err
	}
	return b.wentOn(ctx, id, at, o.By)
}

// wentOn is the private incident that goes on with an open one. Who is not among its
// people is told only that there is one.
func (b *Bot) wentOn(ctx context.Context, public, private incident.ID, who incident.Actor) (incident.Incident, error) {
	inc, err := b.Incident(ctx, private)
	if err == nil && !inc.VisibleTo(who) {
		return incident.Incident{}, incident.Refusef("%s goes on in private already. Ask its commander to bring you in.", public)
	}
	return inc, err
}

// moveToPrivate does what is left of a move to private: it declares the private incident,
// which takes in the alerts, and closes the one that all can read. That keeps what it
// has, and nobody adds to it.
func (b *Bot) moveToPrivate(ctx context.Context, id incident.ID, o Origin) error {
	inc, err := b.Incident(ctx, id)
	if err != nil {
		return err
	}
	to, _, err := b.journal.Lookup(ctx, privateHandle(id))
	if err != nil {
		return err
	}
	list, _, err := b.all(ctx, inc, to, "because it came to "+string(id)+", which goes on here")
	if err != nil {
		return err
	}
	d := incident.Declared{
		Title: inc.Title, Severity: inc.Severity, Symptom: inc.Symptom, Private: true, Began: inc.Began,
		Model: inc.Model, Service: inc.Service, Quote: inc.Quote, From: id,
	}
	if incident.SEV2.Worse(d.Severity) {
		d.Severity = incident.SEV2
	}
	guide := b.guide(Query(inc, alerts(inc)...))
	for _, id := range []string{inc.Guide.Offered, inc.Guide.Guide} {
		if g, ok := b.Guides.Guide(id); ok && g.Security {
			guide = []incident.Fact{guideServed(g, inc.Guide.Why)}
		}
	}
	with := declaration{handles: []string{privateHandle(id)}}
	declared := Origin{By: o.By, Cause: "private/" + o.Cause, At: o.At}
	if _, err := b.declareWithAlerts(ctx, declared, d, guide, with, o.Cause+"/alerts", list); err != nil {
		return err
	}
	_, err = b.Update(ctx, id, Origin{By: o.By, Cause: "moved/" + o.Cause, At: o.At}, func(inc incident.Incident) ([]incident.Fact, error) {
		if inc.Reason == "moved" {
			return nil, nil
		}
		return []incident.Fact{incident.Closed{Reason: "moved"}}, nil // also if somebody closed it meanwhile
	})
	return err
}

func privateHandle(id incident.ID) string { return store.PrivateHandle(id) }
