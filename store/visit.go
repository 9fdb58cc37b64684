package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

// visit is the examination of one incident. It reads what is due before the outbox, the
// outbox before the head, the head before the timeline, and handles last: each refers only to what is read
// after it.
type visit struct {
	*examiner
	id      incident.ID
	found   []Finding
	events  []incident.Event
	inc     incident.Incident // folded from them, if they are whole
	effects int
	there   bool // it has events, or is gone
}

// add notes a finding about a key; mend puts it right.
func (v *visit) add(key, what string, mend func(context.Context) (string, error)) {
	v.found = append(v.found, Finding{Incident: v.id, Key: key, What: what, mend: mend})
}

// derived is add for what mend makes again from the timeline.
func (v *visit) derived(key, what string, mend func(context.Context) (string, error)) {
	v.found = append(v.found, Finding{Incident: v.id, Key: key, What: what, Derived: true, mend: mend})
}

func (v *visit) examine(ctx context.Context) error {
	due, err := v.kv.Scan(ctx, dueKey(v.id, ""), "", 0)
	if err != nil {
		return err
	}
	out, err := v.kv.Scan(ctx, outKey(v.id, ""), "", 0)
	if err != nil {
		return err
	}
	head, err := v.kv.Get(ctx, headKey(v.id))
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if head == nil {
		if _, err := v.kv.Get(ctx, goneKey(v.id)); !errors.Is(err, ErrNotFound) {
			v.there = err == nil // gone; what else is there is for Sweep
			return err
		}
	}
	log, err := v.kv.Scan(ctx, logPrefix(v.id), "", 0)
	if err != nil {
		return err
	}
	events, _, damage := chain(v.id, log)
	v.there = len(log) > 0
	if known, err := openHead(Pair{headKey(v.id), head}); err == nil && damage == nil && known.Events > len(events) {
		damage = fmt.Errorf("there are %d events, and there were %d", len(events), known.Events)
	}
	switch {
	case damage != nil:
		v.events = events
		f, ok, err := v.strayedEvent(ctx, log)
		if ok {
			v.found = append(v.found, f)
		} else if heal := v.heal(log, head); heal != nil {
			v.add(logPrefix(v.id), detail(damage), heal)
		} else {
			v.add(logPrefix(v.id), detail(damage), v.cut)
		}
		return err
	case len(log) == 0 && head != nil:
		f := v.stray(Pair{headKey(v.id), head}, "it has no events")
		if !f.strayed {
			f.Incident, f.mend = v.id, v.cut
		}
		v.found = append(v.found, f)
		return nil
	case len(log) == 0:
		for _, p := range slices.Concat(out, due) {
			v.found = append(v.found, v.stray(p, "it is of an incident that is not there"))
		}
		return nil
	}
	v.events, v.inc = events, incident.Fold(v.id, events)
	v.head(head)
	w := v.outbox(out, dueOf(due))
	if err := v.forgotten(ctx, due, w); err != nil {
		return err
	}
	return v.handles(ctx)
}

// head compares the head with the one that follows from the timeline.
func (v *visit) head(value []byte) {
	want := HeadOf(v.inc)
	if value == nil {
		v.derived(headKey(v.id), "it has no head", v.rehead)
		return
	}
	h, err := openHead(Pair{headKey(v.id), value})
	if err == nil && h.Report == "" { // it may be older than lessons are
		want.Report, want.Guide = "", ""
	}
	switch {
	case err != nil:
		v.derived(headKey(v.id), "its head: "+detail(err), v.rehead)
	case h != want:
		v.derived(headKey(v.id), "its head does not fit its timeline", v.rehead)
	}
}

// outbox checks what waits, and looks for what must wait and does not.
func (v *visit) outbox(pairs []Pair, due map[string]Item) waiting {
	w := waiting{due: due, keys: map[string]bool{}, over: map[string]bool{}}
	for _, e := range v.events {
		w.over[e.Cause] = true
	}
	for _, p := range pairs {
		item, err := decodeItem(p)
		switch {
		case err == nil && !item.fits(len(v.events)):
			err = corrupt(p.Key, errors.New("it follows from nothing on the timeline"))
		case err == nil && w.isOver(item):
			v.derived(p.Key, "an effect that waits, "+p.Key+": the timeline tells what came of it", func(ctx context.Context) (string, error) {
				return "put aside", v.putAside(ctx, p)
			})
			continue
		case err == nil:
			v.effects++
			w.effects = append(w.effects, item.Effect)
		}
		w.keys[p.Key] = err == nil
		if _, damaged := errors.AsType[*CorruptError](err); damaged {
			f := v.stray(p, "an effect that waits, "+p.Key+": "+detail(err))
			f.Incident, f.Derived = v.id, w.isDue(p.Key) && !f.strayed
			v.found = append(v.found, f)
		} else if err != nil {
			v.add(p.Key, err.Error(), nil)
		}
	}
	for _, item := range outboxOf(v.inc) {
		if item, missing := w.missing(item); missing {
			v.derived(outKey(v.id, item.Key), "nothing waits to "+item.Effect.Words()+", which was not done", func(ctx context.Context) (string, error) {
				return v.ask(ctx, item)
			})
		}
	}
	return w
}

// fits tells whether an item is under the key that NewItem gave it, and follows from
// one of the events.
func (i Item) fits(events int) bool {
	if i.Seq < 1 || i.Seq > events {
		return false
	}
	if effect.Projection(i.Effect) {
		return i.Key == i.Effect.Lane()
	}
	return strings.HasPrefix(i.Key, fmt.Sprintf("%08d.", i.Seq))
}
