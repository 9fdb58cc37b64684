package bot

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

// react tells what the world must hear of an event: one case a fact. inc is the
// incident with the whole transaction folded in. It is pure: all that it says
// is in the event, the incident and the bot's configuration.
func (b *Bot) react(e incident.Event, inc incident.Incident) []effect.Effect {
	switch f := e.Fact.(type) {
	case incident.Declared:
		if inc.Held != "" {
			return b.announce(inc)
		}
		return append([]effect.Effect{effect.OpenChannel{}}, fromShell(e, inc)...)
	case incident.RoomHeld:
		return b.announce(inc)
	case incident.RoomWanted:
		return b.opening(inc)
	case incident.Linked:
		return append(b.refresh(inc, true), b.furnish(inc, false)...)
	case incident.Posted:
		return posted(f, inc)
	case incident.GuideServed:
		return append(b.refresh(inc, false), showGuides(e, inc)...)
	case incident.StepTaken:
		return []effect.Effect{effect.ShowGuide{Seq: inc.Guide.Seq}}
	case incident.GuideOffered:
		return []effect.Effect{say(b.offer(inc, f))}
	case incident.MitigationChosen:
		return []effect.Effect{say(b.begunMessage(e, f, inc))}
	case incident.PlayStarted, incident.TaskAdded, incident.TaskDone:
		return b.refresh(inc, false)
	case incident.Signaled:
		return b.signaled(e, f, inc)
	case incident.Detached:
		return append(b.refresh(inc, false), b.detached(e, inc)...)
	case incident.Merged:
		return append(append(b.refresh(inc, false), echo(e, inc)), b.syncPager(inc)...)
	case incident.PageAsked:
		return []effect.Effect{effect.Page{N: f.N}}
	case incident.Paged:
		effects := append(b.refresh(inc, false), say(pagedMessage(e, f, inc)))
		if overtook(f, inc) {
			effects = append(effects, b.syncPager(inc)...)
		}
		return effects
	case incident.Joined:
		return invite(inc, f.Person)
	case incident.Left:
		return b.left(e, inc)
	case incident.Assigned:
		return b.assigned(e, f, inc)
	case incident.SeverityChanged, incident.Reopened, incident.Closed:
		return append(append(b.refresh(inc, true), say(b.stateMessage(e, inc))), b.syncPager(inc)...)
	case incident.Mitigated, incident.Resolved:
		effects := append(b.refresh(inc, true), say(b.stateMessage(e, inc)))
		return append(append(effects, askHelped(e, inc)...), b.syncPager(inc)...)
	case incident.SymptomChanged:
		return append(b.refresh(inc, false), b.classified(e, f, inc)...)
	case incident.LinkGiven:
		return []effect.Effect{echo(e, inc)}
	case incident.ImpactBegan, incident.ActionAdded, incident.ActionDone:
		return append(b.refresh(inc, false), echo(e, inc))
	case incident.Noted:
		return append([]effect.Effect{echo(e, inc)}, b.tellPager(e, inc, incident.PagerNotes, f.Text)...)
	case incident.Updated:
		effects := append(b.refresh(inc, false), say(b.updateMessage(e, f, inc)))
		effects = append(effects, b.announce(inc)...)
		return append(effects, b.tellPager(e, inc, incident.PagerUpdates, f.Text)...)
	case incident.Pinned:
		return []effect.Effect{effect.Fetch{Message: f.Message}}
	case incident.Quoted:
		if inc.Private && f.Quote.Message.Channel != inc.Channel.Channel {
			return nil // a mark would show outside what is private
		}
		return []effect.Effect{effect.Mark{Message: f.Quote.Message}}
	case incident.PostmortemAsked:
		return []effect.Effect{effect.Draft{Through: e.Seq, N: inc.Drafts}}
	case incident.Reminded:
		if inc.Held != "" {
			return nil
		}
		return []effect.Effect{say(remindMessage(f, inc))}
	case incident.Failed:
		return b.failed(f, inc)
	case incident.Barred:
		return b.barred(e, f, inc)
	case incident.Resynced:
		if inc.Channel.Channel == "" {
			return append(retry(inc), effect.OpenChannel{})
		}
		effects := append(append(b.refresh(inc, true), b.furnish(inc, true)...), retry(inc)...)
		if inc.Guide.Seq > 0 {
			effects = append(effects, effect.ShowGuide{Seq: inc.Guide.Seq})
		}
		return effects
	}
	return nil
}

// furnish brings people and links into the channel: none of these waits for
// another. again is set when some of it may be there already.
func (b *Bot) furnish(inc incident.Incident, again bool) []effect.Effect {
	effects := invite(inc, inc.People...)
	bookmark := func(title, url string) {
		if url != "" {
			effects = append(effects, effect.Bookmark{Title: title, URL: url, Again: again})
		}
	}
	bookmark("Guide: "+inc.Guide.Title, b.guideURL(inc.Guide.Guide))
	for n, s := range inc.Alerts() {
		if n > few { // the card and the list have them all
			break
		}
		bookmark("Alert in "+sourceTitle(s.Source), s.Link)
		bookmark("Runbook of "+incident.Cut(s.Title, maxTitle), s.Runbook)
	}
	bookmark(cardBookmark, inc.Posts[incident.PostedCard].Link)
	return effects
}

// showGuides shows the guide that was served, and on the one before it that it
// was set aside.
func showGuides(e incident.Event, inc incident.Incident) []effect.Effect {
	effects := []effect.Effect{effect.ShowGuide{Seq: e.Seq}}
	for _, before := range slices.Backward(inc.Timeline[:e.Seq-1]) {
		if _, ok := before.Fact.(incident.GuideServed); ok {
			if _, posted := inc.Posts[incident.PostedGuide+strconv.Itoa(before.Seq)]; posted {
				effects = append(effects, effect.ShowGuide{Seq: before.Seq})
			}
			break
		}
	}
	return effects
}

// cardBookmark leads to the status card from the top of the channel.
const cardBookmark = "Status card"

// refresh has what shows the present state show it: the card always, the topic
// and the announcement when what they tell has changed. Before there is a
// channel there is nothing to refresh.
func (b *Bot) refresh(inc incident.Incident, everywhere bool) []effect.Effect {
	if inc.Channel.Channel == "" {
		if inc.Held != "" {
			return b.announce(inc)
		}
		return nil
	}
	effects := []effect.Effect{effect.ShowCard{}}
	if everywhere {
		effects = append(effects, effect.SetTopic{})
		effects = append(effects, b.announce(inc)...)
	}
	return effects
}

// announce shows the incident in the announcement channel; a private one is
// shown nowhere.
func (b *Bot) announce(inc incident.Incident) []effect.Effect {
	if inc.Private || inc.Channel.Channel == "" && (inc.Held == "" || inc.Quiet) {
		return nil
	}
	return []effect.Effect{effect.Announce{}}
}

// shown drops what nobody would see: while an incident has no room and none is on
// its way, there is only its question in the announcement channel.
func (b *Bot) shown(inc incident.Incident, effects []effect.Effect) []effect.Effect {
	if inc.Held == "" || inc.Channel.Channel != "" {
		return effects
	}
	return slices.DeleteFunc(effects, func(e effect.Effect) bool { return e.Needs() != effect.Nothing })
}

// opening opens the room that was held, with the guide and what began it.
func (b *Bot) opening(inc incident.Incident) []effect.Effect {
	effects := []effect.Effect{effect.OpenChannel{}, effect.Announce{}}
	if inc.Guide.Seq > 0 {
		effects = append(effects, effect.ShowGuide{Seq: inc.Guide.Seq})
	}
	for _, e := range inc.Timeline {
		if f, ok := e.Fact.(incident.Signaled); ok {
			return append(effects, say(firstAlert(e, f, inc)))
		}
	}
	return effects
}

// invite brings people into the channel. Before there is one, they wait among
// the incident's people.
func invite(inc incident.Incident, people ...incident.Person) []effect.Effect {
	if inc.Channel.Channel == "" {
		return nil
	}
	var users []incident.User
	for _, p := range people {
		if p.User != "" {
			users = append(users, p.User)
		}
	}
	if len(users) == 0 {
		return nil
	}
	return []effect.Effect{effect.Invite{People: users}}
}

func posted(f incident.Posted, inc incident.Incident) []effect.Effect {
	if seq, err := strconv.Atoi(strings.TrimPrefix(f.What, incident.PostedGuide)); err == nil && seq != inc.Guide.Seq {
		return []effect.Effect{effect.ShowGuide{Seq: seq}} // another came while it was on its way
	}
	if f.What == incident.PostedCard && f.Link != "" {
		return []effect.Effect{effect.Bookmark{Title: cardBookmark, URL: f.Link}}
	}
	return nil
}

// left tells the room when a role has nobody any more.
func (b *Bot) left(e incident.Event, inc incident.Incident) []effect.Effect {
	before := incident.Fold(inc.ID, inc.Timeline[:e.Seq-1])
	if len(before.Roles) == len(inc.Roles) {
		return nil
	}
	m := effect.Message{Body: sentence(e, inc) + " Who takes over?", Buttons: []effect.Button{{Label: "Take a role", Command: command(inc, "take")}}}
	return append(b.refresh(inc, true), say(m))
}

func (b *Bot) assigned(e incident.Event, f incident.Assigned, inc incident.Incident) []effect.Effect {
	effects := b.refresh(inc, f.Role == incident.Commander)
	if e.Seq > 1 && inc.Timeline[e.Seq-2].Cause == e.Cause { // with the declaration: the card says so
		return effects
	}
	effects = append(effects, invite(inc, f.To)...)
	m := effect.Message{Body: sentence(e, inc) + " " + duty(f.Role)}
	for _, p := range []incident.Person{f.To, f.From} { // both have to know
		if p.User != "" && !p.Is(e.By.Person) {
			m.Mentions = append(m.Mentions, p.User)
		}
	}
	return append(effects, say(m))
}

// failed says in the room what could not be done; where there is no room, in
// the announcement. If saying it is what failed, the operator's log has it.
func (b *Bot) failed(f incident.Failed, inc incident.Incident) []effect.Effect {
	switch f.Effect {
	case effect.Effects.Name(effect.Say{}):
		return nil
	case effect.Effects.Name(effect.OpenChannel{}):
		if inc.Private {
			return nil
		}
		return []effect.Effect{effect.Announce{}}
	case effect.Effects.Name(effect.Announce{}):
		if n := slices.IndexFunc(inc.Failures, func(o incident.Failed) bool { return o.Effect == f.Effect }); n < len(inc.Failures)-1 {
			return nil // said before
		}
	}
	if f.Effect == incident.FailedPage {
		return append(b.refresh(inc, false), say(unpagedMessage(f, inc)))
	}
	return []effect.Effect{say(effect.Message{
		Body:    fmt.Sprintf("I could not %s: %s", incident.Escape(f.What), incident.Escape(f.Why)),
		Buttons: []effect.Button{{Label: "Try again", Command: command(inc, "resync")}},
	})}
}

// barred tells of what may not be done now, and waits, where it can be told: what
// the room does not hear is in the announcement, and the other way round. Where
// nothing can be said, /incident status has it, as it has a private incident's.
func (b *Bot) barred(e incident.Event, f incident.Barred, inc incident.Incident) []effect.Effect {
	switch {
	case f.Where == incident.BarredRoom && f.Why == "":
		return append(b.announce(inc), echo(e, inc))
	case f.Where == incident.BarredRoom:
		return b.announce(inc)
	case f.Why == "" || f.Where == incident.BarredChat:
		return nil
	case f.Effect == effect.Effects.Name(effect.OpenChannel{}) && inc.Private:
		return nil
	case f.Effect == effect.Effects.Name(effect.OpenChannel{}):
		return []effect.Effect{effect.Announce{}}
	}
	return []effect.Effect{echo(e, inc)}
}

// retry is what failed for good before, again: what refresh and furnish do
// not make anew.
func retry(inc incident.Incident) []effect.Effect {
	var again []effect.Effect
	for _, f := range inc.Retry {
		e, ok, err := effect.Effects.Decode(f.Effect, f.Data)
		if !ok || err != nil {
			continue
		}
		switch e.(type) {
		case effect.Say, effect.Draft, effect.Fetch, effect.Page, effect.SyncPager, effect.TellPager:
			again = append(again, e)
		}
	}
	return again
}

// classified tells of the symptom, and shows the guide's message with it. What may
// concern people's data goes on in private before anything else.
func (b *Bot) classified(e incident.Event, f incident.SymptomChanged, inc incident.Incident) []effect.Effect {
	effects := []effect.Effect{echo(e, inc)}
	if inc.Guide.Seq > 0 {
		effects = append(effects, effect.ShowGuide{Seq: inc.Guide.Seq})
	}
	if f.To == unsafe && !inc.Private {
		effects = append(effects, say(privateMessage(inc)))
	}
	return effects
}

func say(m effect.Message) effect.Effect { return effect.Say{Message: m} }

// echo shows an event in the room as the timeline tells it.
func echo(e incident.Event, inc incident.Incident) effect.Effect {
	return say(effect.Message{Body: sentence(e, inc)})
}

// sentence is an event as it is told in the room: who did what, and when if it
// was not just now.
func sentence(e incident.Event, inc incident.Incident) string {
	line, _ := incident.Narrate(e, inc.Name)
	line = strings.TrimSuffix(line, ".") + "."
	if mark := odd(e); mark != "" {
		return line + mark
	}
	if e.Logged.Sub(e.At) > backdated {
		line = "At " + incident.Clock(e.At) + ": " + line
	}
	return line
}
