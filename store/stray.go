package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
)

// A damaged key hides its value: whoever asks for it is told that there is none. What
// belongs to an incident is missed all the same, for its number, its events and its head
// each tell of the others. Nothing tells of the rest, so that is looked for when a
// record begins to be used, and by Examine.

// Check is for the start: it wants every pair of which nothing else tells to be under the
// key that it was stored by. It is a *CorruptError if one is not; what is damaged
// otherwise is named when it is read.
func (j *Journal) Check(ctx context.Context) error {
	return j.apart(ctx, func(pairs []Pair) error {
		for _, p := range pairs {
			if err := misplaced(p); err != nil {
				return err
			}
		}
		return nil
	})
}

// misplaced tells what is wrong if a pair is not under its key. What does not fit its
// key may be a damaged value: then the pair tells where it was, and that it cannot be read.
func misplaced(p Pair) error {
	switch kindOf(p.Key) {
	case "aside", "known": // what is not known is learned again
		return nil
	case "lead":
		if len(p.Value) > 0 {
			return corrupt(p.Key, errStray)
		}
		return nil
	}
	_, err := openPair(p)
	if err == nil {
		return nil
	}
	if key, ok := strayedFrom(p); ok {
		return corrupt(p.Key, fmt.Errorf("it was stored as %s, and a byte of that has changed", key))
	}
	switch kindOf(p.Key) {
	case "handle", "in", "seen", "alert", "mark", "intent", "change", "gone", formatKey:
		return nil
	}
	return corrupt(p.Key, errStray)
}

// strayedFrom finds the key that a pair was stored by, if that is not its own and
// differs from it in one byte: the seal of the value fits.
func strayedFrom(p Pair) (string, bool) {
	sum, body, _ := bytes.Cut(p.Value, []byte{' '})
	stored, err := sealOf(sum)
	if err != nil {
		return "", false
	}
	// What firstSeal and over do, thousands of times, without allocating.
	first := append(make([]byte, sha256.Size), p.Key...)
	then := append(make([]byte, sha256.Size), body...)
	for i := range p.Key {
		at := sha256.Size + i
		for b := range 256 {
			first[at] = byte(b)
			sum := sha256.Sum256(first)
			copy(then, sum[:])
			if byte(b) != p.Key[i] && sha256.Sum256(then) == stored {
				return string(first[sha256.Size:]), true
			}
		}
		first[at] = p.Key[i]
	}
	return "", false
}

// stray is a finding about a pair that stands for itself. It is put back where it was,
// if that can be told, or else put aside.
func (x *examiner) stray(p Pair, what string) Finding {
	if key, ok := strayedFrom(p); ok {
		return x.strayed(p, key)
	}
	return Finding{Key: p.Key, What: what, mend: func(ctx context.Context) (string, error) {
		return "put aside", x.putAside(ctx, p)
	}}
}

// strayed is a finding about a pair that was stored as key.
func (x *examiner) strayed(p Pair, key string) Finding {
	what := fmt.Sprintf("it was stored as %s, and a byte of that has changed", key)
	return Finding{Key: p.Key, What: what, strayed: true, mend: func(ctx context.Context) (string, error) {
		err := x.kv.Commit(ctx, Tx{Absent: []string{key}, Put: []Pair{{key, p.Value}}, Delete: []string{p.Key}})
		if errors.Is(err, ErrConflict) { // it is there again
			return "put aside", x.putAside(ctx, p)
		}
		return "put back", err
	}}
}

// strayedEvent finds the first event that is missing, under a key that differs in one
// byte from the one that it was stored by: its seal follows that of the event before it.
func (v *visit) strayedEvent(ctx context.Context, log []Pair) (f Finding, ok bool, err error) {
	var before []Pair
	for _, p := range log {
		if p.Key == logKey(v.id, len(before)+1) {
			before = append(before, p)
		}
	}
	_, tip, _ := chain(v.id, before)
	right := logKey(v.id, tip.Last+1)
	for i := range right {
		for b := range 256 {
			key := right[:i] + string([]byte{byte(b)}) + right[i+1:]
			value, err := v.kv.Get(ctx, key)
			if errors.Is(err, ErrNotFound) || key == right {
				continue
			}
			if err != nil {
				return f, false, err
			}
			if _, _, err := tip.seal.read(value); err == nil {
				return v.strayed(Pair{key, value}, right), true, nil
			}
		}
	}
	return f, false, nil
}
