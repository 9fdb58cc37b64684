package slack

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"tocsin/bot"
	"tocsin/bot/inbound"
)

// links is how many Socket Mode connections are kept. Slack closes one now and
// then to refresh it, and what it sends in that moment goes to the other.
const links = 2

// ackWindow is how long Slack waits for an answer. A link that cannot take one
// must not hold back what the answer is about.
const ackWindow = 3 * time.Second

// atOnce bounds the requests that are answered at once.
const atOnce = 32

// maxFrame bounds one message of a link, in bytes: over it the link is dialed anew. Slack's
// requests are some 10 KB.
const maxFrame = 4 << 20

// longestWait is how long a link waits at most before it tries again: slack-go
// doubles its wait up to 5 minutes, and people wait with it.
const longestWait = 5 * time.Second

// Connect answers Slack over Socket Mode until parent ends (then it returns nil)
// or the app token is refused.
func (f *Face) Connect(parent context.Context) error {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	slots := make(chan struct{}, atOnce)
	errs := make(chan error, links)
	var wg sync.WaitGroup
	for range links {
		wg.Go(func() { errs <- f.keep(ctx, func() error { return f.link(ctx, slots) }) })
	}
	err := <-errs
	cancel()
	wg.Wait()
	if parent.Err() != nil {
		return nil
	}
	return fmt.Errorf("Slack closed Socket Mode for good: %w", err)
}

// keep keeps a link going: after a panic it rests and begins again.
func (f *Face) keep(ctx context.Context, link func() error) error {
	for {
		ended := false
		err := bot.Guard(f.Log, "slack", func() error {
			err := link()
			ended = true
			return err
		})
		if ended || !pause(ctx, longestWait) {
			return err
		}
	}
}

// errImpatient ends a client that would wait too long.
var errImpatient = errors.New("the link is tried anew")

// link keeps one link up until ctx ends or the app token is refused.
func (f *Face) link(ctx context.Context, slots chan struct{}) error {
	wait, dialer := longestWait, f.dialer()
	if f.wait > 0 {
		wait = f.wait
	}
	for patience := wait; ; patience = 0 { // the first client's own waits are short at first
		again, err := f.once(ctx, slots, dialer, wait, patience)
		if !again {
			return err
		}
	}
}

// once keeps a link up for as long as one client of slack-go does. again is set when
// that is given up after some time, because it would wait for longer than patience.
func (f *Face) once(ctx context.Context, slots chan struct{}, dialer *websocket.Dialer, wait, patience time.Duration) (again bool, err error) {
	up, down := context.WithCancelCause(context.WithoutCancel(ctx))
	defer down(errImpatient) // where it panics
	client := socketmode.New(f.API, socketmode.OptionDialer(dialer), socketmode.OptionReadLimit(maxFrame))
	listening := make(chan struct{})
	go func() {
		defer close(listening)
		defer down(errImpatient) // where it panics
		bot.Guard(f.Log, "slack", func() error {
			f.listen(ctx, up, client, slots, func(e *slack.ConnectionErrorEvent) {
				if _, told := errors.AsType[*slack.RateLimitedError](e.ErrorObj); !told && e.Backoff > patience {
					time.AfterFunc(wait, func() { down(errImpatient) })
				}
			})
			down(ctx.Err())
			return nil
		})
	}()
	err = client.RunContext(up)
	down(err)
	<-listening
	return errors.Is(context.Cause(up), errImpatient), err
}

// listen takes what one link brings until ctx or the link ends. Each request is
// answered on its own, so a slow one keeps none waiting; what is under way at the end
// gets its answer.
func (f *Face) listen(ctx, up context.Context, client *socketmode.Client, slots chan struct{}, failed func(*slack.ConnectionErrorEvent)) {
	var wg sync.WaitGroup
	defer wg.Wait()
	l := linkState{face: f}
	defer l.set(false)
	for {
		select {
		case <-ctx.Done():
			return
		case <-up.Done():
			return
		case e := <-client.Events:
			l.follow(e)
			if err, ok := e.Data.(*slack.ConnectionErrorEvent); ok {
				failed(err)
			}
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
				bot.Guard(f.Log, "slack", func() error { f.take(up, client, *e.Request); return nil }, "request", e.Request.Type)
			})
		}
	}
}

// Ask asks Slack whether it takes the bot token. The error is its word that it does not,
// with what to do; whether it answers at all is for Config.Called.
func (f *Face) Ask(ctx context.Context) error {
	_, err := f.API.AuthTestContext(ctx)
	if denied, no := errors.AsType[*refusedError](dialError(botToken, err)); no {
		return denied
	}
	return nil
}

// Links is how many Socket Mode links are up.
func (f *Face) Links() int { return int(f.links.Load()) }

// linkState is whether a link is up.
type linkState struct {
	face *Face
	up   bool
}

// follow takes note of what an operator wants to know of a link.
func (l *linkState) follow(e socketmode.Event) {
	switch e.Type {
	case socketmode.EventTypeConnected:
		l.set(true)
		l.face.found()
	case socketmode.EventTypeConnecting, socketmode.EventTypeDisconnect:
		l.set(false)
	case socketmode.EventTypeConnectionError:
		if failed, ok := e.Data.(*slack.ConnectionErrorEvent); ok {
			l.face.missing(failed.ErrorObj)
		}
	case socketmode.EventTypeErrorWriteFailed:
		l.face.Log.Warn("an answer to Slack was not sent")
	}
}

func (l *linkState) set(up bool) {
	if l.up == up {
		return
	}
	if l.up = up; up {
		l.face.links.Add(1)
	} else {
		l.face.links.Add(-1)
	}
}

// take answers one request.
func (f *Face) take(ctx context.Context, client *socketmode.Client, r socketmode.Request) {
	held, release := f.Hold(ctx)
	defer release()
	var ack any
	var then follow
	switch r.Type {
	case socketmode.RequestTypeSlashCommands:
		c, err := decode[slack.SlashCommand](r.Payload)
		if err != nil {
			f.count(inbound.Unreadable)
			f.Log.Error("a command that cannot be read", "error", err)
			return
		}
		ack, then = f.command(held, c)
	case socketmode.RequestTypeInteractive:
		c, err := decode[slack.InteractionCallback](r.Payload)
		if err != nil {
			f.count(inbound.Unreadable)
			f.Log.Error("an interaction that cannot be read", "error", err)
			return
		}
		ack, then = f.interaction(held, c)
	case socketmode.RequestTypeEventsAPI:
		p, err := decode[eventPayload](r.Payload)
		if err != nil {
			f.count(inbound.Unreadable)
			f.Log.Error("an event that cannot be read", "error", err)
			return
		}
		if then, err = f.event(held, p); err != nil {
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
