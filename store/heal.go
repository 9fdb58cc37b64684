package store

import (
	"context"
	"encoding/hex"
	"slices"

	"tocsin/bot/incident"
)

// One damaged event need not cost what follows it. The event after it proves which seal
// it had: if that is the one that stands there, only what it said is lost; if it is the
// one of what it says, only the seal is.

// heal is what puts the first damaged event of a timeline right without touching any
// other; nil if nothing can.
func (v *visit) heal(log []Pair, head []byte) func(context.Context) (string, error) {
	events, tip, _ := chain(v.id, log)
	n := len(events) // it is at fault, by index
	if n+1 >= len(log) || log[n].Key != logKey(v.id, n+1) || log[n+1].Key != logKey(v.id, n+2) {
		return nil // it is the last one, so nothing proves it, or it is not there
	}
	value, after := log[n].Value, log[n+1].Value
	follows := func(s seal) bool { _, _, err := s.read(after); return err == nil }
	const body = 2*len(seal{}) + 1 // where what it says begins
	if len(value) > body {
		if s := tip.seal.over(value[body:]); follows(s) {
			return v.rewrite(log[n], s.stored(value[body:]), "its seal was damaged: made it again")
		}
	}
	stored, err := sealOf(value[:min(len(value), body-1)])
	if err != nil || !follows(stored) {
		return nil
	}
	e, ok := v.lost(events, head, stored)
	if !ok {
		return nil
	}
	data, _, err := sealed(e, tip.seal)
	if err != nil {
		return nil
	}
	return v.rewrite(log[n], data, "what it said is lost, and the timeline says so; all that follows is whole")
}

// lost is what stands for the event after these, which had a seal. Of the first one the
// head tells what must not be forgotten; ok is false if that cannot be read.
func (v *visit) lost(events []incident.Event, head []byte, had seal) (e incident.Event, ok bool) {
	f := incident.Lost{Seal: hex.EncodeToString(had[:])}
	e = incident.Event{Seq: len(events) + 1, By: incident.Bot}
	if len(events) > 0 {
		last := events[len(events)-1]
		e.At, e.Logged = last.At, last.Logged
	} else {
		h, err := openHead(Pair{headKey(v.id), head})
		if err != nil {
			return e, false
		}
		e.At, e.Logged = h.Declared, h.Declared
		f.Title, f.Severity, f.Private = h.Title, h.Severity, h.Private
	}
	e.Fact = f
	return e, true
}

// rewrite puts another value in the place of an event's, and keeps the one that was there.
func (v *visit) rewrite(p Pair, value []byte, how string) func(context.Context) (string, error) {
	value = slices.Clone(value)
	return func(ctx context.Context) (string, error) {
		// What the event did in the world is done, and may follow again.
		if err := v.Mark(ctx, MarkRestored, v.now.Add(-1)); err != nil {
			return "", err
		}
		aside := Pair{v.place() + p.Key, p.Value}
		return how, v.kv.Commit(ctx, Tx{Present: []string{p.Key}, Put: []Pair{aside, {p.Key, value}}})
	}
}
