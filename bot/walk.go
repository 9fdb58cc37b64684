package bot

import (
	"fmt"
	"regexp"
	"strings"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/runbooks"
)

// guideMessage is the message of the guide that event seq served. While it is in
// use, its buttons walk through its tree, and the message shows where people
// are; afterwards it says which one came in its place.
func (b *Bot) guideMessage(inc incident.Incident, seq int) effect.Message {
	if seq < 1 || seq > inc.Last() {
		return effect.Message{}
	}
	served, _ := inc.Timeline[seq-1].Fact.(incident.GuideServed)
	m := effect.Message{Title: "📖 " + served.Title}
	switch g, ok := b.Guides.Guide(served.Guide); {
	case seq != inc.Guide.Seq:
		m.Body = "Set aside: the guide in use is “" + incident.Escape(inc.Guide.Title) + "”."
		m.Buttons = []effect.Button{{Label: "Use this one again", Command: command(inc, "guide "+served.Guide)}}
	case !ok:
		m.Body = served.Summary + "\n\n" + served.Question
		m.Buttons = []effect.Button{{Label: "Another guide", Command: command(inc, "guide list")}}
	case !inc.Private && (g.Security || inc.Symptom == unsafe):
		b.goPrivate(&m, inc, g)
	case len(inc.Guide.Steps) == 0:
		b.firstQuestion(&m, inc, g)
	default:
		b.nextStep(&m, inc, g)
	}
	if own := ownRunbook(inc); own != "" && seq == inc.Guide.Seq {
		m.Body += "\n\nThe alert has " + linked("a runbook of its own", own) + "."
	}
	return m
}

// ownRunbook is what the rule of the incident's first alert says to read.
func ownRunbook(inc incident.Incident) string {
	for _, s := range inc.Alerts() {
		return s.Runbook
	}
	return ""
}

// goPrivate comes before anything else where data may be exposed.
func (b *Bot) goPrivate(m *effect.Message, inc incident.Incident, g *runbooks.Guide) {
	private := privateMessage(inc)
	m.Body = private.Body
	if inc.Guide.Why != "" {
		m.Body += "\n\n*Why: it " + incident.Escape(inc.Guide.Why) + ".*"
	}
	other := effect.Button{Label: "It is something else", Command: command(inc, "guide not "+g.ID)}
	if inc.Symptom == unsafe {
		other.Command = command(inc, "symptom")
	}
	m.Buttons = append(private.Buttons, other)
}

// privateMessage asks to go on in private.
func privateMessage(inc incident.Incident) effect.Message {
	return effect.Message{
		Body:    "**Say nothing more about it here.** This may concern people's data, and everybody can read this channel. Go on in a private one: the guide waits for you there.",
		Buttons: []effect.Button{{Label: "Continue in a private channel", Command: command(inc, "private"), Style: effect.Primary}},
	}
}

// firstQuestion is what a guide shows first: what it is, why it was chosen, and
// the question to answer.
func (b *Bot) firstQuestion(m *effect.Message, inc incident.Incident, g *runbooks.Guide) {
	var body strings.Builder
	f := inc.Guide
	fmt.Fprintf(&body, "%s\n\n", f.Summary)
	if f.Why != "" {
		fmt.Fprintf(&body, "*Why this one: it %s.*\n\n", incident.Escape(f.Why))
	}
	fmt.Fprintf(&body, "**First question**  \n%s\n\n", f.Question)
	if u := b.guideURL(f.Guide); u != "" {
		fmt.Fprintf(&body, "[The whole guide, printable](%s)", u)
	}
	m.Body = strings.TrimSpace(body.String())
	q, ok := g.Question("")
	if ok {
		b.answers(m, inc, g, q)
	}
	if g.ID == incident.Triage {
		return
	}
	ways := b.ways(inc, g)
	ways[0].Apart = true
	m.Buttons = append(m.Buttons, ways...)
}

// way is how people came here, and what the last answer means.
func way(steps []incident.StepTaken, last runbooks.Answer, found bool) string {
	var s strings.Builder
	for i, step := range steps {
		if i > 0 {
			s.WriteString("  \n")
		}
		fmt.Fprintf(&s, "✓ %s  **%s**", incident.Escape(step.Asked), incident.Escape(step.Answered))
	}
	if !found {
		s.WriteString("\n\nThe guide has changed since. Go back one step, or show all of it.")
	}
	if said := last.Says(); said != "" {
		fmt.Fprintf(&s, "  \n%s", said)
	}
	return s.String()
}

// nextStep shows the way so far and what comes next: a question, or what to do.
func (b *Bot) nextStep(m *effect.Message, inc incident.Incident, g *runbooks.Guide) {
	steps := inc.Guide.Steps
	last := steps[len(steps)-1]
	q, _ := g.Question(last.Question)
	a, found := q.Answer(last.Answer)
	m.Body = way(steps, a, found)
	next, more := g.Question(a.Question)
	if a.Question != "" && more {
		m.Body += "\n\n**" + incident.Escape(next.Title) + "**"
		if text := b.questionBody(g, next); text != "" {
			m.Body += "\n\n" + text
		}
		b.answers(m, inc, g, next)
	} else {
		b.remedies(m, inc, g, a)
	}
	m.Buttons = append(m.Buttons, effect.Button{Label: "Back", Command: command(inc, "guide back "+g.ID+" "+last.Question), Apart: true})
	m.Buttons = append(m.Buttons, b.ways(inc, g)...)
}

// remedies are the mitigations that an answer leads to; the first is the one to
// begin with.
func (b *Bot) remedies(m *effect.Message, inc incident.Incident, g *runbooks.Guide, a runbooks.Answer) {
	style := effect.Primary
	for _, id := range a.Mitigations {
		mit, _ := g.Mitigation(id)
		m.Body += "\n\n**" + incident.Escape(mit.Name) + "**\n\n" + mit.Says()
		m.Buttons = append(m.Buttons, effect.Button{
			Label: "Begin: " + incident.Cut(mit.Name, 60), Command: command(inc, "mitigate "+g.ID+" "+mit.ID), Style: style,
		})
		style = ""
	}
}

// inline is how many characters of commands a step shows at once; what is longer
// is one press away.
const inline = 1600

// shown tells whether a question's looks are shown with it.
func shown(g *runbooks.Guide, q runbooks.Question) bool {
	size := 0
	for _, id := range q.Looks {
		look, _ := g.Look(id)
		size += len(look.Body)
	}
	return size <= inline
}

// seeLook is a sentence that leads to looks: not needed where they are shown.
var seeLook = regexp.MustCompile(`\s*\bSee \[[^\]]*\]\(#[^)]*\)(?:(?:,| and|, and) \[[^\]]*\]\(#[^)]*\))*\.?`)

func (b *Bot) questionBody(g *runbooks.Guide, q runbooks.Question) string {
	if !shown(g, q) {
		return q.Body
	}
	return strings.TrimSpace(seeLook.ReplaceAllString(q.Body, ""))
}

// answers are the buttons of a question, and what helps to answer it: commands, or
// a button for them. Triage's first answers are the symptoms.
func (b *Bot) answers(m *effect.Message, inc incident.Incident, g *runbooks.Guide, q runbooks.Question) {
	now := len(inc.Guide.Steps) > 0 && shown(g, q)
	var looks []effect.Button
	for _, id := range q.Looks {
		look, _ := g.Look(id)
		if now {
			m.Body += fmt.Sprintf("\n\n**🔎 %s**\n\n%s", incident.Escape(look.Title), look.Body)
			continue
		}
		looks = append(looks, effect.Button{Label: "🔎 " + incident.Cut(look.Title, 65), Command: command(inc, "guide look "+g.ID+" "+look.ID)})
	}
	for _, a := range q.Answers {
		line := "guide answer " + g.ID + " " + q.ID + " " + a.ID
		if s, ok := incident.Find(incident.Symptoms, a.Label); ok && g.ID == incident.Triage {
			line = "symptom " + s.ID
		}
		m.Buttons = append(m.Buttons, effect.Button{Label: a.Label, Command: command(inc, line)})
	}
	if len(q.Looks) > 0 && now && g.Setup != "" && strings.Contains(m.Body, "$") {
		looks = append(looks, effect.Button{Label: "🔎 Names to set first", Command: command(inc, "guide look "+g.ID+" "+q.Looks[0])})
	}
	m.Buttons = append(m.Buttons, looks...)
}

// ways are the ways out of a guide.
func (b *Bot) ways(inc incident.Incident, g *runbooks.Guide) []effect.Button {
	ways := []effect.Button{
		{Label: "Stop it now", Command: command(inc, "mitigate")},
		{Label: "Not this", Command: command(inc, "guide not "+g.ID)},
		{Label: "Whole guide", Command: command(inc, "guide show "+g.ID)},
	}
	if s := first(g.Symptoms); inc.Symptom == incident.Unclassified && s != "" && s != incident.Unclassified {
		label := fmt.Sprintf("It is “%s”", incident.Label(incident.Symptoms, s))
		ways = append(ways, effect.Button{Label: label, Command: command(inc, "symptom "+s)})
	}
	return ways
}

// offer offers a guide; one for what not everybody may read is for a private room.
func (b *Bot) offer(inc incident.Incident, f incident.GuideOffered) effect.Message {
	if b.secure(f.Guide) && !inc.Private {
		return privateMessage(inc)
	}
	return offerMessage(inc, f)
}

// offerMessage offers a guide that may fit better than the one in use.
func offerMessage(inc incident.Incident, f incident.GuideOffered) effect.Message {
	body := fmt.Sprintf("Another guide may fit better by now: “%s”", incident.Escape(f.Title))
	if f.Why != "" {
		body += ". It " + incident.Escape(f.Why)
	}
	return effect.Message{
		Body: body + ". The guide in use stays until you change it.",
		Buttons: []effect.Button{
			{Label: "Use it", Command: command(inc, "guide "+f.Guide), Style: effect.Primary},
			{Label: "Look at it first", Command: command(inc, "guide show "+f.Guide)},
		},
	}
}

// begunMessage tells the room what is being done about it, and what comes then.
func (b *Bot) begunMessage(e incident.Event, f incident.MitigationChosen, inc incident.Incident) effect.Message {
	over := "mitigated " + f.Name
	if f.Kind != "" {
		over = "mitigated " + f.Kind + " " + f.Name
	}
	return effect.Message{
		Body: "**" + sentence(e, inc) + "**\n\nSay here when it is done. Then check that it holds before you call it over.",
		Buttons: []effect.Button{
			{Label: "How to verify", Command: command(inc, "guide show "+f.Guide+" Verify")},
			{Label: "It worked: impact is over", Command: command(inc, over), Confirm: "Has somebody checked it, as the guide says under Verify?"},
		},
	}
}

// askHelped asks whether the guide helped: once, when impact is over for the
// first time. Of triage there is nothing to be learned.
func askHelped(e incident.Event, inc incident.Incident) []effect.Effect {
	if inc.Guide.Guide == "" || inc.Guide.Guide == incident.Triage || inc.Guide.Helped != "" {
		return nil
	}
	for _, before := range inc.Timeline[:e.Seq-1] {
		switch before.Fact.(type) {
		case incident.Mitigated, incident.Resolved:
			return nil // it was asked then
		}
	}
	return []effect.Effect{say(effect.Message{
		Body: "Did the guide “" + incident.Escape(inc.Guide.Title) + "” help? Your answer makes the next match better.",
		Buttons: []effect.Button{
			{Label: "It helped", Command: command(inc, "guide helped yes")},
			{Label: "In part", Command: command(inc, "guide helped partly")},
			{Label: "It did not", Command: command(inc, "guide helped no")},
		},
	})}
}
