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

// Merge closes a duplicate, and has the original take in its alerts: what comes in
// for them later goes there.
func (b *Bot) Merge(ctx context.Context, duplicate, original incident.ID, o Origin, text string) (incident.Incident, error) {
	defer b.regrouping(ctx)()
	dup, err := b.Incident(ctx, duplicate)
	if err != nil || dup.Did(o.Cause) {
		return dup, err
	}
	if _, err := dup.Close("duplicate", original, text); err != nil {
		return dup, err
	}
	into, err := b.Incident(ctx, original)
	if err == nil {
		err = dup.MayMerge(into)
	}
	if err != nil {
		return dup, err
	}
	if err := b.intend(ctx, store.Intent{Cause: o.Cause, By: o.By, Do: doMerge, Incident: duplicate, To: original, Text: text}); err != nil {
		return dup, err
	}
	return b.Incident(ctx, duplicate)
}

// merge does what is left of a merger. Closing the duplicate is the last of it.
func (b *Bot) merge(ctx context.Context, duplicate, original incident.ID, o Origin, text string) error {
	dup, err := b.Incident(ctx, duplicate)
	if err != nil || dup.Did(o.Cause) {
		return err
	}
	list, numbers, err := b.all(ctx, dup, original, "because "+string(duplicate)+" is a duplicate")
	if err != nil {
		return err
	}
	if err := b.takeIn(ctx, original, duplicate, o, list); err != nil {
		return err
	}
	if err := b.detach(ctx, duplicate, o, numbers, original); err != nil {
		return err
	}
	_, err = b.Update(ctx, duplicate, o, func(inc incident.Incident) ([]incident.Fact, error) {
		return inc.Close("duplicate", original, text)
	})
	return err
}

// takeIn puts the alerts of a duplicate on the original.
func (b *Bot) takeIn(ctx context.Context, original, duplicate incident.ID, o Origin, list []moving) error {
	first := Origin{By: o.By, Cause: o.Cause + "/alerts", At: o.At}
	_, err := b.Update(ctx, original, first, func(incident.Incident) ([]incident.Fact, error) {
		return []incident.Fact{incident.Merged{From: duplicate, Alerts: len(list)}}, nil
	})
	if err != nil {
		return err
	}
	return b.bring(ctx, original, first.Cause, list)
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

// maxDetached is how many alerts are taken off at once: of the longest that many fit into
// a transaction.
const maxDetached = 20

// off is the cause of taking off the nth of an incident's alerts by maxDetached, from
// 0: the same whenever it is asked for again, and whichever are left by then.
func off(cause string, n int) string { return fmt.Sprint(cause, causeOff, n) }

// Detach takes alerts off an incident, by their numbers: they belong nowhere until
// they fire again, and never here again by themselves.
func (b *Bot) Detach(ctx context.Context, id incident.ID, o Origin, numbers []int) error {
	defer b.regrouping(ctx)()
	inc, err := b.Incident(ctx, id)
	if err != nil {
		return err
	}
	if !tookOff(inc, o.Cause) { // else it is asked for twice
		if _, err := inc.Detach(numbers, ""); err != nil {
			return err
		}
		if err := inc.MayRegroup(); err != nil {
			return err
		}
	}
	return b.intend(ctx, store.Intent{Cause: o.Cause, By: o.By, Do: doDetach, Incident: id, Alerts: numbers})
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
			alert, here, err := b.apart(ctx, f.(incident.Detached), inc)
			if err != nil {
				return nil, a, err
			}
			if here {
				a.Alerts = append(a.Alerts, alert)
			}
		}
		return steps(o, facts), a, nil
	})
}

// apart is an alert that people took off an incident; here is false if it fired anew since
// and belongs to another one. Of a private incident it stays unlisted.
func (b *Bot) apart(ctx context.Context, f incident.Detached, from incident.Incident) (alert store.Alert, here bool, err error) {
	s, _ := from.Alert(f.Source, f.Key)
	m, err := b.moving(ctx, s, "because a person took it off an incident")
	if !m.from(from.ID) {
		return m.alert, false, err
	}
	m.alert.Incident, m.alert.Private = "", from.Private
	if !slices.Contains(m.alert.Apart, from.ID) {
		m.alert.Apart = append(m.alert.Apart, from.ID)
	}
	return m.alert, true, err
}

// Split opens an incident with a room of its own for some alerts of another one.
func (b *Bot) Split(ctx context.Context, id incident.ID, o Origin, numbers []int) (incident.Incident, error) {
	defer b.regrouping(ctx)()
	old, err := b.Incident(ctx, id)
	if err != nil {
		return old, err
	}
	fresh := []string{causeHandle(o.Cause + causeSplit)}
	if _, ok, err := b.taken(ctx, fresh); err != nil {
		return old, err
	} else if !ok { // else it is asked for twice
		if _, err := old.Detach(numbers, ""); err != nil {
			return old, err
		}
		if err := old.MayRegroup(); err != nil {
			return old, err
		}
	}
	if err := b.intend(ctx, store.Intent{Cause: o.Cause, By: o.By, Do: doSplit, Incident: id, Alerts: numbers}); err != nil {
		return old, err
	}
	inc, _, err := b.taken(ctx, fresh)
	return inc, err
}

// split does what is left of a split.
func (b *Bot) split(ctx context.Context, id incident.ID, o Origin, numbers []int) error {
	old, err := b.Incident(ctx, id)
	if err != nil {
		return err
	}
	o.Cause += causeSplit
	done, ok, err := b.taken(ctx, []string{causeHandle(o.Cause)})
	if err != nil {
		return err
	}
	if ok {
		if numbers = unmoved(old, done, o.Cause, numbers); len(numbers) == 0 {
			return nil
		}
	}
	facts, err := old.Detach(numbers, "")
	if err != nil {
		return err
	}
	var list []moving
	for _, f := range facts {
		d := f.(incident.Detached)
		s, _ := old.Alert(d.Source, d.Key)
		m, err := b.moving(ctx, s, "because a person took it off "+string(id))
		if err != nil {
			return err
		}
		if !m.from(id, done.ID) {
			return incident.Refusef("“%s” fired anew since, and belongs to another incident by now. Leave it out.", incident.Escape(incident.Line(s.Title)))
		}
		if !slices.Contains(m.alert.Apart, id) {
			m.alert.Apart = append(m.alert.Apart, id)
		}
		list = append(list, m)
	}
	fresh, err := b.splitOff(ctx, old, o, list)
	if err != nil {
		return err
	}
	return b.detach(ctx, id, o, numbers, fresh.ID)
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
	return b.declareWithAlerts(ctx, o, d, b.guide(b.declaredQuery(ctx, d, lead.Text)), declaration{}, o.Cause, list)
}

// AttachAlert has an incident take in an alert that belongs to none.
func (b *Bot) AttachAlert(ctx context.Context, id incident.ID, o Origin, source, key string) error {
	defer b.regrouping(ctx)()
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
		if err := inc.MayRegroup(); err != nil {
			return nil, store.Append{}, err
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
