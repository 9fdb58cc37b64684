package main

import (
	"context"
	"time"
)

// The waits before people's names are asked for again: the first, and at most.
const (
	firstMeeting = 2 * time.Second
	lastMeeting  = 5 * time.Minute
)

// meetLater learns people's names after the start could not, until it has or ctx ends:
// without them nobody of PagerDuty is known to be somebody of Slack. Who is on call
// comes in then.
func (a *app) meetLater(ctx context.Context) {
	for wait := firstMeeting; ; wait = min(2*wait, lastMeeting) {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
		if err := a.face.Performer.Meet(ctx); err != nil {
			continue
		}
		a.log.Info("people's names are known")
		a.tell(ctx, "who is on call could not be brought in", a.bot.Summon(ctx))
		return
	}
}
