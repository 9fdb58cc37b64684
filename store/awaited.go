package store

import (
	"reflect"
	"slices"
	"strconv"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

// outboxOf is what must be waiting for an incident: effects that were asked for, each
// of which leads to a fact that is not there, and was neither given up nor dropped. Of
// those that lead to no fact a second copy tells (due.go). It says nothing that is not
// certain.
func outboxOf(inc incident.Incident) []Item {
	a := &awaited{inc: inc}
	gaveUp := func(e effect.Effect) bool {
		return slices.ContainsFunc(inc.Failures, func(f incident.Failed) bool { return f.Effect == effect.Effects.Name(e) })
	}
	room := inc.Channel.Channel != ""
	if !lacks(inc.Timeline) {
		for _, e := range inc.Timeline {
			a.follow(e)
		}
	}
	if !room && inc.Held == "" && inc.Active() && !gaveUp(effect.OpenChannel{}) {
		a.ask(inc.Last(), effect.OpenChannel{})
	}
	if room && inc.Posts[incident.PostedCard].What == "" && !gaveUp(effect.ShowCard{}) {
		a.ask(inc.Last(), effect.ShowCard{})
	}
	return a.items
}

// awaited is what waits after the events that were followed.
type awaited struct {
	inc    incident.Incident // after all of its events
	items  []Item
	held   bool // what needs a room is not asked for
	room   bool // there is one
	guide  int  // the event that served the guide there is
	drafts int  // asked for so far
	// failed are what was given up and not tried again.
	failed []incident.Failed
}

// follow adds what an event asks for, and takes out what it tells the end of.
func (a *awaited) follow(e incident.Event) {
	switch f := e.Fact.(type) {
	case incident.RoomHeld:
		a.held = true
		a.drop(func(e effect.Effect) bool { return e.Needs() != effect.Nothing })
		if !f.Quiet {
			a.announce(e.Seq)
		}
	case incident.RoomWanted:
		a.held = false
		a.announce(e.Seq)
		a.show(e.Seq, a.guide)
	case incident.Linked:
		a.held, a.room = false, true
		a.announce(e.Seq)
	case incident.GuideServed:
		a.guide = e.Seq
		a.show(e.Seq, a.guide)
	case incident.PostmortemAsked:
		a.drafts++
		a.ask(e.Seq, effect.Draft{Through: e.Seq, N: a.drafts})
	case incident.Pinned:
		a.ask(e.Seq, effect.Fetch{Message: f.Message})
	case incident.Quoted:
		a.done(effect.Fetch{Message: f.Quote.Message})
	case incident.PageAsked:
		if slices.ContainsFunc(a.inc.Pages, func(p incident.Page) bool { return p.N == f.N && p.Waits() }) {
			a.ask(e.Seq, effect.Page{N: f.N})
		}
	case incident.Posted:
		if f.What == incident.PostedPostmortem {
			a.drafted()
		}
	case incident.Failed:
		a.failed = append(a.failed, f)
		a.giveUp(f)
	case incident.Resynced:
		a.again(e.Seq)
	}
}

// again asks for what was given up, and for what a room is made anew with.
func (a *awaited) again(seq int) {
	for _, f := range a.failed {
		switch e, _, err := effect.Effects.Decode(f.Effect, f.Data); e.(type) {
		case effect.Draft, effect.Fetch:
			if err == nil {
				a.ask(seq, e)
			}
		}
	}
	if a.failed = nil; a.room {
		a.announce(seq)
		a.show(seq, a.guide)
	}
}

func (a *awaited) ask(seq int, e effect.Effect) {
	if !a.held || e.Needs() == effect.Nothing {
		a.items = append(a.items, NewItem(a.inc.ID, seq, 0, e))
	}
}

// announce asks for the announcement, if it is not there yet; a private incident has none.
func (a *awaited) announce(seq int) {
	if a.done(effect.Announce{}); !a.inc.Private && a.inc.Posts[incident.PostedAnnouncement].What == "" {
		a.ask(seq, effect.Announce{})
	}
}

// show asks for the message of the guide that an event served, if it is not there yet.
func (a *awaited) show(seq, guide int) {
	if a.done(effect.ShowGuide{Seq: guide}); guide > 0 && a.inc.Posts[incident.PostedGuide+strconv.Itoa(guide)].What == "" {
		a.ask(seq, effect.ShowGuide{Seq: guide})
	}
}

// drafted takes out the first draft that waits: they are posted in their order.
func (a *awaited) drafted() {
	first := slices.IndexFunc(a.items, func(i Item) bool { _, is := i.Effect.(effect.Draft); return is })
	if first >= 0 {
		a.items = slices.Delete(a.items, first, first+1)
	}
}

// giveUp takes out what was given up. Of a page the incident tells whether it waits.
func (a *awaited) giveUp(f incident.Failed) {
	e, known, err := effect.Effects.Decode(f.Effect, f.Data)
	switch {
	case !known || err != nil || f.Data == nil:
		a.drop(func(e effect.Effect) bool { return effect.Effects.Name(e) == f.Effect })
	case f.Effect != incident.FailedPage: // tried again, it waits again
		a.done(e)
	}
}

func (a *awaited) done(e effect.Effect) {
	a.drop(func(o effect.Effect) bool { return reflect.DeepEqual(o, e) })
}

func (a *awaited) drop(which func(effect.Effect) bool) {
	a.items = slices.DeleteFunc(a.items, func(i Item) bool { return which(i.Effect) })
}
