package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
)

// Remember keeps a value under a name, as JSON, beside the timelines: what one start
// learned and the next may need. What is the same already is not written again.
func (j *Journal) Remember(ctx context.Context, name string, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return err
	}
	p := sealedPair(knownKey(name), body)
	if old, err := j.kv.Get(ctx, p.Key); err == nil && bytes.Equal(old, p.Value) {
		return nil
	}
	return j.kv.Commit(ctx, Tx{Put: []Pair{p}})
}

// Recall reads into value what Remember kept; ok is false if it never did.
func (j *Journal) Recall(ctx context.Context, name string, value any) (ok bool, err error) {
	key := knownKey(name)
	stored, err := j.kv.Get(ctx, key)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	body, err := openPair(Pair{key, stored})
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal(body, value); err != nil {
		return false, corrupt(key, err)
	}
	return true, nil
}

func knownKey(name string) string { return "known/" + name }
