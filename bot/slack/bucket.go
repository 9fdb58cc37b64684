package slack

import (
	"slices"
	"time"

	"tocsin/bot"
)

// bucket is what Slack counts together: the calls of a method, the posts in a
// channel, the edits of a message. It has room for so many calls in each window
// of time. A call counts from when it was granted until a window after it was
// answered, because we do not know when in between Slack counted it.
//
// At the start a bucket has room for a whole window, though an earlier process
// may have used it up. What we do not know Slack tells us, by a 429, which costs
// nothing but the wait; to assume the worst would cost that wait at each start.
type bucket struct {
	method   string // whose bucket it is, or belongs to
	calls    int    // in each window
	window   time.Duration
	reserved bool // a part is held back for what is urgent
	adaptive bool // calls is found out, as with posts
	debits   []*debit
	paused   time.Time // Slack said: not before

	changed time.Time // when an adaptive limit last changed
	wanted  bool      // somebody has waited for it since

	queue []*waiter
	timer *time.Timer // looks at the queue again
}

// debit is one call that counts in a bucket.
type debit struct {
	bucket *bucket
	open   bool      // not answered yet
	at     time.Time // when it was answered
}

// room tells whether a call of an urgency may be made now.
func (b *bucket) room(u bot.Urgency, now time.Time) bool {
	b.pass(now)
	return b.fits(u, now)
}

// fits is room in a bucket for which time has passed already.
func (b *bucket) fits(u bot.Urgency, now time.Time) bool {
	return !now.Before(b.paused) && len(b.debits) < b.calls-b.held(u)
}

// pass lets time pass: what was called long enough ago counts no more.
func (b *bucket) pass(now time.Time) {
	b.adapt(now)
	b.debits = slices.DeleteFunc(b.debits, func(d *debit) bool { return !d.open && now.After(d.at.Add(b.window)) })
}

// adapt raises the limit for each minute in which Slack refused nothing: to where
// it began by itself, beyond that when it is needed.
func (b *bucket) adapt(now time.Time) {
	for b.adaptive && b.calls < mostPosts && now.Sub(b.changed) >= b.window {
		if b.calls >= firstPosts && !b.wanted {
			b.changed = now
			return
		}
		b.calls = min(mostPosts, b.calls+b.calls/10)
		b.changed = b.changed.Add(b.window)
		b.wanted = false
	}
}

// pause lets no call through until a time, because Slack refused one.
func (b *bucket) pause(now, until time.Time) {
	if b.adaptive && !now.Before(b.paused) { // else one refusal brings many
		b.calls, b.changed = max(fewestPosts, b.calls/2), now
	}
	if until.After(b.paused) {
		b.paused = until
	}
}

// next is when there may be more room than now; zero: not by waiting.
func (b *bucket) next(now time.Time) time.Time {
	if now.Before(b.paused) {
		return b.paused
	}
	var next time.Time
	for _, d := range b.debits {
		if t := d.at.Add(b.window + time.Millisecond); !d.open && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	return next
}

// take counts a call, which may be over the limit.
func (b *bucket) take() *debit {
	d := &debit{bucket: b, open: true}
	b.debits = append(b.debits, d)
	return d
}

// best is the most urgent in the queue of those that there is room for; nil if
// there is none.
func (b *bucket) best(now time.Time) *waiter {
	b.pass(now)
	var best *waiter
	for _, w := range b.queue {
		if b.fits(w.urgency, now) && (best == nil || w.before(best, now)) {
			best = w
		}
	}
	return best
}

// forget counts a call no more, because it was not made.
func (b *bucket) forget(d *debit) {
	b.debits = slices.DeleteFunc(b.debits, func(o *debit) bool { return o == d })
}

// leave takes a waiter out of the queue.
func (b *bucket) leave(w *waiter) {
	b.queue = slices.DeleteFunc(b.queue, func(o *waiter) bool { return o == w })
}

// idle tells whether it knows nothing that a new one would not know.
func (b *bucket) idle(now time.Time) bool {
	b.pass(now)
	return len(b.queue) == 0 && len(b.debits) == 0 && !now.Before(b.paused)
}
