package command

import (
	"context"
	"strings"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

var changedVerb = Verb{
	Name: "changed", Args: "[KIND] TEXT", Anywhere: true,
	Help: "say what you changed: config, model, prompt, index, data or deploy; guides weigh it for half an hour",
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		word, rest := cutWord(c.Args)
		kind, ok := incident.Find(bot.ChangeKinds, strings.TrimRight(word, ":,"))
		switch {
		case strings.TrimSpace(c.Args) == "" || ok && rest == "":
			return bot.Answer{}, incident.Refusal("What did you change? For example `changed prompt support-bot is on v12`.")
		case !ok:
			a := answer("What kind of change was it?")
			for _, k := range bot.ChangeKinds {
				a.Buttons = append(a.Buttons, effect.Button{Label: k.Label, Command: prefix(c) + "changed " + k.ID + " " + incident.Cut(c.Args, 1500)})
			}
			return a, nil
		}
		what := incident.Cut(incident.Line(rest), 300)
		note := func(inc incident.Incident) ([]incident.Fact, error) {
			return inc.Note("changed "+kind.ID+": "+what, c.Now, c.Now)
		}
		if c.Inc.Private { // what is said in private is known nowhere else
			return answer("On the timeline of %s alone, because it is private: %s, %s.", c.Inc.ID, kind.ID, incident.Escape(what)), c.decide(ctx, note)
		}
		ch, err := c.Change(ctx, c.Origin(), kind.ID, what)
		if err != nil {
			return bot.Answer{}, err
		}
		a := answer("On the record for half an hour: %s, %s", kind.ID, incident.Escape(what))
		if ch.Service != "" {
			a.Body += ", of the service " + incident.Escape(ch.Service)
		}
		if c.Has() {
			err = c.decide(ctx, note)
		}
		a.Body += "."
		return a, err
	},
}
