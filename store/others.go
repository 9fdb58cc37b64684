package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tocsin/bot/incident"
)

// others examines all that is of no single incident.
func (x *examiner) others(ctx context.Context) error {
	return x.apart(ctx, func(pairs []Pair) error {
		for _, p := range pairs {
			if err := x.other(ctx, p); err != nil {
				return err
			}
		}
		return x.rest(ctx)
	})
}

// apart calls page with the pairs that are of no single incident, some at a time: all
// but events, heads and what is to be performed.
func (j *Journal) apart(ctx context.Context, page func([]Pair) error) error {
	for after := ""; ; {
		pairs, err := j.kv.Scan(ctx, "", after, perPage)
		if err != nil || len(pairs) == 0 {
			return err
		}
		after = pairs[len(pairs)-1].Key
		if i := slices.IndexFunc(pairs, ofIncident); i >= 0 {
			pairs, after = pairs[:i], past(kindOf(pairs[i].Key)+"/", pairs[i].Key)
		}
		if err := page(pairs); err != nil {
			return err
		}
	}
}

// past is where to read on behind all keys of ours that begin with prefix, of which key is
// one. A damaged one may be behind them.
func past(prefix, key string) string { return max(prefix+"\xff", key) }

// ofIncident tells whether a pair is of a single incident.
func ofIncident(p Pair) bool {
	kind := kindOf(p.Key)
	return kind == "log" || kind == "head" || kind == "out" || kind == "due"
}

// kindOf is what a key begins with.
func kindOf(key string) string {
	kind, _, _ := strings.Cut(key, "/")
	return kind
}

var errStray = errors.New("it is no key of ours")

// other examines one pair by its kind.
func (x *examiner) other(ctx context.Context, p Pair) error {
	var err error
	switch kindOf(p.Key) {
	case "lead":
		if len(p.Value) > 0 {
			err = corrupt(p.Key, errStray)
		}
	case "aside":
		x.report.Aside++
		return nil
	case "gone":
		return x.tombstone(p)
	case "handle":
		return x.handle(ctx, p)
	case "alert":
		x.report.Alerts++
		return x.alert(ctx, p)
	case "in":
		var a Arrival
		x.report.Arrivals++
		if a, err = openArrival(p); err == nil && a.key() != p.Key {
			err = corrupt(p.Key, errors.New("it belongs to another key"))
		}
	case "intent":
		_, err = openIntent(p)
	case "seen", "change", "mark", "known", formatKey:
		_, err = openPair(p)
	default:
		err = corrupt(p.Key, errStray)
	}
	if err != nil {
		x.note(x.stray(p, detail(err)))
	}
	return nil
}

func (x *examiner) tombstone(p Pair) error {
	x.report.Gone++
	id, ok := numbered("head/", "head/"+strings.TrimPrefix(p.Key, "gone/"))
	if !ok {
		x.note(x.stray(p, errStray.Error()))
		return nil
	}
	if _, err := openGone(p); err != nil {
		f := x.stray(p, detail(err))
		if !f.strayed {
			f.mend = func(ctx context.Context) (string, error) { return x.rebury(ctx, p, id) }
		}
		x.note(f)
	}
	return nil
}

// handle examines a handle: it leads to an incident that is there, or was, and follows
// from its timeline where that can be told.
func (x *examiner) handle(ctx context.Context, p Pair) error {
	body, err := openPair(p)
	if err != nil {
		x.note(x.stray(p, detail(err)))
		return nil
	}
	id := incident.ID(body)
	ok, err := x.exists(ctx, id)
	if err == nil && !ok {
		x.note(x.stray(p, fmt.Sprintf("it leads to %s, which is not there", id)))
	}
	if err != nil || !ok {
		return err
	}
	if ok, err = x.follows(ctx, strings.TrimPrefix(p.Key, "handle/"), id); err == nil && !ok {
		x.note(x.stray(p, fmt.Sprintf("it leads to %s, whose timeline does not say so", id)))
	}
	return err
}

// follows tells whether a handle to an incident follows from its timeline, as far as
// that is whole. Of handles of other kinds, which older ones left, nobody can tell.
func (x *examiner) follows(ctx context.Context, name string, id incident.ID) (bool, error) {
	private := private(name)
	if x.leads[name] == id || !private && !strings.HasPrefix(name, ChannelHandle("")) && !strings.HasPrefix(name, CauseHandle("")) {
		return true, nil
	}
	events, err := x.legible(ctx, id) // it may be new
	switch {
	case err != nil || events == nil:
		return err == nil, err
	case private:
		return goesOn(events, name), nil
	}
	return slices.Contains(handlesOf(events), name), nil
}

func (x *examiner) alert(ctx context.Context, p Pair) error {
	a, err := openAlert(p)
	if err == nil && alertKey(a.Source, a.Key) != p.Key {
		err = corrupt(p.Key, errors.New("it belongs to another key"))
	}
	if err != nil {
		x.note(x.stray(p, detail(err)))
		return nil
	}
	if a.Incident == "" {
		return nil
	}
	ok, err := x.exists(ctx, a.Incident)
	if err == nil && !ok {
		f := x.stray(p, fmt.Sprintf("it belongs to %s, which is not there", a.Incident))
		f.mend = func(ctx context.Context) (string, error) { return x.loosen(ctx, a) }
		x.note(f)
	}
	return err
}

// exists tells whether an incident is there, or was; one may have come since.
func (x *examiner) exists(ctx context.Context, id incident.ID) (bool, error) {
	if ok, known := x.there[id]; known {
		return ok, nil
	}
	for _, key := range []string{headKey(id), goneKey(id)} {
		_, err := x.kv.Get(ctx, key)
		if !errors.Is(err, ErrNotFound) {
			return err == nil, err
		}
	}
	return false, nil
}
