package bot_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
)

// inParts is a pager that has much to do: it tells of one part in each attempt.
type inParts struct {
	mu    sync.Mutex
	parts int
	seen  []int // the facts of the parts before, at each attempt
}

func (p *inParts) Perform(_ context.Context, inc incident.Incident, job bot.Job) ([]incident.Fact, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = append(p.seen, count[incident.PagerSynced](inc))
	fact := []incident.Fact{incident.PagerSynced{Key: fmt.Sprint("P", job.Tries), State: incident.StateResolved}}
	if job.Tries < p.parts {
		return nil, &bot.Later{After: time.Second, Err: errors.New("there is more"), Facts: fact}
	}
	return fact, nil
}

// TestFactsOfAPart: what part of an effect was carried out is recorded at once,
// while the rest of it waits; a new process knows of it, and an effect that is
// asked for again later is told again.
func TestFactsOfAPart(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		p := &inParts{parts: 3}
		w.more = append(w.more, func(c *bot.Config) { c.Pager = p })
		w.restart()
		w.receive(signal("E1", "P1", incident.StateFiring))
		w.settle()
		p.seen = nil
		before := count[incident.PagerSynced](w.inc("INC-1"))
		w.say("resolve", "", "INC-1 resolve")
		w.wait(500 * time.Millisecond)
		if n := count[incident.PagerSynced](w.inc("INC-1")) - before; n != 1 || w.bot.Backlog().Effects == 0 {
			t.Errorf("%d facts after the first part, and %d effects wait", n, w.bot.Backlog().Effects)
		}
		w.restart()
		w.settle()
		w.say("reopen", "", "INC-1 reopen")
		w.settle()
		var want []int
		for n := range 2 * p.parts {
			want = append(want, before+n)
		}
		if fmt.Sprint(p.seen) != fmt.Sprint(want) || count[incident.PagerSynced](w.inc("INC-1")) != before+len(want) {
			t.Errorf("the attempts knew of %v, want %v", p.seen, want)
		}
	})
}
