package main

import (
	"maps"
	"slices"
	"strings"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
	"tocsin/store"
)

// harm takes one thing after the other out of what a good round has left: each kind of
// effect, and an event's message of each kind of fact. What is not missed proves nothing
// when it is there.
func (k *killing) harm(r *kept, o owed) {
	tried := map[string]bool{}
	for _, item := range o.must {
		kind := effect.Effects.Name(item.Effect)
		if _, say := item.Effect.(effect.Say); say {
			kind += " of " + incident.Facts.Name(r.timelines[item.Incident][item.Seq-1].Fact)
		}
		if tried[kind] {
			continue
		}
		without := *r
		without.look(k.ws.State(), k.ws.PagerDutyIncidents())
		if !without.take(item) {
			continue
		}
		tried[kind] = true
		other := &killing{killSpec: k.killSpec, processes: k.processes, before: k.before}
		if other.compareWorld(&without, o); other.figures.Lost == 0 {
			k.problem("without what was done for %s (%s) nothing is missed: %v", jobKeyOf(item), kind, other.problems)
		}
	}
	k.disorder(r, o)
	k.figures.missed(slices.Collect(maps.Keys(tried)))
}

// disorder turns a room's messages round: the card is last, and every answer stands
// before its question.
func (k *killing) disorder(r *kept, o owed) {
	for _, inc := range r.incidents {
		without := *r
		without.look(k.ws.State(), k.ws.PagerDutyIncidents())
		list := without.state.Messages[without.room(inc.ID).ID]
		said := slices.DeleteFunc(slices.Clone(list), func(m sandbox.Message) bool { return !ordered.MatchString(keyOf(m)) })
		if len(said) < 2 {
			continue
		}
		slices.Reverse(list)
		other := &killing{killSpec: k.killSpec, processes: k.processes, before: k.before}
		other.compareWorld(&without, o)
		for _, want := range []string{"are out of order", "has to be the card"} {
			if !slices.ContainsFunc(other.problems, func(p string) bool { return strings.Contains(p, want) }) {
				k.problem("with the messages of %s turned round nothing %s: %v", inc.ID, want, other.problems)
			}
		}
		return
	}
}

// take takes away what an effect has left; false if it does not know how.
func (r *kept) take(item store.Item) bool {
	room := r.room(item.Incident)
	if room.ID == "" && item.Effect.Needs() != effect.Nothing {
		return false
	}
	c := slices.IndexFunc(r.state.Channels, func(c sandbox.ChannelState) bool { return c.ID == room.ID })
	switch e := item.Effect.(type) {
	case effect.Say, effect.ShowCard, effect.ShowGuide, effect.Announce:
		if r.messages[jobKeyOf(item)].TS == "" { // a reminder that came too late
			return false
		}
		r.drop(func(m sandbox.Message) bool { return keyOf(m) == jobKeyOf(item) })
	case effect.Draft:
		r.drop(func(m sandbox.Message) bool { return len(m.Files) > 0 })
	case effect.Mark:
		r.drop(func(m sandbox.Message) bool { return m.TS == e.Message.ID })
	case effect.Invite:
		r.state.Channels[c].Members = nil
	case effect.Bookmark:
		r.state.Channels[c].Bookmarks = nil
	case effect.SetTopic:
		r.state.Channels[c].Topic = ""
	case effect.OpenChannel:
		r.state.Channels = slices.Delete(r.state.Channels, c, c+1)
	case effect.Page:
		n := slices.IndexFunc(r.of(item.Incident).Pages, func(p incident.Page) bool { return p.N == e.N })
		page := r.of(item.Incident).Pages[n]
		had := len(r.alertsOf(page)) > 0 && !page.Perhaps
		r.look(r.state, nil)
		return had
	case effect.TellPager:
		owed := r.pagersAt(r.of(item.Incident), item)
		return r.takePager(func(p *sandbox.PagerIncident) bool {
			had := strings.Contains(strings.Join(append(p.Notes, p.Updates...), "\n"), e.Text) && slices.ContainsFunc(owed, func(o sandbox.PagerIncident) bool { return o.ID == p.ID })
			p.Notes, p.Updates = nil, nil
			return had && !r.keyed
		})
	case effect.SyncPager:
		inc := r.of(item.Incident)
		owed := !passedOn(inc) && slices.ContainsFunc(r.pagersAt(inc, item), func(p sandbox.PagerIncident) bool {
			return !inc.Active() || !undecided(inc, p)
		})
		return r.takePager(func(p *sandbox.PagerIncident) bool {
			p.Status, p.Priority = "triggered", ""
			return owed && !r.keyed || r.keyed && r.endsAlert(inc)
		})
	default:
		return false
	}
	r.look(r.state, r.pagers())
	return true
}

// drop takes messages away.
func (r *kept) drop(which func(sandbox.Message) bool) {
	for id, list := range r.state.Messages {
		r.state.Messages[id] = slices.DeleteFunc(list, which)
	}
}

// takePager changes PagerDuty's incidents, and tells whether that took anything away.
func (r *kept) takePager(change func(*sandbox.PagerIncident) bool) (took bool) {
	for id, p := range r.pager {
		took = change(&p) || took
		r.pager[id] = p
	}
	return took
}

func (r *kept) pagers() (list []sandbox.PagerIncident) {
	for _, p := range r.pager {
		list = append(list, p)
	}
	return list
}
