package bot

import (
	"slices"
	"time"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/store"
)

// Wait is an effect that is not done yet.
type Wait struct {
	Incident incident.ID
	Effect   string // its stored name: "show-card"
	Urgency  Urgency
}

// Waiting lists the effects that are not done yet, those under way included, the
// most urgent first.
func (b *Bot) Waiting() []Wait {
	w, now := b.worker, b.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []Wait
	for id, lanes := range w.lanes {
		inc, ok := b.snapshot(id)
		if !ok {
			continue
		}
		for _, l := range lanes {
			for _, item := range l.items {
				list = append(list, Wait{id, effect.Effects.Name(item.Effect), urgency(inc, []store.Item{item})})
			}
		}
	}
	slices.SortFunc(list, func(a, b Wait) int { return order(a.Urgency.Before(b.Urgency, now), b.Urgency.Before(a.Urgency, now)) })
	return list
}

// order is a comparison's outcome from what goes before what.
func order(before, after bool) int {
	switch {
	case before:
		return -1
	case after:
		return 1
	}
	return 0
}

// Backlog is what is not done yet, in numbers.
type Backlog struct {
	Effects  int
	Oldest   time.Time      // when the oldest of them was asked for; zero: none waits
	ByEffect map[string]int // by stored name
	// OldestOf is Oldest by stored name.
	OldestOf map[string]time.Time
}

// Backlog sums up Waiting.
func (b *Bot) Backlog() Backlog {
	sum := Backlog{ByEffect: map[string]int{}, OldestOf: map[string]time.Time{}}
	for _, w := range b.Waiting() {
		sum.Effects++
		sum.ByEffect[w.Effect]++
		since := w.Urgency.Since
		sum.Oldest = older(sum.Oldest, since)
		sum.OldestOf[w.Effect] = older(sum.OldestOf[w.Effect], since)
	}
	return sum
}

// older is the earlier of two times; the zero Time is none.
func older(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// Bucket is how much of what the chat takes is used up.
type Bucket struct {
	Name        string    // of the method
	Used, Limit int       // calls in the last minute, and how many it takes
	PausedUntil time.Time // it refused a call until then; zero: it did not
	Waiting     int       // effects that wait for it
}
