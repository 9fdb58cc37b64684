package main

import (
	"slices"
	"strings"

	"tocsin/bot/incident"
	"tocsin/store"
)

// outcome is what an event is the outcome of: the name of its fact, but where several
// requests lead to the same.
func outcome(e incident.Event) string {
	switch f := e.Fact.(type) {
	case incident.Declared:
		switch {
		case strings.HasPrefix(e.Cause, "private/"):
			return "private"
		case strings.HasSuffix(e.Cause, "/split"):
			return "split"
		}
	case incident.Closed:
		if f.Reason == "duplicate" {
			return "merged"
		}
	case incident.Detached:
		if f.To != "" {
			return "moved"
		}
	case incident.Signaled:
		if request, asked := strings.CutPrefix(e.Cause, "slack/"); asked && strings.Contains(request, "/") {
			return "brought"
		} else if asked {
			return "attached"
		}
	}
	return incident.Facts.Name(e.Fact)
}

// compareMoves: each alert is where its record says, and nowhere else; what goes on in
// private is closed where all can read it.
func (k *killing) compareMoves(r *kept) {
	for _, a := range r.places {
		has := r.having(a.Source, a.Key)
		if a.Incident != "" && !slices.Contains(has, a.Incident) {
			k.lost("the alert %s on %s, where its record says that it is: it is on %v", a.Key, a.Incident, has)
		}
		for _, id := range has {
			switch moved := r.of(id).Reason == "moved"; { // which keeps what it had
			case id != a.Incident && !moved:
				k.double("the alert %s is on %s, and its record says on %q", a.Key, id, a.Incident)
			case moved && !a.Private && (a.Incident == "" || !r.of(a.Incident).Private):
				k.lost("that the alert %s is private, as %s went on in private: it is on %q", a.Key, id, a.Incident)
			}
		}
	}
	for _, inc := range r.incidents {
		of, moved := r.timelines[inc.ID][0].Fact.(incident.Declared)
		if !moved || outcome(r.timelines[inc.ID][0]) != "private" {
			continue
		}
		for _, public := range r.incidents {
			if public.Title == of.Title && !public.Private && public.Reason != "moved" {
				k.lost("that %s is closed, which goes on as %s", public.ID, inc.ID)
			}
		}
	}
}

// having are the incidents that have an alert now.
func (r *kept) having(source, key string) (list []incident.ID) {
	for _, inc := range r.incidents {
		if _, has := inc.Alert(source, key); has {
			list = append(list, inc.ID)
		}
	}
	return list
}

// compareHolds: while rooms were on hold, no alert opened one.
func (k *killing) compareHolds(r *kept) {
	for _, inc := range r.incidents {
		first := r.timelines[inc.ID][0].Logged
		held := slices.ContainsFunc(r.timelines[inc.ID], func(e incident.Event) bool { _, held := e.Fact.(incident.RoomHeld); return held })
		for _, s := range k.holds {
			if first.After(s.from) && first.Before(s.until) && !inc.Declarer.Human() && !inc.Private && !held {
				k.lost("that rooms were on hold from %v to %v, as %s was opened at %v", s.from, s.until, inc.ID, first)
			}
		}
	}
}

// left tells whether one of PagerDuty's incidents was taken off an incident after an event.
func left(inc incident.Incident, seq int, key string) bool {
	return slices.ContainsFunc(inc.Timeline[seq:], func(e incident.Event) bool {
		f, off := e.Fact.(incident.Detached)
		return off && f.Source == "pagerduty" && f.Key == key
	})
}

// gone tells whether one of PagerDuty's incidents belongs to another incident by now.
func (r *kept) gone(inc incident.Incident, key string) bool {
	return slices.ContainsFunc(r.places, func(a store.Alert) bool { return a.Source == "pagerduty" && a.Key == key && a.Incident != inc.ID })
}
