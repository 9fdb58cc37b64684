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
	inc, err := b.Incident(ctx, id)
	if err != nil {
		return inc, err
	}
	handle := privateHandle(id)
	if at, ok, err := b.journal.Lookup(ctx, handle); err != nil || ok {
		return b.goneTo(ctx, at, id, o, err)
	}
	switch {
	case inc.Private:
		return inc, incident.Refusef("%s is private already.", id)
	case !inc.Active():
		return inc, incident.Refusef("%s is %s. If impact is back, use `reopen` first.", id, inc.Status)
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
	private, _, err := b.declare(ctx, Origin{By: o.By, Cause: "private/" + o.Cause}, d, guide, handle)
	if err != nil {
		return private, err
	}
	return b.goneTo(ctx, private.ID, id, o, nil)
}

func (b *Bot) closeMoved(ctx context.Context, public incident.ID, o Origin) error {
	_, err := b.Update(ctx, public, o, func(inc incident.Incident) ([]incident.Fact, error) {
		if inc.Status == incident.Shut {
			return nil, nil
		}
		return inc.Close("moved", "", "")
	})
	return err
}

// finishMove closes an incident that went on in private, if the bot died before it
// could.
func (b *Bot) finishMove(ctx context.Context, inc incident.Incident) {
	if inc.Private || !inc.Active() {
		return
	}
	o := Origin{By: incident.Bot, Cause: "moved/" + string(inc.ID)}
	_, moved, err := b.journal.Lookup(ctx, privateHandle(inc.ID))
	if err == nil && moved {
		err = b.closeMoved(ctx, inc.ID, o)
	}
	if err != nil {
		b.Log.Error("an incident that went on in private is not closed", "incident", inc.ID, "cause", o.Cause, "error", err)
	}
}

func privateHandle(id incident.ID) string { return store.PrivateHandle(id) }

// movedTo is the incident that goes on with another one, in private or because the
// other was a duplicate; or that one itself. What comes in for it belongs there.
func (b *Bot) movedTo(ctx context.Context, id incident.ID) (incident.ID, error) {
	for range maxMoves {
		at, ok, err := b.journal.Lookup(ctx, privateHandle(id))
		if err == nil && !ok {
			at, ok, err = b.mergedInto(ctx, id)
		}
		if err != nil || !ok {
			return id, err
		}
		id = at
	}
	return id, nil
}

// maxMoves bounds how often an incident moved on.
const maxMoves = 8

// goneTo closes the incident that all can read. Who is not among the people of
// the private one is told only that there is one.
func (b *Bot) goneTo(ctx context.Context, private, public incident.ID, o Origin, err error) (incident.Incident, error) {
	if err != nil {
		return incident.Incident{}, err
	}
	o.Cause = "moved/" + o.Cause
	if err := b.closeMoved(ctx, public, o); err != nil {
		return incident.Incident{}, err
	}
	inc, err := b.Incident(ctx, private)
	if err == nil && !inc.VisibleTo(o.By) {
		return incident.Incident{}, incident.Refusef("%s goes on in private already. Ask its commander to bring you in.", public)
	}
	return inc, err
}
