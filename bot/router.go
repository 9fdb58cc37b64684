package bot

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"tocsin/bot/incident"
	"tocsin/store"
)

// router decides where each signal belongs. It alone does, one delivery after the
// other in the order of their arrival, so two alerts of one cause never open two
// rooms at once. What it decides is stored with the alert (store.Alert); a
// delivery is retired after all of it is stored, and one that is routed again
// after a crash changes nothing, because timelines know its causes. What cannot be
// carried out now waits in the record for the next start (kept).
type router struct {
	bot      *Bot
	arrivals arrivals
	// placing is held while alerts are given their places, by the router or by a
	// person: neither may decide on what the other is changing.
	placing sync.Mutex
	stuck   map[string]bool // what cannot be finished, and the operator knows of
	kept    kept
	orphans map[string]incident.ID // of before the start; nil: not looked for yet
	groups  groups
	rooms   rooms
}

func newRouter(b *Bot) *router {
	return &router{
		bot: b, arrivals: arrivals{wake: make(chan struct{}, 1), behind: true}, groups: groups{bot: b},
		rooms: rooms{bot: b, of: map[string][]time.Time{}},
	}
}

// maxBatch is how many deliveries are routed before they are retired together.
const maxBatch = 64

// run routes what arrives until ctx ends.
func (r *router) run(ctx context.Context) {
	for ctx.Err() == nil {
		list, behind := r.arrivals.take(maxBatch)
		if behind {
			if err := r.reload(ctx); err != nil {
				r.bot.Log.Error("arrivals cannot be read", "error", err)
				r.bot.worker.pause(ctx, r.bot.Now().Add(time.Second))
			}
			continue
		}
		if len(list) == 0 {
			select {
			case <-r.arrivals.wake:
			case <-ctx.Done():
			}
			continue
		}
		if err := r.route(ctx, list); err != nil && ctx.Err() == nil {
			r.bot.Log.Error("signals were not routed, and are tried again", "deliveries", len(list), "error", err)
			r.again(list)
			r.bot.worker.pause(ctx, r.bot.Now().Add(time.Second))
		}
	}
}

// again puts back what could not be routed.
func (r *router) again(list []delivered) {
	r.arrivals.mu.Lock()
	defer r.arrivals.mu.Unlock()
	r.arrivals.queue = append(list, r.arrivals.queue...)
	for _, d := range list {
		r.arrivals.size += d.size
	}
}

// reload takes what the store has into memory, the oldest first.
func (r *router) reload(ctx context.Context) error {
	q := &r.arrivals
	q.mu.Lock()
	q.behind = false // what arrives from now on is queued, and may be read twice: routing twice changes nothing
	q.mu.Unlock()
	all, more, err := r.stored(ctx)
	q.mu.Lock()
	defer q.mu.Unlock()
	if err != nil {
		q.behind = true
		return err
	}
	if !more { // else what is queued is newer than what is left in the store, and is read again
		all = sorted(append(all, q.queue...))
	}
	q.queue, q.size, q.behind = all, 0, q.behind || more
	for _, d := range all {
		q.size += d.size
	}
	return nil
}

// perPage is how many deliveries are read at once.
const perPage = 256

// stored reads the oldest deliveries that wait, as many as may be in memory, but for
// those that are kept; more tells that there are others.
func (r *router) stored(ctx context.Context) (all []delivered, more bool, err error) {
	for after := (store.Arrival{}); ; {
		page, err := r.bot.journal.Arrivals(ctx, after, perPage)
		if damaged(err) {
			r.unread(err)
			err = nil
		}
		if err != nil || len(page) == 0 {
			return all, more, err
		}
		full := len(all)
		for _, a := range page {
			if more && !a.At.Before(all[full-1].At) {
				continue // there is no room for it
			}
			if d, ok := r.read(a); ok {
				all = append(all, d)
			}
		}
		after = page[len(page)-1]
		n := fittingMemory(sorted(all))
		more = more || n < len(all)
		clear(all[n:])
		all = all[:n]
	}
}

// sorted has deliveries in the order of their arrival.
func sorted(list []delivered) []delivered {
	slices.SortStableFunc(list, func(a, b delivered) int { return a.At.Compare(b.At) })
	return list
}

// fittingMemory is how many deliveries of a list may be in memory.
func fittingMemory(list []delivered) int {
	size := 0
	for i, d := range list {
		size += d.size
		if i > 0 && (i == maxQueued || size > maxQueuedBytes) {
			return i
		}
	}
	return len(list)
}

// read makes out what a delivery tells; false if nobody can, or if all of it is kept.
func (r *router) read(a store.Arrival) (d delivered, ok bool) {
	d = delivered{Arrival: a, size: len(a.Body)}
	if err := json.Unmarshal(a.Body, &d.signals); err != nil {
		r.unread(fmt.Errorf("%s %q: %w", a.Source, a.ID, err))
		return d, false
	}
	d.Body = nil // what it tells is in signals
	return d, len(d.signals) == 0 || len(r.kept.of(d.signals)) < len(d.signals)
}

// unread names what cannot be read for the operator, each once a start. It stays where
// it is.
func (r *router) unread(err error) {
	r.placing.Lock()
	defer r.placing.Unlock()
	for _, err := range store.Each(err) {
		r.bot.stuck(err.Error(), "a delivery cannot be read, and is left out", "error", err)
	}
}

// route decides on all signals of some deliveries, stores what it decided, and
// retires them.
func (r *router) route(ctx context.Context, list []delivered) error {
	r.placing.Lock()
	defer r.placing.Unlock()
	var signals []Signal
	for _, d := range list {
		signals = append(signals, d.signals...)
	}
	err := r.place(ctx, signals)
	if _, poisoned := errors.AsType[*panicked](err); poisoned {
		err = r.placeEach(ctx, signals)
	}
	if err != nil {
		return err
	}
	return r.settle(ctx, list)
}

// settle retires deliveries that are carried out. Of one of which a part is kept that
// part stays: the rest is not to be done again by whatever is known of it then.
func (r *router) settle(ctx context.Context, list []delivered) error {
	var done, rest []store.Arrival
	for _, d := range list {
		part := r.kept.of(d.signals)
		a := d.Arrival
		switch {
		case len(part) == 0:
			a.At = r.bot.Now().UTC() // it is known from now on for as long as any
			done = append(done, a)
		case len(part) < len(d.signals):
			body, err := json.Marshal(part)
			if err != nil {
				return err
			}
			a.Body = body
			rest = append(rest, a)
		}
	}
	if err := r.bot.journal.Lessen(ctx, rest); err != nil {
		return err
	}
	return r.bot.journal.Retire(ctx, done)
}

// place decides on signals together, and stores what it decided. A panic is its error:
// the signal at which it came is kept, if it is known.
func (r *router) place(ctx context.Context, signals []Signal) error {
	rd := &round{router: r, now: r.bot.Now().UTC(), alerts: map[string]*store.Alert{}, told: map[incident.ID][]*told{}}
	var at *Signal
	err := r.bot.guard("router", func() error {
		for i := range signals {
			if r.kept.has(signals[i].Source, signals[i].Key) {
				continue
			}
			at = &signals[i]
			r.bot.giveWay(ctx)
			if err := r.readable(rd.route(ctx, *at), *at, rd.of(*at)); err != nil {
				return err
			}
		}
		if len(signals) > 1 {
			at = nil
		}
		return rd.flush(ctx)
	}, "signals", len(signals))
	if _, poisonous := errors.AsType[*panicked](err); poisonous && at != nil {
		r.keep(*at, rd.of(*at), "tocsin fails at it", err)
	}
	return err
}

// placeEach decides on signals one by one, where one of them made the bot panic: that
// one is kept. What was stored of the others before changes nothing.
func (r *router) placeEach(ctx context.Context, signals []Signal) error {
	for _, s := range signals {
		err := r.place(ctx, []Signal{s})
		if _, poisonous := errors.AsType[*panicked](err); err != nil && !poisonous {
			return err
		}
	}
	return nil
}

// readable drops the error of a signal whose alert or incident cannot be read or left
// the record: it is kept, and must not keep all others from their places.
func (r *router) readable(err error, s Signal, id incident.ID) error {
	switch {
	case errors.Is(err, store.ErrNotFound):
		r.keep(s, id, "its incident is not there any more", err)
	case damaged(err):
		r.keep(s, cmp.Or(id, store.About(err)), "its record is damaged", err)
	default:
		return err
	}
	return nil
}

// Routed waits until everything that has arrived is routed, for tests and tools
// that do not run the bot.
func (b *Bot) Routed(ctx context.Context) error {
	for {
		list, behind := b.router.arrivals.take(maxBatch)
		switch {
		case behind:
			if err := b.router.reload(ctx); err != nil {
				return err
			}
		case len(list) == 0:
			return nil
		default:
			if err := b.router.route(ctx, list); err != nil {
				b.router.again(list)
				return fmt.Errorf("signals were not routed: %w", err)
			}
		}
	}
}
