package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"tocsin/bot/incident"
	"tocsin/store"
)

// mergedHandle leads from a duplicate to the incident that has its alerts now.
func mergedHandle(id incident.ID) string { return store.MergedHandle(id) }

// mergedInto is the incident that took in the alerts of a duplicate; ok is false
// while the duplicate is worked on again.
func (b *Bot) mergedInto(ctx context.Context, id incident.ID) (incident.ID, bool, error) {
	to, ok, err := b.journal.Lookup(ctx, mergedHandle(id))
	if err != nil || !ok {
		return "", false, err
	}
	inc, err := b.Incident(ctx, id)
	if errors.Is(err, store.ErrNotFound) { // it left the record
		return to, true, nil
	}
	return to, err == nil && !inc.Active(), err
}

// Merge closes a duplicate, and has the original take in its alerts: what comes in
// for them later goes there.
func (b *Bot) Merge(ctx context.Context, duplicate, original incident.ID, o Origin, text string) (incident.Incident, error) {
	b.router.placing.Lock()
	defer b.router.placing.Unlock()
	dup, err := b.Incident(ctx, duplicate)
	if err != nil {
		return dup, err
	}
	if _, err := dup.Close("duplicate", original, text); err != nil && !dup.Did(o.Cause) {
		return dup, err
	}
	var list []moving
	var numbers []int
	for n, s := range dup.Alerts() {
		numbers = append(numbers, n)
		m, err := b.moving(ctx, s, "because "+string(duplicate)+" is a duplicate")
		if err != nil {
			return dup, err
		}
		list = append(list, m)
	}
	if err := b.takeIn(ctx, original, dup.ID, o, list); err != nil {
		return dup, err
	}
	if err := b.detach(ctx, duplicate, o, numbers, original); err != nil {
		return dup, err
	}
	return b.Update(ctx, duplicate, o, func(inc incident.Incident) ([]incident.Fact, error) {
		return inc.Close("duplicate", original, text)
	})
}

// takeIn puts the alerts of a duplicate on the original. The first merger of a
// duplicate claims its handle.
func (b *Bot) takeIn(ctx context.Context, original, duplicate incident.ID, o Origin, list []moving) error {
	var handles []string
	if _, taken, err := b.journal.Lookup(ctx, mergedHandle(duplicate)); err != nil {
		return err
	} else if !taken {
		handles = []string{mergedHandle(duplicate)}
	}
	first := Origin{By: o.By, Cause: o.Cause + "/alerts", At: o.At}
	err := b.change(ctx, original, first, func(incident.Incident) ([]step, store.Append, error) {
		return []step{{first, incident.Merged{From: duplicate, Alerts: len(list)}}}, store.Append{Handles: handles}, nil
	})
	if err != nil {
		return err
	}
	return b.bring(ctx, original, first, list)
}

// moving is an alert that goes from one incident to another.
type moving struct {
	signal incident.Signaled
	alert  store.Alert
}

// moving prepares an alert to go elsewhere.
func (b *Bot) moving(ctx context.Context, s incident.Signaled, why string) (moving, error) {
	alert, _, err := b.journal.Alert(ctx, s.Source, s.Key)
	alert.Source, alert.Key, alert.Why, s.Why = s.Source, s.Key, why, why
	return moving{s, alert}, err
}

// bring puts alerts on an incident, in as many transactions as it takes. Asked for
// again it goes on where it stopped: with those that are not there yet.
func (b *Bot) bring(ctx context.Context, to incident.ID, o Origin, list []moving) error {
	inc, err := b.Incident(ctx, to)
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(slices.Clone(list), func(m moving) bool {
		_, has := inc.Alert(m.signal.Source, m.signal.Key)
		return has && m.alert.Incident == to
	})
	for n := 0; len(list) > 0; n++ {
		o := Origin{By: o.By, Cause: fmt.Sprintf("%s/%d", o.Cause, n), At: o.At}
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

// What a cause ends in where one request takes several transactions.
const (
	causeSplit = "/split"
	causeOff   = "/off "
)

// Did tells whether a request changed an incident, also by taking alerts off it.
func Did(inc incident.Incident, cause string) bool {
	return cause != "" && (inc.Did(cause) || tookOff(inc, cause) || tookOff(inc, cause+causeSplit))
}

// tookOff tells whether a part of what a cause takes off was.
func tookOff(inc incident.Incident, cause string) bool {
	for n := 0; n*maxDetached <= inc.Last(); n++ { // it has no more alerts than events
		if inc.Did(off(cause, n)) {
			return true
		}
	}
	return false
}

// maxDetached is how many alerts are taken off at once.
const maxDetached = 40

// off is the cause of taking off the nth of an incident's alerts by maxDetached, from
// 0: the same whenever it is asked for again, and whichever are left by then.
func off(cause string, n int) string { return fmt.Sprint(cause, causeOff, n) }

// Detach takes alerts off an incident, by their numbers: they belong nowhere until
// they fire again, and never here again by themselves.
func (b *Bot) Detach(ctx context.Context, id incident.ID, o Origin, numbers []int) error {
	b.router.placing.Lock()
	defer b.router.placing.Unlock()
	return b.detach(ctx, id, o, numbers, "")
}

// detach takes alerts off in as many transactions as it takes. Asked for again it goes
// on where it stopped.
func (b *Bot) detach(ctx context.Context, id incident.ID, o Origin, numbers []int, to incident.ID) error {
	inc, err := b.Incident(ctx, id)
	if err != nil {
		return err
	}
	parts := map[string][]int{} // by cause
	for _, n := range numbers {
		if cause := off(o.Cause, max(n-1, 0)/maxDetached); !inc.Did(cause) {
			parts[cause] = append(parts[cause], n)
		}
	}
	if len(parts) == 0 {
		return nil
	}
	if _, err := inc.Detach(slices.Concat(slices.Collect(maps.Values(parts))...), to); err != nil {
		return err // before the first of them is gone
	}
	for _, cause := range slices.Sorted(maps.Keys(parts)) {
		if err := b.detachPart(ctx, id, Origin{By: o.By, Cause: cause, At: o.At}, parts[cause], to); err != nil {
			return err
		}
	}
	return nil
}

func (b *Bot) detachPart(ctx context.Context, id incident.ID, o Origin, numbers []int, to incident.ID) error {
	return b.change(ctx, id, o, func(inc incident.Incident) ([]step, store.Append, error) {
		facts, err := inc.Detach(numbers, to)
		if err != nil || to != "" {
			return steps(o, facts), store.Append{}, err
		}
		var a store.Append
		for _, f := range facts {
			alert, err := b.apart(ctx, f.(incident.Detached), inc)
			if err != nil {
				return nil, a, err
			}
			a.Alerts = append(a.Alerts, alert)
		}
		return steps(o, facts), a, nil
	})
}

// apart is an alert that people took off an incident. Of a private one it stays
// unlisted.
func (b *Bot) apart(ctx context.Context, f incident.Detached, from incident.Incident) (store.Alert, error) {
	s, _ := from.Alert(f.Source, f.Key)
	m, err := b.moving(ctx, s, "because a person took it off an incident")
	m.alert.Incident, m.alert.Private = "", from.Private
	if m.alert.Last.IsZero() {
		m.alert.First, m.alert.Last = b.Now().UTC(), b.Now().UTC()
	}
	if !slices.Contains(m.alert.Apart, from.ID) {
		m.alert.Apart = append(m.alert.Apart, from.ID)
	}
	return m.alert, err
}

// Split opens an incident with a room of its own for some alerts of another one.
func (b *Bot) Split(ctx context.Context, id incident.ID, o Origin, numbers []int) (incident.Incident, error) {
	b.router.placing.Lock()
	defer b.router.placing.Unlock()
	old, err := b.Incident(ctx, id)
	if err != nil {
		return old, err
	}
	o.Cause += causeSplit
	done, ok, err := b.taken(ctx, []string{causeHandle(o.Cause)})
	if err != nil {
		return old, err
	}
	if ok { // asked for twice: the first time may have got halfway
		numbers = unmoved(old, done, o.Cause, numbers)
		if len(numbers) == 0 {
			return done, nil
		}
	}
	facts, err := old.Detach(numbers, "")
	if err != nil {
		return old, err
	}
	var list []moving
	for _, f := range facts {
		d := f.(incident.Detached)
		s, _ := old.Alert(d.Source, d.Key)
		m, err := b.moving(ctx, s, "because a person took it off "+string(id))
		if err != nil {
			return old, err
		}
		if !slices.Contains(m.alert.Apart, id) {
			m.alert.Apart = append(m.alert.Apart, id)
		}
		list = append(list, m)
	}
	fresh, err := b.splitOff(ctx, old, o, list)
	if err != nil {
		return fresh, err
	}
	return fresh, b.detach(ctx, id, o, numbers, fresh.ID)
}

// unmoved are the numbers of alerts that a split was asked for and did not get to, with
// fresh declared. Once the first was taken off the old incident all were on the fresh
// one, so what is not there came later.
func unmoved(old, fresh incident.Incident, cause string, numbers []int) []int {
	all := tookOff(old, cause)
	return slices.DeleteFunc(slices.Clone(numbers), func(n int) bool {
		s, has := old.AlertNumber(n)
		_, there := fresh.Alert(s.Source, s.Key)
		return !has || all && !there
	})
}

// splitOff declares the incident that takes alerts from another one.
func (b *Bot) splitOff(ctx context.Context, old incident.Incident, o Origin, list []moving) (incident.Incident, error) {
	lead := list[0].signal
	service, name := b.service(lead)
	d := incident.Declared{Title: incident.Cut(lead.Title, incident.MaxTitle), Service: name, Severity: lead.Severity, Private: old.Private}
	if old.Private {
		d.People = old.People
	} else {
		d.People, d.OnCall = b.summoned(service, Signal{Signaled: lead})
	}
	n := bearable(list)
	var with declaration
	for _, m := range list[:n] {
		with.steps = append(with.steps, step{Origin{By: teller(m.signal), Cause: o.Cause}, m.signal})
		with.alerts = append(with.alerts, m.alert)
	}
	fresh, made, err := b.declareWith(ctx, o, d, b.guide(b.declaredQuery(ctx, d, lead.Text)), with)
	if err != nil {
		return fresh, err
	}
	if made {
		list = list[n:]
	}
	return fresh, b.bring(ctx, fresh.ID, o, list)
}

// AttachAlert has an incident take in an alert that belongs to none.
func (b *Bot) AttachAlert(ctx context.Context, id incident.ID, o Origin, source, key string) error {
	b.router.placing.Lock()
	defer b.router.placing.Unlock()
	alert, ok, err := b.journal.Alert(ctx, source, key)
	if err != nil {
		return err
	}
	switch {
	case !ok:
		return incident.Refusal("There is no such alert. `/incident alerts` shows those that belong to no incident.")
	case alert.Incident != "" && alert.Incident != id:
		return incident.Refusal("That alert belongs to an incident by now. `/incident alerts` shows those that belong to none.")
	}
	return b.change(ctx, id, o, func(inc incident.Incident) ([]step, store.Append, error) {
		if _, has := inc.Alert(source, key); has {
			return nil, store.Append{}, incident.Refusef("It belongs to %s already.", id)
		}
		mine := alert
		mine.Incident, mine.Why, mine.Early, mine.Private = id, "because a person attached it", nil, false
		s := mine.Signal
		s.Why, s.State = mine.Why, mine.State
		if s.State == "" {
			s.State = incident.StateInfo
		}
		return []step{{o, s}}, store.Append{Alerts: []store.Alert{mine}}, nil
	})
}

// AlertRecord is what is stored of an alert; ok is false if nothing is.
func (b *Bot) AlertRecord(ctx context.Context, source, key string) (a store.Alert, ok bool, err error) {
	return b.journal.Alert(ctx, source, key)
}

// Loose are alerts that belong to no incident and still fire: the worst first, and of
// the same severity the newest.
func (b *Bot) Loose(ctx context.Context) ([]store.Alert, error) {
	all, err := b.journal.Alerts(ctx)
	if _, damaged := errors.AsType[*store.CorruptError](err); damaged {
		b.Log.Error("an alert cannot be read, and is not listed", "error", err)
	} else if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(a store.Alert) bool {
		return a.Incident != "" || a.Private || a.Signal.Key == "" || a.State == incident.StateResolved || b.Now().Sub(a.Last) > looseFor
	})
	slices.SortFunc(all, func(x, y store.Alert) int {
		return cmp.Or(order(x.Severity.Worse(y.Severity), y.Severity.Worse(x.Severity)), y.Last.Compare(x.Last))
	})
	return all, nil
}

// looseFor is how long an alert that belongs to nothing is listed.
const looseFor = 24 * time.Hour
