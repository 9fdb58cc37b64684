package command

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

// patience is how long a person waits for PagerDuty: Slack takes no answer after
// three seconds.
const patience = 2 * time.Second

var pageVerb = Verb{
	Name: "page", Args: "WHO [MESSAGE]", Help: "page a PagerDuty service, escalation policy or person",
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		if c.Paging == nil {
			return bot.Answer{}, noPaging
		}
		all := c.Paging.Complete(math.MaxInt)
		switch kind, id, name, text, chosen := chosenTarget(c.Args); {
		case c.Values != nil:
			return c.pageForm(ctx, all)
		case onlyKey(all):
			return c.pageAnybody(ctx, all[0])
		case chosen:
			return c.page(ctx, incident.PageTarget{Kind: kind, ID: id, Name: name}, text)
		case c.Args != "":
			return c.pageNamed(ctx)
		case len(all) > 0:
			return bot.Answer{Form: c.askPage(all)}, nil
		}
		return bot.Answer{}, incident.Refusal("Whom? A service, an escalation policy or a person, as PagerDuty calls it: `page Platform answers are wrong for everybody`.")
	},
}

// maxTargets is how many a form's list has at most: with the longest names Slack takes
// no larger form.
const maxTargets = 500

// onlyKey tells whether there is a routing key and no more: then there is one to
// page, whoever stands behind it.
func onlyKey(all []incident.PageTarget) bool {
	return len(all) == 1 && all[0].Kind == incident.TargetKey
}

// pageAnybody pages whoever stands behind the routing key: nobody has to be named,
// so the whole line is what they are told.
func (c *Call) pageAnybody(ctx context.Context, to incident.PageTarget) (bot.Answer, error) {
	if c.Args == "" {
		return bot.Answer{}, incident.Refusal("What shall they know? For example `page answers are wrong for everybody`.")
	}
	return c.page(ctx, to, c.Args)
}

// askPage lets a person choose by typing part of a name.
func (c *Call) askPage(targets []incident.PageTarget) *bot.Form {
	hint := ""
	if more := len(targets) - maxTargets; more > 0 {
		targets = targets[:maxTargets]
		hint = fmt.Sprintf("… and %d more: for those type the name instead, /incident page NAME", more)
	}
	choices := make([]bot.Choice, len(targets))
	for i, t := range targets {
		choices[i] = bot.Choice{Value: t.Kind + "/" + t.ID, Label: incident.Cut(t.Name+" · "+targetKind(t.Kind), 75)}
	}
	return &bot.Form{
		Title: "Page somebody", Submit: "Page", Command: string(c.Inc.ID) + " page",
		Fields: []bot.Field{
			{Name: "who", Label: "Whom?", Kind: bot.OneOf, Choices: choices, Required: true, Hint: hint},
			{Name: "text", Label: "What shall they know?", Hint: "What users see, and what you need them for.", Max: 500},
		},
	}
}

func (c *Call) pageForm(ctx context.Context, all []incident.PageTarget) (bot.Answer, error) {
	kind, id, _ := strings.Cut(c.Values["who"], "/")
	for _, t := range all {
		if t.Kind == kind && t.ID == id {
			return c.page(ctx, t, c.Values["text"])
		}
	}
	return bot.Answer{}, about("who", incident.Refusal("PagerDuty does not know that one any more. Choose again."))
}

var noPaging = incident.Refusal("PagerDuty is not set up for paging from here. Page from PagerDuty itself, or call; the incident here is unaffected. Whoever runs tocsin can set it up: `tocsin doctor` shows what is missing.")

// maxName is how many words a name may have.
const maxName = 6

// pageNamed finds whom the first words of the line mean: of two names, the longer.
// Whom they mean but nearly is asked about, with the words that follow.
func (c *Call) pageNamed(ctx context.Context) (bot.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	words := strings.Fields(c.Args)
	var near []intended
	for n := min(len(words), maxName); n > 0; n-- {
		who, text := strings.Trim(strings.Join(words[:n], " "), `"“”@`), strings.Join(words[n:], " ")
		list, err := c.Paging.Targets(ctx, who)
		if err != nil {
			return bot.Answer{}, c.unavailable(err)
		}
		if onlyKey(list) {
			return c.pageAnybody(ctx, list[0])
		}
		if exact := named(list, who); len(exact) > 0 {
			near = slices.DeleteFunc(near, func(m intended) bool { return slices.Contains(exact, m.PageTarget) })
			if len(exact) == 1 && len(near) == 0 {
				return c.page(ctx, exact[0], text)
			}
			return c.choosePage(append(near, withText(exact, text)...)), nil
		}
		if len(near) == 0 {
			near = withText(list, text)
		}
	}
	if len(near) > 0 {
		return c.choosePage(near), nil
	}
	return bot.Answer{}, incident.Refusef("PagerDuty knows nobody called “%s”: no service, escalation policy or person. `/incident oncall` shows who is on call.", incident.Escape(words[0]))
}

// intended is whom a line may mean, with what it then says to them.
type intended struct {
	incident.PageTarget
	text string
}

func withText(list []incident.PageTarget, text string) []intended {
	all := make([]intended, len(list))
	for i, t := range list {
		all[i] = intended{t, text}
	}
	return all
}

// named are the targets that are called just so.
func named(list []incident.PageTarget, name string) []incident.PageTarget {
	var exact []incident.PageTarget
	for _, t := range list {
		if strings.EqualFold(t.Name, name) {
			exact = append(exact, t)
		}
	}
	return exact
}

// choosePage asks whom of several somebody means.
func (c *Call) choosePage(list []intended) bot.Answer {
	a := answer("Whom do you mean?")
	for _, t := range list[:min(len(list), 10)] {
		a.Buttons = append(a.Buttons, effect.Button{
			Label:   incident.Cut(t.Name+" · "+targetKind(t.Kind), 70),
			Command: fmt.Sprintf("%s page =%s/%s/%s= %s", c.Inc.ID, t.Kind, t.ID, strings.ReplaceAll(t.Name, "=", "-"), incident.Cut(t.text, 1000)),
		})
	}
	return a
}

func targetKind(kind string) string {
	return map[string]string{
		incident.TargetService: "service", incident.TargetPolicy: "escalation policy", incident.TargetUser: "person", incident.TargetKey: "integration",
	}[kind]
}

// chosenTarget reads what a button of choosePage says.
func chosenTarget(args string) (kind, id, name, text string, ok bool) {
	rest, ok := strings.CutPrefix(args, "=")
	target, text, closed := strings.Cut(rest, "=")
	parts := strings.SplitN(target, "/", 3)
	if !ok || !closed || len(parts) != 3 || targetKind(parts[0]) == "" {
		return "", "", "", "", false
	}
	return parts[0], parts[1], parts[2], strings.TrimSpace(text), true
}

func (c *Call) page(ctx context.Context, to incident.PageTarget, text string) (bot.Answer, error) {
	inc, err := c.Page(ctx, c.Inc.ID, c.Origin(), to, text)
	if err != nil {
		return bot.Answer{}, err
	}
	return answer("Paging %s for %s. The channel says when PagerDuty has it.", incident.Escape(to.Name), inc.ID), nil
}

// unavailable is what a person is told when PagerDuty does not answer as hoped.
// What it was goes to the log: it helps whoever runs tocsin, and nobody else now.
func (c *Call) unavailable(err error) error {
	var refusal incident.Refusal
	if errors.As(err, &refusal) {
		return refusal
	}
	_, line := explicit(strings.TrimSpace(c.Line))
	c.Log.Warn("PagerDuty could not be asked", "verb", firstWord(line), "error", err)
	var final *bot.Final
	switch {
	case errors.As(err, &final):
		return incident.Refusef("PagerDuty cannot be asked: %s", incident.Escape(final.Why))
	case errors.Is(err, context.DeadlineExceeded):
		return incident.Refusal("PagerDuty did not answer in time. Try again, or page from PagerDuty itself; the incident here is unaffected.")
	}
	return incident.Refusal("PagerDuty cannot be asked now. Page from PagerDuty itself, or call; the incident here is unaffected.")
}

var oncallVerb = Verb{
	Name: "oncall", Alerts: true, Args: "[TEAM]", Anywhere: true, Help: "who is on call now: of a team, a service or an escalation policy, or of all",
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		if c.Paging == nil {
			return bot.Answer{}, noPaging
		}
		if onlyKey(c.Paging.Complete(2)) {
			return bot.Answer{}, incident.Refusal("Who is on call is not known here: for that, whoever runs tocsin has to set PAGERDUTY_API_TOKEN. Paging works without it: `/incident page answers are wrong for everybody`.")
		}
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		list, err := c.Paging.OnCall(ctx, c.Args)
		if err != nil {
			return bot.Answer{}, c.unavailable(err)
		}
		if len(list) == 0 {
			return answer("PagerDuty has nobody on call%s now.", of(c.Args)), nil
		}
		var s strings.Builder
		fmt.Fprintf(&s, "**On call now%s**\n\n", of(c.Args))
		for i, d := range list {
			if i == 30 {
				fmt.Fprintf(&s, "\nand %d more: name a team.", len(list)-i)
				break
			}
			fmt.Fprintf(&s, "- %s\n", duty(d))
		}
		a := answer("%s", s.String())
		if c.Has() && c.Inc.Active() && c.Inc.Holder(incident.Commander) == (incident.Person{}) {
			a.Buttons = []effect.Button{{Label: "Take command", Command: string(c.Inc.ID) + " take incident-commander"}}
		}
		return a, nil
	},
}

func of(team string) string {
	if team == "" {
		return ""
	}
	return " for " + incident.Escape(team)
}

func duty(d bot.Duty) string {
	s := incident.ByName(d.Person) + " · " + incident.Escape(d.Policy)
	if d.Schedule != "" && d.Schedule != d.Policy {
		s += ", " + incident.Escape(d.Schedule)
	}
	s += fmt.Sprintf(", level %d", d.Level)
	if !d.Until.IsZero() {
		s += ", until " + incident.Clock(d.Until)
	}
	return s
}
