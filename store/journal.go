package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

// Journal keeps timelines, and beside them what follows from them.
type Journal struct{ kv KV }

// NewJournal keeps a journal in kv.
func NewJournal(kv KV) *Journal { return &Journal{kv} }

// Tip is the end of a timeline: what the next append is bound to. The zero Tip
// with an ID is the end of a timeline without events.
type Tip struct {
	ID   incident.ID
	Last int // number of the last event
	seal seal
}

// Head is an incident at a glance. It can be made again from the timeline; it
// is kept so that a list need not fold them all.
type Head struct {
	ID       incident.ID       `json:"id"`
	Title    string            `json:"title"`
	Severity incident.Severity `json:"severity"`
	Status   incident.Status   `json:"status"`
	Private  bool              `json:"private,omitempty"`
	Held     bool              `json:"held,omitempty"` // it has no room until a person asks for one
	Channel  string            `json:"channel,omitempty"`
	Declared time.Time         `json:"declared"`
	Events   int               `json:"events"`
	Actions  int               `json:"actions,omitempty"` // follow-ups not yet done
	// Report and Guide are what the incident teaches: for such a report, people
	// chose this guide. Empty: nothing.
	Report string `json:"report,omitempty"`
	Guide  string `json:"guide,omitempty"`
}

// Active tells whether people are still working on it.
func (h Head) Active() bool {
	return h.Status == incident.Investigating || h.Status == incident.Contained
}

// HeadOf is the head of inc.
func HeadOf(inc incident.Incident) Head {
	open := 0
	for _, a := range inc.Actions {
		if !a.Done {
			open++
		}
	}
	report, guide := inc.Lesson()
	return Head{
		Report: report, Guide: guide, ID: inc.ID, Title: inc.Title, Actions: open, Severity: inc.Severity, Status: inc.Status, Private: inc.Private,
		Held: inc.Held != "", Channel: inc.Channel.Channel, Declared: inc.Declared.UTC(), Events: inc.Last(),
	}
}

// Item is an effect that is still to be performed.
type Item struct {
	Incident incident.ID
	// Key orders the items of an incident. A projection's key is its lane, so
	// a newer one takes the place of an older one.
	Key    string
	Effect effect.Effect
	// Seq is the event that it follows from.
	Seq int
	// Tries counts the attempts begun; First and Last tell when.
	Tries       int
	First, Last time.Time
}

// NewItem makes the nth item that follows from event seq of an incident.
func NewItem(id incident.ID, seq, n int, e effect.Effect) Item {
	key := fmt.Sprintf("%08d.%02d", seq, n)
	if effect.Projection(e) {
		key = e.Lane()
	}
	return Item{Incident: id, Key: key, Effect: e, Seq: seq}
}

// Append is what one transaction adds to an incident.
type Append struct {
	Events  []incident.Event // numbered on from the tip
	Head    Head
	Put     []Item   // effects to be performed, or what is new about them
	Settled []string // keys of items that are done with
	Handles []string // names to claim for the incident; ErrConflict if one is taken
	Alerts  []Alert  // as they are now
}

// Load reads the timeline of an incident and checks every seal. ErrNotFound if
// there is no such incident.
func (j *Journal) Load(ctx context.Context, id incident.ID) ([]incident.Event, Tip, error) {
	known, err := j.known(ctx, id)
	if err != nil {
		return nil, Tip{}, err
	}
	pairs, err := j.kv.Scan(ctx, logPrefix(id), "", 0)
	if err != nil {
		return nil, Tip{}, err
	}
	if known == 0 { // it is not there, or gone and these are what it left
		if err := j.missing(ctx, id); len(pairs) == 0 || !errors.Is(err, ErrNotFound) || gone(err) {
			return nil, Tip{}, err
		}
	}
	events, tip, err := chain(id, pairs)
	switch {
	case err != nil:
		return nil, Tip{}, err
	case len(events) < known:
		return nil, Tip{}, &CorruptError{Path: string(id), Detail: fmt.Sprintf("there are %d events, and there were %d", len(events), known)}
	}
	return events, tip, nil
}

// gone tells whether an error is that of an incident that was in the record once.
func gone(err error) bool {
	_, was := errors.AsType[*GoneError](err)
	return was
}

// chain reads the events of a timeline as far as they are whole; with an error if
// that is not to the end.
func chain(id incident.ID, pairs []Pair) ([]incident.Event, Tip, error) {
	tip := Tip{ID: id, seal: firstSeal(string(id))}
	events := make([]incident.Event, 0, len(pairs))
	for i, p := range pairs {
		if p.Key != logKey(id, i+1) {
			return events, tip, &CorruptError{Path: string(id), Detail: fmt.Sprintf("event %d is missing", i+1)}
		}
		var e incident.Event
		after, err := open(p.Value, tip.seal, &e)
		if err == nil && e.Seq != i+1 {
			err = fmt.Errorf("it says that it is event %d", e.Seq)
		}
		if err != nil {
			return events, tip, &CorruptError{Path: string(id), Detail: fmt.Sprintf("event %d: %v", i+1, err)}
		}
		events = append(events, e)
		tip.seal, tip.Last = after, i+1
	}
	return events, tip, nil
}

// known is how many events an incident has at least, by its head: what the chain
// of seals cannot tell is that its end is missing. It is read before the
// timeline, which grows.
func (j *Journal) known(ctx context.Context, id incident.ID) (int, error) {
	value, err := j.kv.Get(ctx, headKey(id))
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	h, err := openHead(Pair{headKey(id), value})
	return h.Events, err
}

// Append carries out a at tip and returns the new tip. ErrConflict means that
// tip is out of date or a handle is taken; any other error is as ambiguous as
// that of KV.Commit.
func (j *Journal) Append(ctx context.Context, tip Tip, a Append) (Tip, error) {
	before := tip.Last
	tx := Tx{Absent: []string{logKey(tip.ID, tip.Last+1), goneKey(tip.ID)}}
	if tip.Last == 0 {
		tip.seal = firstSeal(string(tip.ID))
	}
	for _, e := range a.Events {
		tip.Last++
		if e.Seq != tip.Last {
			return Tip{}, fmt.Errorf("store: %s: event %d appended as %d", tip.ID, e.Seq, tip.Last)
		}
		value, next, err := sealed(e, tip.seal)
		if err != nil {
			return Tip{}, err
		}
		tx.Put, tip.seal = append(tx.Put, Pair{logKey(tip.ID, e.Seq), value}), next
	}
	if len(a.Events) > 0 {
		head, err := json.Marshal(a.Head)
		if err != nil {
			return Tip{}, err
		}
		tx.Put = append(tx.Put, sealedPair(headKey(tip.ID), head))
	}
	for _, name := range a.Handles {
		tx.Absent = append(tx.Absent, handleKey(name))
		tx.Put = append(tx.Put, sealedPair(handleKey(name), []byte(tip.ID)))
	}
	for _, alert := range a.Alerts {
		p, err := alert.pair()
		if err != nil {
			return Tip{}, err
		}
		tx.Put = append(tx.Put, p)
	}
	for _, item := range a.Put {
		value, err := item.encode()
		if err != nil {
			return Tip{}, err
		}
		tx.Put = append(tx.Put, sealedPair(outKey(tip.ID, item.Key), value))
	}
	for _, key := range a.Settled {
		tx.Delete = append(tx.Delete, outKey(tip.ID, key))
	}
	if err := j.keepDue(ctx, tip.ID, before, a, &tx); err != nil {
		return Tip{}, err
	}
	return tip, j.kv.Commit(ctx, tx)
}

// Next is the number of the next incident. Somebody else may take it first:
// then Append reports ErrConflict.
func (j *Journal) Next(ctx context.Context) (int, error) {
	heads, err := j.kv.Scan(ctx, "head/", "", 0)
	if err != nil {
		return 0, err
	}
	last, err := j.lastGone(ctx)
	if err != nil {
		return 0, err
	}
	for _, p := range slices.Backward(heads) { // damage makes keys that look like others
		id, ok := numbered("head/", p.Key)
		if !ok {
			continue
		}
		events, err := j.kv.Scan(ctx, logPrefix(id), "", 1)
		if err != nil {
			return 0, err
		}
		if _, damaged := openPair(p); damaged == nil || len(events) > 0 {
			last = max(last, id.Number())
			break
		}
	}
	for after := logPrefix(incident.NewID(last)) + "\xff"; ; { // those whose head is lost
		later, err := j.kv.Scan(ctx, "log/", after, 1)
		if err != nil || len(later) == 0 {
			return last + 1, err
		}
		after = later[0].Key
		id, ok := numbered("log/", after)
		if !ok {
			continue
		}
		after = past(logPrefix(id), after)
		begun, err := j.begun(ctx, id)
		if err != nil {
			return 0, err
		}
		if begun || id.Number() == last+1 { // a number that only damage uses cannot be had either
			last = id.Number()
		}
	}
}

// begun tells whether an incident has a first event that is whole.
func (j *Journal) begun(ctx context.Context, id incident.ID) (bool, error) {
	value, err := j.kv.Get(ctx, logKey(id, 1))
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	_, _, err = firstSeal(string(id)).read(value)
	return err == nil, nil
}

// Heads lists all incidents, the oldest first. Where heads are damaged, it lists the
// others, and the error joins a CorruptError of each.
func (j *Journal) Heads(ctx context.Context) ([]Head, error) {
	pairs, err := j.kv.Scan(ctx, "head/", "", 0)
	if err != nil {
		return nil, err
	}
	return whole(pairs, openHead)
}

// whole opens all values that are not damaged. The error joins those of all that are, or
// is of one that cannot be read at all: then there is no list.
func whole[T any](pairs []Pair, open func(Pair) (T, error)) (list []T, err error) {
	list = make([]T, 0, len(pairs))
	var damaged []error
	for _, p := range pairs {
		v, err := open(p)
		if _, is := errors.AsType[*CorruptError](err); err != nil && !is {
			return nil, err
		}
		if err != nil {
			damaged = append(damaged, err)
			continue
		}
		list = append(list, v)
	}
	return list, errors.Join(damaged...)
}

func openHead(p Pair) (h Head, err error) {
	body, err := openPair(p)
	if err != nil {
		return Head{}, err
	}
	if err := json.Unmarshal(body, &h); err != nil {
		return Head{}, corrupt(p.Key, err)
	}
	return h, nil
}

// Outbox lists every effect that is still to be performed, in order; where some are
// damaged, the others, with an error as that of Heads.
func (j *Journal) Outbox(ctx context.Context) ([]Item, error) {
	pairs, err := j.kv.Scan(ctx, "out/", "", 0)
	if err != nil {
		return nil, err
	}
	return whole(pairs, decodeItem)
}

// Lookup tells which incident a handle belongs to; ok is false if none.
func (j *Journal) Lookup(ctx context.Context, name string) (id incident.ID, ok bool, err error) {
	value, err := j.kv.Get(ctx, handleKey(name))
	if errors.Is(err, ErrNotFound) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	body, err := openPair(Pair{handleKey(name), value})
	return incident.ID(body), err == nil, err
}

// Handles lists every handle and the incident that it belongs to.
func (j *Journal) Handles(ctx context.Context) (map[string]incident.ID, error) {
	pairs, err := j.kv.Scan(ctx, "handle/", "", 0)
	if err != nil {
		return nil, err
	}
	all := make(map[string]incident.ID, len(pairs))
	for _, p := range pairs {
		body, err := openPair(p)
		if err != nil {
			return nil, err
		}
		all[strings.TrimPrefix(p.Key, "handle/")] = incident.ID(body)
	}
	return all, nil
}

func number(id incident.ID) string             { return fmt.Sprintf("%08d", id.Number()) }
func logPrefix(id incident.ID) string          { return "log/" + number(id) + "/" }
func logKey(id incident.ID, seq int) string    { return logPrefix(id) + fmt.Sprintf("%08d", seq) }
func headKey(id incident.ID) string            { return "head/" + number(id) }
func outKey(id incident.ID, key string) string { return "out/" + number(id) + "/" + key }
func handleKey(name string) string             { return "handle/" + name }
