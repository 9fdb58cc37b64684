package store

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"
)

// Arrival is a delivery from outside that was stored and not yet worked on: what
// is acknowledged is here first. Source and ID name it; the same twice is one.
type Arrival struct {
	Source, ID string
	Before     string // an ID under which it may be stored already, "" for none; it is not kept
	At         time.Time
	Body       json.RawMessage // JSON, which is not checked
}

// arrival is an Arrival's form in the store.
type arrival struct {
	Source string          `json:"source"`
	ID     string          `json:"id"`
	At     time.Time       `json:"at"`
	Body   json.RawMessage `json:"body,omitempty"`
}

// encode is the form in the store. The body is put in as it is: it has just been
// made, and to read it through again would take as long.
func (a Arrival) encode() ([]byte, error) {
	head, err := json.Marshal(arrival{Source: a.Source, ID: a.ID, At: a.At})
	if err != nil || len(a.Body) == 0 {
		return head, err
	}
	return slices.Concat(head[:len(head)-1], []byte(`,"body":`), a.Body, []byte("}")), nil
}

// absent are the keys that there are where it was stored before.
func (a Arrival) absent() []string {
	keys := []string{a.key(), a.seen()}
	if a.Before != "" {
		before := Arrival{Source: a.Source, ID: a.Before}
		keys = append(keys, before.key(), before.seen())
	}
	return keys
}

func (a Arrival) key() string  { return named("in", a.Source, a.ID) }
func (a Arrival) seen() string { return named("seen", a.Source, a.ID) }

// Arrive stores a delivery. first is false when it was stored before, worked on
// or not. ErrInvalid: it has no name in UTF-8, or is larger than a transaction.
// Any other error means that nobody knows whether it is stored: it has to be
// delivered again.
func (j *Journal) Arrive(ctx context.Context, a Arrival) (first bool, err error) {
	if err := checkName(a.Source, a.ID); err != nil {
		return false, err
	}
	value, err := a.encode()
	if err != nil {
		return false, err
	}
	err = j.kv.Commit(ctx, Tx{Absent: a.absent(), Put: []Pair{sealedPair(a.key(), value)}})
	if errors.Is(err, ErrConflict) {
		return false, nil
	}
	return err == nil, err
}

// Arrivals lists deliveries that wait, by source and ID, at most limit of them
// beginning after the one given; the zero Arrival begins at the first. With a
// CorruptError come those that can be read: one bad record must not keep the rest
// from being worked on.
func (j *Journal) Arrivals(ctx context.Context, after Arrival, limit int) ([]Arrival, error) {
	from := ""
	if after.Source != "" {
		from = after.key()
	}
	list := []Arrival{}
	var damaged []error
	for {
		pairs, err := j.kv.Scan(ctx, "in/", from, limit)
		if err != nil {
			return nil, err
		}
		for _, p := range pairs {
			a, err := openArrival(p)
			if err != nil {
				damaged = append(damaged, err)
				continue
			}
			list = append(list, a)
		}
		if len(list) > 0 || len(pairs) == 0 || limit == 0 { // a page of which nothing can be read is not the end
			return list, errors.Join(damaged...)
		}
		from = pairs[len(pairs)-1].Key
	}
}

func openArrival(p Pair) (Arrival, error) {
	body, err := openPair(p)
	if err != nil {
		return Arrival{}, err
	}
	var a arrival
	if err := json.Unmarshal(body, &a); err != nil {
		return Arrival{}, corrupt(p.Key, err)
	}
	return Arrival{Source: a.Source, ID: a.ID, At: a.At, Body: a.Body}, nil
}

// Seen is what remains of a delivery that was worked on.
type Seen struct {
	At   time.Time `json:"at"`
	What string    `json:"what,omitempty"`
}

// maxRetired is how many deliveries fit into one transaction, two keys each.
const maxRetired = MaxOps / 2

// Retire takes deliveries that were worked on out of what waits, and remembers
// that they were there. The same twice is one.
func (j *Journal) Retire(ctx context.Context, done []Arrival) error {
	for part := range slices.Chunk(distinct(done), maxRetired) {
		var tx Tx
		for _, a := range part {
			value, err := json.Marshal(Seen{At: a.At})
			if err != nil {
				return err
			}
			tx.Put = append(tx.Put, sealedPair(a.seen(), value))
			tx.Delete = append(tx.Delete, a.key())
		}
		if err := j.kv.Commit(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

// Lessen has less of deliveries that wait: what was not carried out of them, as their
// bodies are now. One that was retired meanwhile is not there again.
func (j *Journal) Lessen(ctx context.Context, list []Arrival) error {
	for _, a := range list {
		value, err := a.encode()
		if err != nil {
			return err
		}
		err = j.kv.Commit(ctx, Tx{Present: []string{a.key()}, Put: []Pair{sealedPair(a.key(), value)}})
		if err != nil && !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return nil
}

// distinct has each delivery once: one that arrives while the store is read is
// both there and among what is read.
func distinct(list []Arrival) []Arrival {
	known := map[string]bool{}
	var once []Arrival
	for _, a := range list {
		if !known[a.key()] {
			known[a.key()] = true
			once = append(once, a)
		}
	}
	return once
}

// Forget drops what remains of deliveries from before a time: no source delivers
// again after so long. It returns how many it dropped.
func (j *Journal) Forget(ctx context.Context, before time.Time) (n int, err error) {
	after := ""
	for {
		pairs, err := j.kv.Scan(ctx, "seen/", after, 512)
		if err != nil || len(pairs) == 0 {
			return n, err
		}
		after = pairs[len(pairs)-1].Key
		var old []string
		for _, p := range pairs {
			var s Seen
			if body, err := openPair(p); err == nil && json.Unmarshal(body, &s) == nil && s.At.Before(before) {
				old = append(old, p.Key)
			}
		}
		for part := range slices.Chunk(old, MaxOps) {
			if err := j.kv.Commit(ctx, Tx{Delete: part}); err != nil {
				return n, err
			}
			n += len(part)
		}
	}
}
