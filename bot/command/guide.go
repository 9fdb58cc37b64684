package command

import (
	"context"
	"fmt"
	"strings"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/runbooks"
)

var guideVerb = Verb{
	Name: "guide", Args: "[TEXT | ID | list]", Anywhere: true,
	Help: "find the troubleshooting guide for what people see",
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		word, rest := cutWord(c.Args)
		word = strings.ToLower(word)
		if run, ok := guideWords[word]; ok && meant(c, word, strings.Fields(rest)) {
			return run(ctx, c, rest)
		}
		if word == "" {
			return thisGuide(ctx, c)
		}
		if g, ok := c.Guides.Guide(word); ok && rest == "" {
			return serve(ctx, c, g, "")
		}
		return findGuide(ctx, c, c.Args, "")
	},
}

// guideWords are what can stand behind "guide" besides a text and an ID. Most are
// there for the buttons of a guide.
var guideWords = map[string]func(context.Context, *Call, string) (bot.Answer, error){
	"list":   func(_ context.Context, c *Call, _ string) (bot.Answer, error) { return guideList(c), nil },
	"show":   showSection,
	"look":   showLook,
	"for":    findFor,
	"not":    notThis,
	"answer": stepOn,
	"back":   stepBack,
	"helped": rateGuide,
}

// meant tells whether a word behind "guide" is meant as one of guideWords: people
// also say "guide not responding at all".
func meant(c *Call, word string, rest []string) bool {
	if len(rest) == 0 {
		return true
	}
	switch _, guide := c.Guides.Guide(strings.ToLower(rest[0])); word {
	case "list":
		return false
	case "for":
		_, symptom := incident.Find(incident.Symptoms, rest[0])
		return symptom
	case "helped":
		return len(rest) == 1
	case "not":
		return guide && len(rest) == 1
	default:
		return guide || len(rest) == 3 && word == "answer" || len(rest) == 2 && word == "back"
	}
}

// thisGuide shows the guide in use; where there is none, all of them.
func thisGuide(_ context.Context, c *Call) (bot.Answer, error) {
	if g, ok := c.Guides.Guide(c.Inc.Guide.Guide); ok {
		return section(c, g, "First question"), nil
	}
	return guideList(c), nil
}

// serve shows a guide to whoever asks, and puts it in the room if the room has
// another one.
// why is the matching's reason; "" is a person's choice.
func serve(ctx context.Context, c *Call, g *runbooks.Guide, why string) (bot.Answer, error) {
	if c.Has() && c.Inc.Status != incident.Shut {
		inc, err := c.ServeGuide(ctx, c.Inc.ID, c.Origin(), g, why)
		if err != nil {
			return bot.Answer{}, err
		}
		c.Inc = inc
	}
	return section(c, g, "First question"), nil
}

// showSection is "show [ID] [SECTION]".
func showSection(_ context.Context, c *Call, args string) (bot.Answer, error) {
	word, title := cutWord(args)
	if word == "" {
		word = c.Inc.Guide.Guide
	}
	g, ok := c.Guides.Guide(strings.ToLower(word))
	if !ok {
		return guideList(c), nil
	}
	return section(c, g, title), nil
}

// section shows one section at a time: a phone shows no more.
func section(c *Call, g *runbooks.Guide, title string) bot.Answer {
	if g.Section(title) == "" {
		title = "Decide"
	}
	a := answer("**%s**\n\n%s", title, g.Section(title))
	a.Title = g.Title
	for _, s := range runbooks.Titles() {
		if s != title && g.Section(s) != "" {
			a.Buttons = append(a.Buttons, effect.Button{Label: s, Command: prefix(c) + "guide show " + g.ID + " " + s})
		}
	}
	if c.Has() && c.Inc.Guide.Guide != g.ID {
		a.Buttons = append(a.Buttons, effect.Button{Label: "Use this one", Command: prefix(c) + "guide " + g.ID, Style: effect.Primary})
	}
	return a
}

// showLook is "look ID LOOK": its commands, to be copied.
func showLook(_ context.Context, c *Call, args string) (bot.Answer, error) {
	id, name := cutWord(args)
	g, ok := c.Guides.Guide(id)
	look, found := runbooks.Look{}, false
	if ok {
		look, found = g.Look(name)
	}
	if !found {
		return bot.Answer{}, incident.Refusef("The guide has changed since. `/incident guide show %s` shows it as it is now.", incident.Escape(id))
	}
	a := answer("%s", look.Body)
	if g.Setup != "" {
		a = answer("%s\n\n**%s**\n\n%s", g.Setup, incident.Escape(look.Title), look.Body)
	}
	a.Title = look.Title
	return a, nil
}

// prefix is what a command begins with to be about the call's incident.
func prefix(c *Call) string {
	if c.Has() {
		return string(c.Inc.ID) + " "
	}
	return ""
}

// findFor is "for SYMPTOM TEXT": what a button of the one question says.
func findFor(ctx context.Context, c *Call, args string) (bot.Answer, error) {
	word, text := cutWord(args)
	symptom, err := incident.ParseSymptom(word)
	if err != nil {
		return bot.Answer{}, err
	}
	return findGuide(ctx, c, text, symptom)
}

// findGuide finds a guide for a text in a person's own words. Unsure, it asks:
// first for the symptom, then which of those that come near it is.
func findGuide(ctx context.Context, c *Call, text, symptom string) (bot.Answer, error) {
	m := c.FindFor(ctx, c.Inc, runbooks.Query{Text: text, Symptom: symptom})
	if g, ok := c.Guides.Guide(m.Guide); ok {
		a, err := serve(ctx, c, g, m.Why)
		a.Body = "*Why this one: it " + incident.Escape(m.Why) + ".*\n\n" + a.Body
		a.Buttons = append(a.Buttons, effect.Button{Label: "Another guide", Command: prefix(c) + "guide list"})
		return a, err
	}
	if symptom == "" {
		a := answer("I am not sure which guide fits. What is it like?")
		for _, s := range incident.Symptoms {
			if s.ID != incident.Unclassified {
				a.Buttons = append(a.Buttons, effect.Button{Label: s.Label, Command: prefix(c) + "guide for " + s.ID + " " + incident.Cut(text, 1500)})
			}
		}
		return a, nil
	}
	a := answer("Which of these comes nearest?")
	if q, ok := c.NextQuestion(symptom); ok {
		a = answer("**%s**", incident.Escape(q.Title))
		for _, to := range q.Answers {
			a.Buttons = append(a.Buttons, effect.Button{Label: to.Label, Command: prefix(c) + "guide " + to.Guide})
		}
	} else {
		a.Buttons = candidates(c, m, "")
	}
	a.Buttons = append(a.Buttons, effect.Button{Label: "All guides", Command: prefix(c) + "guide list"})
	return a, nil
}

// candidates are the guides that come nearest, but not but.
func candidates(c *Call, m runbooks.Match, but string) []effect.Button {
	var out []effect.Button
	for _, near := range m.Candidates {
		if g, ok := c.Guides.Guide(near.Guide); ok && g.ID != but && len(out) < 3 {
			out = append(out, effect.Button{Label: incident.Cut(g.Title, 70), Command: prefix(c) + "guide " + g.ID})
		}
	}
	return out
}

// notThis sets a guide aside and offers the next ones.
func notThis(ctx context.Context, c *Call, id string) (bot.Answer, error) {
	if !c.Has() {
		return guideList(c), nil
	}
	if id == "" {
		id = c.Inc.Guide.Guide
	}
	if err := c.decide(ctx, func(inc incident.Incident) ([]incident.Fact, error) { return inc.RejectGuide(id) }); err != nil {
		return bot.Answer{}, err
	}
	a := answer("What is it, then? Your choice makes the next match better.")
	a.Buttons = candidates(c, c.FindFor(ctx, c.Inc, bot.Query(c.Inc)), id)
	for _, s := range incident.Symptoms {
		if s.ID != incident.Unclassified && s.ID != c.Inc.Symptom {
			a.Buttons = append(a.Buttons, effect.Button{Label: s.Label, Command: prefix(c) + "guide for " + s.ID + " " + incident.Cut(c.Inc.Report(), 1500)})
		}
	}
	a.Buttons = append(a.Buttons, effect.Button{Label: "All guides", Command: prefix(c) + "guide list"})
	return a, nil
}

// stepOn is "answer GUIDE QUESTION ANSWER".
func stepOn(ctx context.Context, c *Call, args string) (bot.Answer, error) {
	return step(ctx, c, strings.Fields(args), 3)
}

// stepBack is "back GUIDE QUESTION".
func stepBack(ctx context.Context, c *Call, args string) (bot.Answer, error) {
	return step(ctx, c, strings.Fields(args), 2)
}

func step(ctx context.Context, c *Call, words []string, want int) (bot.Answer, error) {
	if !c.Has() || len(words) != want {
		return bot.Answer{}, incident.Refusal("The buttons of a guide in an incident's channel answer its questions. `/incident guide list` shows all guides.")
	}
	words = append(words, "")
	inc, err := c.Step(ctx, c.Inc.ID, c.Origin(), words[0], words[1], words[2])
	if err != nil {
		return bot.Answer{}, err
	}
	if inc.Guide.Guide != words[0] {
		return answer("Go on with the guide “%s”: it is in the channel.", incident.Escape(inc.Guide.Title)), nil
	}
	return bot.Answer{}, nil // the guide's message shows it
}

// rateGuide is "helped yes|partly|no".
func rateGuide(ctx context.Context, c *Call, how string) (bot.Answer, error) {
	if !c.Has() {
		return bot.Answer{}, incident.Refusal("Which incident's guide helped? For example `INC-7 guide helped yes`.")
	}
	err := c.decide(ctx, func(inc incident.Incident) ([]incident.Fact, error) { return inc.RateGuide(strings.ToLower(how)) })
	return answer("Thank you. It is on the record, and the next match knows it."), err
}

func guideList(c *Call) bot.Answer {
	a := answer("What is it like? Each guide says where to look and what helps fastest.")
	for _, g := range c.Guides.Guides() {
		if len(a.Buttons) < 24 {
			a.Buttons = append(a.Buttons, effect.Button{Label: incident.Cut(g.Title, 70), Command: prefix(c) + "guide show " + g.ID})
		}
	}
	return a
}

var mitigateVerb = Verb{
	Name: "mitigate", Args: "[NAME]",
	Help: "choose a step of the guide to stop the impact, and begin with it",
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		words := strings.Fields(c.Args)
		guide, name := c.Inc.Guide.Guide, strings.Join(words, " ")
		if len(words) == 2 { // "GUIDE NAME", as buttons have it
			if _, ok := c.Guides.Guide(words[0]); ok {
				guide, name = words[0], words[1]
			}
		}
		g, ok := c.Guides.Guide(guide)
		if !ok {
			return answer("There is no guide to choose from yet: `/incident guide TEXT` finds one."), nil
		}
		m, ok := findMitigation(g, name)
		if !ok {
			return mitigations(c, g, name), nil
		}
		_, err := c.Begin(ctx, c.Inc.ID, c.Origin(), g.ID, m.ID)
		return answer("On the record: you begin with “%s”. Say in the channel when it is done.", incident.Escape(m.Name)), err
	},
}

// findMitigation finds a mitigation by its ID or its name, or by a beginning
// of the name that no other has.
func findMitigation(g *runbooks.Guide, name string) (runbooks.Mitigation, bool) {
	if m, ok := g.Mitigation(name); ok || name == "" {
		return m, ok && name != ""
	}
	var found []runbooks.Mitigation
	for _, m := range g.Mitigations {
		if strings.HasPrefix(strings.ToLower(m.Name), strings.ToLower(name)) {
			found = append(found, m)
		}
	}
	if len(found) == 1 {
		return found[0], true
	}
	return runbooks.Mitigation{}, false
}

// mitigations shows what there is to choose from.
func mitigations(c *Call, g *runbooks.Guide, name string) bot.Answer {
	a := answer("%s", g.Section("Mitigate"))
	if name != "" {
		a.Body = fmt.Sprintf("The guide has no step “%s”. It has these:\n\n%s", incident.Escape(name), a.Body)
	}
	a.Title = incident.Cut("Mitigate: "+g.Title, 150)
	for _, m := range g.Mitigations {
		a.Buttons = append(a.Buttons, effect.Button{Label: "Begin: " + incident.Cut(m.Name, 60), Command: prefix(c) + "mitigate " + g.ID + " " + m.ID})
	}
	return a
}
