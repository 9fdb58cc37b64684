package command

import (
	"context"
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
		word, section := cutWord(c.Args)
		show := strings.EqualFold(word, "show")
		if show {
			word, section = cutWord(section)
			if word == "" {
				word = c.Inc.Guide.Guide
			}
			if word == "" {
				return guideList(c), nil
			}
		}
		switch {
		case strings.EqualFold(c.Args, "list"):
			return guideList(c), nil
		case c.Args == "" && c.Has() && c.Inc.Guide.Guide != "":
			word = c.Inc.Guide.Guide
		case c.Args == "":
			return guideList(c), nil
		}
		if g, ok := c.Guides.Guide(strings.ToLower(word)); ok {
			if show {
				return showGuide(c, g, section), nil
			}
			return serve(ctx, c, g, section)
		}
		return match(ctx, c)
	},
}

// serve shows a guide to whoever asks, and puts it in the room if the room has
// another one.
func serve(ctx context.Context, c *Call, g *runbooks.Guide, section string) (bot.Answer, error) {
	if c.Has() && c.Inc.Guide.Guide != g.ID && c.Inc.Status != incident.Shut {
		if _, err := c.ServeGuide(ctx, c.Inc.ID, c.Origin(), g); err != nil {
			return bot.Answer{}, err
		}
	}
	return showGuide(c, g, section), nil
}

// showGuide shows one section at a time: a phone shows no more.
func showGuide(c *Call, g *runbooks.Guide, section string) bot.Answer {
	if g.Section(section) == "" {
		section = "Decide"
	}
	a := answer("**%s**\n\n%s", section, g.Section(section))
	a.Title = g.Title
	for _, s := range runbooks.Titles() {
		if s != section && g.Section(s) != "" {
			a.Buttons = append(a.Buttons, effect.Button{Label: s, Command: prefix(c) + "guide show " + g.ID + " " + s})
		}
	}
	if c.Has() && c.Inc.Guide.Guide != g.ID {
		a.Buttons = append(a.Buttons, effect.Button{Label: "Use this one", Command: prefix(c) + "guide " + g.ID, Style: effect.Primary})
	}
	return a
}

// prefix is what a command begins with to be about the call's incident.
func prefix(c *Call) string {
	if c.Has() {
		return string(c.Inc.ID) + " "
	}
	return ""
}

// match finds a guide for a text in a person's own words.
func match(ctx context.Context, c *Call) (bot.Answer, error) {
	m := c.Guides.Match(runbooks.Query{Text: c.Args})
	g, ok := c.Guides.Guide(m.Guide)
	if !ok {
		a := guideList(c)
		a.Body = "I am not sure which guide fits. " + a.Body
		return a, nil
	}
	a, err := serve(ctx, c, g, "First question")
	a.Body = "*Why this one: " + incident.Escape(m.Why) + ".*\n\n" + a.Body
	return a, err
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
