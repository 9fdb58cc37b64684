package main

import (
	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
)

// compareEvent: for a page by the routing key there is an alert in PagerDuty, which is open
// while the incident is worked on and not after it. PagerDuty opens no alert again: there
// may be one more for each time that the incident, or what it went on as, was reopened, and
// no other.
func (k *killing) compareEvent(r *kept, inc incident.Incident, page incident.Page) {
	list, open, most := r.alertsOf(page), 0, 1
	for _, p := range list {
		if p.Status != "resolved" {
			open++
		}
	}
	for _, inc := range r.line(inc) {
		for _, e := range inc.Timeline {
			if _, again := e.Fact.(incident.Reopened); again {
				most++
			}
		}
	}
	switch {
	case len(list) > most:
		k.double("%d times: PagerDuty's alert with the key %s", len(list), page.Key)
	case len(list) == 0 && !page.Perhaps:
		k.lost("page %d of %s, by the key %s", page.N, inc.ID, page.Key)
	case inc.Active() && open != 1:
		k.lost("an open alert in PagerDuty with the key %s: there are %d, and %s is open", page.Key, open, inc.ID)
	case r.ends(inc) && open > 0:
		k.lost("that PagerDuty's alert with the key %s is resolved, and %s is over", page.Key, inc.ID)
	}
}

// alertsOf are what a page has made in PagerDuty.
func (r *kept) alertsOf(page incident.Page) (list []sandbox.PagerIncident) {
	for id, p := range r.pager {
		if id == page.Key || page.Event && p.Key == page.Key {
			list = append(list, p)
		}
	}
	return list
}

// ends tells whether the alerts of an incident's pages have to be resolved: once it is
// over, or what it goes on as.
func (r *kept) ends(inc incident.Incident) bool {
	line := r.line(inc)
	last := line[len(line)-1]
	return !last.Active() && last.Reason != "duplicate" && last.Reason != "moved"
}

// line is an incident, and what it went on as, one after the other.
func (r *kept) line(inc incident.Incident) []incident.Incident {
	line := []incident.Incident{inc}
	for range r.incidents {
		switch inc.Reason {
		case "duplicate":
			inc = r.of(inc.Original)
		case "moved":
			inc = r.private(inc.ID)
		default:
			return line
		}
		line = append(line, inc)
	}
	return line
}

// private is the incident that another one goes on as.
func (r *kept) private(of incident.ID) (inc incident.Incident) {
	for _, inc = range r.incidents {
		if d, _ := r.timelines[inc.ID][0].Fact.(incident.Declared); d.From == of {
			break
		}
	}
	return inc
}

// endsAlert is ends, where there is an alert by the routing key.
func (r *kept) endsAlert(inc incident.Incident) bool {
	for _, page := range inc.Pages {
		if page.Event && r.ends(inc) && len(r.alertsOf(page)) > 0 {
			return true
		}
	}
	return false
}
