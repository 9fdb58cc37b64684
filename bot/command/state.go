package command

import (
	"context"
	"strings"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

var sevVerb = Verb{
	Name: "sev", Aliases: []string{"severity"}, Args: "N", Help: "set the severity, from 1 (worst) to 4",
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		if c.Args == "" {
			a := answer("%s is %s. If unsure, take the worse one.", c.Inc.ID, c.Inc.Severity.Title())
			for _, s := range severityChoices() {
				a.Buttons = append(a.Buttons, effect.Button{Label: s.Label, Command: string(c.Inc.ID) + " sev " + s.Value})
			}
			return a, nil
		}
		sev, err := incident.ParseSeverity(c.Args)
		if err != nil {
			return bot.Answer{}, err
		}
		_, err = c.Rate(ctx, c.Inc.ID, c.Origin(), sev)
		return answer("%s is %s now.", c.Inc.ID, sev.Title()), err
	},
}

var symptomVerb = Verb{
	Name: "symptom", Args: "ID", Help: "say what it is like: down, slow, won't deploy, wrong, expensive or unsafe",
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		if c.Args == "" {
			a := answer("What is it like?")
			for _, t := range incident.Symptoms {
				a.Buttons = append(a.Buttons, effect.Button{Label: t.Label, Command: string(c.Inc.ID) + " symptom " + t.ID})
			}
			return a, nil
		}
		symptom, err := incident.ParseSymptom(c.Args)
		if err != nil {
			return bot.Answer{}, err
		}
		inc, err := c.Classify(ctx, c.Inc.ID, c.Origin(), symptom)
		if inc.Guide.Guide == incident.Triage {
			return answer("Symptom: %s. One more question is in the channel, in the guide's message.", incident.Label(incident.Symptoms, symptom)), err
		}
		return answer("Symptom: %s. The guide is “%s”.", incident.Label(incident.Symptoms, symptom), incident.Escape(inc.Guide.Title)), err
	},
}

var privateVerb = Verb{
	Name: "private", Help: "go on in a private channel: for leaks, abuse, security",
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		inc, err := c.GoPrivate(ctx, c.Inc.ID, c.Origin())
		if err != nil {
			return bot.Answer{}, err
		}
		return answer("Go on in #%s (%s): only the people you bring in can see it. %s is closed here, and says nothing of it.", inc.ChannelName(), inc.ID, c.Inc.ID), nil
	},
}

var mitigatedVerb = Verb{
	Name: "mitigated", Args: "[HOW] [TEXT] [at 14:02]", Help: "impact is over; HOW is rollback, configuration-change, ad-hoc-fix …",
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		if c.Values == nil && c.Args == "" {
			return bot.Answer{Form: mitigatedForm(c)}, nil
		}
		how, text := c.Values["how"], c.Values["text"]
		if c.Values == nil {
			how, text = leadingHow(c.Args)
		}
		text, when, err := cutTime(text, c.Now)
		if err != nil {
			return bot.Answer{}, about("text", err)
		}
		if v := strings.TrimSpace(c.Values["at"]); v != "" {
			if when, err = moment(v, c.Now); err != nil {
				return bot.Answer{}, about("at", err)
			}
		}
		err = c.decideAt(ctx, when, func(inc incident.Incident) ([]incident.Fact, error) {
			if !when.IsZero() && when.Before(inc.Began) {
				return nil, about("at", incident.Refusef("Impact cannot have been over at %s: it began at %s. Correct the one or the other: `/incident began 14:02`.", incident.Clock(when), incident.Clock(inc.Began)))
			}
			return inc.Mitigate(how, text)
		})
		return answer("Impact is over%s%s. Keep watching, and `/incident resolve` when it holds.", at(when), keepsTime(text, when)), err
	},
}

// leadingHow takes a mitigation's id off the beginning of a text. A text that
// begins with another word is all text: how is then not said.
func leadingHow(s string) (how, text string) {
	word, rest := cutWord(s)
	if t, ok := incident.Find(incident.Mitigations, strings.TrimRight(word, ":,")); ok {
		return t.ID, strings.TrimSpace(rest)
	}
	return "", s
}

func mitigatedForm(c *Call) *bot.Form {
	return &bot.Form{
		Title: "Impact is over", Submit: "Save", Command: string(c.Inc.ID) + " mitigated",
		Fields: []bot.Field{
			{Name: "how", Label: "What stopped it?", Kind: bot.OneOf, Value: c.Inc.Guide.Begun.Kind, Choices: termChoices(incident.Mitigations)},
			{Name: "text", Label: "In words", Kind: bot.LongText, Max: 3000, Value: c.Inc.Guide.Begun.Name, Hint: "Which version, flag or route; how you know that it helped."},
			{Name: "at", Label: "Since when", Kind: bot.Moment, Hint: "Empty: now. " + plain(timeHelp)},
		},
	}
}

var resolveVerb = Verb{
	Name: "resolve", Aliases: []string{"resolved"}, Args: "[TEXT]", Help: "it is over; where the play says so, the postmortem is drafted",
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		err := c.decide(ctx, func(inc incident.Incident) ([]incident.Fact, error) { return inc.Resolve(c.Args) })
		return answer("%s is resolved. Thank you.", c.Inc.ID), err
	},
}

var reopenVerb = Verb{
	Name: "reopen", Args: "[TEXT]", Help: "it is not over after all",
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		err := c.decide(ctx, func(inc incident.Incident) ([]incident.Fact, error) { return inc.Reopen(c.Args) })
		return answer("%s is open again.", c.Inc.ID), err
	},
}

var closeVerb = Verb{
	Name: "close", Args: "REASON", Help: "end it: `resolved`, `false-alarm` or `duplicate of INC-7`",
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		reason, rest, ok := closeReason(c.Args)
		if !ok {
			a := answer("Why is %s to be closed? A duplicate: `/incident close duplicate of INC-7`.", c.Inc.ID)
			if word := firstWord(c.Args); word != "" {
				a = answer("“%s” is no reason to close. Choose one, or `/incident close duplicate of INC-7`.", incident.Escape(word))
			}
			for _, t := range incident.CloseReasons[:2] {
				a.Buttons = append(a.Buttons, effect.Button{Label: t.Label, Command: string(c.Inc.ID) + " close " + t.ID})
			}
			return a, nil
		}
		if reason.ID == "moved" {
			return bot.Answer{}, incident.Refusef("To go on in a private channel, use `/incident %s private`: it closes %s and opens the other.", c.Inc.ID, c.Inc.ID)
		}
		of, text, err := c.original(ctx, reason.ID, rest)
		if err != nil {
			return bot.Answer{}, err
		}
		if of != "" {
			_, err = c.Merge(ctx, c.Inc.ID, of, c.Origin(), text)
			return answer("%s is closed; its alerts are with %s.", c.Inc.ID, of), err
		}
		err = c.decide(ctx, func(inc incident.Incident) ([]incident.Fact, error) { return inc.Close(reason.ID, of, text) })
		return answer("%s is closed.", c.Inc.ID), err
	},
}

// closeReason reads why an incident is to be closed off the beginning of a text.
func closeReason(args string) (reason incident.Term, rest string, ok bool) {
	word, rest := cutWord(args)
	if second, more := cutWord(rest); strings.EqualFold(word+" "+second, "false alarm") {
		word, rest = "false-alarm", more
	}
	reason, ok = incident.Find(incident.CloseReasons, word)
	return reason, rest, ok
}

// originalWord takes the word that names the other incident off "of INC-7 because …".
func originalWord(s string) (word, text string) { return cutWord(trimVerb(s, "of")) }

// original reads "of INC-7 because …" after "close duplicate".
func (c *Call) original(ctx context.Context, reason, rest string) (incident.ID, string, error) {
	if reason != "duplicate" {
		return "", rest, nil
	}
	word, text := originalWord(rest)
	if word == "" {
		return "", "", nil // Close says what is missing
	}
	id, ok := incident.ParseID(word)
	if !ok {
		return "", "", incident.Refusef("“%s” is no incident. For example `close duplicate of INC-7`.", incident.Escape(word))
	}
	inc, err := c.Incident(ctx, id)
	if err != nil || !inc.VisibleTo(c.By) {
		return "", "", incident.Refusef("There is no incident %s. `/incident list all` shows those there are.", id)
	}
	if inc.Private && !c.Inc.Private {
		return "", "", incident.Refusef("%s is private, and this incident is not: closing it as a duplicate would tell everybody of the other. Use `/incident close resolved` or `false-alarm`.", id)
	}
	if id != c.Inc.ID { // Close says that it cannot be its own
		err = c.mayMerge(ctx, c.Inc.ID, id)
	}
	return id, text, err
}
