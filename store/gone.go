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

// Gone is what remains of an incident that is not in the record any more. Its number
// is never given to another one.
type Gone struct {
	ID    incident.ID `json:"id"`
	At    time.Time   `json:"at"`
	Why   string      `json:"why"`             // after "it was": "exported"
	Where string      `json:"where,omitempty"` // the file that has it
}

// GoneError is the ErrNotFound of an incident that was in the record once.
type GoneError struct{ Gone }

func (e *GoneError) Error() string {
	words := fmt.Sprintf("%s is not in this record any more: it was %s on %s", e.ID, e.Why, e.At.UTC().Format(time.DateOnly))
	if e.Where != "" {
		words += "; it is in " + e.Where
	}
	return words
}

// Unwrap makes it an ErrNotFound.
func (e *GoneError) Unwrap() error { return ErrNotFound }

func goneKey(id incident.ID) string { return "gone/" + number(id) }

func (g Gone) pair() (Pair, error) {
	value, err := json.Marshal(g)
	return sealedPair(goneKey(g.ID), value), err
}

func openGone(p Pair) (g Gone, err error) {
	body, err := openPair(p)
	if err != nil {
		return Gone{}, err
	}
	if err := json.Unmarshal(body, &g); err != nil {
		return Gone{}, corrupt(p.Key, err)
	}
	return g, nil
}

// Gone lists the incidents that are not in the record any more, the oldest first. Where
// it cannot be read what became of some, it lists the others, with an error as that of
// Heads.
func (j *Journal) Gone(ctx context.Context) ([]Gone, error) {
	pairs, err := j.kv.Scan(ctx, "gone/", "", 0)
	if err != nil {
		return nil, err
	}
	return whole(pairs, openGone)
}

// lastGone is the highest number of an incident that is not in the record any more, 0 if
// there is none; also of one of which nothing else can be read.
func (j *Journal) lastGone(ctx context.Context) (last int, err error) {
	err = j.each(ctx, "gone/", func(p Pair) error {
		key := p.Key
		if _, damaged := openPair(p); damaged != nil {
			if stored, ok := strayedFrom(p); ok {
				key = stored
			}
		}
		if id, ok := numbered("head/", "head/"+strings.TrimPrefix(key, "gone/")); ok {
			last = max(last, id.Number())
		}
		return nil
	})
	return last, err
}

// missing is the error of an incident without events: ErrNotFound, or a GoneError.
func (j *Journal) missing(ctx context.Context, id incident.ID) error {
	value, err := j.kv.Get(ctx, goneKey(id))
	if errors.Is(err, ErrNotFound) {
		return fmt.Errorf("%s: %w", id, ErrNotFound)
	}
	if err != nil {
		return err
	}
	g, err := openGone(Pair{goneKey(id), value})
	if err != nil {
		return err
	}
	return &GoneError{g}
}

// Bury notes of numbers that no incident of this record has what became of them.
func (j *Journal) Bury(ctx context.Context, list []Gone) error {
	for part := range slices.Chunk(list, MaxOps) {
		var tx Tx
		for _, g := range part {
			p, err := g.pair()
			if err != nil {
				return err
			}
			tx.Put = append(tx.Put, p)
		}
		if err := j.kv.Commit(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

// Remove takes an incident out of the record. Its head makes way for g in one
// transaction, bound to its tip: ErrConflict means that it has gone on, and stays.
// What else it left is for Sweep.
func (j *Journal) Remove(ctx context.Context, tip Tip, g Gone) error {
	p, err := g.pair()
	if err != nil {
		return err
	}
	return j.kv.Commit(ctx, Tx{
		Absent: []string{logKey(tip.ID, tip.Last+1), goneKey(tip.ID)},
		Put:    []Pair{p}, Delete: []string{headKey(tip.ID)},
	})
}

// Sweep deletes the events, effects, handles and alerts of all incidents that are
// gone, and leaves those alone of which it cannot be read what became of them: these are
// the error. It may be stopped at any moment, and finishes the next time.
func (j *Journal) Sweep(ctx context.Context) error {
	list, unread := j.Gone(ctx)
	if len(list) == 0 {
		return unread
	}
	return errors.Join(unread, j.sweep(ctx, list))
}

func (j *Journal) sweep(ctx context.Context, list []Gone) error {
	gone := map[incident.ID]bool{}
	for _, g := range list {
		gone[g.ID] = true
		if err := j.deleteIf(ctx, logPrefix(g.ID), nil); err != nil {
			return err
		}
		if err := j.deleteIf(ctx, outKey(g.ID, ""), nil); err != nil {
			return err
		}
		if err := j.deleteIf(ctx, dueKey(g.ID, ""), nil); err != nil {
			return err
		}
	}
	handle := func(p Pair) bool { body, err := openPair(p); return err == nil && gone[incident.ID(body)] }
	alert := func(p Pair) bool { a, err := openAlert(p); return err == nil && gone[a.Incident] }
	if err := j.deleteIf(ctx, "handle/", handle); err != nil {
		return err
	}
	return j.deleteIf(ctx, "alert/", alert)
}

// deleteIf deletes the pairs with a prefix that fit; nil: all.
func (j *Journal) deleteIf(ctx context.Context, prefix string, fits func(Pair) bool) error {
	for after := ""; ; {
		pairs, err := j.kv.Scan(ctx, prefix, after, MaxOps)
		if err != nil || len(pairs) == 0 {
			return err
		}
		after = pairs[len(pairs)-1].Key
		var tx Tx
		for _, p := range pairs {
			if fits == nil || fits(p) {
				tx.Delete = append(tx.Delete, p.Key)
			}
		}
		if len(tx.Delete) == 0 {
			continue
		}
		if err := j.kv.Commit(ctx, tx); err != nil {
			return err
		}
	}
}

// perPage is how many pairs are read at once where all of a kind are.
const perPage = 256

// each reads the pairs with a prefix a page at a time, in key order. What is written
// meanwhile may be among them or not.
func (j *Journal) each(ctx context.Context, prefix string, do func(Pair) error) error {
	for after := ""; ; {
		pairs, err := j.kv.Scan(ctx, prefix, after, perPage)
		if err != nil || len(pairs) == 0 {
			return err
		}
		after = pairs[len(pairs)-1].Key
		for _, p := range pairs {
			if err := do(p); err != nil {
				return err
			}
		}
	}
}
