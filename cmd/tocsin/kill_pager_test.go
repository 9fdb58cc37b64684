package main

import (
	"slices"
	"strings"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/bot/pagerduty"
	"tocsin/bot/sandbox"
	"tocsin/store"
)

// comparePager: PagerDuty has one incident for each page, and each text once.
func (k *killing) comparePager(r *kept) {
	k.compareResponders(r)
	k.compareEchoes(r)
	byKey := map[string]int{}
	for _, p := range r.pager {
		byKey[p.Key]++
		for _, list := range [][]string{p.Notes, p.Updates} {
			list = slices.Sorted(slices.Values(list))
			for i := range list {
				if i > 0 && list[i] == list[i-1] {
					k.double("%s in PagerDuty's incident %s", list[i], p.ID)
				}
			}
		}
	}
	known := map[string]bool{}
	for _, inc := range r.incidents {
		for _, page := range inc.Pages {
			known[page.Key] = true
			if page.Event {
				k.compareEvent(r, inc, page)
				delete(byKey, page.Key)
			} else if p := r.pager[page.Key]; madeByUs(p) && !r.gone(inc, page.Key) {
				k.compareRated(inc, p) // it has a severity from its first moment on
			}
		}
	}
	for key, n := range byKey {
		k.once(n, "PagerDuty's incident with the key %s", key)
	}
	for id, p := range r.pager {
		if madeByUs(p) && !known[id] && !known[p.Key] {
			k.double("PagerDuty's incident %s with the key %s is of no page that we know of", id, p.Key)
		}
	}
}

func madeByUs(p sandbox.PagerIncident) bool {
	_, ours := pagerduty.Owner(p.Key)
	return ours
}

// madeFor tells whether one of PagerDuty's incidents was made for an incident of ours.
func madeFor(inc incident.Incident, p sandbox.PagerIncident) bool {
	owner, ours := pagerduty.Owner(p.Key)
	return ours && owner == inc.ID
}

// comparePage: a page is in PagerDuty, or it is on record why not.
func (k *killing) comparePage(r *kept, inc incident.Incident, n int) {
	for _, page := range inc.Pages {
		if page.N == n && (len(r.alertsOf(page)) > 0 || page.Perhaps || page.Failed != "") {
			return
		}
	}
	k.lost("page %d of %s", n, inc.ID)
}

// pagersOf are PagerDuty's incidents that belong to an incident: those whose alerts it
// has, and those made to page somebody.
func pagersOf(r *kept, inc incident.Incident) (list []sandbox.PagerIncident) {
	for _, s := range inc.Alerts() {
		if p, ok := r.pager[s.Key]; ok && s.Source == "pagerduty" {
			list = append(list, p)
		}
	}
	for _, page := range inc.Pages {
		if p, ok := r.pager[page.Key]; ok && !r.gone(inc, page.Key) && !slices.ContainsFunc(list, func(o sandbox.PagerIncident) bool { return o.ID == p.ID }) {
			list = append(list, p)
		}
	}
	return list
}

// pagersAt are PagerDuty's incidents that belonged to an incident when an effect was asked
// for, and do so still.
func (r *kept) pagersAt(inc incident.Incident, item store.Item) []sandbox.PagerIncident {
	then := incident.Fold(inc.ID, r.timelines[inc.ID][:item.Seq])
	return slices.DeleteFunc(pagersOf(r, then), func(p sandbox.PagerIncident) bool { return left(inc, item.Seq, p.ID) })
}

// passedOn tells whether an incident goes on as another one, whose business PagerDuty's
// incidents are then.
func passedOn(inc incident.Incident) bool { return inc.Reason == "duplicate" || inc.Reason == "moved" }

// compareTold: a text is with all of PagerDuty's incidents that there were when it was
// written.
func (k *killing) compareTold(r *kept, inc incident.Incident, item store.Item, e effect.TellPager) {
	if k.keyed { // nothing can be told with a routing key alone
		return
	}
	for _, p := range r.pagersAt(inc, item) {
		list, text := p.Notes, "["+string(inc.ID)+"] "+e.Text
		if e.Update {
			list = p.Updates
		}
		if !slices.Contains(list, text) {
			k.lost("%q in PagerDuty's incident %s of %s", text, p.Key, inc.ID)
		}
	}
}

// comparePagerState: PagerDuty's incidents show the state and the severity that there were
// when they were last brought up to date.
func (k *killing) comparePagerState(r *kept, inc incident.Incident, item store.Item) {
	if passedOn(inc) || k.keyed { // see compareEvent
		return
	}
	for _, p := range r.pagersAt(inc, item) {
		if !inc.Active() && p.Status != "resolved" {
			k.lost("PagerDuty's incident %s is %s, and %s is over", p.Key, p.Status, inc.ID)
		}
		k.compareRated(inc, p)
	}
}

// compareRated: what is not over shows our severity, but for what is undecided.
func (k *killing) compareRated(inc incident.Incident, p sandbox.PagerIncident) {
	want := "P" + strings.TrimPrefix(string(inc.Severity), "sev")
	if !undecided(inc, p) && inc.Active() && p.Status != "resolved" && p.Priority != want {
		k.lost("PagerDuty's incident %s is a %q, and %s is a %s", p.Key, p.Priority, inc.ID, inc.Severity)
	}
}

// undecided tells whether one of PagerDuty's incidents is worse than ours, and joined after
// a person set the severity: people are asked.
func undecided(inc incident.Incident, p sandbox.PagerIncident) bool {
	s, ok := inc.Alert("pagerduty", p.ID)
	if !ok || madeFor(inc, p) || !s.Severity.Worse(inc.Severity) {
		return false
	}
	_, joined := inc.NumberOf("pagerduty", p.ID)
	return !slices.ContainsFunc(inc.Timeline[joined:], func(e incident.Event) bool {
		_, set := e.Fact.(incident.SeverityChanged)
		return set
	})
}
