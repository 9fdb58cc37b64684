package main

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tocsin/bot/slack"
	"tocsin/store"
)

// counts are the numbers that grow as things happen, and beside them what was last
// heard of Slack. They are there before the bot is.
type counts struct {
	deliveries *prometheus.CounterVec
	calls      *prometheus.CounterVec
	commits    *prometheus.HistogramVec
	lines      *prometheus.CounterVec
	panics     *prometheus.CounterVec

	mu      sync.Mutex
	away    error // why the last call to Slack had no answer; nil: it had one
	last    time.Time
	denied  error     // Slack's word that it takes the bot token no more; nil: it does
	done    time.Time // when it last did
	welcome func()    // called when it does again
}

// appOnly is the one method that is called with the app token.
const appOnly = "apps.connections.open"

func newCounts() *counts {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tocsin_" + name, Help: help}, labels)
	}
	c := &counts{
		welcome:    func() {},
		deliveries: counter("deliveries_total", helpDeliveries, "source", "outcome"),
		calls:      counter("slack_calls_total", helpCalls, "method", "outcome"),
		lines:      counter("log_lines_total", helpLines, "level"),
		panics:     counter("panics_total", helpPanics, "in"),
		commits: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tocsin_commit_seconds", Help: helpCommits, Buckets: prometheus.ExponentialBuckets(0.00025, 4, 9),
		}, []string{"outcome"}),
	}
	c.begin()
	return c
}

// begin makes the series that are known: one that begins at 1 shows no increase.
func (c *counts) begin() {
	for _, s := range senders {
		for _, o := range outcomes {
			c.deliveries.WithLabelValues(s, o)
		}
	}
	for _, in := range panicIn {
		c.panics.WithLabelValues(in)
	}
	for _, l := range []slog.Level{slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		c.lines.WithLabelValues(levelName(l))
	}
	for _, o := range []string{committed, refused, failed} {
		c.commits.WithLabelValues(o)
	}
	for _, o := range slack.Outcomes {
		for _, method := range []string{"chat.postMessage", "auth.test", appOnly} {
			c.calls.WithLabelValues(method, o)
		}
	}
}

// all are the collectors.
func (c *counts) all() []prometheus.Collector {
	return []prometheus.Collector{c.deliveries, c.calls, c.commits, c.lines, c.panics}
}

// called notes what became of a call to Slack, as slack.Config.Called is told.
func (c *counts) called(method, outcome string) {
	c.calls.WithLabelValues(method, outcome).Inc()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.away, c.last = nil, time.Now()
	switch {
	case outcome == slack.Lost || outcome == slack.Failed:
		c.away = errors.New("the last call had no answer: what is to be done there waits, and is done when Slack is back")
	case outcome == slack.Done && method != appOnly:
		if c.done = c.last; c.denied != nil {
			c.denied = nil
			c.welcome()
		}
	}
}

// deny notes Slack's word that it does not take the bot token, and tells whether that is
// new.
func (c *counts) deny(word error) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.denied != nil
	c.denied = word
	return !known
}

// slackAway tells why nothing can be done in Slack, as far as the last calls tell, and
// when the last was.
func (c *counts) slackAway() (time.Time, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last, cmp.Or(c.away, c.denied)
}

// idle is how long nothing was done in Slack.
func (c *counts) idle() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Since(c.done)
}

// The outcomes of a commit.
const (
	committed = "committed"
	refused   = "refused" // nothing was written, and that is well
	failed    = "failed"
)

// timed is a store whose commits are timed.
type timed struct {
	store.KV
	counts *counts
}

// Commit implements store.KV.
func (t timed) Commit(ctx context.Context, tx store.Tx) error {
	began := time.Now()
	err := t.KV.Commit(ctx, tx)
	outcome := committed
	switch {
	case errors.Is(err, store.ErrConflict), errors.Is(err, store.ErrInvalid), errors.Is(err, store.ErrClosed), err != nil && ctx.Err() != nil:
		outcome = refused
	case err != nil:
		outcome = failed
	}
	t.counts.commits.WithLabelValues(outcome).Observe(time.Since(began).Seconds())
	return err
}

// panicIn are the parts in which a panic is caught; anything else is other.
var panicIn = []string{"http", "slack", "worker", "router", "clock", "content", "pagerduty", "record", other}

// counted is a log whose lines are counted, and panics by the part they were in.
type counted struct {
	slog.Handler
	counts *counts
}

// Handle implements slog.Handler.
func (h counted) Handle(ctx context.Context, r slog.Record) error {
	h.counts.lines.WithLabelValues(levelName(r.Level)).Inc()
	if r.Message == "panic" {
		in := other
		r.Attrs(func(a slog.Attr) bool {
			if a.Key == "in" {
				in = oneOf(panicIn, a.Value.String())
			}
			return true
		})
		h.counts.panics.WithLabelValues(in).Inc()
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h counted) WithAttrs(attrs []slog.Attr) slog.Handler {
	return counted{h.Handler.WithAttrs(attrs), h.counts}
}

// WithGroup implements slog.Handler.
func (h counted) WithGroup(name string) slog.Handler {
	return counted{h.Handler.WithGroup(name), h.counts}
}

func levelName(l slog.Level) string {
	switch {
	case l >= slog.LevelError:
		return "error"
	case l >= slog.LevelWarn:
		return "warn"
	}
	return "info"
}
