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

// PrivateHandle leads from an incident to the one that goes on with it in private.
func PrivateHandle(id incident.ID) string { return privatePrefix + string(id) }

const (
	privatePrefix = "private/"
	movedPrefix   = "moved/" // of the cause by which the incident that went on in private was closed
)

// handlesOf are the handles that follow from a timeline and lead to its incident. Where
// an incident went on in private twice, the handle leads to who was first.
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
		case incident.Declared:
			if f.From != "" {
				add(PrivateHandle(f.From))
			}
		case incident.Linked:
			add(ChannelHandle(f.Channel))
		}
	}
	return names
}

// wentOn are the requests by which an incident went on in private. The first of them
// declared the other one, and its cause handle leads there: so an incident is found that
// an older tocsin declared, which did not say what it goes on with.
func wentOn(events []incident.Event) (handles []string) {
	for _, e := range events {
		f, closed := e.Fact.(incident.Closed)
		if request, moved := strings.CutPrefix(e.Cause, movedPrefix); closed && f.Reason == "moved" && moved {
			handles = append(handles, CauseHandle(privatePrefix+request))
		}
	}
	return handles
}

// goesOn tells whether a timeline says, or may say, that its incident goes on with another
// one in private, whose handle name is.
func goesOn(events []incident.Event, name string) bool {
	f, declared := events[0].Fact.(incident.Declared)
	if declared && f.From != "" {
		return PrivateHandle(f.From) == name
	}
	return lacks(events) || f.Private && strings.HasPrefix(events[0].Cause, privatePrefix) // which older ones do not say
}

// private tells whether a name is a PrivateHandle.
func private(name string) bool { return strings.HasPrefix(name, privatePrefix) }

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
