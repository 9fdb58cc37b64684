package bot

import (
	"context"

	"tocsin/bot/incident"
	"tocsin/store"
)

// Pacer keeps the bot from asking more of the chat than it takes, and sees to it
// that the most urgent goes first.
type Pacer interface {
	// Wait returns when the effect of job may be performed; job has no message and
	// no text yet, because what it shows is made as late as can be. The context
	// that comes back is for performing it: it carries what was granted, and what
	// was not used of that when ctx ends is given back. The only error is that of
	// ctx.
	Wait(ctx context.Context, inc incident.Incident, job Job, urgency Urgency) (context.Context, error)
}

// atOnce is the Pacer where nothing has to wait.
type atOnce struct{}

func (atOnce) Wait(ctx context.Context, _ incident.Incident, _ Job, _ Urgency) (context.Context, error) {
	return ctx, ctx.Err()
}

// turn is leave to perform the first effect of a lane.
type turn struct {
	key   string          // of the effect
	calls context.Context // to make the calls with
	done  func()          // gives back what was not used; always to be called
}

// turn waits until the first effect of a lane may be performed. To wait is no
// attempt and takes no slot, and what waits can still be replaced by its newer
// form. ok is false when the lane has to look again at what it has to do.
func (w *worker) turn(ctx context.Context, id incident.ID, l *lane) (t turn, ok bool) {
	calls, done := context.WithCancel(w.calls)
	stop := context.AfterFunc(ctx, done)
	item, inc, u, ok := w.queue(id, l, done)
	if ok {
		j := Job{Key: jobKey(item), Effect: item.Effect, Tries: item.Tries + 1, First: item.First}
		paid, err := w.bot.Pacer.Wait(calls, inc, j, u)
		t = turn{item.Key, paid, done}
		ok = w.leave(id, l, item.Key) && err == nil
	}
	if !stop() || !ok || calls.Err() != nil {
		done()
		return turn{}, false
	}
	return t, true
}

// queue notes that a lane waits, for what and how urgently; again is called when
// that changes.
func (w *worker) queue(id incident.ID, l *lane, again func()) (item store.Item, inc incident.Incident, u Urgency, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	inc, ok = w.bot.snapshot(id)
	if !ok || !w.ready(id, l) {
		return item, inc, u, false
	}
	item, u = l.items[0], urgency(inc, l.items)
	l.queued = &queued{item.Key, u, again}
	return item, inc, u, true
}

// leave notes that a lane waits no more, and tells whether the effect that it
// waited for is still what it has to do.
func (w *worker) leave(id incident.ID, l *lane, key string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	l.queued = nil
	return w.ready(id, l) && l.items[0].Key == key
}
