package main

import (
	"slices"
	"strings"

	"tocsin/bot/incident"
	"tocsin/bot/pagerduty"
	"tocsin/bot/sandbox"
)

// comparePager: PagerDuty has one incident for each page, and each text once.
func (k *killing) comparePager(r *kept) {
	byKey, byID := map[string]int{}, map[string]sandbox.PagerIncident{}
	for _, p := range k.ws.PagerDutyIncidents() {
		byKey[p.Key]++
		byID[p.ID] = p
		for _, list := range [][]string{p.Notes, p.Updates} {
			slices.Sort(list)
			for i := range list {
				if i > 0 && list[i] == list[i-1] {
					k.double("%s in PagerDuty's incident %s", list[i], p.ID)
				}
			}
		}
	}
	for key, n := range byKey {
		k.once(n, "PagerDuty's incident with the key %s", key)
	}
	known := map[string]bool{}
	for _, inc := range r.incidents {
		for _, p := range inc.Pages {
			known[p.Key] = true
			if p.Key == "" && p.Failed == "" {
				k.lost("page %d of %s", p.N, inc.ID)
			}
		}
		k.compareTold(r, inc, byID)
	}
	for id, p := range byID {
		if _, ours := pagerduty.Owner(p.Key); ours && !known[id] {
			k.double("PagerDuty's incident %s with the key %s is of no page that we know of", id, p.Key)
		}
	}
}

// compareTold: what was noted once somebody had been paged is with the page.
func (k *killing) compareTold(r *kept, inc incident.Incident, byID map[string]sandbox.PagerIncident) {
	timeline := r.timelines[inc.ID]
	for i, e := range timeline {
		if _, noted := e.Fact.(incident.Noted); !noted {
			continue
		}
		then := incident.Fold(inc.ID, timeline[:i+1])
		for _, p := range then.Pages {
			if page, ok := byID[p.Key]; ok && slices.Contains(then.Play.Pager, incident.PagerNotes) {
				for _, t := range tokensOf(e.Fact) {
					k.once(strings.Count(strings.Join(page.Notes, "\n"), t), "%s in PagerDuty's incident %s of %s", t, p.Key, inc.ID)
				}
			}
		}
	}
}
