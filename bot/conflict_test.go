package bot_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
	"tocsin/store"
)

// contradicted is a store with a record that contradicts itself: what it is told of one
// thing is in conflict with it, whenever that is told.
type contradicted struct {
	store.KV
	of    func(store.Tx) bool
	tries atomic.Int32
	on    atomic.Bool
}

func (c *contradicted) Commit(ctx context.Context, tx store.Tx) error {
	if c.on.Load() && c.of(tx) && c.tries.Add(1) < 5000 {
		return store.ErrConflict
	}
	return c.KV.Commit(ctx, tx)
}

// TestConflictForEver: what came of a call and cannot be recorded is tried again at
// leisure, others are served meanwhile, and the record has it once when it can be told.
// Somebody who asks is refused instead of kept waiting.
func TestConflictForEver(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		kv := &contradicted{of: func(tx store.Tx) bool {
			return len(tx.Put) > 0 && strings.HasPrefix(tx.Put[0].Key, "log/") && strings.Contains(string(tx.Put[0].Value), `"name":"inc-1-`)
		}}
		kv.on.Store(true)
		w.more = append(w.more, func(c *bot.Config) { kv.KV = c.Store; c.Store = kv })
		w.restart()
		before := len(w.ws.ChannelNames())
		w.say("open", "", "open sev2 Answers are wrong")
		w.say("other", "", "open sev3 Answers are slow")
		w.wait(10 * time.Minute)
		if n := kv.tries.Load(); n == 0 || n > 500 {
			t.Errorf("%d tries in ten minutes", n)
		}
		if w.inc("INC-1").Channel.Channel != "" || w.inc("INC-2").Channel.Channel == "" {
			t.Errorf("INC-1 has %+v, INC-2 %+v", w.inc("INC-1").Channel, w.inc("INC-2").Channel)
		}
		kv.on.Store(false)
		w.settle()
		if rooms := len(w.ws.ChannelNames()); w.inc("INC-1").Channel.Channel == "" || rooms != before+2 {
			t.Errorf("%+v, %d channels", w.inc("INC-1").Channel, rooms)
		}
		kv.of = func(tx store.Tx) bool { return true }
		kv.on.Store(true)
		_, err := w.bot.Update(t.Context(), "INC-1", bot.Origin{By: ada, Cause: "note"}, func(inc incident.Incident) ([]incident.Fact, error) {
			return []incident.Fact{incident.Noted{Text: "it goes on"}}, nil
		})
		if err == nil || !strings.Contains(err.Error(), "tocsin doctor") {
			t.Errorf("who notes something is told %v", err)
		}
		kv.on.Store(false)
	})
}
