package store

import (
	"context"
	"encoding/json"
	"errors"
	"hash/fnv"
	"slices"
	"strconv"
	"time"

	"tocsin/bot/incident"
)

// Alert is one alert of a source, stored once however often it told of itself.
type Alert struct {
	Source string `json:"source"`
	Key    string `json:"key"`
	// Signal is how it fired last, or the first that was told of it; State and
	// Severity are as last told.
	Signal   incident.Signaled `json:"signal"`
	State    string            `json:"state"`
	Severity incident.Severity `json:"severity,omitempty"`
	// At is when it came into State, as the source says; Count, First and Last tell
	// how often and when tocsin heard of it.
	At    time.Time `json:"at"`
	Count int       `json:"count"`
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
	// Other is how many of Count did not say that it fires: notes, acknowledgements, its end.
	Other int `json:"other,omitempty"`
	// Incident is where it belongs, "" for nowhere; Why tells why.
	Incident incident.ID `json:"incident,omitempty"`
	Why      string      `json:"why,omitempty"`
	// Private is set when people took it off a private incident: it is listed nowhere.
	Private bool `json:"private,omitempty"`
	// Apart are the incidents that people took it off.
	Apart []incident.ID `json:"apart,omitempty"`
	// Heard are the signals that were counted last, each by a short name: one that
	// is routed again after a crash is not counted again.
	Heard []string `json:"heard,omitempty"`
	// Early are signals that came before the one that it begins with, as the engine
	// stores them.
	Early []json.RawMessage `json:"early,omitempty"`
}

// maxHeard is how many signals an alert remembers: all that can be on their way at
// once when a crash comes.
const maxHeard = 64

// Hear counts a signal that cause names; false if it was counted before.
func (a *Alert) Hear(cause string, now time.Time) bool {
	sum := fnv.New64a()
	sum.Write([]byte(cause))
	name := strconv.FormatUint(sum.Sum64(), 36)
	if slices.Contains(a.Heard, name) {
		return false
	}
	if a.Heard = append(slices.Clip(a.Heard), name); len(a.Heard) > maxHeard {
		a.Heard = a.Heard[len(a.Heard)-maxHeard:]
	}
	a.Count++
	a.Last = now
	return true
}

func alertKey(source, key string) string { return named("alert", source, key) }

// Alert finds an alert; ok is false if there is none.
func (j *Journal) Alert(ctx context.Context, source, key string) (a Alert, ok bool, err error) {
	k := alertKey(source, key)
	value, err := j.kv.Get(ctx, k)
	if errors.Is(err, ErrNotFound) {
		return a, false, nil
	}
	if err != nil {
		return a, false, err
	}
	a, err = openAlert(Pair{k, value})
	return a, err == nil, err
}

// Alerts lists every alert, by source and key. Those that can be read come with the
// error of those that cannot.
func (j *Journal) Alerts(ctx context.Context) ([]Alert, error) {
	pairs, err := j.kv.Scan(ctx, "alert/", "", 0)
	if err != nil {
		return nil, err
	}
	list := make([]Alert, 0, len(pairs))
	var damaged error
	for _, p := range pairs {
		a, err := openAlert(p)
		if err != nil {
			damaged = errors.Join(damaged, err)
			continue
		}
		list = append(list, a)
	}
	return list, damaged
}

// PutAlerts stores alerts that belong to no incident, in as many transactions as
// it takes: after an error some of them may be stored.
func (j *Journal) PutAlerts(ctx context.Context, alerts []Alert) error {
	var tx Tx
	bytes := 0
	for _, a := range alerts {
		p, err := a.pair()
		if err != nil {
			return err
		}
		size := len(p.Key) + len(p.Value)
		if len(tx.Put) == MaxOps || len(tx.Put) > 0 && bytes+size > MaxBytes {
			if err := j.kv.Commit(ctx, tx); err != nil {
				return err
			}
			tx, bytes = Tx{}, 0
		}
		tx.Put, bytes = append(tx.Put, p), bytes+size
	}
	if len(tx.Put) == 0 {
		return nil
	}
	return j.kv.Commit(ctx, tx)
}

func (a Alert) pair() (Pair, error) {
	if err := checkName(a.Source, a.Key); err != nil {
		return Pair{}, err
	}
	value, err := json.Marshal(a)
	return sealedPair(alertKey(a.Source, a.Key), value), err
}

func openAlert(p Pair) (a Alert, err error) {
	body, err := openPair(p)
	if err != nil {
		return Alert{}, err
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return Alert{}, corrupt(p.Key, err)
	}
	return a, nil
}

// Mark remembers a time under a name: how far something got.
func (j *Journal) Mark(ctx context.Context, name string, at time.Time) error {
	value, err := at.UTC().MarshalText()
	if err != nil {
		return err
	}
	return j.kv.Commit(ctx, Tx{Put: []Pair{sealedPair("mark/"+name, value)}})
}

// MarkOnce is Mark for a request: cause names it, and the same twice is one; fresh
// is false the second time. It is known for as long after now as deliveries are. What
// somebody changed by it is recorded with it, for good.
func (j *Journal) MarkOnce(ctx context.Context, name string, at time.Time, cause string, now time.Time, changes ...Change) (fresh bool, err error) {
	value, err := at.UTC().MarshalText()
	if err != nil {
		return false, err
	}
	known, err := json.Marshal(Seen{At: now.UTC()})
	if err != nil {
		return false, err
	}
	seen := "seen/mark/" + bounded(cause)
	tx := Tx{Absent: []string{seen}, Put: []Pair{sealedPair(seen, known), sealedPair("mark/"+name, value)}}
	for _, c := range changes {
		p, err := c.pair(bounded(cause))
		if err != nil {
			return false, err
		}
		tx.Put = append(tx.Put, p)
	}
	err = j.kv.Commit(ctx, tx)
	if errors.Is(err, ErrConflict) {
		return false, nil
	}
	return err == nil, err
}

// Marked is the time that Mark remembered; the zero time if it never did.
func (j *Journal) Marked(ctx context.Context, name string) (at time.Time, err error) {
	value, err := j.kv.Get(ctx, "mark/"+name)
	if errors.Is(err, ErrNotFound) {
		return at, nil
	}
	if err != nil {
		return at, err
	}
	body, err := openPair(Pair{"mark/" + name, value})
	if err != nil {
		return at, err
	}
	if err := at.UnmarshalText(body); err != nil {
		return time.Time{}, corrupt("mark/"+name, err)
	}
	return at, nil
}

// Prune drops the alerts that keep does not want, in as many transactions as it
// takes. It returns how many it dropped.
func (j *Journal) Prune(ctx context.Context, keep func(Alert) bool) (n int, err error) {
	after := ""
	for {
		pairs, err := j.kv.Scan(ctx, "alert/", after, 512)
		if err != nil || len(pairs) == 0 {
			return n, err
		}
		after = pairs[len(pairs)-1].Key
		var old []string
		for _, p := range pairs {
			if a, err := openAlert(p); err == nil && !keep(a) {
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
