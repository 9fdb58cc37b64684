package store

import (
	"slices"
	"strings"

	"tocsin/bot/incident"
)

// ChannelHandle leads from a chat channel to its incident.
func ChannelHandle(channel string) string { return "channel/" + channel }

// CauseHandle leads from the request that declared an incident to that.
func CauseHandle(cause string) string { return "cause/" + cause }

// MergedHandle leads from a duplicate to the incident that has its alerts now.
func MergedHandle(id incident.ID) string { return "merged/" + string(id) }

// handlesOf are the handles that follow from a timeline and lead to its incident. Where
// a duplicate was merged more than once, its handle leads to who was first.
func handlesOf(events []incident.Event) []string {
	var names []string
	add := func(name string) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if cause := events[0].Cause; cause != "" {
		add(CauseHandle(cause))
	}
	for _, e := range events {
		switch f := e.Fact.(type) {
		case incident.Linked:
			add(ChannelHandle(f.Channel))
		case incident.Merged:
			add(MergedHandle(f.From))
		}
	}
	return names
}

// merged is the duplicate whose handle a name is.
func merged(name string) (incident.ID, bool) {
	id, ok := strings.CutPrefix(name, MergedHandle(""))
	return incident.ID(id), ok
}

// lacks tells whether a timeline has events that cannot be read here: what they said
// may have changed anything.
func lacks(events []incident.Event) bool {
	return slices.ContainsFunc(events, func(e incident.Event) bool {
		switch e.Fact.(type) {
		case incident.Lost, incident.Unknown:
			return true
		}
		return false
	})
}
