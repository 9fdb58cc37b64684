package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tocsin/bot/incident"
	"tocsin/store"
)

// movedTo is the incident that goes on with another one, in private or because the
// other is closed as a duplicate; or that one itself. What comes in for it belongs there.
func (b *Bot) movedTo(ctx context.Context, id incident.ID) (incident.ID, error) {
	for range maxMoves {
		at, ok, err := b.journal.Lookup(ctx, privateHandle(id))
		if err == nil && !ok {
			at, err = b.original(ctx, id)
		}
		if err != nil || at == "" {
			return id, err
		}
		id = at
	}
	return id, nil
}

// original is the incident that one is closed as a duplicate of; "" if it is not.
func (b *Bot) original(ctx context.Context, id incident.ID) (incident.ID, error) {
	inc, err := b.Incident(ctx, id)
	if errors.Is(err, store.ErrNotFound) { // it left the record
		return "", nil
	}
	return inc.Original, err
}

// maxMoves bounds how often an incident moved on.
const maxMoves = 8

// line is the incident that one goes on as by now, and all that went on as that one, this one
// in any case.
func (b *Bot) line(ctx context.Context, inc incident.Incident) ([]incident.Incident, error) {
	last, err := b.last(ctx, inc)
	if err != nil {
		return nil, err
	}
	list := b.with(ctx, last)
	if !has(list, inc.ID) {
		list = append(list, inc)
	}
	return list, nil
}

func has(list []incident.Incident, id incident.ID) bool {
	for i := range list {
		if list[i].ID == id {
			return true
		}
	}
	return false
}

// with is an incident and all that went on as it. What left the record, cannot be read, is
// open again, or went on as another one since is not among them.
func (b *Bot) with(ctx context.Context, inc incident.Incident) []incident.Incident {
	list, ids := []incident.Incident{inc}, cameFrom([]incident.ID{inc.ID}, inc, time.Time{})
	for i := 1; i < min(len(ids), maxMerged); i++ {
		from, err := b.Incident(ctx, ids[i])
		if err == nil && from.PassedOn() && (from.Original == "" || has(list, from.Original)) {
			list, ids = append(list, from), cameFrom(ids, from, time.Time{})
		}
	}
	if n := len(ids) - maxMerged; n > 0 {
		b.Log.Error("too many incidents were merged into one: what PagerDuty has of the oldest is left as it is", "incident", inc.ID, "left", n)
	}
	return list
}

// maxMerged bounds how many incidents are looked at that went on as one.
const maxMerged = 1000

// last is the incident that one goes on as by now. Where that cannot be read it is a *Final:
// what is so here says nothing of what is so there, and waiting mends nothing.
func (b *Bot) last(ctx context.Context, inc incident.Incident) (incident.Incident, error) {
	id, err := b.movedTo(ctx, inc.ID)
	last := inc
	if err == nil {
		last, err = b.Incident(ctx, id)
	}
	switch {
	case errors.Is(err, store.ErrNotFound): // it left the record
		return inc, nil
	case damaged(err):
		return inc, fmt.Errorf("%w (%w)", &Final{Why: onAs(inc) + " cannot be read, so nobody knows whether it is over. " +
			"End in PagerDuty by hand what has to end. Whoever runs tocsin finds the damage with `tocsin doctor`; once it is mended, use “Try again”."}, err)
	}
	return last, err
}

// onAs names what an incident goes on as, but for a private one.
func onAs(inc incident.Incident) string {
	if inc.Original != "" {
		return "this goes on as " + string(inc.Original) + ", which"
	}
	return "the incident that this one goes on as"
}

// wentOnAs are the incidents that others were closed as duplicates of before they were opened
// again, and those that these were. What left the record, or cannot be read, is not among
// them.
func (b *Bot) wentOnAs(ctx context.Context, line []incident.Incident) []incident.Incident {
	var ids []incident.ID
	for _, inc := range line {
		ids = append(ids, inc.ID)
	}
	all := slices.Clone(line)
	for i := 0; i < len(all); i++ {
		for _, e := range all[i].Timeline {
			f, closed := e.Fact.(incident.Closed)
			if !closed || f.Of == "" || slices.Contains(ids, f.Of) {
				continue
			}
			ids = append(ids, f.Of)
			if inc, err := b.Incident(ctx, f.Of); err == nil {
				all = append(all, inc)
			}
		}
	}
	return all[len(line):]
}

// maxTrail bounds how many incidents are looked at that may have done something lately.
const maxTrail = 32

// cameFrom adds to ids the incidents whose alerts inc took in since a time.
func cameFrom(ids []incident.ID, inc incident.Incident, since time.Time) []incident.ID {
	for i := len(inc.Timeline) - 1; i >= 0 && !inc.Timeline[i].Logged.Before(since); i-- {
		from := incident.ID("")
		switch f := inc.Timeline[i].Fact.(type) {
		case incident.Merged:
			from = f.From
		case incident.Declared:
			from = f.From
		}
		if from != "" && !slices.Contains(ids, from) {
			ids = append(ids, from)
		}
	}
	return ids
}
