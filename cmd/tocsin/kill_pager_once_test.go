package main

import (
	"strings"

	"tocsin/bot/incident"
)

// compareResponders: whom a page added to one of PagerDuty's incidents was asked there
// once. Nobody else asks anybody.
func (k *killing) compareResponders(r *kept) {
	asked := map[string]int{}
	for _, inc := range r.incidents {
		for _, e := range inc.Timeline {
			if f, ok := e.Fact.(incident.Paged); ok && f.Added {
				asked[f.Key]++
			}
		}
	}
	for id, p := range r.pager {
		switch n := len(p.Responders); {
		case n > asked[id]:
			k.double("a responder in PagerDuty's incident %s: %v for %d pages", id, p.Responders, asked[id])
		case n < asked[id]:
			k.lost("a responder in PagerDuty's incident %s: %v for %d pages", id, p.Responders, asked[id])
		}
	}
}

// compareEchoes: what only the bot does in PagerDuty is told as its own deed when it comes
// back, and done once: nobody else in a round sets a state or a priority there.
func (k *killing) compareEchoes(r *kept) {
	for id, timeline := range r.timelines {
		synced := map[string]incident.PagerSynced{}
		for _, e := range timeline {
			switch f := e.Fact.(type) {
			case incident.Signaled:
				ours := f.State == incident.StateResolved || f.Event == "incident.priority_updated" || strings.Contains(f.Text, "[INC-")
				if joins := f.Why != ""; f.Source == "pagerduty" && ours && !f.Echo && !joins {
					k.double("our own deed in PagerDuty, told as a person's, on %s: %+v", id, f)
				}
			case incident.PagerSynced:
				if _, listed := r.pager[f.Key]; listed && synced[f.Key] == f { // what is sent by a key cannot be looked up
					k.double("PagerDuty's incident %s was made %s%s where it was so, for %s", f.Key, f.State, f.Priority, id)
				}
				synced[f.Key] = f
			}
		}
	}
}
