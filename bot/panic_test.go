package bot_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/store"
)

// poison panics at what belongs to one key or incident, while it is on: in the
// store, the Pacer, or the Performer.
type poison struct {
	store.KV
	bot.Performer
	pacer    bot.Pacer
	get, put string // prefixes of keys
	perform  effect.Effect
	of       incident.ID
	on, wait atomic.Bool
	log      lines
}

func (p *poison) Get(ctx context.Context, key string) ([]byte, error) {
	if p.on.Load() && p.get != "" && strings.HasPrefix(key, p.get) {
		panic("poisoned to read")
	}
	return p.KV.Get(ctx, key)
}

func (p *poison) Commit(ctx context.Context, tx store.Tx) error {
	bad := func(pair store.Pair) bool { return strings.HasPrefix(pair.Key, p.put) }
	if p.on.Load() && p.put != "" && slices.ContainsFunc(tx.Put, bad) {
		panic("poisoned to write")
	}
	return p.KV.Commit(ctx, tx)
}

func (p *poison) Perform(ctx context.Context, inc incident.Incident, job bot.Job) ([]incident.Fact, error) {
	if p.on.Load() && inc.ID == p.of && job.Effect == p.perform {
		panic("poisoned to perform")
	}
	return p.Performer.Perform(ctx, inc, job)
}

func (p *poison) Wait(ctx context.Context, inc incident.Incident, job bot.Job, u bot.Urgency) (context.Context, error) {
	if p.wait.Load() && inc.ID == p.of {
		panic("poisoned to wait for")
	}
	return p.pacer.Wait(ctx, inc, job, u)
}

// lines are what the bot logs.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(data []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(data)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// count is how many lines have a text.
func (l *lines) count(text string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.text.String()) {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}

// has wants a panic in a part of the bot on record, and a text.
func (l *lines) has(t *testing.T, part, text string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if log := l.text.String(); !strings.Contains(log, "msg=panic in="+part) || !strings.Contains(log, text) {
		t.Errorf("a panic in the %s with %q is not on record:\n%.2000s", part, text, log)
	}
}

// poisoned runs a test with poison in its world.
func poisoned(t *testing.T, p *poison, f func(*testing.T, *world)) {
	described(t)(t, func(t *testing.T, w *world) {
		w.run()
		<-w.done
		w.more = append(w.more, func(c *bot.Config) {
			p.KV, p.Performer, p.pacer = c.Store, c.Performer, c.Pacer
			c.Store, c.Performer, c.Pacer, c.Log = p, p, p, slog.New(slog.NewTextHandler(&p.log, nil))
		})
		w.start()
		f(t, w)
		if err := w.bot.Err(); err != nil {
			t.Errorf("the bot stopped: %v", err)
		}
	})
}

// A signal that makes the bot panic, where it is looked up or where it is stored,
// is tried once a start and named; those that came with it have their places, nothing
// waits for it, and once the bot does not fail at it any more it is carried out.
func TestPanicOverASignal(t *testing.T) {
	for name, p := range map[string]*poison{"reading": {get: "alert/generic/bad"}, "writing": {put: "alert/generic/bad"}} {
		t.Run(name, func(t *testing.T) {
			poisoned(t, p, func(t *testing.T, w *world) {
				p.on.Store(true)
				var list []bot.Signal
				for _, key := range []string{"first", "bad", "last"} {
					list = append(list, alert("generic", key, "service of "+key, "The queue of "+key+" is full", "critical", incident.StateFiring))
				}
				w.deliver("three", list...)
				late := alert("generic", "bad", "service of bad", "The queue of bad is full", "critical", incident.StateResolved)
				late.ID = "late"
				w.deliver("late", late)
				w.restart()
				w.wait(time.Hour)
				p.log.has(t, "router", "key=bad")
				if n := p.log.count("msg=panic"); n != 2 {
					t.Errorf("it was tried %d times in two starts", n)
				}
				p.log.what(t, `"a signal waits for the next start, because tocsin fails at it"`, ` key=bad .* cause=generic/`)
				p.on.Store(false)
				w.restart()
				w.wait(10 * time.Second)
				w.routed()
				for _, s := range list {
					a := w.record("generic", s.Key)
					if a.Incident == "" {
						t.Fatalf("%s has no incident: %+v", s.Key, a)
					}
					got, want := heard(w.inc(a.Incident), "generic/"+s.ID, "generic/late"), []string{incident.StateFiring, incident.StateResolved}
					if s.Key != "bad" {
						want = want[:1]
					}
					if !slices.Equal(got, want) || a.Count != len(want) || len(w.heads()) != 3 {
						t.Errorf("of %s %s was told %q, want %q; %d incidents, %+v", s.Key, a.Incident, got, want, len(w.heads()), a)
					}
				}
			})
		})
	}
}

// A signal that makes the bot panic where it is recorded with others keeps none of them.
func TestPanicWhereSignalsAreRecorded(t *testing.T) {
	p := &poison{put: "alert/generic/bad"}
	poisoned(t, p, func(t *testing.T, w *world) {
		w.fire("generic", "first", "other", "The queue is full", "critical")
		w.settle()
		p.on.Store(true)
		var list []bot.Signal
		for _, key := range []string{"second", "bad", "last"} {
			list = append(list, alert("generic", key, "other", "The queue of "+key+" is full", "critical", incident.StateFiring))
		}
		w.deliver("three", list...)
		if n := w.inc("INC-1").Tally.Total; n != 3 || w.bot.Kept() != 1 {
			t.Errorf("%d alerts, and %d are kept", n, w.bot.Kept())
		}
		p.on.Store(false)
		w.restart()
		w.wait(10 * time.Second)
		w.routed()
		if inc := w.inc("INC-1"); inc.Tally.Total != 4 || count[incident.Signaled](inc) != 4 || w.bot.Kept() != 0 {
			t.Errorf("%d alerts by %d signals, and %d are kept", inc.Tally.Total, count[incident.Signaled](inc), w.bot.Kept())
		}
	})
}

// An effect at which the bot panics keeps no other waiting, and is done once that
// is mended.
func TestPanicOverAnEffect(t *testing.T) {
	for name, pacing := range map[string]bool{"performing": false, "waiting": true} {
		t.Run(name, func(t *testing.T) {
			p := &poison{perform: effect.OpenChannel{}, of: "INC-1"}
			poisoned(t, p, func(t *testing.T, w *world) {
				p.on.Store(!pacing)
				p.wait.Store(pacing)
				w.say("one", "", "open sev1 Answers are wrong")
				w.say("two", "", "open sev2 Answers are slow")
				w.wait(5 * time.Minute)
				if w.inc("INC-2").Channel.Channel == "" || w.inc("INC-1").Channel.Channel != "" {
					t.Errorf("rooms: %+v, %+v", w.inc("INC-1").Channel, w.inc("INC-2").Channel)
				}
				p.on.Store(false)
				p.wait.Store(false)
				w.wait(5 * time.Minute)
				if w.inc("INC-1").Channel.Channel == "" {
					t.Error("the room is never made")
				}
				p.log.has(t, "worker", "incident=INC-1")
			})
		})
	}
}

// An incident at which the clock panics keeps nobody else from being reminded.
func TestPanicOfTheClock(t *testing.T) {
	p := &poison{put: "log/00000001/"}
	poisoned(t, p, func(t *testing.T, w *world) {
		w.say("one", "", "open sev1 Answers are wrong")
		w.say("two", "", "open sev1 Answers are slow")
		w.wait(time.Minute)
		p.on.Store(true)
		w.wait(31 * time.Minute)
		if n := w.said(w.inc("INC-2").Channel.Channel, "An update was due"); n != 1 {
			t.Errorf("INC-2 was reminded %d times", n)
		}
		if saw := w.bot.Reminders(); saw.Updates != 2 || saw.Overdue != 1 || time.Since(saw.Looked) > time.Minute {
			t.Errorf("%+v", saw)
		}
		p.on.Store(false)
		w.wait(2 * time.Minute)
		if n := w.said(w.inc("INC-1").Channel.Channel, "An update was due"); n != 1 {
			t.Errorf("INC-1 was reminded %d times once it could be", n)
		}
		if saw := w.bot.Reminders(); saw.Overdue != 0 {
			t.Errorf("%+v", saw)
		}
		p.log.has(t, "clock", "incident=INC-1")
	})
}

// TestHoldPanics: what is wrong with one incident keeps no other's room from being held,
// and does not end the bot; who asked is told that not all of it was done.
func TestHoldPanics(t *testing.T) {
	p := &poison{put: "log/00000001/", of: "INC-1"}
	poisoned(t, p, func(t *testing.T, w *world) {
		p.wait.Store(true) // no room is made yet
		w.receive(alert("pagerduty", "S", "other", "Cache is broken", "critical", incident.StateFiring))
		w.wait(10 * time.Second)
		p.on.Store(true)
		if _, err := w.bot.HoldRooms(t.Context(), bot.Origin{By: ada, Cause: "hold"}, true); err == nil {
			t.Error("it was told that all rooms are held")
		}
		p.on.Store(false)
		if n, err := w.bot.HoldRooms(t.Context(), bot.Origin{By: ada, Cause: "again"}, true); n != 1 || err != nil {
			t.Errorf("%d rooms held, %v", n, err)
		}
		p.wait.Store(false)
	})
}
