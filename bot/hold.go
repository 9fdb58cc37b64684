package bot

import (
	"context"
	"errors"
	"sync"
	"time"

	"tocsin/bot/incident"
)

const markHolding = "rooms-held"

// Holding is since when no room is opened by alerts; the zero time if they may.
func (b *Bot) Holding() time.Time {
	if at := b.holding.Load(); at != nil {
		return *at
	}
	return time.Time{}
}

// HoldRooms stops alerts from opening rooms, or lets them again. It returns how
// many incidents were still to get theirs: they are listed instead. The same
// request twice is one, whatever was asked since.
func (b *Bot) HoldRooms(ctx context.Context, o Origin, on bool) (stopped int, err error) {
	at, since := b.Now().UTC(), time.Time{}
	if on {
		since = at
	}
	before := b.Holding()
	fresh, err := b.journal.MarkOnce(ctx, markHolding, since, o.Cause, at)
	switch {
	case err == nil && !fresh && on && !before.IsZero():
		return b.holdAll(ctx, o, before) // the first time may not have come to its end
	case err != nil || !fresh:
		return 0, err
	case on:
		b.holding.Store(&since)
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

// canHold tells whether an alert opened an incident whose room is not being made yet.
func (b *Bot) canHold(inc incident.Incident) bool {
	return inc.Active() && inc.Held == "" && inc.Channel.Channel == "" && !inc.Declarer.Human() && !inc.Private && !b.worker.begun(inc.ID, roomLane)
}
