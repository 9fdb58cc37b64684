package sandbox

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"
)

// maxCalls is how many API calls are remembered.
const maxCalls = 500

// Call is one API call that the app made, as the sandbox saw it.
type Call struct {
	N      int       `json:"n"` // from 1, in order of arrival
	Method string    `json:"method"`
	Began  time.Time `json:"at"`
	Ended  time.Time `json:"-"` // zero while it runs
	MS     float64   `json:"ms"`
	Status int       `json:"status"` // HTTP status; 0: running, or the connection was cut
	Error  string    `json:"error,omitempty"`
	Fault  string    `json:"fault,omitempty"` // the faults that hit it, in order, with spaces between
	Args   string    `json:"args_summary,omitempty"`
}

// record is a call under way; it enters the log at once, so that order is order of arrival.
type record struct {
	*Call
	began time.Time
	hits  []string
}

func (r *record) note(fault string) { r.hits = append(r.hits, fault) }

type callLog struct {
	n    int
	last []*Call
}

func (ws *Workspace) beginCall(c *call) *record {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	log := &ws.calls
	log.n++
	now := time.Now()
	entry := &Call{N: log.n, Method: c.method, Began: now, Args: cmp.Or(c.brief, c.summary())}
	log.last = append(log.last, entry)
	ws.counts.called(c.method, now)
	if len(log.last) > maxCalls {
		log.last = slices.Clone(log.last[len(log.last)-maxCalls:])
	}
	return &record{Call: entry, began: now}
}

func (ws *Workspace) endCall(r *record, a answer) answer {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	r.Ended = time.Now()
	r.MS = float64(r.Ended.Sub(r.Began).Microseconds()) / 1000
	r.Status, r.Error, r.Fault = a.status, asText(a.body["error"]), strings.Join(r.hits, " ")
	ws.counts.answered(r.Method, a.status)
	ws.changed()
	return a
}

// Calls are the latest API calls, at most 500, in order of arrival.
func (ws *Workspace) Calls() []Call {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return ws.calls.copy(maxCalls)
}

func (l *callLog) copy(atMost int) []Call {
	last := l.last[max(0, len(l.last)-atMost):]
	out := make([]Call, len(last))
	for i, c := range last {
		out[i] = *c
	}
	return out
}

func sortedKeys(keys iter.Seq[string]) []string { return slices.Sorted(keys) }

func sortedKeysOf[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
