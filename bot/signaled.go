package bot

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

// few is how many alerts of an incident are told of one by one. More would bury
// what people say: the card counts them, and `/incident alerts` lists them.
const few = 3

// signaled tells of a word from a source: on the card always, in the room if it
// says something that people have to know now.
func (b *Bot) signaled(e incident.Event, f incident.Signaled, inc incident.Incident) []effect.Effect {
	effects := b.refresh(inc, false)
	joins := f.Source == "pagerduty" && f.Why != ""
	if (joins || astray(f, inc)) && inc.Active() && !inc.Storm {
		effects = append(effects, b.syncPager(inc)...)
	}
	if f.Echo || f.State == incident.StateUnknown {
		return effects
	}
	if m, ok := b.news(e, f, inc); ok {
		effects = append(effects, say(m))
	}
	return effects
}

// news is what the room is told of a signal; ok is false if nothing.
func (b *Bot) news(e incident.Event, f incident.Signaled, inc incident.Incident) (m effect.Message, ok bool) {
	n, first := inc.NumberOf(f.Source, f.Key)
	fires := f.State == incident.StateFiring || f.State == incident.StateNoData
	switch {
	case f.Late:
		return alertMessage(e, f, inc), n <= few
	case fires && !inc.Active():
		return backMessage(e, f, inc), !saidSinceOver(e, inc)
	case n == 1 && first == e.Seq:
		return firstAlert(e, f, inc), true
	case inc.Active() && inc.Tally.WorstSeq == e.Seq && f.Severity.Worse(inc.Severity):
		return worseMessage(e, f, inc), true
	case fires && inc.Tally.SpreadSeq == e.Seq:
		return spreadMessage(e, f, inc), true
	case f.State == incident.StateResolved && inc.Active() && inc.Tally.QuietSeq == e.Seq:
		return quietMessage(e, inc), true
	}
	return alertMessage(e, f, inc), n <= few
}

func alertMessage(e incident.Event, f incident.Signaled, inc incident.Incident) effect.Message {
	m := effect.Message{Body: sentence(e, inc)}
	if f.Link != "" {
		m.Body += " " + linked("Open it", f.Link)
	}
	return m
}

// firstAlert tells what opened the incident, and asks those on call to take it.
func firstAlert(e incident.Event, f incident.Signaled, inc incident.Incident) effect.Message {
	m := alertMessage(e, f, inc)
	if f.Runbook != "" {
		m.Body += " " + linked("Its own runbook", f.Runbook)
	}
	if f.Image != "" {
		m.Body += " " + linked("Picture", f.Image)
	}
	if inc.Storm {
		m.Body += "\n\nThis is the start of a storm. Alerts of something new come here " + f.Why + ": the card has a line for each service. Which of them needs a room of its own?"
	}
	if len(inc.OnCall) == 0 || inc.Holder(incident.Commander) != (incident.Person{}) || inc.Declarer.Human() {
		return m
	}
	return askCommand(m, inc)
}

// askCommand asks who is on call to take command, or whoever reads it.
func askCommand(m effect.Message, inc incident.Incident) effect.Message {
	m.Body += "\n\n"
	var who []string
	for _, p := range inc.OnCall {
		m.Mentions = append(m.Mentions, p.User)
		who = append(who, inc.Name(p))
	}
	if len(who) > 0 {
		m.Body += "On call now: " + strings.Join(who, ", ") + ". "
	}
	m.Body += "Will you take command? It is to decide and delegate, not to fix."
	m.Buttons = []effect.Button{{Label: "Take command", Command: command(inc, "take incident-commander"), Style: effect.Primary}}
	return m
}

// commander has the commander of an incident notified of a message.
func commander(m effect.Message, inc incident.Incident) effect.Message {
	if c := inc.Holder(incident.Commander); c.User != "" {
		m.Mentions = []incident.User{c.User}
	}
	return m
}

func backMessage(e incident.Event, f incident.Signaled, inc incident.Incident) effect.Message {
	m := alertMessage(e, f, inc)
	m.Body += "\n\nThe alert is back. Is the incident, too?"
	m.Buttons = []effect.Button{{Label: "Reopen " + string(inc.ID), Command: command(inc, "reopen"), Style: effect.Primary}}
	return commander(m, inc)
}

// saidSinceOver tells whether the room was asked before e, and since the incident
// is over, whether it is back.
func saidSinceOver(e incident.Event, inc incident.Incident) bool {
	for i := e.Seq - 2; i >= 0; i-- {
		switch f := inc.Timeline[i].Fact.(type) {
		case incident.Resolved, incident.Closed, incident.Reopened:
			return false
		case incident.Signaled:
			if (f.State == incident.StateFiring || f.State == incident.StateNoData) && !f.Late && !f.Echo {
				return true
			}
		}
	}
	return false
}

func worseMessage(e incident.Event, f incident.Signaled, inc incident.Incident) effect.Message {
	m := alertMessage(e, f, inc)
	rates := "says nothing of how bad it is"
	if f.Urgency != "" {
		rates = "rates it “" + incident.Escape(f.Urgency) + "”"
	}
	m.Body += fmt.Sprintf("\n\n%s %s, which is a %s here; this incident is a %s.", incident.Escape(incident.SourceName(f.Source)), rates, f.Severity.Title(), inc.Severity.Title())
	m.Buttons = []effect.Button{{Label: "Make it a " + f.Severity.Title(), Command: command(inc, "sev "+string(f.Severity)), Style: effect.Primary}}
	return commander(m, inc)
}

// spreadMessage tells how far it has spread. The first few alerts are told, too.
func spreadMessage(e incident.Event, f incident.Signaled, inc incident.Incident) effect.Message {
	var m effect.Message
	if n, _ := inc.NumberOf(f.Source, f.Key); n <= few {
		m = alertMessage(e, f, inc)
		m.Body += "\n\n"
	}
	m.Body += fmt.Sprintf("It spreads: alerts come from %d services by now. `/incident alerts` lists them.", len(inc.Tally.Services))
	return m
}

// quietMessage asks whether it is over, once nothing fires any more.
func quietMessage(e incident.Event, inc incident.Incident) effect.Message {
	m := effect.Message{Body: sentence(e, inc)}
	if inc.Tally.Total > 1 {
		m.Body += fmt.Sprintf(" All %d alerts are resolved.", inc.Tally.Total)
	}
	m.Body += "\n\nIs it over? An alert that ends does not prove that answers are right again."
	m.Buttons = []effect.Button{
		{Label: "Resolve " + string(inc.ID), Command: command(inc, "resolve"), Confirm: ConfirmResolve},
		{Label: "Impact is over", Command: command(inc, "mitigated")},
	}
	return commander(m, inc)
}

// detached tells that alerts went elsewhere, once for all that went together.
func (b *Bot) detached(e incident.Event, inc incident.Incident) []effect.Effect {
	n := 0
	for i := e.Seq - 1; i >= 0 && inc.Timeline[i].Cause == e.Cause; i-- {
		n++
	}
	if e.Seq < inc.Last() && inc.Timeline[e.Seq].Cause == e.Cause {
		return nil // the last of them tells of all
	}
	if n == 1 {
		return []effect.Effect{echo(e, inc)}
	}
	m := effect.Message{Body: fmt.Sprintf("%s took %d alerts off.", inc.Name(e.By.Person), n)}
	if f := e.Fact.(incident.Detached); f.To != "" {
		m.Body = fmt.Sprintf("%s took %d alerts off: they go on in %s.", inc.Name(e.By.Person), n, f.To)
	}
	return []effect.Effect{say(m)}
}

// unpagedMessage tells at once that nobody was paged, and what to do meanwhile.
func unpagedMessage(f incident.Failed, inc incident.Incident) effect.Message {
	who := "Nobody"
	failed, _, _ := effect.Effects.Decode(f.Effect, f.Data)
	for _, p := range inc.Pages {
		if failed == (effect.Page{N: p.N}) {
			who = incident.Escape(p.To.Name)
		}
	}
	return commander(effect.Message{
		Body:    fmt.Sprintf("**%s was not paged.** %s", who, incident.Escape(f.Why)),
		Buttons: []effect.Button{{Label: "Try again", Command: command(inc, "resync")}},
	}, inc)
}

// waitingPage tells that a page does not go out: whoever asked for it counts on it.
func waitingPage(n string, inc incident.Incident) effect.Message {
	who := "Somebody"
	for _, p := range inc.Pages {
		if strconv.Itoa(p.N) == n {
			who = incident.Escape(p.To.Name)
		}
	}
	return commander(effect.Message{
		Body: fmt.Sprintf("**%s is not paged yet.** PagerDuty does not take the page; I keep trying. Call them by phone meanwhile.", who),
	}, inc)
}

// pagedMessage tells that people are paged.
func pagedMessage(e incident.Event, f incident.Paged, inc incident.Incident) effect.Message {
	m := effect.Message{Body: sentence(e, inc)}
	if f.Link != "" {
		m.Body += " " + linked("Open it in PagerDuty", f.Link)
	}
	return m
}

// overtook tells whether a page may say what is no longer so: inc ended while it was on
// its way, or got another severity.
func overtook(f incident.Paged, inc incident.Incident) bool {
	for _, e := range slices.Backward(inc.Timeline) {
		switch asked := e.Fact.(type) {
		case incident.SeverityChanged:
			return true
		case incident.PageAsked:
			if asked.N == f.N {
				return !inc.Active()
			}
		}
	}
	return !inc.Active()
}

// paged tells whether PagerDuty has, or may have, an incident that goes with inc: also of a
// page of those that inc took over from.
func paged(inc incident.Incident) bool { return inc.TookOver || called(inc) }

// called tells whether PagerDuty has an incident of inc itself.
func called(inc incident.Incident) bool {
	if slices.ContainsFunc(inc.Pages, func(p incident.Page) bool { return p.Key != "" }) {
		return true
	}
	for _, s := range inc.Alerts() {
		if s.Source == "pagerduty" {
			return true
		}
	}
	return false
}

// CallsAgain tells whether PagerDuty called people for inc, and so would call them again if
// inc were over and reopened. Of what went on as inc that is so where they were paged by
// event: the rest came with the alerts.
func (b *Bot) CallsAgain(ctx context.Context, inc incident.Incident) bool {
	if b.Pager == nil || called(inc) {
		return b.Pager != nil
	}
	for _, from := range b.with(ctx, inc) {
		if slices.ContainsFunc(from.Pages, func(p incident.Page) bool { return p.Event }) {
			return true
		}
	}
	return false
}

// syncPager brings PagerDuty's incidents up to date.
func (b *Bot) syncPager(inc incident.Incident) []effect.Effect {
	if b.Pager == nil || !paged(inc) {
		return nil
	}
	return []effect.Effect{effect.SyncPager{}}
}

// tellPager puts a text on PagerDuty's incidents if the play says so.
func (b *Bot) tellPager(e incident.Event, inc incident.Incident, what, text string) []effect.Effect {
	if b.Pager == nil || !slices.Contains(inc.Play.Pager, what) || !paged(inc) || inc.Private {
		return nil
	}
	return []effect.Effect{effect.TellPager{Text: inc.Called(e.By.Person).String() + ": " + text, Update: what == incident.PagerUpdates}}
}
