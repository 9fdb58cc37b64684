package bot

import (
	"context"
	"errors"
	"sync"
	"time"

	"tocsin/bot/incident"
	"tocsin/store"
)

const (
	markHolding = "rooms-held"
	kindRooms   = "rooms" // the store.Change.Kind of a hold
)

// Holding is since when no room is opened by alerts; the zero time if they may.
func (b *Bot) Holding() time.Time {
	held, _ := b.HeldBy()
	return held.At
}

// HeldBy tells who put rooms on hold, when and from where; false if they are not.
func (b *Bot) HeldBy() (store.Change, bool) {
	if c := b.holding.Load(); c != nil {
		return *c, true
	}
	return store.Change{}, false
}

// recallHold takes up a hold of before the start. Who asked for it is not known of one
// that an older version recorded, and alerts are held all the same.
func (b *Bot) recallHold(ctx context.Context) error {
	at, err := b.journal.Marked(ctx, markHolding)
	if err != nil || at.IsZero() {
		return err
	}
	held := store.Change{At: at, Kind: kindRooms}
	changes, err := b.journal.Changes(ctx, at)
	if err != nil {
		b.Log.Error("who put rooms on hold cannot be read", "error", err)
	}
	for _, c := range changes {
		if c.Kind == kindRooms && c.At.Equal(at) {
			held = c
		}
	}
	b.holding.Store(&held)
	return nil
}

// HoldRooms stops alerts from opening rooms, or lets them again. It returns how
// many incidents were still to get theirs: they are listed instead. The same
// request twice is one, whatever was asked since.
func (b *Bot) HoldRooms(ctx context.Context, o Origin, on bool) (stopped int, err error) {
	before := b.Holding()
	since, c := time.Time{}, changed(o, b.Now(), kindRooms, "alerts may open rooms again")
	if on {
		since, c.What = c.At, "no alert opens a room"
	}
	var changes []store.Change
	if on || !before.IsZero() {
		changes = append(changes, c)
	}
	fresh, err := b.journal.MarkOnce(ctx, markHolding, since, o.Cause, c.At, changes...)
	if err == nil && fresh {
		b.logChanges(ctx, o.Cause, changes...)
	}
	switch {
	case err == nil && !fresh && on && !before.IsZero():
		return b.holdAll(ctx, o, before) // the first time may not have come to its end
	case err != nil || !fresh:
		return 0, err
	case on:
		b.holding.Store(&c)
		return b.holdAll(ctx, o, since)
	case before.IsZero():
		return 0, incident.Refusal("Rooms are not on hold.")
	}
	b.holding.Store(nil)
	return 0, nil
}

// holdAll holds the rooms that are not being made yet: side by side, because a
// person waits for the answer.
func (b *Bot) holdAll(ctx context.Context, o Origin, at time.Time) (stopped int, err error) {
	o.Cause += "/hold"
	slots := make(chan struct{}, 64)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, inc := range b.inMemory() {
		if !b.canHold(inc) {
			continue
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			var now incident.Incident
			failed := b.guard("hold", func() (err error) {
				now, err = b.Update(ctx, inc.ID, o, func(inc incident.Incident) ([]incident.Fact, error) {
					if !b.canHold(inc) {
						return nil, nil
					}
					return inc.Hold("rooms are on hold since "+incident.Clock(at), true), nil
				})
				return err
			}, "incident", inc.ID)
			mu.Lock()
			defer mu.Unlock()
			if err = errors.Join(err, failed); now.Held != "" && inc.Held == "" {
				stopped++
			}
		})
	}
	wg.Wait()
	return stopped, err
}

// holdMeanwhile holds the room of an incident that an alert opened while rooms were being
// put on hold: holdAll may have looked before it was there. Its effects wait so long.
func (b *Bot) holdMeanwhile(ctx context.Context, inc incident.Incident) (incident.Incident, error) {
	at := b.Holding()
	if at.IsZero() || !b.canHold(inc) {
		return inc, nil
	}
	return b.Update(ctx, inc.ID, Origin{By: incident.Bot, Cause: "hold/" + string(inc.ID)}, func(inc incident.Incident) ([]incident.Fact, error) {
		if b.Holding().IsZero() {
			return nil, nil
		}
		return inc.Hold("rooms are on hold since "+incident.Clock(at), true), nil
	})
}

// canHold tells whether an alert opened an incident whose room is not being made yet.
func (b *Bot) canHold(inc incident.Incident) bool {
	return inc.Active() && inc.Held == "" && inc.Channel.Channel == "" && !inc.Declarer.Human() && !inc.Private && !b.worker.begun(inc.ID, roomLane)
}
