package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"tocsin/bot/incident"
)

// Change is something that somebody changed in a running system, or in how tocsin
// itself works, outside any incident.
type Change struct {
	At      time.Time     `json:"at"`
	By      string        `json:"by"` // a name
	User    incident.User `json:"user,omitempty"`
	Via     string        `json:"via,omitempty"` // as an incident.Actor has it; "" in what older versions wrote
	Kind    string        `json:"kind"`          // "config", "model" …
	What    string        `json:"what"`          // in words
	Service string        `json:"service"`       // "" if not said
}

// Actor is who changed it and from where, as far as that is on record.
func (c Change) Actor() incident.Actor {
	return incident.Actor{Person: incident.Person{User: c.User, Name: c.By}, Via: c.Via}
}

// pair is what is stored of it for good.
func (c Change) pair(cause string) (Pair, error) {
	value, err := json.Marshal(c)
	return sealedPair("change/"+c.At.UTC().Format(changeTime)+"/"+cause, value), err
}

// changeTime orders changes by time as text.
const changeTime = "20060102T150405.000000000"

// Changed records a change; cause names the request, and the same twice is one.
func (j *Journal) Changed(ctx context.Context, cause string, c Change) error {
	value, err := json.Marshal(c)
	if err != nil {
		return err
	}
	p, err := c.pair(cause)
	if err != nil {
		return err
	}
	seen := "seen/change/" + cause
	err = j.kv.Commit(ctx, Tx{Absent: []string{seen}, Put: []Pair{sealedPair(seen, value), p}})
	if errors.Is(err, ErrConflict) {
		return nil
	}
	return err
}

// Changes lists what was changed since a time, the oldest first. Where some cannot be
// read, it lists the others, with an error as that of Heads.
func (j *Journal) Changes(ctx context.Context, since time.Time) ([]Change, error) {
	pairs, err := j.kv.Scan(ctx, "change/", "change/"+since.UTC().Format(changeTime), 0)
	if err != nil {
		return nil, err
	}
	return whole(pairs, openChange)
}

func openChange(p Pair) (c Change, err error) {
	body, err := openPair(p)
	if err != nil {
		return Change{}, err
	}
	if err := json.Unmarshal(body, &c); err != nil {
		return Change{}, corrupt(p.Key, err)
	}
	return c, nil
}
