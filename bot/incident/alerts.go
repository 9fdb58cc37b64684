package incident

import (
	"slices"
	"time"
)

// Detach takes alerts, by their numbers, off the incident; to is where they go
// on, "" for nowhere. A number said twice counts once.
func (inc Incident) Detach(numbers []int, to ID) ([]Fact, error) {
	if to != "" && to == inc.ID {
		return nil, Refusef("%s has them already. Name another incident: `detach 2 to INC-7`.", inc.ID)
	}
	var facts []Fact
	for _, n := range distinct(numbers) {
		s, ok := inc.AlertNumber(n)
		if !ok {
			return nil, Refusef("There is no alert %d here. `/incident alerts` shows them with their numbers.", n)
		}
		facts = append(facts, Detached{Source: s.Source, Key: s.Key, Title: s.Title, To: to})
	}
	if len(facts) == 0 {
		return nil, Refusal("Which alert? `/incident alerts` shows them with their numbers: `detach 2`.")
	}
	return facts, nil
}

// distinct is list without what it says a second time.
func distinct(list []int) []int {
	said := map[int]bool{}
	return slices.DeleteFunc(slices.Clone(list), func(n int) bool {
		again := said[n]
		said[n] = true
		return again
	})
}

// AlertNumber is the alert with a number of Alerts; ok is false if the incident does
// not have it.
func (inc Incident) AlertNumber(n int) (s Signaled, ok bool) {
	if inc.index == nil {
		return s, false
	}
	keys := inc.index.keys(len(inc.Timeline))
	if n < 1 || n > len(keys) {
		return s, false
	}
	return inc.index.alert(keys[n-1], len(inc.Timeline))
}

// Hold keeps the room from being opened until a person asks for it. Where
// somebody has asked, or there is a room, it is too late for that. quiet asks nobody
// about it.
func (inc Incident) Hold(why string, quiet bool) []Fact {
	if inc.Channel.Channel != "" || inc.Held != "" || !inc.Active() || inc.wanted() {
		return nil
	}
	return []Fact{RoomHeld{Why: why, Quiet: quiet}}
}

// wanted tells whether somebody asked for the room. While there is none, the
// timeline is short.
func (inc Incident) wanted() bool {
	return slices.ContainsFunc(inc.Timeline, func(e Event) bool {
		_, ok := e.Fact.(RoomWanted)
		return ok
	})
}

// WantRoom asks for the room that was held. Who asks is in it, if they are in the chat.
func (inc Incident) WantRoom(by Person) ([]Fact, error) {
	switch {
	case !inc.Visible(by):
		return nil, stranger
	case inc.Channel.Channel != "":
		return nil, Refusef("%s has a room already: #%s.", inc.ID, Escape(inc.Channel.Name))
	case !inc.Active():
		return nil, Refusef("%s is %s. If it is back, use `reopen` first.", inc.ID, inc.Status)
	case inc.Held == "":
		return nil, Refusef("The room of %s is on its way already: #%s.", inc.ID, inc.ChannelName())
	}
	facts := []Fact{RoomWanted{}}
	if by.User != "" && !inc.Knows(by) {
		facts = append(facts, Joined{by})
	}
	return facts, nil
}

// AskPage asks PagerDuty for people.
func (inc Incident) AskPage(to PageTarget, text string) ([]Fact, error) {
	if err := inc.open(); err != nil {
		return nil, err
	}
	if to == (PageTarget{}) {
		return nil, Refusal("Who is to be paged? Name a service, an escalation policy or a person of PagerDuty: for example `page chat-api`.")
	}
	text, err := remark(text)
	if err != nil {
		return nil, err
	}
	return []Fact{PageAsked{N: len(inc.Pages) + 1, To: to, Text: Cut(text, maxPage)}}, nil
}

// maxPage is how long the text of a page may be: a phone shows no more.
const maxPage = 500

// SyncedTo tells whether tocsin itself made PagerDuty's incident show a state or a
// priority since a time, and before what happened there at another one could be told: what
// comes back of it is no news. A deed is on record once it is answered, or found.
func (inc Incident) SyncedTo(key, state, priority string, since, at time.Time) bool {
	for i := len(inc.Timeline) - 1; i >= 0 && inc.Timeline[i].Logged.After(since); i-- {
		f, ok := inc.Timeline[i].Fact.(PagerSynced)
		if ok && f.Key == key && !at.After(inc.Timeline[i].Logged.Add(apart)) && (state != "" && f.State == state || priority != "" && f.Priority == priority) {
			return true
		}
	}
	return false
}

// apart is by how much PagerDuty's clock may be ahead of ours.
const apart = time.Minute

// MayMerge refuses what cannot be a duplicate of another incident.
func (inc Incident) MayMerge(original Incident) error {
	switch {
	case inc.ID == original.ID:
		return Refusef("%s cannot be a part of itself.", inc.ID)
	case inc.Private != original.Private:
		return Refusef("One of %s and %s is private and the other is not: merging them would tell everybody of it.", inc.ID, original.ID)
	case !original.Active():
		return Refusef("%s is %s. `/incident %s reopen` first, or name another one.", original.ID, original.Status, original.ID)
	}
	return nil
}

// MayRegroup refuses to take alerts off what goes on as another incident, or to bring any:
// they are there.
func (inc Incident) MayRegroup() error {
	switch {
	case inc.Reason == "moved":
		return Refusef("%s goes on in private, and its alerts with it. Ask its commander to bring you in.", inc.ID)
	case inc.PassedOn():
		return Refusef("%s is part of %s, and its alerts are there: `/incident %s alerts`.", inc.ID, inc.Original, inc.Original)
	}
	return nil
}
