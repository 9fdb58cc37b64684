package store

import (
	"context"
	"encoding/json"
	"time"

	"tocsin/bot/incident"
)

// Intent is a request that takes several transactions. It is on record from before the
// first of them until after the last, so that what a crash cuts short is carried on with.
type Intent struct {
	Cause string         `json:"cause"` // names the request
	By    incident.Actor `json:"by"`
	At    time.Time      `json:"at"` // when it was asked for
	Do    string         `json:"do"` // what is asked for, as the bot calls it
	// Incident is what it is asked of, To the incident that the alerts go to, Alerts
	// which of them by their numbers, Text what was said about it.
	Incident incident.ID `json:"incident"`
	To       incident.ID `json:"to,omitempty"`
	Alerts   []int       `json:"alerts,omitempty"`
	Text     string      `json:"text,omitempty"`
}

func intentKey(cause string) string { return "intent/" + bounded(cause) }

// Intend puts an intent on record. One of the same cause takes the place of an earlier one.
func (j *Journal) Intend(ctx context.Context, i Intent) error {
	body, err := json.Marshal(i)
	if err != nil {
		return err
	}
	return j.kv.Commit(ctx, Tx{Put: []Pair{sealedPair(intentKey(i.Cause), body)}})
}

// Fulfilled takes an intent off the record: all of it is done, or will never be.
func (j *Journal) Fulfilled(ctx context.Context, cause string) error {
	return j.kv.Commit(ctx, Tx{Delete: []string{intentKey(cause)}})
}

// Intents lists what is intended and not yet fulfilled. Where some cannot be read, it
// lists the others, with an error as that of Heads.
func (j *Journal) Intents(ctx context.Context) ([]Intent, error) {
	pairs, err := j.kv.Scan(ctx, "intent/", "", 0)
	if err != nil {
		return nil, err
	}
	return whole(pairs, openIntent)
}

func openIntent(p Pair) (i Intent, err error) {
	body, err := openPair(p)
	if err != nil {
		return Intent{}, err
	}
	if err := json.Unmarshal(body, &i); err != nil {
		return Intent{}, corrupt(p.Key, err)
	}
	return i, nil
}
