package command

import (
	"context"
	"errors"
	"slices"

	"tocsin/bot/incident"
	"tocsin/store"
)

// way is how one verb does what another one is for: whoever may not use the other may not
// go this way round it.
type way struct {
	verb string // the other one, by its name
	says string // what is done, after "That": "closes it"
	// to is the incident that it is done to, whose roles count; false if what is said,
	// or how that incident stands, makes it none of this.
	to func(context.Context, *Call) (incident.Incident, bool, error)
}

// amounts is what each verb amounts to besides itself. A verb that only reads, or does
// what no other is for, has an empty line; a new verb needs one, and a test asks for it.
// What follows by itself is nobody's deed: a play's postmortem on resolving, a private
// incident being a SEV2 at least, a guide for a symptom, PagerDuty's urgency going with the
// severity. What a report says of itself when it opens an incident (since when, what
// it is like, that it is private) corrects nothing that is on record. And a role is its
// holder's to hand over.
var amounts = map[string][]way{
	"open": {{"sev", "sets the severity", rated}},

	"merge":  {{"close", "closes the duplicate", here}, {"attach", "brings alerts to the other incident", mergedInto}},
	"attach": {{"close", "closes the other incident", takenIn}, {"merge", "merges the other incident", takenIn}},
	"close": {
		{"merge", "merges them", duplicateHere}, {"attach", "brings alerts to the other incident", duplicateOf},
		{"resolve", "ends it while it is open", dismissed},
	},
	"split": {{"detach", "takes alerts off", here}, {"open", "opens another incident", here}},

	"resolve": {{"mitigated", "says that impact is over", unmitigated}},
	"reopen":  {{"page", "has PagerDuty call people again", calledBefore}},
	"resync":  {{"page", "pages again where that failed", unpaged}, {"room", "opens the room that waits", held}},
	"assign":  {{"take", "is taking a role", oneself}},
	"changed": {{"note", "puts a note on the timeline", here}},
	"pin":     {{"note", "puts a note on the timeline", pinnedTo}},

	"take": {}, "handover": {}, "join": {}, "arrived": {}, "left": {},
	"sev": {}, "symptom": {}, "began": {}, "note": {}, "update": {}, "task": {}, "action": {},
	"guide": {}, "mitigate": {}, "mitigated": {}, "page": {}, "detach": {}, "room": {}, "hold": {},
	"link": {}, "postmortem": {},
	"private": {}, // whoever sees a leak takes it out of sight at once: it has its own name for a limit
	"list":    {}, "oncall": {}, "status": {}, "help": {}, "menu": {}, "alerts": {}, "timeline": {},
}

// here is the call's own incident, if there is one.
func here(_ context.Context, c *Call) (incident.Incident, bool, error) { return c.Inc, c.Has(), nil }

// where is here while is holds of it.
func (c *Call) where(is bool) (incident.Incident, bool, error) { return c.Inc, is && c.Has(), nil }

// other is another incident than the call's, if there is one of that number that the
// person can see: the verb itself tells of one that there is not.
func (c *Call) other(ctx context.Context, id incident.ID) (incident.Incident, bool, error) {
	if id == "" || id == c.Inc.ID {
		return incident.Incident{}, false, nil
	}
	inc, err := c.Incident(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return inc, false, nil
	}
	return inc, err == nil && inc.VisibleTo(c.By), err
}

// rated is the incident that is about to be opened, if somebody says another severity
// than the usual.
func rated(_ context.Context, c *Call) (incident.Incident, bool, error) {
	sev, _, err := leadingSeverity(c.Args)
	if c.Values != nil {
		sev, err = incident.ParseSeverity(c.Values["severity"])
	}
	return c.opened(), err == nil && sev != "" && sev != usualSeverity, nil
}

// usualSeverity is how bad an incident is taken to be while nobody says: to say so is
// to rate nothing.
const usualSeverity = incident.SEV3

// opened is the incident that a call opens, as far as who may do what hangs on it: who
// opens it is its declarer and commander, and the first in its channel.
func (c *Call) opened() incident.Incident {
	return incident.Incident{
		Declarer: c.By, People: []incident.Person{c.By.Person},
		Roles: map[incident.Role]incident.Person{incident.Commander: c.By.Person},
	}
}

func mergedInto(ctx context.Context, c *Call) (incident.Incident, bool, error) {
	id, _, _ := mergeInto(c.Args)
	return c.other(ctx, id)
}

func takenIn(ctx context.Context, c *Call) (incident.Incident, bool, error) {
	id, _ := incident.ParseID(firstWord(c.Args))
	return c.other(ctx, id)
}

// duplicateOf is the incident of which the call's is closed as a duplicate.
func duplicateOf(ctx context.Context, c *Call) (incident.Incident, bool, error) {
	reason, rest, _ := closeReason(c.Args)
	if reason.ID != "duplicate" {
		return incident.Incident{}, false, nil
	}
	word, _ := originalWord(rest)
	id, _ := incident.ParseID(word)
	return c.other(ctx, id)
}

// duplicateHere is the call's incident, if it is closed as a duplicate of another one.
func duplicateHere(ctx context.Context, c *Call) (incident.Incident, bool, error) {
	_, is, err := duplicateOf(ctx, c)
	return c.Inc, is, err
}

// dismissed is here if it is closed while people are at it. A duplicate goes on elsewhere.
func dismissed(_ context.Context, c *Call) (incident.Incident, bool, error) {
	reason, _, _ := closeReason(c.Args)
	return c.where(reason.ID == "false-alarm" && c.Inc.Active())
}

func unmitigated(_ context.Context, c *Call) (incident.Incident, bool, error) {
	return c.where(c.Inc.Status == incident.Investigating)
}

func calledBefore(ctx context.Context, c *Call) (incident.Incident, bool, error) {
	return c.where(c.CallsAgain(ctx, c.Inc))
}

// unpaged is here if a page failed for good: to try again is to call people now.
func unpaged(_ context.Context, c *Call) (incident.Incident, bool, error) {
	return c.where(slices.ContainsFunc(c.Inc.Failures, func(f incident.Failed) bool { return f.Effect == incident.FailedPage }))
}

func held(_ context.Context, c *Call) (incident.Incident, bool, error) {
	return c.where(c.Inc.Held != "")
}

func oneself(_ context.Context, c *Call) (incident.Incident, bool, error) {
	_, to, err := roleAndPerson(c, "assign")
	return c.where(err == nil && to.Is(c.By.Person))
}

// pinnedTo is the incident whose timeline a message is put on, also one that the form names.
func pinnedTo(ctx context.Context, c *Call) (incident.Incident, bool, error) {
	if c.Has() {
		return c.Inc, true, nil
	}
	id, _ := incident.ParseID(c.Values["incident"])
	return c.other(ctx, id)
}
