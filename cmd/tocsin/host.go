package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"tocsin/bot"
	"tocsin/store"
	"tocsin/store/durable"
)

// host has the bot run for as long as the process does. Where the disk of the record is
// full, takes no writes or fails, the bot ends: after a failed write nothing that it has
// in memory can be trusted. The process stays, answers everything that it takes nothing
// now, and tries to open all anew, as a start does. There is no control socket meanwhile:
// the shell reads and writes the file by itself, as far as the disk lets it.
type host struct {
	settings settings
	log      *slog.Logger
	door     lender

	had   bool          // there was a record: another, empty one must not take its place
	again time.Duration // how long it waits until it tries to open
	told  string        // the last cause of a failure that is on the log; "": it works
}

// How often it is looked whether the disk takes writes again, and how seldom the record is
// opened at most, where the disk does and that fails all the same: Slack is asked each time.
const (
	reopenEach = 2 * time.Second
	reopenMost = time.Minute
)

// run has the bot run until ctx ends or something fails that waiting does not mend.
func (h *host) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel(nil)
	defer h.door.Close()
	listen := sync.OnceFunc(func() {
		wg.Go(func() {
			if err := bot.Guard(h.log, "http", func() error { return h.answer(ctx) }); err != nil {
				cancel(fmt.Errorf("HTTP: %w", err))
			}
		})
	})
	for {
		err := h.serve(ctx, listen)
		switch {
		case ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled)):
			return context.Cause(ctx)
		case ctx.Err() != nil || !ofDisk(err):
			return err
		}
		h.tell(err)
		listen()
		if err := h.wait(ctx); err != nil {
			return err
		}
	}
}

// answer answers, until ctx ends, what comes while there is no bot.
func (h *host) answer(ctx context.Context) error {
	return door{log: h.log, answer: longestAnswer, pair: h.settings.pair}.serve(ctx, &h.door, http.HandlerFunc(takesNothing))
}

// serve opens the record and has a bot run on it. listen is called before anything is
// answered.
func (h *host) serve(ctx context.Context, listen func()) error {
	anew, err := h.fresh()
	if err != nil {
		return err
	}
	a, err := newApp(ctx, h.settings, h.log)
	h.settings.content.problems, h.settings.doubts = nil, nil // they are told once
	if err != nil {
		return err
	}
	if _, _, err := a.kv.Lead(ctx); err != nil { // the first write: nobody is promised anything before
		a.close()
		return err
	}
	h.had, h.again, h.told = true, 0, ""
	if anew {
		h.log.Warn("made a new, empty record, for there was none", "store", h.settings.storePath)
	}
	mux := http.NewServeMux()
	a.routes(mux)
	h.log.Info("tocsin is up", "version", version, "address", h.door.Addr().String(), "socket-mode", a.socket,
		"pagerduty-webhook", len(h.settings.secrets) > 0, "store", h.settings.storePath)
	ln := h.door.lend()
	defer ln.Close()
	listen()
	if err = a.run(ctx, ln, mux); err != nil && a.hangs {
		return &hangs{err}
	}
	return err
}

// fresh tells whether a new record is made. One that was there and is not any more may
// come back with its disk.
func (h *host) fresh() (bool, error) {
	path := h.settings.storePath
	_, err := os.Stat(path)
	if h.had && errors.Is(err, fs.ErrNotExist) {
		return false, &vanished{path}
	}
	h.had = h.had || err == nil
	return fresh(path, h.settings.keeping.backups)
}

// tell tells the operator why it does not work, once for each cause.
func (h *host) tell(err error) {
	cause := err.Error()
	if number, ok := errors.AsType[syscall.Errno](err); ok {
		cause = number.Error()
	}
	if cause == h.told {
		return
	}
	h.told = cause
	h.log.Error("the record cannot be used: everything is answered with 503 until it can, and no restart is needed", "store", h.settings.storePath, "address", h.door.Addr().String(), "error", err)
}

// wait waits until it is worth opening the record again.
func (h *host) wait(ctx context.Context) error {
	h.again = min(max(2*h.again, reopenEach), reopenMost)
	for each := h.again; ; each = reopenEach {
		if err := rest(ctx, each); err != nil {
			return err
		}
		if durable.Try(h.settings.storePath, store.MaxBytes) == nil {
			return nil
		}
	}
}

// retryAfter is when a sender should try again, in seconds.
const retryAfter = 10

// takesNothing refuses every request. The next one may be for a bot that works again.
func takesNothing(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Connection", "close")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	http.Error(w, "tocsin cannot store anything now, so this was not taken: please send it again later", http.StatusServiceUnavailable)
}
