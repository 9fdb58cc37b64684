package store

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/bot/incident"
)

// Report is what Examine found.
type Report struct {
	Incidents, Events, Effects, Alerts, Arrivals int
	Gone, Aside                                  int       // incidents, and keys
	Last                                         time.Time // when the newest event was recorded
	Findings                                     []Finding
}

// Finding is one thing in a record that is not as it should be.
type Finding struct {
	Incident incident.ID // "" if it belongs to none
	Key      string      // what is damaged
	What     string      // in words
	// Derived is set when it can be made again from timelines that are whole: nothing
	// is lost.
	Derived bool
	strayed bool // its key is damaged, and it can be put back: nothing is lost
	// mend puts it right, and tells how; nil: people have to.
	mend func(context.Context) (string, error)
}

// Lost are the findings by which something is lost.
func (r Report) Lost() []Finding {
	return slices.DeleteFunc(slices.Clone(r.Findings), func(f Finding) bool { return f.Derived || f.strayed })
}

func (f Finding) String() string {
	if f.Incident != "" {
		return string(f.Incident) + ": " + f.What
	}
	return f.Key + ": " + f.What
}

// Examine reads everything, checks every seal, derives from each timeline its head, its
// handles and what must be in its outbox, and compares, also with the second copy of what
// is due. It may be called while the record is in use. rest is called between two incidents, so that others get on; nil:
// nobody waits. An error means that it could not be finished.
func (j *Journal) Examine(ctx context.Context, rest func(context.Context) error) (Report, error) {
	return j.examine(ctx, rest, time.Time{})
}

// examine is Examine; now is the time of what its findings would mend.
func (j *Journal) examine(ctx context.Context, rest func(context.Context) error, now time.Time) (Report, error) {
	if rest == nil {
		rest = func(ctx context.Context) error { return ctx.Err() }
	}
	x := &examiner{Journal: j, now: now, rest: rest, there: map[incident.ID]bool{}, leads: map[string]incident.ID{}, told: map[string]bool{}}
	if err := x.incidents(ctx); err != nil {
		return x.report, err
	}
	err := x.others(ctx)
	return x.report, err
}

// examiner is an examination under way.
type examiner struct {
	*Journal
	report Report
	now    time.Time
	rest   func(context.Context) error
	there  map[incident.ID]bool   // incidents that have events, or are gone
	leads  map[string]incident.ID // handles that follow from timelines
	told   map[string]bool        // keys that a finding is about already
}

func (x *examiner) note(list ...Finding) {
	for _, f := range list {
		if x.told[f.Key] && f.strayed { // now it is known where it belongs
			x.report.Findings = slices.DeleteFunc(x.report.Findings, func(o Finding) bool { return o.Key == f.Key })
		} else if x.told[f.Key] {
			continue
		}
		if x.now.IsZero() { // nothing is mended; the way to do so holds a whole timeline
			f.mend = nil
		}
		x.told[f.Key] = true
		x.report.Findings = append(x.report.Findings, f)
	}
}

// incidents examines every incident of which there is anything.
func (x *examiner) incidents(ctx context.Context) error {
	var ids []incident.ID
	for _, kind := range []string{"head/", "log/", "out/", "due/"} {
		some, err := x.ids(ctx, kind)
		if err != nil {
			return err
		}
		ids = append(ids, some...)
	}
	slices.SortFunc(ids, func(a, b incident.ID) int { return a.Number() - b.Number() })
	for _, id := range slices.Compact(ids) {
		if err := x.settled(ctx, id); err != nil {
			return err
		}
		if err := x.rest(ctx); err != nil {
			return err
		}
	}
	return nil
}

// ids are the incidents that have keys of a kind: it looks at one key of each.
func (x *examiner) ids(ctx context.Context, kind string) (ids []incident.ID, err error) {
	for after := ""; ; {
		pairs, err := x.kv.Scan(ctx, kind, after, 1)
		if err != nil || len(pairs) == 0 {
			return ids, err
		}
		key := pairs[0].Key
		id, ok := numbered(kind, key)
		if !ok {
			x.note(x.stray(pairs[0], errStray.Error()))
			after = key
			continue
		}
		ids = append(ids, id)
		after = past(kind+number(id)+"/", key)
	}
}

// numbered is the incident that a key of a kind is of.
func numbered(kind, key string) (incident.ID, bool) {
	digits, _, more := strings.Cut(strings.TrimPrefix(key, kind), "/")
	n, err := strconv.Atoi(digits)
	id := incident.NewID(n)
	return id, err == nil && n > 0 && number(id) == digits && more == (kind != "head/")
}

// settledTries is how often an incident is looked at that people write to meanwhile.
const settledTries = 5

// settled examines an incident. What is found only once was a change under way.
func (x *examiner) settled(ctx context.Context, id incident.ID) error {
	for try := 1; ; try++ {
		v := &visit{examiner: x, id: id}
		if err := v.examine(ctx); err != nil {
			return err
		}
		if len(v.found) > 0 && try < settledTries {
			continue
		}
		x.note(v.found...)
		x.there[id] = v.there
		if len(v.events) > 0 {
			for _, name := range handlesOf(v.events) {
				x.leads[name] = id
			}
			x.report.Incidents++
			x.report.Events += len(v.events)
			x.report.Effects += v.effects
			if at := v.events[len(v.events)-1].Logged; at.After(x.report.Last) {
				x.report.Last = at
			}
		}
		return nil
	}
}

// detail is what is wrong, without where and what to do.
func detail(err error) string {
	if damaged, ok := errors.AsType[*CorruptError](err); ok {
		return damaged.Detail
	}
	return err.Error()
}
