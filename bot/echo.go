package bot

import (
	"context"
	"slices"
	"strings"
	"time"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

// lately is how long what tocsin did in PagerDuty may take to come back.
const lately = 15 * time.Minute

// echoed marks a signal that tells of what tocsin did there itself, or is doing: an
// echo may be faster than the answer to the call, and slower than people who give the
// alert to another incident.
func (b *Bot) echoed(inc incident.Incident, t *told) incident.Signaled {
	s := t.Signaled
	state, priority, may := deed(s)
	if !may {
		return s
	}
	s.Echo = slices.ContainsFunc(append(t.trail, inc), func(inc incident.Incident) bool {
		since, doing := b.worker.since(inc.ID, effect.SyncPager{}.Lane())
		if now, ok := b.snapshot(inc.ID); ok { // what came of it may be on record by now
			inc = now
		}
		return doing && agrees(inc, s, latest(since, b.Now().Add(-lately))) || b.synced(inc, t.Signal, state, priority)
	})
	return s
}

// deed is what tocsin would have set in PagerDuty for a signal to tell of it; false if it
// never does that.
func deed(s incident.Signaled) (state, priority string, may bool) {
	switch {
	case s.Source != "pagerduty":
		return "", "", false
	case s.State == incident.StateResolved, s.Event == "incident.reopened":
		return s.State, "", true
	case s.Event == "incident.priority_updated":
		priority, _, _ = strings.Cut(s.Labels["priority"], " ") // "P1 - Critical"
		return "", priority, true
	case s.Event == "incident.urgency_updated":
		return "", s.Urgency, true
	}
	return "", "", false
}

// trail are the incidents besides id that may have done what a signal tells of: those that
// people took its alert off, and those that were merged into one of these or went on as
// one in private.
func (b *Bot) trail(ctx context.Context, id incident.ID, t *told) (list []incident.Incident) {
	if _, _, may := deed(t.Signaled); !may {
		return nil
	}
	ids := append([]incident.ID{id}, t.alert.Apart...)
	if id, ok := incident.ParseID(t.Labels[incident.LabelMade]); ok {
		ids = append(ids, id)
	}
	since := b.Now().Add(-lately)
	for i := 0; i < len(ids) && i < maxTrail; i++ {
		inc, err := b.Incident(ctx, ids[i])
		if err != nil {
			continue // it left the record, or cannot be read
		}
		if ids = cameFrom(ids, inc, since); i > 0 {
			list = append(list, inc)
		}
	}
	return list
}

// agrees tells whether a signal says what is so here already, or was at some time since:
// what is on its way to PagerDuty is what was true when it set out.
func agrees(inc incident.Incident, s incident.Signaled, since time.Time) bool {
	rated := s.Event == "incident.priority_updated"
	over := s.State == incident.StateResolved
	if rated && s.Severity == inc.Severity || !rated && over != (inc.Active() || inc.PassedOn()) {
		return true
	}
	for i := len(inc.Timeline) - 1; i >= 0 && !inc.Timeline[i].Logged.Before(since); i-- {
		switch f := inc.Timeline[i].Fact.(type) {
		case incident.SeverityChanged:
			if rated && f.From == s.Severity {
				return true
			}
		case incident.Resolved, incident.Closed:
			if !rated && !over {
				return true
			}
		case incident.Reopened:
			if !rated && over {
				return true
			}
		}
	}
	return false
}

// synced tells whether tocsin made PagerDuty's incident so lately, by its id or by
// the key that an event had.
func (b *Bot) synced(inc incident.Incident, s Signal, state, priority string) bool {
	since := b.Now().Add(-lately)
	return inc.SyncedTo(s.Key, state, priority, since, s.At) || inc.SyncedTo(s.Labels["incident_key"], state, priority, since, s.At)
}

// astray tells whether an echo says what is not so any more: a call overtook a later one,
// or another incident had the alert when it set out.
func astray(f incident.Signaled, inc incident.Incident) bool {
	return f.Echo && !f.Late && f.State == incident.StateInfo && f.Severity != "" && f.Severity != inc.Severity
}
