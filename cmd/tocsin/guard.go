package main

import (
	"context"
	"log/slog"
	"runtime/debug"
	"time"

	"tocsin/bot"
)

// logPanic puts a panic on record; in names the part of the program.
func logPanic(log *slog.Logger, in string, p any, about ...any) {
	log.Error("panic", append([]any{"in", in, "panic", bot.Harmless(p), "stack", string(debug.Stack())}, about...)...)
}

// afterPanic is how long what panicked rests before it begins again.
const afterPanic = time.Minute

// keep runs what the bot can do without for a while until ctx ends: a panic in it
// is on record, and it begins again.
func (a *app) keep(ctx context.Context, what string, f func(context.Context)) {
	for a.panics(what, func() { f(ctx) }) {
		timer := time.NewTimer(afterPanic)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// panics does something and tells whether it panicked.
func (a *app) panics(what string, f func()) (panicked bool) {
	defer func() {
		if p := recover(); p != nil {
			logPanic(a.log, what, p)
			panicked = true
		}
	}()
	f()
	return false
}
