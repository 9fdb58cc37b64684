package bot

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/bot/incident"
	"tocsin/store"
)

// Signal is a word from a monitor or an alerting service, in one shape for all.
type Signal struct {
	incident.Signaled
	ID string         `json:"id"` // of this event, unique to the source
	By incident.Actor `json:"by"` // who did it there, if a person did
	At time.Time      `json:"at"` // when it happened, as the source says
	// Old is set when it came later than anybody sends again, and nothing proves when it
	// was sent: who recorded it may have played it back.
	Old bool `json:"old,omitempty"`
	// People are those whom the source has on it.
	People []incident.Person `json:"people,omitempty"`
}

// fires tells whether a signal asks for something to be done.
func (s Signal) fires() bool {
	return s.State == incident.StateFiring || s.State == incident.StateNoData
}

// reconcile begins the ID of what PagerDuty did not tell, but was asked for.
const reconcile = "reconcile/"

// AskedID is the ID of a signal that PagerDuty was asked for: by the key of its incident,
// and by the event, with its time to the second, that its webhook tells of.
func AskedID(key, event string, at time.Time) string {
	status := strings.TrimPrefix(event, "incident.")
	if status == "reopened" { // by its status it fires again, as at first
		status = "triggered"
	}
	return reconcile + key + "/" + status + "/" + at.UTC().Format(time.RFC3339)
}

// asked tells whether PagerDuty was asked for a signal.
func (s Signal) asked() bool { return strings.HasPrefix(s.ID, reconcile) }

// origin is a signal's, on a timeline. The source's own slashes must not make two
// causes one.
func (s Signal) origin() Origin {
	return Origin{By: s.By, Cause: strings.ReplaceAll(s.Source, "/", ":") + "/" + s.ID, At: s.At}
}

// about is what the log says of a signal: its cause on a timeline, and whose it is, if
// that is known.
func (s Signal) about(id incident.ID) []any {
	list := []any{"source", s.Source, "key", s.Key, "id", s.ID, "cause", s.origin().Cause}
	if id == "" {
		return list
	}
	return append([]any{"incident", id}, list...)
}

// Delivery is one request of a source, with all that it tells.
type Delivery struct {
	Source  string
	ID      string // the same twice is one delivery
	Before  string // an earlier ID of the same delivery; "" for none
	Signals []Signal
}

// Accepted tells what became of a delivery.
type Accepted struct {
	Known bool // it was accepted before
}

// ErrClosed is the error of what comes while tocsin ends. Nothing was stored.
var ErrClosed = store.ErrClosed

// ErrInvalid is the error of a delivery that can never be stored: it has no name, or is
// larger than a transaction. Nothing was.
var ErrInvalid = store.ErrInvalid

// Accept stores a delivery, in one transaction whatever it tells, and leaves it to
// the router. An error other than ErrInvalid means that it has to be delivered again.
func (b *Bot) Accept(ctx context.Context, d Delivery) (Accepted, error) {
	if b.stopped.Err() != nil {
		return Accepted{}, b.Err()
	}
	body, err := json.Marshal(d.Signals)
	if err != nil {
		return Accepted{}, err
	}
	a := store.Arrival{Source: d.Source, ID: d.ID, Before: d.Before, At: b.Now().UTC(), Body: body}
	b.router.arrivals.coming.Add(1)
	first, err := b.journal.Arrive(ctx, a)
	b.router.arrivals.coming.Add(-1)
	if err := b.wrote(ctx, err); err != nil {
		return Accepted{}, err
	}
	if first {
		a.Body = nil // what it tells is in its signals
		b.router.arrivals.add(delivered{a, d.Signals, len(body)})
	}
	return Accepted{Known: !first}, nil
}

// delivered is an arrival with what it tells.
type delivered struct {
	store.Arrival
	signals []Signal
	size    int // of its body, in bytes
}

// arrivals are the deliveries that wait for the router. Those over maxQueued
// stay in the store alone until there is room.
type arrivals struct {
	mu     sync.Mutex
	queue  []delivered
	size   int  // of the queue, in bytes as it is stored
	behind bool // the store has more
	wake   chan struct{}

	coming atomic.Int64 // how many are being stored now
}

// maxQueued is how many deliveries wait in memory, and maxQueuedBytes how long they
// may be together as they are stored.
const (
	maxQueued      = 4_000
	maxQueuedBytes = 4 << 20
)

func (q *arrivals) add(d delivered) {
	q.mu.Lock()
	if q.behind = q.behind || len(q.queue) >= maxQueued || q.size > maxQueuedBytes; !q.behind {
		q.size += d.size
		q.queue = append(q.queue, d)
	}
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take is the next few that wait; behind tells that the store has more when
// there are none.
func (q *arrivals) take(most int) (list []delivered, behind bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(most, len(q.queue))
	list, q.queue = q.queue[:n:n], q.queue[n:]
	for _, d := range list {
		q.size -= d.size
	}
	if len(q.queue) == 0 {
		q.queue = nil
	}
	return list, q.behind && n == 0
}

// Arriving is how many deliveries are stored and not routed yet, of those in
// memory.
func (b *Bot) Arriving() int { return b.router.arrivals.waiting() }

func (q *arrivals) waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.queue)
}

// moment is how long each delivery that is being stored goes first, and moments the
// most of them.
const (
	moment  = 5 * time.Millisecond
	moments = 10
)

// giveWay lets what is being stored go first: finding a signal's place and telling
// Slack of it keep the processors busy, and a source that waits too long for its
// answer sends again. A flood is routed while it lasts, if more slowly.
func (b *Bot) giveWay(ctx context.Context) {
	if n := min(b.router.arrivals.coming.Load(), moments); n > 0 {
		b.worker.pause(ctx, b.Now().Add(time.Duration(n)*moment))
	}
}
