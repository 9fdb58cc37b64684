package store

import (
	"slices"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

// ChannelHandle leads from a chat channel to its incident.
func ChannelHandle(channel string) string { return "channel/" + channel }

// CauseHandle leads from the request that declared an incident to that.
func CauseHandle(cause string) string { return "cause/" + cause }

// MergedHandle leads from a duplicate to the incident that has its alerts now.
func MergedHandle(id incident.ID) string { return "merged/" + string(id) }

// handlesOf are the handles that follow from a timeline and lead to its incident.
func handlesOf(events []incident.Event) []string {
	var names []string
	if cause := events[0].Cause; cause != "" {
		names = append(names, CauseHandle(cause))
	}
	for _, e := range events {
		if f, ok := e.Fact.(incident.Linked); ok && !slices.Contains(names, ChannelHandle(f.Channel)) {
			names = append(names, ChannelHandle(f.Channel))
		}
	}
	return names
}

// outboxOf are the effects that an incident must be waiting for: without the fact that
// each leads to, it was not performed. Of effects that lead to no fact nobody can
// tell but the outbox itself.
func outboxOf(inc incident.Incident) []effect.Effect {
	var list []effect.Effect
	ask := func(e effect.Effect, open bool) {
		failed := slices.ContainsFunc(inc.Failures, func(f incident.Failed) bool { return f.Effect == effect.Effects.Name(e) })
		if open && !failed {
			list = append(list, e)
		}
	}
	room := inc.Channel.Channel != ""
	ask(effect.OpenChannel{}, !room && inc.Held == "" && inc.Active())
	ask(effect.ShowCard{}, room && inc.Posts[incident.PostedCard].What == "")
	for _, p := range inc.Pages {
		ask(effect.Page{N: p.N}, p.Waits())
	}
	return list
}
