package main

import (
	"context"
	"strings"
	"time"

	"tocsin/bot/sandbox"
)

// sit has a person deal with forms until they rise; ok is false if they do already, since
// of two forms nobody could tell which is whose.
func (w *worker) sit() (rise func(), ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.seated[w.user] {
		return nil, false
	}
	w.seated[w.user] = true
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.seated[w.user] = false
	}, true
}

// form fills in the form of a note.
func (w *worker) form(ctx context.Context, room string) {
	rise, ok := w.sit()
	if !ok {
		return
	}
	defer rise()
	w.dismiss(ctx)
	w.say(ctx, "/incident "+room+" note")
	v, shown := w.shown(ctx, room+" note")
	if !shown {
		return
	}
	a := w.wish("form", "noted")
	if r := w.submit(ctx, v, map[string]any{"text": "in the form " + a.token}); r.OK {
		w.acknowledge(a)
	}
}

// dismiss closes the forms that a person has before them.
func (w *worker) dismiss(ctx context.Context) {
	for v, open := w.ws.View(w.user); open; v, open = w.ws.View(w.user) {
		w.ws.CloseView(ctx, sandbox.CloseView{User: w.user, ViewID: v.ID})
	}
}

// shown is the form that comes within a moment, if it is the one with these words in what
// it brings back; another one may come late.
func (w *worker) shown(ctx context.Context, meta string) (v sandbox.View, shown bool) {
	w.until(ctx, 400*time.Millisecond, func() bool { v, shown = w.ws.View(w.user); return shown })
	return v, shown && strings.Contains(v.PrivateMetadata, meta)
}

// submit submits a form until it is taken: what was stored and not answered must not be
// there twice.
func (w *worker) submit(ctx context.Context, v sandbox.View, values map[string]any) (r sandbox.Result) {
	for range 20 {
		r, err := w.ws.Submit(ctx, sandbox.Submit{User: w.user, ViewID: v.ID, Values: values})
		if err == nil && r.OK {
			return r
		}
		if err != nil || len(r.Errors) > 0 || ctx.Err() != nil { // an older form came late and lies on top
			break
		}
		w.wait(upTo(w.rng, 200*time.Millisecond))
	}
	return sandbox.Result{}
}

// until polls a condition for a while.
func (w *worker) until(ctx context.Context, most time.Duration, what func() bool) bool {
	for end := time.Now().Add(most); time.Now().Before(end) && ctx.Err() == nil; w.wait(20 * time.Millisecond) {
		if what() {
			return true
		}
	}
	return false
}
