package slack

import (
	"cmp"
	"slices"
	"time"
)

// BucketState is how far a method's limit is used up.
type BucketState struct {
	Method      string
	Used, Limit int       // calls in the last minute, and how many Slack takes
	PausedUntil time.Time // Slack refused a call until then; zero: it did not
	Waiting     int       // effects that wait for it
}

// State lists the methods that were called, by name.
func (p *Pacer) State() []BucketState {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, states := p.now(), map[string]BucketState{}
	for name, b := range p.buckets {
		s := states[b.method]
		s.Method = b.method
		s.Waiting += len(b.queue)
		if name == b.method {
			b.pass(now)
			s.Used, s.Limit = len(b.debits), b.calls
			if now.Before(b.paused) {
				s.PausedUntil = b.paused
			}
		}
		states[b.method] = s
	}
	list := make([]BucketState, 0, len(states))
	for _, s := range states {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b BucketState) int { return cmp.Compare(a.Method, b.Method) })
	return list
}
