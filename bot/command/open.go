package command

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
)

var openVerb = Verb{
	Name: "open", Aliases: []string{"declare", "new"}, Args: "[sev1…sev4] TITLE [since 14:02]", Anywhere: true,
	Help: "open an incident, at once; with no title, a form that needs only one",
	Run:  open,
}

func open(ctx context.Context, c *Call) (bot.Answer, error) {
	if c.Values != nil {
		return declareForm(ctx, c)
	}
	sev, title, err := leadingSeverity(c.Args)
	if err != nil {
		return bot.Answer{}, err
	}
	if strings.TrimSpace(title) == "" {
		return bot.Answer{Form: openForm(c, sev)}, nil
	}
	title, began := cutSince(title, c.Now)
	return declare(ctx, c, incident.Declared{Title: title, Severity: sev, Began: began, People: mentioned(c)})
}

// leadingSeverity takes "sev2" or "P2" off the beginning of a title, and refuses one that
// there is not: nobody who says sev0 means the usual.
func leadingSeverity(s string) (sev incident.Severity, title string, err error) {
	m := severityFirst.FindStringSubmatch(s)
	if m == nil {
		return "", s, nil
	}
	if sev, err = incident.ParseSeverity(m[1]); err != nil {
		return "", s, err
	}
	return sev, strings.TrimSpace(m[2]), nil
}

// severityFirst is "sev2 …" as people write it: "SEV-2: …", "sev 2, …", "P2 …"; but not
// "p50 …", which is a percentile.
var severityFirst = regexp.MustCompile(`(?is)^\s*(sev[- ]?\d+|p\d)(?:[:,;]|\s|$)(.*)$`)

// mentioned is everybody whom a line names, in the order of their names.
func mentioned(c *Call) []incident.Person {
	var people []incident.Person
	for _, p := range c.Mentions {
		people = append(people, p)
	}
	slices.SortFunc(people, func(a, b incident.Person) int { return strings.Compare(string(a.User), string(b.User)) })
	return people
}

func declare(ctx context.Context, c *Call, d incident.Declared) (bot.Answer, error) {
	if c.Message != nil {
		d.Quote = c.Message
	}
	if _, rates := c.allowed(sevVerb.Name, c.opened()); d.Severity == usualSeverity && !rates {
		d.Severity = "" // whoever may not rate does not make light of what concerns people's data
	}
	inc, _, err := c.Declare(ctx, c.Origin(), d)
	if err != nil {
		return bot.Answer{}, err
	}
	is, guide := "is", "is on its way"
	if c.By.Via == incident.ViaShell { // where the chat may be away
		is, guide = "will be", "comes with it"
	}
	a := answer("**%s** is open as a %s: %s\n\nIts channel %s #%s: %s, and the guide %s.",
		inc.ID, inc.Severity.Title(), incident.Escape(incident.Cut(inc.Title, 300)), is, inc.ChannelName(), inCommand(inc), guide)
	if !inc.Began.IsZero() {
		a.Body += fmt.Sprintf("\n\nImpact began at %s: `/incident %s began TIME` corrects it.", incident.Clock(inc.Began), inc.ID)
	}
	switch {
	case inc.Private && !d.Private:
		a.Body += "\n\nI made it private, because it may concern people's data or an abuse: only the people you bring in can see it."
	case inc.Private:
		a.Body += "\n\nIt is private: only the people you bring in can see it."
	}
	return a, nil
}

// inCommand tells who declared an incident who leads it now.
func inCommand(inc incident.Incident) string {
	var names []string
	for _, p := range inc.OnCall {
		names = append(names, incident.ByName(p))
	}
	switch {
	case inc.Declarer.User != "":
		return "you are its commander until somebody takes over"
	case len(names) > 0:
		return "who is on call is brought in and asked to take command (" + strings.Join(names, ", ") + ")"
	}
	return "nobody is known to be on call, so whoever comes in is asked to take command"
}

// openForm asks for what is known; only the title is needed.
func openForm(c *Call, sev incident.Severity) *bot.Form {
	f := &bot.Form{
		Title: "Open an incident", Submit: "Open", Command: "open", Message: c.Message,
		Fields: []bot.Field{
			{Name: "title", Label: "What do people see?", Required: true, Hint: "A few words are enough. You need no error code.", Max: 300},
			{Name: "severity", Label: "How bad is it?", Kind: bot.OneOf, Value: string(sev), Choices: severityChoices(), Hint: "If unsure, take the worse one."},
			{Name: "symptom", Label: "Symptom", Kind: bot.OneOf, Choices: termChoices(incident.Symptoms)},
			{Name: "began", Label: "When did it begin?", Kind: bot.Moment, Hint: plain(timeHelp) + " It may be weeks ago."},
			{Name: "service", Label: "Service or feature", Max: 200},
			{Name: "model", Label: "Model and version", Max: 200},
			{Name: "private", Label: "Private", Kind: bot.Check, Hint: "Only people I bring in can see it: for leaks, abuse, security"},
		},
	}
	if c.Message != nil {
		f.Intro = "> " + incident.Escape(incident.Cut(c.Message.Text, 500))
		f.Fields[0].Value = incident.Cut(incident.Line(c.Message.Text), 120)
	}
	return f
}

func declareForm(ctx context.Context, c *Call) (bot.Answer, error) {
	v := c.Values
	d := incident.Declared{
		Title: v["title"], Symptom: v["symptom"], Private: v["private"] == "yes",
		Model: v["model"], Service: v["service"],
	}
	var err error
	if v["severity"] != "" {
		if d.Severity, err = incident.ParseSeverity(v["severity"]); err != nil {
			return bot.Answer{}, about("severity", err)
		}
	}
	if strings.TrimSpace(v["began"]) != "" {
		if d.Began, err = moment(v["began"], c.Now); err != nil {
			return bot.Answer{}, about("began", err)
		}
	}
	a, err := declare(ctx, c, d)
	return a, about("title", err)
}

func severityChoices() []bot.Choice {
	return []bot.Choice{
		{Value: "sev1", Label: "SEV1 · most users, or harm, or a leak"},
		{Value: "sev2", Label: "SEV2 · many users, or a key flow"},
		{Value: "sev3", Label: "SEV3 · some users, or getting worse"},
		{Value: "sev4", Label: "SEV4 · minor, there is a way around"},
	}
}

func termChoices(terms []incident.Term) []bot.Choice {
	choices := make([]bot.Choice, len(terms))
	for i, t := range terms {
		choices[i] = bot.Choice{Value: t.ID, Label: incident.Cut(t.Label+" · "+t.Means, 75)}
	}
	return choices
}

var joinVerb = Verb{
	Name: "join", Help: "come into the incident's channel", Anywhere: false,
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		err := c.decide(ctx, func(inc incident.Incident) ([]incident.Fact, error) { return inc.Join(c.By.Person) })
		if err != nil {
			return bot.Answer{}, err
		}
		return answer("You are being added to #%s.%s", orName(c.Inc), noChannel(c.Inc)), nil
	},
}

// arrivedVerb and leftVerb are what the chat tells of who is in the channel.
var (
	arrivedVerb = presence("arrived", incident.Incident.Arrive)
	leftVerb    = presence("left", incident.Incident.Leave)
)

func presence(name string, decide func(incident.Incident, incident.Person) ([]incident.Fact, error)) Verb {
	return Verb{
		Name: name, Quiet: true, Help: "somebody " + name,
		Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
			err := c.decide(ctx, func(inc incident.Incident) ([]incident.Fact, error) { return decide(inc, c.By.Person) })
			return answer("Noted."), err
		},
	}
}

// noChannel says why an incident has no channel yet, or what tocsin may not do there
// now, where that is known.
func noChannel(inc incident.Incident) string {
	if len(inc.Bars) > 0 {
		f := inc.Bars[len(inc.Bars)-1]
		return fmt.Sprintf("\n\nBut I cannot %s now: %s", incident.Escape(f.What), incident.Escape(f.Why))
	}
	if inc.Channel.Channel != "" || len(inc.Failures) == 0 {
		return ""
	}
	f := inc.Failures[len(inc.Failures)-1]
	return fmt.Sprintf("\n\nBut I could not %s: %s Then `/incident %s resync`.", incident.Escape(f.What), incident.Escape(f.Why), inc.ID)
}

func orName(inc incident.Incident) string {
	if inc.Channel.Name != "" {
		return inc.Channel.Name
	}
	return inc.ChannelName()
}

var beganVerb = Verb{
	Name: "began", Args: "TIME", Help: "correct when impact began: `14:02`, `2026-11-20 14:02`, `3 days ago`",
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		when := c.Args
		if c.Values != nil {
			when = c.Values["at"]
		}
		if strings.TrimSpace(when) == "" {
			return bot.Answer{Form: &bot.Form{
				Title: "When did impact begin?", Submit: "Save", Command: string(c.Inc.ID) + " began",
				Fields: []bot.Field{{Name: "at", Label: "Since when", Kind: bot.Moment, Required: true, Hint: plain(timeHelp) + " It may be weeks ago."}},
			}}, nil
		}
		at, err := moment(when, c.Now)
		if err != nil {
			return bot.Answer{}, about("at", err)
		}
		err = c.decide(ctx, func(inc incident.Incident) ([]incident.Fact, error) { return inc.Date(at, c.Now) })
		return answer("Impact began %s.", incident.Clock(at)), err
	},
}

// at tells an answer's time where it is not just now.
func at(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " at " + incident.Clock(t)
}
