package main

import (
	"context"
	"time"
)

// askEach is how often Slack is asked whether it is back, at most, while somebody
// wants to know.
const askEach = 15 * time.Second

// ask asks Slack whether it answers and takes the token, if nobody does; what it says is
// counted with all calls.
func (a *app) ask(ctx context.Context) {
	if !a.asking.CompareAndSwap(false, true) {
		return
	}
	defer a.asking.Store(false)
	ctx, cancel := context.WithTimeout(ctx, askEach)
	defer cancel()
	if denied := a.face.Ask(ctx); denied != nil && a.counts.deny(denied) {
		a.log.Error("nothing can be done in Slack: it takes the bot token no more, and what is to be done there waits. A new token needs a restart", "error", denied)
	}
}

// silence is how long nothing may be done in Slack before it is asked whether it still
// takes the token: people find out last when they report an incident.
const silence = 2 * time.Minute

// attend asks Slack at such times until ctx ends. Where there is work that says it.
func (a *app) attend(ctx context.Context) {
	each := time.NewTicker(a.silence)
	defer each.Stop()
	for {
		select {
		case <-each.C:
		case <-ctx.Done():
			return
		}
		if a.slack.Reached() == nil && a.counts.idle() >= a.silence {
			a.ask(ctx)
		}
	}
}
