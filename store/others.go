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
	for after := ""; ; {
		pairs, err := x.kv.Scan(ctx, "", after, perPage)
		if err != nil || len(pairs) == 0 {
			return err
		}
		for _, p := range pairs {
			after = p.Key
			kind, _, _ := strings.Cut(p.Key, "/")
			if kind == "log" || kind == "out" || kind == "head" {
				after = kind + "/\xff" // seen with its incident
				break
			}
			if err := x.other(ctx, kind, p); err != nil {
				return err
			}
		}
		if err := x.rest(ctx); err != nil {
			return err
		}
	}
}

// other examines one pair by its kind.
func (x *examiner) other(ctx context.Context, kind string, p Pair) error {
	var err error
	switch kind {
	case "lead":
		return nil
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
	case "seen", "change", "mark", "known", formatKey:
		_, err = openPair(p)
	default:
		err = corrupt(p.Key, errors.New("it is no key of ours"))
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
		x.note(x.stray(p, "it is no key of ours"))
		return nil
	}
	if _, err := openGone(p); err != nil {
		f := x.stray(p, detail(err))
		f.mend = func(ctx context.Context) (string, error) { return x.rebury(ctx, p, id) }
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
// that is whole. Of other kinds of handles nobody can tell.
func (x *examiner) follows(ctx context.Context, name string, id incident.ID) (bool, error) {
	if x.leads[name] == id || !strings.HasPrefix(name, ChannelHandle("")) && !strings.HasPrefix(name, CauseHandle("")) {
		return true, nil
	}
	events, _, err := x.Load(ctx, id) // it may be new
	if _, damaged := errors.AsType[*CorruptError](err); damaged || errors.Is(err, ErrNotFound) {
		return true, nil
	}
	return err == nil && slices.Contains(handlesOf(events), name), err
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

// stray is a finding about a pair that stands for itself: what cannot be read is put
// aside.
func (x *examiner) stray(p Pair, what string) Finding {
	return Finding{Key: p.Key, What: what, mend: func(ctx context.Context) (string, error) {
		return "put aside", x.putAside(ctx, p)
	}}
}
