package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tocsin/bot/incident"
	"tocsin/store"
	"tocsin/store/bolt"
)

// compare compares what was acknowledged with the record, and the record with what
// the workspace and PagerDuty hold.
func (k *killing) compare() {
	kv, err := bolt.Open(k.store)
	if err != nil {
		k.problem("the record does not open: %v", err)
		return
	}
	defer kv.Close()
	r, err := k.read(store.NewJournal(kv))
	if err != nil {
		k.problem("the record cannot be read: %v", err)
		return
	}
	k.figures.Latest = time.Duration(r.state.LatestEffectMS * float64(time.Millisecond))
	if k.figures.Latest >= killQuiet {
		k.problem("an effect came %v after its call began, later than the quiet time of %v: this machine was too busy to prove anything", k.figures.Latest, killQuiet)
	}
	if r.state.PagerDuty.Disabled {
		k.problem("PagerDuty has disabled the subscription: a webhook was refused")
	}
	k.compareRequests(r)
	k.compareCauses(r)
	k.compareMoves(r)
	k.compareHolds(r)
	o, err := k.owes(r)
	if err != nil {
		k.problem("the record cannot be played again: %v", err)
		return
	}
	k.figures.Owed = len(o.must)
	k.compareWorld(r, o)
	if len(k.problems) == 0 && !k.brief {
		k.harm(r, o)
	}
}

// compareWorld compares the record with what there is.
func (k *killing) compareWorld(r *kept, o owed) {
	k.compareMessages(r)
	k.compareOwed(r, o)
	k.compareRooms(r)
	k.comparePager(r)
}

// lost and double note what must not be.
func (k *killing) lost(format string, args ...any) {
	k.figures.Lost++
	k.problem("LOST "+format, args...)
}

func (k *killing) double(format string, args ...any) {
	k.figures.Double++
	k.problem("DOUBLE "+format, args...)
}

// once notes that something that has to be there once is there n times.
func (k *killing) once(n int, format string, args ...any) {
	switch {
	case n == 0:
		k.lost(format, args...)
	case n > 1:
		k.double(fmt.Sprintf("%d times: %s", n, format), args...)
	}
}

// compareRequests: what was acknowledged is on a timeline once, anything else at
// most once; an alert is counted once.
func (k *killing) compareRequests(r *kept) {
	told := map[string][]incident.Event{} // by fact and token
	for id, timeline := range r.timelines {
		for _, e := range timeline {
			for _, t := range tokensOf(id, e) {
				told[t+" "+outcome(e)] = append(told[t+" "+outcome(e)], e)
			}
		}
	}
	for _, a := range k.asked {
		events := told[a.token+" "+a.fact]
		if a.acked {
			k.figures.Acknowledged++
			k.figures.took(a.load(), 1)
		}
		if a.room != "" {
			k.comparePlain(r, a)
			continue
		}
		if a.fact == "held" { // which is on no timeline: compareHolds
			continue
		}
		if a.acked || len(events) > 1 {
			k.once(len(events), "%v on a timeline: %+v", a, events)
		}
		if s, ok := r.alerts[a.token]; ok && a.acked && s.Count != 1 {
			k.double("%v: the alert was counted %d times", a, s.Count)
		}
	}
}

// tokensOf are the tokens of the requests that a fact is the outcome of. Of an alert
// it is the first word alone, and of PagerDuty's notes what a person wrote there; that a
// person wants a room has no words.
func tokensOf(id incident.ID, e incident.Event) []string {
	f := e.Fact
	if _, ok := f.(incident.RoomWanted); ok && e.By.Human() {
		return []string{string(id)}
	}
	if s, ok := f.(incident.Signaled); ok {
		switch {
		case s.Echo:
			return nil
		case s.Event == "incident.annotated":
			return tokens.FindAllString(s.Text, -1)
		case s.State != incident.StateFiring:
			return nil
		}
		return tokens.FindAllString(s.Key, 1)
	}
	data, _ := json.Marshal(f) // it came from the store: it cannot fail
	list := tokens.FindAllString(string(data), -1)
	slices.Sort(list)
	return slices.Compact(list)
}

// compareCauses: no request has led to the same fact twice. What an effect led to is
// another matter: one that shows the present state may tell the same again, later.
func (k *killing) compareCauses(r *kept) {
	seen := map[string]bool{}
	for _, id := range slices.Sorted(maps.Keys(r.timelines)) {
		for _, e := range r.timelines[id] {
			data, _ := json.Marshal(e.Fact)
			name := fmt.Sprintf("%s of %s: %s %s", e.Cause, id, incident.Facts.Name(e.Fact), data)
			if effects := e.By == incident.Bot && strings.HasPrefix(e.Cause, string(id)+"/"); e.Cause != "" && !effects && seen[name] {
				k.double("%s", name)
			}
			seen[name] = true
		}
	}
}
