package sandbox

import (
	"maps"
	"net/http"
	"time"
)

// Count is how often a method was called since the workspace began.
type Count struct {
	Calls   int `json:"calls"`
	Limited int `json:"limited"` // answered 429
	Peak    int `json:"peak"`    // most calls in any 60 seconds
}

// counter counts calls by method. Guarded by the Workspace's lock.
type counter struct {
	counts map[string]Count
	last   map[string][]time.Time // the calls of the last window
}

func newCounter() counter { return counter{map[string]Count{}, map[string][]time.Time{}} }

func (k *counter) called(method string, now time.Time) {
	last := append(lately(k.last[method], now), now)
	k.last[method] = last
	n := k.counts[method]
	n.Calls++
	n.Peak = max(n.Peak, len(last))
	k.counts[method] = n
}

func (k *counter) answered(method string, status int) {
	if status == http.StatusTooManyRequests {
		n := k.counts[method]
		n.Limited++
		k.counts[method] = n
	}
}

// Counts are the calls so far by method, PagerDuty's under the names that they have in [Workspace.Calls].
func (ws *Workspace) Counts() map[string]Count {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return maps.Clone(ws.counts.counts)
}
