package slack

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
)

// links is how many Socket Mode connections are kept. Slack closes one now and
// then to refresh it, and what it sends in that moment goes to the other.
const links = 2

// ackWindow is how long Slack waits for an answer. A link that cannot take one
// must not hold back what the answer is about.
const ackWindow = 3 * time.Second

// atOnce bounds the requests that are answered at once.
const atOnce = 32

// Connect answers Slack over Socket Mode until parent ends (then it returns nil)
// or the app token is refused.
func (f *Face) Connect(parent context.Context) error {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	slots := make(chan struct{}, atOnce)
	errs := make(chan error, links)
	var wg sync.WaitGroup
	for range links {
		client := socketmode.New(f.API)
		wg.Go(func() { errs <- client.RunContext(ctx) })
		wg.Go(func() { f.listen(ctx, client, slots, &wg) })
	}
	err := <-errs
	cancel()
	wg.Wait()
	if parent.Err() != nil {
		return nil
	}
	return fmt.Errorf("Slack closed Socket Mode for good: %w", err)
}

// listen takes what one link brings. Each request is answered on its own, so a
// slow one keeps none waiting.
func (f *Face) listen(ctx context.Context, client *socketmode.Client, slots chan struct{}, wg *sync.WaitGroup) {
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-client.Events:
			f.linkState(e)
			if e.Request == nil || e.Type == socketmode.EventTypeHello || e.Type == socketmode.EventTypeDisconnect {
				continue
			}
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return
			}
			wg.Go(func() {
				defer func() { <-slots }()
				f.take(ctx, client, *e.Request)
			})
		}
	}
}

// linkState logs what an operator wants to know of a link.
func (f *Face) linkState(e socketmode.Event) {
	switch e.Type {
	case socketmode.EventTypeConnected:
		f.Log.Info("connected to Slack")
	case socketmode.EventTypeConnectionError, socketmode.EventTypeInvalidAuth:
		f.Log.Warn("no connection to Slack", "event", string(e.Type))
	case socketmode.EventTypeErrorWriteFailed:
		f.Log.Warn("an answer to Slack was not sent")
	}
}

// take answers one request.
func (f *Face) take(ctx context.Context, client *socketmode.Client, r socketmode.Request) {
	defer func() {
		if p := recover(); p != nil {
			f.Log.Error("panic", "request", r.Type, "panic", p, "stack", string(debug.Stack()))
		}
	}()
	held, release := f.Hold(ctx)
	defer release()
	var ack any
	var then follow
	switch r.Type {
	case socketmode.RequestTypeSlashCommands:
		c, err := decode[slack.SlashCommand](r.Payload)
		if err != nil {
			f.Log.Error("a command that cannot be read", "error", err)
			return
		}
		ack, then = f.command(held, c)
	case socketmode.RequestTypeInteractive:
		c, err := decode[slack.InteractionCallback](r.Payload)
		if err != nil {
			f.Log.Error("an interaction that cannot be read", "error", err)
			return
		}
		ack, then = f.interaction(held, c)
	case socketmode.RequestTypeEventsAPI:
		p, err := decode[eventPayload](r.Payload)
		if err != nil {
			f.Log.Error("an event that cannot be read", "error", err)
			return
		}
		if f.event(held, p) != nil {
			return // not stored, so not acknowledged: Slack sends it again
		}
	}
	soon, cancel := context.WithTimeout(ctx, ackWindow)
	defer cancel()
	if err := client.AckCtx(soon, r.EnvelopeID, ack); err != nil {
		f.Log.Warn("an answer to Slack was not sent", "error", err)
	}
	release()
	f.later(ctx, then)
}

// later does what follows an answer, whoever has gone away in the meantime.
func (f *Face) later(ctx context.Context, then follow) {
	if then == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), afterwards)
	defer cancel()
	then(ctx)
}
