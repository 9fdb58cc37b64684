package bot

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/templates"
)

// backdated is how much earlier than it was logged an event happened for its
// time to be worth saying.
const backdated = 2 * time.Minute

// command makes a button's command: it names the incident, so it means the
// same wherever it is pressed.
func command(inc incident.Incident, line string) string { return string(inc.ID) + " " + line }

// duty says what a role does, to whoever takes it at 3 a.m.
func duty(r incident.Role) string {
	switch r {
	case incident.Commander:
		return "The commander decides and delegates, and does not fix."
	case incident.TechnicalLead:
		return "The technical lead finds the fastest safe way to stop the impact."
	case incident.CommsLead:
		return "The communications lead writes the updates: `/incident update …`"
	case incident.Scribe:
		return "The scribe keeps the timeline: `/incident note …`, or 📌 on a message."
	}
	return ""
}

func (b *Bot) guideURL(id string) string {
	if b.URL == "" || id == "" {
		return ""
	}
	return strings.TrimSuffix(b.URL, "/") + "/guides/" + url.PathEscape(id)
}

// stateMessage tells of a change of severity or status, and what comes next.
func (b *Bot) stateMessage(e incident.Event, inc incident.Incident) effect.Message {
	m := effect.Message{Body: "**" + sentence(e, inc) + "**"}
	next := func(format string, args ...any) { m.Body += "\n\n" + fmt.Sprintf(format, args...) }
	switch f := e.Fact.(type) {
	case incident.SeverityChanged:
		if f.To.Worse(f.From) {
			next("Who else has to know? `/incident update …` tells them.")
		}
	case incident.Mitigated:
		next("Keep watching. Read a few real answers before you `/incident resolve`.")
	case incident.Resolved:
		m.Body += clocks(inc)
		if inc.Play.Postmortem {
			next("The postmortem draft comes next. What is still to be done? `/incident action …`")
		}
		m.Buttons = []effect.Button{
			{Label: "Add a follow-up", Command: command(inc, "action")},
			{Label: "Reopen", Command: command(inc, "reopen")},
			{Label: "Close", Command: command(inc, "close resolved"), Confirm: "Close " + string(inc.ID) + "? Its timeline stays."},
		}
	case incident.Reopened:
		next("Welcome back. The guide and the roles are as they were.")
	case incident.Closed:
		switch {
		case f.Of != "":
			next("Go on in %s.", f.Of)
		case f.Reason == "moved":
			next("It goes on in a private channel. Please say nothing more about it here.")
		}
	}
	return m
}

// clocks are the two durations that matter: how long people had the impact, and
// how long the response took.
func clocks(inc incident.Incident) string {
	var parts []string
	if !inc.Began.IsZero() && inc.MitigatedAt.After(inc.Began) {
		parts = append(parts, "Impact lasted "+incident.Span(inc.MitigatedAt.Sub(inc.Began)))
	}
	if !inc.ResolvedAt.IsZero() {
		parts = append(parts, "the response took "+incident.Span(inc.ResolvedAt.Sub(inc.Detected)))
	}
	if len(parts) == 0 {
		return ""
	}
	s := strings.Join(parts, "; ")
	return "\n\n" + strings.ToUpper(s[:1]) + s[1:] + "."
}

func (b *Bot) updateMessage(e incident.Event, f incident.Updated, inc incident.Incident) effect.Message {
	body, err := b.Templates.Render("update", templates.Update{
		ID: string(inc.ID), Title: incident.Escape(inc.Title), Severity: inc.Severity.Title(), Status: string(inc.Status),
		Text: incident.EscapeLines(f.Text), By: inc.Name(e.By.Person), At: incident.Clock(e.At),
		NextBy: incident.Clock(inc.UpdateDue()), Number: f.N,
	})
	if err != nil { // a team's own template may fail on this one incident
		b.Log.Warn("the update template failed, so the plain sentence is used", "incident", inc.ID, "error", err)
		body = sentence(e, inc)
	}
	return effect.Message{Body: body}
}

func remindMessage(f incident.Reminded, inc incident.Incident) effect.Message {
	if n, ok := strings.CutPrefix(f.Of, incident.RemindedPage); ok {
		return waitingPage(n, inc)
	}
	if f.Of != remindUpdate {
		return effect.Message{Body: overdue(inc, f.Due), Buttons: []effect.Button{{Label: "Show follow-ups", Command: command(inc, "action list")}}}
	}
	m := effect.Message{
		Body:    fmt.Sprintf("An update was due at %s. What do users see now, what are we doing, when do they hear more? “No change yet” is an update too.", incident.Clock(f.Due)),
		Buttons: []effect.Button{{Label: "Write the update", Command: command(inc, "update"), Style: effect.Primary}},
	}
	for _, r := range []incident.Role{incident.CommsLead, incident.Commander} {
		if p := inc.Holder(r); p.User != "" {
			m.Mentions = []incident.User{p.User}
			break
		}
	}
	return m
}

func overdue(inc incident.Incident, day time.Time) string {
	var s strings.Builder
	fmt.Fprintf(&s, "Follow-ups of %s that are overdue:\n\n", inc.ID)
	for _, a := range inc.Actions {
		if a.Overdue(day) {
			fmt.Fprintf(&s, "- %s\n", incident.ActionLine(a, Mention))
		}
	}
	s.WriteString("\nDone? `/incident action done N`")
	return s.String()
}
