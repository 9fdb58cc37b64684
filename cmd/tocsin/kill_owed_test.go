package main

import (
	"slices"
	"strconv"
	"strings"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
	"tocsin/store"
)

// compareOwed: whatever follows from an event is there, and no message is that follows
// from none.
func (k *killing) compareOwed(r *kept, o owed) {
	for _, item := range o.must {
		k.compareItem(r, r.of(item.Incident), item)
	}
	for key := range r.messages {
		if ordered.MatchString(key) && !o.may[key] {
			k.double("the message %s follows from nothing: %q", key, r.messages[key].Text)
		}
	}
}

// compareItem looks for what an effect has to have left. Topics and rooms are compared
// with the present state, by compareRoom.
func (k *killing) compareItem(r *kept, inc incident.Incident, item store.Item) {
	key, room := jobKeyOf(item), r.room(inc.ID)
	switch e := item.Effect.(type) {
	case effect.Say:
		k.compareSay(r, inc, item, e.Message)
	case effect.ShowCard, effect.ShowGuide, effect.Announce:
		if r.messages[key].TS == "" {
			k.lost("the message %s", key)
		}
	case effect.Invite:
		for _, u := range e.People {
			k.comparePerson(inc, room, u)
		}
	case effect.Bookmark:
		there := func(b sandbox.Bookmark) bool { return b.Link == e.URL && b.Title == incident.Cut(e.Title, 150) }
		if !slices.ContainsFunc(room.Bookmarks, there) {
			k.lost("the bookmark %q (%s) of %s", e.Title, e.URL, inc.ID)
		}
	case effect.Fetch:
		k.compareQuote(inc, e.Message)
	case effect.Mark:
		k.compareMark(r, e.Message)
	case effect.Draft:
		if name := bot.DraftName(inc, e); !slices.Contains(r.files[name], room.ID) {
			k.lost("the file %s in the room of %s", name, inc.ID)
		}
	case effect.Page:
		k.comparePage(r, inc, e.N)
	case effect.TellPager:
		k.compareTold(r, inc, item, e)
	case effect.SyncPager:
		k.comparePagerState(r, inc, item)
	case effect.OpenChannel, effect.SetTopic:
	default:
		k.problem("nobody looks for %T, which %s asks for", e, key)
	}
}

// compareSay: a message is in the incident's room, with the words of whoever asked for it.
func (k *killing) compareSay(r *kept, inc incident.Incident, item store.Item, m effect.Message) {
	key := jobKeyOf(item)
	said, there := r.messages[key]
	e := r.timelines[inc.ID][item.Seq-1]
	if !there {
		if _, reminder := e.Fact.(incident.Reminded); !reminder || !k.dropped(item) {
			k.lost("the message %s, of %s: %q", key, incident.Facts.Name(e.Fact), m.Body)
		}
		return
	}
	for _, t := range tokens.FindAllString(m.Body, -1) {
		if !strings.Contains(said.Text, t) {
			k.lost("%s in the message %s: %q", t, key, said.Text)
		}
	}
}

// dropped tells whether the bot says in its log that a reminder came too late: what it
// reminds of was done meanwhile.
func (k *killing) dropped(item store.Item) bool {
	return slices.ContainsFunc(k.lines(), func(line string) bool {
		return strings.Contains(line, `msg="dropped, because it comes too late"`) &&
			strings.Contains(line, " incident="+string(item.Incident)+" ") && strings.HasSuffix(line, " event="+strconv.Itoa(item.Seq))
	})
}

// comparePerson: who was invited is in the room.
func (k *killing) comparePerson(inc incident.Incident, room sandbox.ChannelState, u incident.User) {
	if u != "" && !slices.Contains(room.Members, string(u)) {
		k.lost("%s is not in the room of %s", u, inc.ID)
	}
}

// compareQuote: a message that was pinned is on the timeline.
func (k *killing) compareQuote(inc incident.Incident, m incident.Message) {
	quoted := func(e incident.Event) bool {
		f, ok := e.Fact.(incident.Quoted)
		return ok && f.Quote.Message == m
	}
	if !slices.ContainsFunc(inc.Timeline, quoted) {
		k.lost("the pinned message %s on the timeline of %s", m.ID, inc.ID)
	}
}

// compareMark: a message that is on the timeline has its mark.
func (k *killing) compareMark(r *kept, at incident.Message) {
	for _, m := range r.state.Messages[at.Channel] {
		if m.TS == at.ID && slices.ContainsFunc(m.Reactions, func(r sandbox.Reaction) bool { return r.Name == markName }) {
			return
		}
	}
	k.lost("the mark on the message %s in %s", at.ID, at.Channel)
}

// markName is the reaction with which the bot marks a message.
const markName = "white_check_mark"
