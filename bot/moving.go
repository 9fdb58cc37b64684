package bot

import (
	"context"
	"fmt"
	"slices"

	"tocsin/bot/incident"
	"tocsin/store"
)

// moving is an alert that goes from one incident to another.
type moving struct {
	signal incident.Signaled
	alert  store.Alert
}

// moving prepares an alert of an incident to go elsewhere. Of one whose record cannot be
// read what the timeline has is enough.
func (b *Bot) moving(ctx context.Context, s incident.Signaled, why string) (moving, error) {
	alert, ok, err := b.journal.Alert(ctx, s.Source, s.Key)
	if damaged(err) {
		b.Log.Error("an alert that goes to another incident cannot be read, and begins anew", "source", s.Source, "key", s.Key, "error", err)
		err = nil
	}
	if !ok {
		now := b.Now().UTC()
		alert = store.Alert{Source: s.Source, Key: s.Key, Signal: s, State: s.State, Severity: s.Severity, At: now, First: now, Last: now}
	}
	alert.Why, s.Why = why, why
	return moving{s, alert}, err
}

// from tells whether the alert belongs to one of some incidents, or to none: what fired
// anew since it was told of may be a third one's.
func (m moving) from(ids ...incident.ID) bool {
	return m.alert.Incident == "" || slices.Contains(ids, m.alert.Incident)
}

// all are the alerts of an incident, to go to another one, and their numbers. What belongs
// to a third one stays there.
func (b *Bot) all(ctx context.Context, inc incident.Incident, to incident.ID, why string) (list []moving, numbers []int, err error) {
	for n, s := range inc.Alerts() {
		m, err := b.moving(ctx, s, why)
		if err != nil {
			return nil, nil, err
		}
		if m.from(inc.ID, to) {
			list, numbers = append(list, m), append(numbers, n)
		}
	}
	return list, numbers, nil
}

// declareWithAlerts declares an incident that takes alerts from another one: as many as
// fit are part of the declaration's transaction, and cause names what brings the others.
func (b *Bot) declareWithAlerts(ctx context.Context, o Origin, d incident.Declared, guide []incident.Fact, with declaration, cause string, list []moving) (incident.Incident, error) {
	part := list[:bearable(list)]
	for _, m := range part {
		with.steps = append(with.steps, step{Origin{By: teller(m.signal), Cause: cause}, m.signal})
		with.alerts = append(with.alerts, m.alert)
	}
	fresh, made, err := b.declareWith(ctx, o, d, guide, with)
	if err != nil {
		return fresh, err
	}
	if made {
		list = list[len(part):]
	}
	return fresh, b.bring(ctx, fresh.ID, cause, list)
}

// bring puts alerts on an incident, in as many transactions as it takes. Asked for
// again it goes on where it stopped: with those that are not there yet.
func (b *Bot) bring(ctx context.Context, to incident.ID, cause string, list []moving) error {
	inc, err := b.Incident(ctx, to)
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(slices.Clone(list), func(m moving) bool {
		_, has := inc.Alert(m.signal.Source, m.signal.Key)
		return has && m.alert.Incident == to
	})
	for n := 0; len(list) > 0; n++ {
		o := Origin{Cause: fmt.Sprintf("%s/%d", cause, n)}
		if inc.Did(o.Cause) {
			continue // with alerts that are there
		}
		part := list[:bearable(list)]
		list = list[len(part):]
		err := b.change(ctx, to, o, func(inc incident.Incident) ([]step, store.Append, error) {
			var add []step
			var a store.Append
			for _, m := range part {
				m.alert.Incident = to
				a.Alerts = append(a.Alerts, m.alert)
				if _, has := inc.Alert(m.signal.Source, m.signal.Key); !has {
					add = append(add, step{Origin{By: teller(m.signal), Cause: o.Cause}, m.signal})
				}
			}
			return add, a, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// bearable is how many of some alerts fit into one transaction, one at least.
func bearable(list []moving) int {
	size := 0
	for i, m := range list {
		size += stored(m.signal) + stored(m.alert)
		if i > 0 && (i == maxTold || size > maxToldBytes) {
			return i
		}
	}
	return len(list)
}

// teller is who tells of an alert: its source, also after people moved it.
func teller(s incident.Signaled) incident.Actor {
	return incident.Actor{Person: incident.Person{Name: incident.SourceName(s.Source)}, Via: s.Source}
}

// change is Update for what has steps of several origins, or more to store.
func (b *Bot) change(ctx context.Context, id incident.ID, o Origin, decide func(incident.Incident) ([]step, store.Append, error)) error {
	return b.race(ctx, id, func(l *live) error { return b.changeOnce(ctx, l, o, decide) })
}

func (b *Bot) changeOnce(ctx context.Context, l *live, o Origin, decide func(incident.Incident) ([]step, store.Append, error)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	inc := *l.inc.Load()
	if inc.Did(o.Cause) {
		return nil
	}
	add, a, err := decide(inc)
	if err != nil || len(add)+len(a.Alerts) == 0 {
		return err
	}
	_, err = b.commitSteps(ctx, l, add, a)
	return err
}
