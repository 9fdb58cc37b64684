package command

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/store"
)

// loose is one page of the alerts that belong to no incident.
func (c *Call) loose(ctx context.Context, n int) (bot.Answer, error) {
	list, err := c.Loose(ctx)
	if err != nil {
		return bot.Answer{}, err
	}
	if len(list) == 0 {
		return answer("No alert of the last day is without an incident."), nil
	}
	p, err := c.screen(len(list), n, "alerts", "alert")
	if err != nil {
		return bot.Answer{}, err
	}
	var s strings.Builder
	s.WriteString("**Alerts of the last day that belong to no incident**\n\n" + p.top("the worst first"))
	for _, l := range list[p.from:p.to] {
		why := cmp.Or(l.Why, "what it began with has not come yet")
		fmt.Fprintf(&s, "- %s · %s: %s\n", alertLine(looseSignal(l)), repeated(l, c.Now), incident.Escape(why))
	}
	s.WriteString(p.end() + "\n\nIn an incident's channel, `/incident attach` offers them.")
	a := answer("%s", s.String())
	a.Buttons = p.more()
	return a, nil
}

func looseSignal(a store.Alert) incident.Signaled {
	s := a.Signal
	if a.State != "" {
		s.State = a.State
	}
	return s
}

var attachVerb = Verb{
	Name: "attach", Alerts: true, Args: "[INC-9]", Help: "take in another incident's alerts, or one that belongs to none",
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		word, rest := cutWord(c.Args)
		if id, ok := incident.ParseID(word); ok {
			if err := c.mayMerge(ctx, id, c.Inc.ID); err != nil {
				return bot.Answer{}, err
			}
			_, err := c.Merge(ctx, id, c.Inc.ID, c.Origin(), "")
			return answer("%s is part of %s now.", id, c.Inc.ID), err
		}
		if word != "" && !strings.EqualFold(word, "page") { // a number alone is an incident's
			return c.attachAlert(ctx, word, rest)
		}
		n, err := pageNumber(rest, "attach page")
		if err != nil {
			return bot.Answer{}, err
		}
		return c.offerLoose(ctx, n)
	},
}

// offerLoose asks which alert that belongs to none the incident takes in.
func (c *Call) offerLoose(ctx context.Context, n int) (bot.Answer, error) {
	list, err := c.Loose(ctx)
	if err != nil {
		return bot.Answer{}, err
	}
	if len(list) == 0 {
		return answer("No alert of the last day is without an incident. Another incident's: `/incident attach INC-9`."), nil
	}
	p, err := c.screen(len(list), n, string(c.Inc.ID)+" attach page", "alert")
	if err != nil {
		return bot.Answer{}, err
	}
	a := answer("Which one belongs to %s?\n\n%s%s", c.Inc.ID, p.top("the worst first"), p.end())
	for _, l := range list[p.from:p.to] {
		a.Buttons = append(a.Buttons, effect.Button{Label: incident.Cut(incident.SourceName(l.Source)+" · "+l.Signal.Title, 70), Command: fmt.Sprintf("%s attach %s", c.Inc.ID, shortName(l.Source, l.Key))})
	}
	a.Buttons = append(a.Buttons, p.more()...)
	return a, nil
}

// attachAlert takes in an alert that belongs to none, by its source and key or by
// its short name.
func (c *Call) attachAlert(ctx context.Context, source, key string) (bot.Answer, error) {
	if strings.HasPrefix(source, "#") {
		var err error
		if source, key, err = c.called(ctx, source); err != nil {
			return bot.Answer{}, err
		}
	}
	if err := c.AttachAlert(ctx, c.Inc.ID, c.Origin(), source, key); err != nil {
		return bot.Answer{}, err
	}
	return answer("It belongs to %s now.", c.Inc.ID), nil
}

// shortName stands for an alert in a line: keys may be long, or end in a space.
func shortName(source, key string) string {
	sum := sha256.Sum256([]byte(source + "\x00" + key))
	return "#" + hex.EncodeToString(sum[:])[:10]
}

// called finds the alert with a short name among those that belong to no incident,
// and those of the call's: somebody may press a button twice.
func (c *Call) called(ctx context.Context, name string) (source, key string, err error) {
	list, err := c.Loose(ctx)
	if err != nil {
		return "", "", err
	}
	for _, l := range list {
		if shortName(l.Source, l.Key) == name {
			return l.Source, l.Key, nil
		}
	}
	for _, f := range c.Inc.Alerts() {
		if shortName(f.Source, f.Key) == name {
			return f.Source, f.Key, nil
		}
	}
	return "", "", incident.Refusal("That alert belongs to an incident by now, or is over. `/incident alerts` shows those that belong to none.")
}
