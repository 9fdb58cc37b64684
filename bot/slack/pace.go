package slack

import (
	"cmp"
	"context"
	"sync"
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
)

// Pacer keeps the bot's calls within Slack's limits, and lets the most urgent
// effect through first. It implements bot.Pacer.
//
// An effect waits in the queue of the first bucket that has no room for it, so
// nothing waits for a bucket that it does not use. When a bucket has room again,
// the most urgent of its queue goes on: to the next bucket that it needs, or
// through. Nothing of this is kept: see bucket for what a start knows.
type Pacer struct {
	announce string // the announcement channel
	now      func() time.Time
	reached  <-chan struct{} // nobody has a turn before it is closed; nil: at once
	stretch  float64         // what all windows are multiplied by
	jitter   func(atMost time.Duration) time.Duration

	mu      sync.Mutex
	buckets map[string]*bucket
	arrived int
	swept   time.Time
}

// jitterAtMost spreads what goes on after a pause that Slack asked for.
const jitterAtMost = 250 * time.Millisecond

// newPacer makes the Pacer of a workspace, as c has it.
func newPacer(c Config) *Pacer {
	p := &Pacer{announce: c.Announce, now: time.Now, stretch: cmp.Or(c.Pace, 1), jitter: c.Jitter, buckets: map[string]*bucket{}}
	if p.jitter == nil {
		p.jitter = func(time.Duration) time.Duration { return 0 }
	}
	return p
}

// waiter is an effect that waits for its turn.
type waiter struct {
	urgency bot.Urgency
	calls   []call
	arrived int
	in      *bucket // whose queue it is in; nil: none any more
	turn    chan struct{}
	ticket  *ticket // what it was granted
}

// before tells which of two waiters goes first; of alike ones, who came first.
func (w *waiter) before(o *waiter, now time.Time) bool {
	switch {
	case w.urgency.Before(o.urgency, now):
		return true
	case o.urgency.Before(w.urgency, now):
		return false
	}
	return w.arrived < o.arrived
}

// next tells whether nobody in the queue of b could go before w.
func (w *waiter) next(b *bucket, now time.Time) bool {
	first := b.best(now)
	return first == nil || w.before(first, now)
}

// Wait returns when Slack takes the calls that job makes, as bot.Pacer says.
func (p *Pacer) Wait(ctx context.Context, inc incident.Incident, job bot.Job, u bot.Urgency) (context.Context, error) {
	calls := calls(inc, job, p.announce)
	if len(calls) == 0 {
		return ctx, ctx.Err()
	}
	if err := p.reach(ctx); err != nil {
		return nil, err
	}
	w := &waiter{urgency: u, calls: calls, turn: make(chan struct{})}
	p.enter(w)
	select {
	case <-w.turn:
	case <-ctx.Done():
		p.leave(w)
		return nil, ctx.Err()
	}
	context.AfterFunc(ctx, func() { p.giveBack(w.ticket) })
	return context.WithValue(ctx, ticketKey{}, w.ticket), nil
}

// reach waits until it is known to whom the calls go. To wait is no attempt: what
// waited for Slack goes at once when it is there, and needs not be looked for.
func (p *Pacer) reach(ctx context.Context) error {
	if p.reached == nil {
		return nil
	}
	select {
	case <-p.reached:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *Pacer) enter(w *waiter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	p.sweep(now)
	p.arrived++
	w.arrived = p.arrived
	p.place(w, now)
}

// leave takes a waiter out that waits no more. What it was granted in the last
// moment it gives back.
func (p *Pacer) leave(w *waiter) {
	p.mu.Lock()
	in, t := w.in, w.ticket
	if in != nil {
		in.leave(w)
	}
	p.mu.Unlock()
	if t != nil {
		p.giveBack(t)
	}
}

// place lets a waiter through, or has it wait in the first bucket without room
// for it. Where there is room and somebody more urgent, the queue goes on first:
// each step leads to a more urgent waiter, so there are only so many.
func (p *Pacer) place(w *waiter, now time.Time) {
	for _, c := range w.calls {
		for _, b := range p.needs(c, now) {
			if b.room(w.urgency, now) && w.next(b, now) {
				continue
			}
			w.in, b.wanted = b, true
			b.queue = append(b.queue, w)
			p.goOn(b, now)
			return
		}
	}
	w.in, w.ticket = nil, &ticket{calls: map[string][]*debit{}}
	for _, c := range w.calls {
		for _, b := range p.needs(c, now) {
			w.ticket.calls[c.method] = append(w.ticket.calls[c.method], b.take())
		}
	}
	close(w.turn)
}

// goOn lets the queue of a bucket go on as far as there is room, and looks again
// when there may be more.
func (p *Pacer) goOn(b *bucket, now time.Time) {
	for w := b.best(now); w != nil; w = b.best(now) {
		b.leave(w)
		p.place(w, now)
	}
	if b.timer != nil {
		b.timer.Stop()
		b.timer = nil
	}
	if next := b.next(now); len(b.queue) > 0 && !next.IsZero() {
		b.timer = time.AfterFunc(next.Sub(now), func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.goOn(b, p.now())
		})
	}
}

// needs are the buckets that a call counts in.
func (p *Pacer) needs(c call, now time.Time) []*bucket {
	list := []*bucket{p.bucket(c.method, func() *bucket { return newBucket(c.method, now, p.stretch) })}
	if c.channel != "" {
		list = append(list, p.bucket(c.method+" "+c.channel, func() *bucket {
			return &bucket{method: c.method, calls: roomPosts, window: stretched(roomWindow, p.stretch)}
		}))
	}
	if !c.message.Zero() {
		list = append(list, p.bucket(c.method+" "+c.message.Channel+" "+c.message.ID, func() *bucket {
			return &bucket{method: c.method, calls: 1, window: stretched(editWindow, p.stretch)}
		}))
	}
	return list
}

// bucket finds a bucket or makes it.
func (p *Pacer) bucket(name string, make func() *bucket) *bucket {
	b := p.buckets[name]
	if b == nil {
		b = make()
		p.buckets[name] = b
	}
	return b
}

// sweep forgets the buckets of channels and messages in which nothing counts.
func (p *Pacer) sweep(now time.Time) {
	if now.Sub(p.swept) < time.Minute {
		return
	}
	p.swept = now
	for name, b := range p.buckets {
		if name != b.method && b.idle(now) {
			delete(p.buckets, name)
		}
	}
}
