package bot

import (
	"strings"
	"time"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

// lately is how long what tocsin did in PagerDuty may take to come back.
const lately = 15 * time.Minute

// echoed marks a signal that tells of what tocsin did there itself, or is doing: an
// echo may be faster than the answer to the call.
func (b *Bot) echoed(inc incident.Incident, s incident.Signaled) incident.Signaled {
	if s.Source != "pagerduty" {
		return s
	}
	state, priority := "", ""
	switch {
	case s.State == incident.StateResolved, s.Event == "incident.reopened":
		state = s.State
	case s.Event == "incident.priority_updated":
		priority, _, _ = strings.Cut(s.Labels["priority"], " ") // "P1 - Critical"
	case s.Event == "incident.urgency_updated":
		priority = s.Urgency
	default:
		return s
	}
	since, doing := b.worker.since(inc.ID, effect.SyncPager{}.Lane())
	if doing && agrees(inc, s, latest(since, b.Now().Add(-lately))) || b.synced(inc, s, state, priority) {
		s.Echo = true
	}
	return s
}

// agrees tells whether a signal says what is so here already, or was at some time since:
// what is on its way to PagerDuty is what was true when it set out.
func agrees(inc incident.Incident, s incident.Signaled, since time.Time) bool {
	rated := s.Event == "incident.priority_updated"
	over := s.State == incident.StateResolved
	if rated && s.Severity == inc.Severity || !rated && over != inc.Active() {
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
func (b *Bot) synced(inc incident.Incident, s incident.Signaled, state, priority string) bool {
	since := b.Now().Add(-lately)
	return inc.SyncedTo(s.Key, state, priority, since) || inc.SyncedTo(s.Labels["incident_key"], state, priority, since)
}
