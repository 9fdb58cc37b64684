package store

import (
	"context"
	"errors"

	"tocsin/bot/incident"
)

// handles looks up every handle that follows from the timeline.
func (v *visit) handles(ctx context.Context) error {
	for _, name := range handlesOf(v.events) {
		id, led, err := v.leadsTo(ctx, name)
		if err != nil {
			return err
		}
		if !led || id != v.id && !private(name) { // of these another one may have been first: follows tells
			v.derived(handleKey(name), "the handle "+name+" does not lead to it", v.lead(name, v.id))
		}
	}
	return v.wentOn(ctx)
}

// leadsTo is Lookup of a handle that may be damaged: then it does not lead to where it
// says.
func (x *examiner) leadsTo(ctx context.Context, name string) (id incident.ID, led bool, err error) {
	id, led, err = x.Lookup(ctx, name)
	if _, damaged := errors.AsType[*CorruptError](err); damaged {
		return id, false, nil
	}
	return id, led, err
}

// legible are the events of another incident; nil if that is damaged, or not there.
func (x *examiner) legible(ctx context.Context, id incident.ID) ([]incident.Event, error) {
	events, _, err := x.Load(ctx, id)
	if _, damaged := errors.AsType[*CorruptError](err); damaged || errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return events, err
}

// wentOn looks up the handle to the incident that goes on with this one in private, where
// only this one tells of that.
func (v *visit) wentOn(ctx context.Context) error {
	name := PrivateHandle(v.id)
	for _, request := range wentOn(v.events) {
		to, ok, err := v.leadsTo(ctx, request)
		if err != nil || !ok {
			return err
		}
		_, led, err := v.leadsTo(ctx, name)
		if err != nil || led {
			return err
		}
		events, err := v.legible(ctx, to)
		if err != nil || events == nil || !goesOn(events, name) {
			return err
		}
		v.derived(handleKey(name), "the handle "+name+" does not lead to "+string(to), v.lead(name, to))
	}
	return nil
}
