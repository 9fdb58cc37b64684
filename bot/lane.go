package bot

import (
	"cmp"
	"slices"
	"time"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/store"
)

// lane holds the effects that keep their order, the first of them next.
type lane struct {
	items   []store.Item // by key
	retry   time.Time    // not before
	running bool
	// unrecorded is until when it waits because what came of its last attempt could
	// not be recorded.
	unrecorded time.Time
	queued     *queued // nil: it does not wait for its turn
}

// queued is what a lane waits for its turn with.
type queued struct {
	key     string
	urgency Urgency
	again   func() // ends the wait, so that the lane looks again
}

// reconsider ends the lane's wait if it waits for something else by now, or
// with another urgency: then its place among all others is another one.
func (l *lane) reconsider(inc incident.Incident) {
	q := l.queued
	if q == nil {
		return
	}
	if len(l.items) > 0 && l.items[0].Key == q.key {
		if u := urgency(inc, l.items); u.Class == q.urgency.Class && u.Severity == q.urgency.Severity {
			return
		}
	}
	q.again()
}

// put adds an item, or replaces the one with its key, in order.
func (l *lane) put(item store.Item) {
	i, ok := l.find(item.Key)
	if ok {
		l.items[i] = item
		return
	}
	l.items = slices.Insert(l.items, i, item)
}

func (l *lane) find(key string) (int, bool) {
	return slices.BinarySearchFunc(l.items, key, func(i store.Item, key string) int { return cmp.Compare(i.Key, key) })
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// roomLane is the lane of the effect that opens the room.
var roomLane = effect.OpenChannel{}.Lane()

// begun tells whether what a lane of an incident is to do next was attempted
// before: then it may have happened.
func (w *worker) begun(id incident.ID, name string) bool {
	_, ok := w.since(id, name)
	return ok
}

// since is when what a lane of an incident is to do next was first attempted; ok is
// false if it was not.
func (w *worker) since(id incident.ID, name string) (first time.Time, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	l := w.lanes[id][name]
	if l == nil || len(l.items) == 0 || l.items[0].Tries == 0 {
		return time.Time{}, false
	}
	return l.items[0].First, true
}

// roomWork are the keys of what an incident's room is waited for with, the opening
// included.
func (w *worker) roomWork(id incident.ID) (keys []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for name, l := range w.lanes[id] {
		for _, item := range l.items {
			if name == roomLane || item.Effect.Needs() != effect.Nothing {
				keys = append(keys, item.Key)
			}
		}
	}
	return keys
}
