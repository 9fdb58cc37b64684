package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"tocsin/bot/incident"
	"tocsin/store"
)

// Origin is who asked for a change, why, and when it happened.
type Origin struct {
	By    incident.Actor
	Cause string    // names the request; the same twice is one request
	At    time.Time // when it happened; zero: now
}

// Decide says what happens to an incident: facts, or an incident.Refusal. It is
// pure, because it may be asked again on a newer state.
type Decide func(incident.Incident) ([]incident.Fact, error)

// Update decides on an incident and records what was decided. A cause that was
// recorded before changes nothing. A Refusal is for the person who asked; any
// other error means that nothing was acknowledged.
func (b *Bot) Update(ctx context.Context, id incident.ID, o Origin, decide Decide) (incident.Incident, error) {
	var inc incident.Incident
	err := b.race(ctx, id, func(l *live) (err error) {
		inc, err = b.updateOnce(ctx, l, o, decide)
		return err
	})
	return inc, err
}

// race has a change made of an incident, again on its newest state where somebody else
// was first. That is soon over: a record that goes on to say so is damaged.
func (b *Bot) race(ctx context.Context, id incident.ID, change func(*live) error) error {
	for range maxRaces {
		l, err := b.load(ctx, id)
		if err != nil {
			return err
		}
		if err := change(l); !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
	return &store.CorruptError{Path: string(id), Detail: fmt.Sprintf("nothing can be added to it in %d tries, so the record contradicts itself", maxRaces)}
}

func (b *Bot) updateOnce(ctx context.Context, l *live, o Origin, decide Decide) (incident.Incident, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	inc := *l.inc.Load()
	if inc.Did(o.Cause) {
		return inc, nil
	}
	facts, err := decide(inc)
	if err != nil || len(facts) == 0 {
		return inc, err
	}
	return b.commit(ctx, l, o, facts, store.Append{})
}

// step is a fact with its own origin: one transaction may record what several
// requests said.
type step struct {
	Origin
	incident.Fact
}

func steps(o Origin, facts []incident.Fact) []step {
	list := make([]step, len(facts))
	for i, f := range facts {
		list[i] = step{o, f}
	}
	return list
}

// commit records facts and what follows from them in one transaction, and hands
// the effects to the worker. The caller holds l.mu.
func (b *Bot) commit(ctx context.Context, l *live, o Origin, facts []incident.Fact, a store.Append) (incident.Incident, error) {
	return b.commitSteps(ctx, l, steps(o, facts), a)
}

// commitSteps is commit for facts of several origins. This is the only place
// where anything is added to an incident.
func (b *Bot) commitSteps(ctx context.Context, l *live, list []step, a store.Append) (incident.Incident, error) {
	before := *l.inc.Load()
	if b.stopped.Err() != nil {
		return before, b.Err() // what is in memory may be behind the store
	}
	inc := before
	for _, s := range list {
		e := b.event(inc, s.Origin, s.Fact)
		inc = inc.With(e)
		a.Events = append(a.Events, e)
		switch f := s.Fact.(type) {
		case incident.Linked:
			if f.Channel != before.Channel.Channel {
				a.Handles = append(a.Handles, channelHandle(f.Channel))
			}
		case incident.RoomHeld:
			a.Settled = append(a.Settled, b.worker.roomWork(inc.ID)...)
		}
	}
	for _, e := range a.Events {
		for n, eff := range b.shown(inc, b.react(e, inc)) {
			a.Put = putItem(a.Put, b.worker.inherit(store.NewItem(inc.ID, e.Seq, n, eff)))
		}
	}
	// What is done with and asked for again in one step stays asked for.
	a.Settled = slices.DeleteFunc(a.Settled, func(key string) bool {
		return slices.ContainsFunc(a.Put, func(i store.Item) bool { return i.Key == key })
	})
	a.Head = store.HeadOf(inc)
	tip, err := b.journal.Append(ctx, l.tip, a)
	if errors.Is(err, store.ErrConflict) {
		b.drop(inc.ID, l)
		return before, err
	}
	if err := b.wrote(ctx, err); err != nil {
		return before, err
	}
	l.tip = tip
	l.inc.Store(&inc)
	hold(ctx, b.worker, inc.ID)
	b.worker.change(l, a)
	b.learn(a.Head)
	b.logEvents(ctx, inc.ID, a.Events)
	return inc, nil
}

// wrote is the error of a write. After one that failed nobody knows what is on disk, so
// everything stops; unless it says that nothing was written.
func (b *Bot) wrote(ctx context.Context, err error) error {
	if err == nil || errors.Is(err, store.ErrInvalid) || errors.Is(err, store.ErrClosed) || ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return err
	}
	return b.fail(err)
}

// logEvents has a line in the log for each event, without its words: those are on
// the timeline, for who may see it.
func (b *Bot) logEvents(ctx context.Context, id incident.ID, events []incident.Event) {
	for _, e := range events {
		b.Log.LogAttrs(ctx, slog.LevelInfo, "recorded", slog.String("incident", string(id)), slog.Int("event", e.Seq),
			slog.String("fact", incident.Facts.Name(e.Fact)), slog.String("by", string(e.By.User)), slog.String("via", e.By.Via), slog.String("cause", e.Cause))
	}
}

// event makes the next event of inc. A quoted message is told in the name of
// its author, at the time it was written; what tocsin chose by itself, in its own.
func (b *Bot) event(inc incident.Incident, o Origin, f incident.Fact) incident.Event {
	now := b.Now().UTC()
	e := incident.Event{Seq: inc.Last() + 1, At: now, Logged: now, By: o.By, Cause: o.Cause, Fact: f}
	if !o.At.IsZero() {
		e.At = o.At.UTC()
	}
	switch f := f.(type) {
	case incident.Quoted:
		e.At = f.Quote.Written.UTC()
		e.By = incident.Actor{Person: f.Quote.Author, Via: o.By.Via}
	case incident.PlayStarted:
		e.By = incident.Bot
	case incident.GuideServed:
		if !f.Chosen {
			e.By = incident.Bot
		}
	}
	return e
}

// putItem adds an item; a projection's newer item replaces an older one.
func putItem(items []store.Item, item store.Item) []store.Item {
	if i := slices.IndexFunc(items, func(o store.Item) bool { return o.Key == item.Key }); i >= 0 {
		items[i] = item
		return items
	}
	return append(items, item)
}
