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
// after a crash changes nothing, because timelines know its causes.
type router struct {
	bot      *Bot
	arrivals arrivals
	// placing is held while alerts are given their places, by the router or by a
	// person: neither may decide on what the other is changing.
	placing sync.Mutex
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
	var all []delivered
	var after store.Arrival
	size := 0
	for len(all) < maxQueued && size < maxQueuedBytes {
		page, err := r.bot.journal.Arrivals(ctx, after, 256)
		if damaged := (*store.CorruptError)(nil); errors.As(err, &damaged) {
			r.bot.Log.Error("a delivery cannot be read, and is left out", "error", err)
			err = nil
		}
		if err != nil {
			q.mu.Lock()
			q.behind = true
			q.mu.Unlock()
			return err
		}
		for _, a := range page {
			d := delivered{Arrival: a, size: len(a.Body)}
			size += d.size
			if err := json.Unmarshal(a.Body, &d.signals); err != nil {
				r.bot.Log.Error("a delivery cannot be read, and is left out", "source", a.Source, "id", a.ID, "error", err)
			}
			d.Body = nil // what it tells is in signals
			all = append(all, d)
			after = a
		}
		if len(page) == 0 {
			break
		}
	}
	slices.SortStableFunc(all, func(a, b delivered) int { return a.At.Compare(b.At) })
	q.mu.Lock()
	defer q.mu.Unlock()
	q.behind = q.behind || len(all) >= maxQueued || size >= maxQueuedBytes
	q.queue = append(all, q.queue...)
	q.size += size
	return nil
}

// route decides on all signals of some deliveries, stores what it decided, and
// retires them.
func (r *router) route(ctx context.Context, list []delivered) error {
	r.placing.Lock()
	defer r.placing.Unlock()
	var signals []Signal
	done := make([]store.Arrival, len(list))
	for i, d := range list {
		done[i] = d.Arrival
		signals = append(signals, d.signals...)
	}
	err := r.place(ctx, signals)
	if _, poisoned := errors.AsType[*panicked](err); poisoned {
		err = r.placeEach(ctx, signals)
	}
	if err != nil {
		return err
	}
	return r.bot.journal.Retire(ctx, done)
}

// place decides on signals together, and stores what it decided.
func (r *router) place(ctx context.Context, signals []Signal) error {
	rd := &round{router: r, now: r.bot.Now().UTC(), alerts: map[string]*store.Alert{}, told: map[incident.ID][]*told{}}
	return r.bot.guard("router", func() error {
		for _, s := range signals {
			r.bot.giveWay(ctx)
			if err := r.readable(rd.route(ctx, s), s, rd.of(s)); err != nil {
				return err
			}
		}
		return rd.flush(ctx)
	}, "signals", len(signals))
}

// placeEach decides on signals one by one, where one of them made the bot panic:
// that one is left out, and named for the operator. What was stored of the others
// before changes nothing.
func (r *router) placeEach(ctx context.Context, signals []Signal) error {
	for _, s := range signals {
		err := r.place(ctx, []Signal{s})
		if _, poisonous := errors.AsType[*panicked](err); poisonous {
			r.bot.Log.Error("a signal is left out, because tocsin fails at it", append(s.about(""), "error", err)...)
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readable drops the error of a signal whose alert or incident cannot be read or left
// the record: it is named for the operator, and must not keep all others from their
// places.
func (r *router) readable(err error, s Signal, id incident.ID) error {
	if errors.Is(err, store.ErrNotFound) {
		r.bot.Log.Error("a signal is left out, because its incident is not there any more", append(s.about(id), "error", err)...)
		return nil
	}
	if _, damaged := errors.AsType[*store.CorruptError](err); damaged {
		r.bot.Log.Error("a signal is left out, because its record is damaged", append(s.about(cmp.Or(id, store.About(err))), "error", err)...)
		return nil
	}
	return err
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
