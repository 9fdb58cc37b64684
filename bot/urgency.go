package bot

import (
	"strconv"
	"time"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/store"
)

// Urgency tells which of two effects goes first where the world does not take
// both at once.
type Urgency struct {
	Class    Class
	Severity incident.Severity // of the incident
	Since    time.Time         // when it was asked for
}

// Class is what an effect is to the people in an incident; the lowest goes first.
type Class int

// The classes of effects.
const (
	Gathering  Class = iota // brings people together: without it nobody can work
	Beginning               // what a room begins with: its card, its guide, the announcement
	Answering               // what a person asked for, or is called by name in
	Furnishing              // topic and bookmarks
	Following               // shows again what has changed; tells of alerts
)

// Vital tells whether people cannot begin before it is done. A part of what the
// chat takes is held back for what is.
func (u Urgency) Vital() bool { return u.Class <= Beginning }

// patience is how long an effect may wait: with each quarter of it that has
// passed it rises by one class, and after the whole of it not even a worse
// severity keeps it back. Effects that gather people are served by severity
// however long they wait: a hundred rooms that nobody looked at for ten minutes
// must not stand before the one that is burning.
const patience = 10 * time.Minute

// Before tells whether u goes before v at a time: by class, by severity, the
// older first.
func (u Urgency) Before(v Urgency, at time.Time) bool {
	u, v = u.aged(at), v.aged(at)
	if u.Class != v.Class {
		return u.Class < v.Class
	}
	if u.Severity != v.Severity {
		return u.Severity.Worse(v.Severity)
	}
	return u.Since.Before(v.Since)
}

// aged is what an urgency has become by waiting.
func (u Urgency) aged(at time.Time) Urgency {
	waited := at.Sub(u.Since)
	if u.Class > Gathering && waited >= patience {
		return Urgency{Gathering, incident.SEV1, u.Since}
	}
	u.Class = max(Gathering, u.Class-Class(max(0, waited/(patience/4))))
	return u
}

// urgency is a lane's: its first effect stands in the way of all others, so it
// is as urgent as the most urgent of them. There has to be one.
func urgency(inc incident.Incident, items []store.Item) Urgency {
	u := Urgency{Following, inc.Severity, asked(inc, items[0])}
	for _, i := range items {
		u.Class = min(u.Class, class(inc, i))
	}
	return u
}

// asked is when an effect was asked for. A projection that replaced one which
// was attempted already was asked for when that one was.
func asked(inc incident.Incident, i store.Item) time.Time {
	if i.Seq < 1 || i.Seq > inc.Last() {
		return i.First
	}
	at := inc.Timeline[i.Seq-1].Logged
	if !i.First.IsZero() && i.First.Before(at) {
		return i.First
	}
	return at
}

func class(inc incident.Incident, i store.Item) Class {
	switch e := i.Effect.(type) {
	case effect.OpenChannel, effect.Invite, effect.Page:
		return Gathering
	case effect.ShowCard:
		return showing(inc, incident.PostedCard)
	case effect.ShowGuide:
		return showing(inc, incident.PostedGuide+strconv.Itoa(e.Seq))
	case effect.Announce:
		return showing(inc, incident.PostedAnnouncement)
	case effect.SetTopic, effect.Bookmark:
		return Furnishing
	case effect.Say:
		if len(e.Message.Mentions) == 0 && fromAlert(inc, i.Seq) {
			return Following
		}
	}
	return Answering
}

// showing is the class of what is posted once and then edited.
func showing(inc incident.Incident, what string) Class {
	if inc.Posts[what].Message.Zero() {
		return Beginning
	}
	return Following
}

// fromAlert tells whether what event seq tells of is an alert.
func fromAlert(inc incident.Incident, seq int) bool {
	if seq < 1 || seq > inc.Last() {
		return false
	}
	_, ok := inc.Timeline[seq-1].Fact.(incident.Signaled)
	return ok
}
