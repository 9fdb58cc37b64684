package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/bot/incident"
)

// repairRounds bounds how often what a repair uncovers is repaired too.
const repairRounds = 8

// Repair puts right what Examine finds, while nobody else uses the record. It returns
// each thing that it did, in words, and what it could not. Nothing is thrown away:
// what cannot be read is kept under aside/TIME/KEY, where nobody takes it for what
// it was.
func (j *Journal) Repair(ctx context.Context, now time.Time) (done []string, left Report, err error) {
	for range repairRounds {
		left, err = j.examine(ctx, nil, now)
		if err != nil {
			return done, left, err
		}
		mended, strayed := false, slices.ContainsFunc(left.Findings, func(f Finding) bool { return f.strayed })
		for _, f := range left.Findings {
			if f.mend == nil || strayed && !f.strayed { // what is put back others need not make again
				continue
			}
			how, err := f.mend(ctx)
			if err != nil {
				return done, left, fmt.Errorf("%s: %w", f, err)
			}
			mended = true
			done = append(done, f.String()+": "+how)
		}
		if !mended {
			break
		}
	}
	return done, left, nil
}

// maxAside is how many pairs are put aside in one transaction, two keys each.
const maxAside = MaxOps / 2

// place is what the keys of all that this repair puts aside begin with.
func (x *examiner) place() string {
	return "aside/" + x.now.UTC().Format("20060102T150405.000000Z") + "/"
}

// putAside moves pairs to where nobody reads them.
func (x *examiner) putAside(ctx context.Context, pairs ...Pair) error {
	place := x.place()
	var tx Tx
	bytes := 0
	commit := func() error {
		if len(tx.Put) == 0 {
			return nil
		}
		err := x.kv.Commit(ctx, tx)
		tx, bytes = Tx{}, 0
		return err
	}
	for _, p := range slices.Backward(pairs) { // so that what is left is a beginning
		size := 2*len(p.Key) + len(place) + len(p.Value)
		if len(tx.Put) == maxAside || bytes+size > MaxBytes {
			if err := commit(); err != nil {
				return err
			}
		}
		tx.Put = append(tx.Put, Pair{place + p.Key, p.Value})
		tx.Delete = append(tx.Delete, p.Key)
		bytes += size
	}
	return commit()
}

// cut keeps a timeline as far as it is whole, and puts the rest aside, with the effects
// that follow from it. The timeline itself says so.
func (v *visit) cut(ctx context.Context) (string, error) {
	log, err := v.kv.Scan(ctx, logPrefix(v.id), "", 0)
	if err != nil {
		return "", err
	}
	proper := slices.DeleteFunc(slices.Clone(log), func(p Pair) bool { return !isLogKey(v.id, p.Key) })
	strays := slices.DeleteFunc(slices.Clone(log), func(p Pair) bool { return isLogKey(v.id, p.Key) })
	events, tip, _ := chain(v.id, proper)
	out, err := v.kv.Scan(ctx, outKey(v.id, ""), "", 0)
	if err != nil {
		return "", err
	}
	due, err := v.kv.Scan(ctx, dueKey(v.id, ""), "", 0)
	if err != nil {
		return "", err
	}
	out = slices.DeleteFunc(append(out, due...), func(p Pair) bool { i, err := decodeItem(p); return err == nil && i.Seq <= len(events) })
	known, err := v.known(ctx, v.id)
	if err != nil {
		known = 0 // its head is made again after this
	}
	next, err := v.Next(ctx)
	if err != nil {
		return "", err
	}
	aside := slices.Concat(strays, proper[len(events):], out)
	if err := v.putAside(ctx, aside...); err != nil {
		return "", err
	}
	if len(events) == 0 {
		return v.entomb(ctx, v.id.Number() < next)
	}
	if len(events) == len(proper) && known <= len(events) {
		return fmt.Sprintf("put %d keys aside that are no events of it", len(aside)), nil
	}
	words := fmt.Sprintf("The record of this incident was damaged after event %d. What could not be read was put aside, and may be in a backup.", len(events))
	e := incident.Event{Seq: len(events) + 1, At: v.now.UTC(), Logged: v.now.UTC(), By: incident.Bot, Fact: incident.Noted{Text: words}}
	events = append(events, e)
	// What the lost events did in the world is done, and may follow again.
	if err := v.Mark(ctx, MarkRestored, v.now.Add(-1)); err != nil {
		return "", err
	}
	_, err = v.Append(ctx, tip, Append{Events: []incident.Event{e}, Head: HeadOf(incident.Fold(v.id, events))})
	return fmt.Sprintf("kept the first %d events, put %d keys aside, and noted it on the timeline", tip.Last, len(aside)), err
}

func isLogKey(id incident.ID, key string) bool {
	var n int
	_, err := fmt.Sscanf(strings.TrimPrefix(key, logPrefix(id)), "%d", &n)
	return err == nil && key == logKey(id, n)
}

// entomb puts the head of an incident aside of which nothing can be read, and keeps its
// number, unless only a damaged key speaks of it.
func (v *visit) entomb(ctx context.Context, was bool) (string, error) {
	value, err := v.kv.Get(ctx, headKey(v.id))
	if err == nil {
		err = v.putAside(ctx, Pair{headKey(v.id), value})
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		return "", err
	}
	if !was {
		return "put aside: there was no such incident, a damaged key looks like it", nil
	}
	err = v.Bury(ctx, []Gone{{ID: v.id, At: v.now, Why: "damaged, and put aside by a repair"}})
	return "nothing of it could be read: put aside, and its number is kept", err
}

// rehead makes the head again from the timeline.
func (v *visit) rehead(ctx context.Context) (string, error) {
	value, err := json.Marshal(HeadOf(v.inc))
	if err != nil {
		return "", err
	}
	return "made it again from the timeline", v.kv.Commit(ctx, Tx{Put: []Pair{sealedPair(headKey(v.id), value)}})
}

// ask puts an effect into the outbox again. It may have been performed: that is looked
// for before it is performed.
func (v *visit) ask(ctx context.Context, item Item) (string, error) {
	item.Tries, item.First, item.Last = 1, v.events[0].Logged, v.now.UTC()
	value, err := item.encode()
	if err != nil {
		return "", err
	}
	return "put it into the outbox again", v.kv.Commit(ctx, Tx{Put: []Pair{sealedPair(outKey(v.id, item.Key), value)}})
}

// lead makes a handle lead to an incident again.
func (v *visit) lead(name string, to incident.ID) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		return "made it again", v.kv.Commit(ctx, Tx{Put: []Pair{sealedPair(handleKey(name), []byte(to))}})
	}
}

// loosen takes an alert off an incident that is not there.
func (x *examiner) loosen(ctx context.Context, a Alert) (string, error) {
	a.Incident, a.Why = "", ""
	return "took it off that", x.PutAlerts(ctx, []Alert{a})
}

// rebury makes a tombstone again of which only the number is known.
func (x *examiner) rebury(ctx context.Context, p Pair, id incident.ID) (string, error) {
	if err := x.putAside(ctx, p); err != nil {
		return "", err
	}
	return "kept its number", x.Bury(ctx, []Gone{{ID: id, At: x.now, Why: "removed before, and where to cannot be read"}})
}

// doubt has an item be taken for one that was attempted since the event that it follows
// from, and last now.
func (i *Item) doubt(events []incident.Event, now time.Time) {
	i.Last = now.UTC()
	if i.Tries == 0 {
		i.Tries, i.First = 1, i.Last
		if i.Seq >= 1 && i.Seq <= len(events) {
			i.First = events[i.Seq-1].Logged
		}
	}
}
