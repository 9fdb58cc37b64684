package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"tocsin/bot"
	"tocsin/store"
	"tocsin/store/bolt"
)

// A supervisor asks two things. /healthz: does the bot run? Not once the store has failed.
// /readyz: does it work in full? Slack being away is no reason to be started again: what
// comes is stored, and done when Slack is back.

// part is one thing that tocsin needs; err is nil while it works.
type part struct {
	name string
	err  error
}

// alive tells whether going on is of use.
func (a *app) alive(context.Context) []part { return []part{{"bot", a.bot.Err()}} }

// ready tells of every part whether it works.
func (a *app) ready(ctx context.Context) []part {
	return []part{{"store", a.marker.try(ctx)}, {"worker", a.leading()}, {"slack", a.linked()}}
}

// leading tells why effects are not performed.
func (a *app) leading() error {
	if a.bot.Leads() {
		return nil
	}
	return cmp.Or(a.bot.Err(), errors.New("it does not run yet, or does no more"))
}

// linked tells why Slack is not reached, or takes the token no more: nothing comes in
// without a link of Socket Mode; by HTTP, the outcome of the last call has to do.
func (a *app) linked() error {
	if err := a.slack.Reached(); err != nil {
		return err
	}
	if a.socket && a.face.Links() == 0 {
		return errors.New("no link of Socket Mode is up: what people do there arrives when there is one")
	}
	last, away := a.counts.slackAway()
	if away != nil && time.Since(last) > askEach {
		go a.panics("slack", func() { a.ask(context.Background()) }) // nothing else may come along to find out
	}
	return away
}

// marker writes to the store to learn whether that can be done.
type marker struct {
	journal *store.Journal
	log     *slog.Logger

	mu  sync.Mutex
	at  time.Time // of the last try
	err error
}

const (
	markReady   = "ready"
	markEach    = 5 * time.Second // whoever asks how often
	markingTime = 2 * time.Second
)

// try tells whether the store takes a write, by the last one if that is not long ago.
func (m *marker) try(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if now.Sub(m.at) < markEach {
		return m.err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), markingTime)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		done <- bot.Guard(m.log, "record", func() error { return m.journal.Mark(ctx, markReady, now) })
	}()
	select {
	case m.err = <-done:
	case <-time.After(markingTime): // a write that is under way cannot be called off
		m.err = context.DeadlineExceeded
	}
	if errors.Is(m.err, context.DeadlineExceeded) {
		m.err = errors.New("a write takes longer than 2 seconds: look at the disk")
	}
	m.at = time.Now()
	return m.err
}

// tellParts answers with a line for each part, or JSON where that is asked for; 503
// when one does not work.
func tellParts(parts func(context.Context) []part) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		list := parts(r.Context())
		status := http.StatusOK
		for _, p := range list {
			if p.err != nil {
				status = http.StatusServiceUnavailable
			}
		}
		w.Header().Set("Cache-Control", "no-store")
		if strings.Contains(r.Header.Get("Accept"), "application/json") {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			json.NewEncoder(w).Encode(partsJSON(list))
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		for _, p := range list {
			fmt.Fprintf(w, "%s: %s\n", p.name, p.state())
		}
	}
}

// state is ok, or why not, on one line.
func (p part) state() string {
	if p.err == nil {
		return "ok"
	}
	return strings.Join(strings.Fields(p.err.Error()), " ")
}

// partsJSON is {"store":"ok",…}.
func partsJSON(list []part) map[string]string {
	out := map[string]string{}
	for _, p := range list {
		out[p.name] = p.state()
	}
	return out
}

type healthyCmd struct {
	storeFlags
	Ready bool `help:"Ask whether every part works, not only whether going on is of use."`
}

// Run asks the bot that runs on the data file, for a container that has no shell.
func (c *healthyCmd) Run(e *env) error {
	path, err := c.path()
	if err != nil {
		return err
	}
	what := "healthz"
	if c.Ready {
		what = "readyz"
	}
	text, running, err := ask(e.ctx, path, what, "")
	if !running && bolt.InUse(path) {
		return fmt.Errorf("a process has %s open, and %s", path, mute(path))
	}
	if !running {
		return fmt.Errorf("no tocsin runs on %s", path)
	}
	if err != nil {
		return errors.New(strings.TrimSpace(err.Error()))
	}
	_, err = io.WriteString(e.stdout, text)
	return err
}
