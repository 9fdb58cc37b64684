package bot

import (
	"fmt"
	"strings"
	"time"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

// maxTitle is how much of a title is shown where a whole one does not fit;
// the timeline has all of it.
const maxTitle = 120

// Mention calls a person so that the chat shows who it is.
func Mention(p incident.Person) string {
	if p.User == "" {
		return incident.ByName(p)
	}
	return "[@" + incident.Escape(p.String()) + "](user:" + string(p.User) + ")"
}

// card is the status card: what a person who has just come in needs to know,
// and what they can do.
func (b *Bot) card(inc incident.Incident) effect.Message {
	var s strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&s, format+"  \n", args...) }
	line("**Status:** %s", statusLine(inc))
	if due := inc.UpdateDue(); !due.IsZero() {
		line("**Next update by:** %s", incident.Clock(due))
	}
	for _, r := range incident.Roles {
		p, ok := inc.Roles[r]
		switch {
		case ok:
			line("**%s:** %s", title(r.Title()), Mention(p))
		case r == incident.Commander:
			line("**Incident commander:** nobody yet")
		}
	}
	line("**Symptom:** %s", incident.Escape(incident.Label(incident.Symptoms, inc.Symptom)))
	if inc.Service != "" {
		line("**Service:** %s", incident.Escape(inc.Service))
	}
	if inc.Model != "" {
		line("**Model:** %s", incident.Escape(inc.Model))
	}
	line("**Impact began:** %s", orElse(incident.Clock(inc.Began), "not known yet — `/incident began 14:02`"))
	line("**Noticed:** %s", incident.Clock(inc.Detected))
	for _, a := range inc.Signals {
		line("**Alert:** %s (%s)", linked(a.Title, a.Link), a.State)
	}
	s.WriteString("\n")
	b.cardQuote(&s, inc)
	b.cardUpdate(&s, inc)
	cardTasks(&s, inc)
	cardActions(&s, inc)
	return effect.Message{
		Title:   fmt.Sprintf("%s · %s · %s", inc.ID, inc.Severity.Title(), incident.Cut(inc.Title, maxTitle)),
		Body:    strings.TrimSpace(s.String()),
		Buttons: cardButtons(inc),
	}
}

func statusLine(inc incident.Incident) string {
	switch inc.Status {
	case incident.Contained:
		return "mitigated since " + incident.Clock(inc.MitigatedAt) + " — impact is over, still watching"
	case incident.Over:
		return "resolved at " + incident.Clock(inc.ResolvedAt)
	case incident.Shut:
		s := "closed at " + incident.Clock(inc.ClosedAt) + " (" + strings.ToLower(incident.Label(incident.CloseReasons, inc.Reason))
		if inc.Original != "" {
			s += " of " + string(inc.Original)
		}
		return s + ")"
	}
	return "investigating since " + incident.Clock(inc.Declared)
}

func (b *Bot) cardQuote(s *strings.Builder, inc incident.Incident) {
	if q := inc.Quote; q != nil {
		fmt.Fprintf(s, "> %s\n>\n> — %s %s\n\n", strings.ReplaceAll(incident.EscapeLines(incident.Cut(q.Text, 600)), "\n", "\n> "), inc.Name(q.Author), linked("in the original", q.Link))
	}
}

func (b *Bot) cardUpdate(s *strings.Builder, inc incident.Incident) {
	if inc.Updates > 0 {
		for i := len(inc.Timeline) - 1; i >= 0; i-- {
			if u, ok := inc.Timeline[i].Fact.(incident.Updated); ok {
				fmt.Fprintf(s, "**Update %d, %s:** %s\n\n", u.N, incident.Clock(inc.Timeline[i].At), incident.Escape(incident.Cut(u.Text, 600)))
				break
			}
		}
	}
}

// maxTasks is how many tasks the card shows: what comes next, not everything.
const maxTasks = 3

// cardTasks shows the play's open tasks, a handful at a time.
func cardTasks(s *strings.Builder, inc incident.Incident) {
	if !inc.Active() {
		return
	}
	shown, open := 0, 0
	for i, t := range inc.Tasks {
		if t.Done || inc.Withdrawn[i+1] {
			continue
		}
		if open++; shown < maxTasks {
			if shown == 0 {
				s.WriteString("**To do**  \n")
			}
			shown++
			fmt.Fprintf(s, "%d · %s  \n", i+1, taskLine(t, inc.Declared))
		}
	}
	if open > shown {
		fmt.Fprintf(s, "and %d more: `/incident task`  \n", open-shown)
	}
	s.WriteString("\n")
}

func taskLine(t incident.Task, declared time.Time) string {
	line := incident.Escape(t.Text)
	var who []string
	if t.Role != "" {
		who = append(who, t.Role.Title())
	}
	if t.Within > 0 {
		by := declared.Add(t.Within).UTC()
		who = append(who, "by "+map[bool]string{true: by.Format("15:04 UTC"), false: incident.Clock(by)}[t.Within < 12*time.Hour])
	}
	if len(who) > 0 {
		line += " *(" + strings.Join(who, ", ") + ")*"
	}
	return line
}

func cardActions(s *strings.Builder, inc incident.Incident) {
	for i, a := range inc.Actions {
		if i == 0 {
			s.WriteString("**Follow-ups**\n\n")
		}
		box := "[ ]"
		if a.Done {
			box = "[x]"
		}
		fmt.Fprintf(s, "- %s %s\n", box, incident.ActionLine(a, Mention))
	}
}

// ConfirmResolve is asked before an incident is resolved by a button: green
// dashboards prove nothing about answers.
const ConfirmResolve = "Has somebody looked at real answers, and are they right?"

// cardButtons are what one presses most; the rest is one press away.
func cardButtons(inc incident.Incident) []effect.Button {
	more := effect.Button{Label: "More…", Command: command(inc, "menu")}
	if !inc.Active() {
		buttons := []effect.Button{
			{Label: "Postmortem", Command: command(inc, "postmortem")},
			{Label: "Add a follow-up", Command: command(inc, "action")},
			{Label: "Reopen", Command: command(inc, "reopen"), Confirm: "Reopen " + string(inc.ID) + "?"},
		}
		return append(buttons, more)
	}
	var buttons []effect.Button
	if inc.Holder(incident.Commander) == (incident.Person{}) {
		buttons = append(buttons, effect.Button{Label: "Take command", Command: command(inc, "take incident-commander"), Style: effect.Primary})
	}
	buttons = append(buttons,
		effect.Button{Label: "Write an update", Command: command(inc, "update")},
		effect.Button{Label: "Note", Command: command(inc, "note")},
		effect.Button{Label: "Roles", Command: command(inc, "assign")},
	)
	if inc.Status == incident.Investigating {
		buttons = append(buttons, effect.Button{Label: "Impact is over", Command: command(inc, "mitigated")})
	}
	return append(buttons,
		effect.Button{Label: "Resolve", Command: command(inc, "resolve"), Confirm: ConfirmResolve},
		more)
}

// announcement is what everybody else sees of it.
func (b *Bot) announcement(inc incident.Incident) effect.Message {
	var s strings.Builder
	fmt.Fprintf(&s, "**Status:** %s  \n", statusLine(inc))
	commander := "nobody yet"
	if p := inc.Holder(incident.Commander); p != (incident.Person{}) {
		commander = inc.Name(p)
	}
	fmt.Fprintf(&s, "**Commander:** %s  \n", commander)
	fmt.Fprintf(&s, "**Channel:** %s\n\n", room(inc))
	b.cardUpdate(&s, inc)
	if due := inc.UpdateDue(); !due.IsZero() {
		fmt.Fprintf(&s, "Next update by %s", incident.Clock(due))
	}
	m := effect.Message{
		Title: fmt.Sprintf("%s · %s · %s", inc.ID, inc.Severity.Title(), incident.Cut(inc.Title, maxTitle)),
		Body:  strings.TrimSpace(s.String()),
	}
	switch {
	case inc.Channel.Channel == "":
		m.Buttons = []effect.Button{{Label: "Try again", Command: command(inc, "resync")}}
	case inc.Active():
		m.Buttons = []effect.Button{{Label: "Join", Command: command(inc, "join")}}
	}
	return m
}

// room is where the incident is worked on, or why it has no channel yet.
func room(inc incident.Incident) string {
	if inc.Channel.Channel != "" {
		return linked("#"+inc.Channel.Name, inc.Channel.Link)
	}
	for _, f := range inc.Failures {
		if f.Effect == effect.Effects.Name(effect.OpenChannel{}) {
			return "no channel yet: " + incident.Escape(f.Why)
		}
	}
	return "no channel yet"
}

// topic is the state of the incident in one line.
func (b *Bot) topic(inc incident.Incident) string {
	commander := "no commander yet"
	if p := inc.Holder(incident.Commander); p != (incident.Person{}) {
		commander = "commander " + inc.Called(p).String()
	}
	return incident.Cut(fmt.Sprintf("%s · %s · %s · %s", inc.Severity.Title(), inc.Status, commander, inc.Title), 240)
}

func linked(text, url string) string {
	if url == "" {
		return incident.Escape(text)
	}
	return "[" + incident.Escape(text) + "](" + safeURL(url) + ")"
}

// safeURL keeps an address from ending a Markdown link before its end.
func safeURL(u string) string {
	return strings.NewReplacer("(", "%28", ")", "%29", " ", "%20", "<", "%3C", ">", "%3E", "\n", "", "\\", "%5C").Replace(u)
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func title(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
