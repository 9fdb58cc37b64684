package command

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

var taskVerb = Verb{
	Name: "task", Args: "[TEXT | done N]", Help: "show the tasks, add one, or finish one",
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		if n, ok := doneNumber(c.Args); ok {
			err := c.decide(ctx, func(inc incident.Incident) ([]incident.Fact, error) { return inc.FinishTask(n) })
			return answer("Task %d is done.", n), err
		}
		if strings.EqualFold(firstWord(c.Args), "done") {
			return bot.Answer{}, incident.Refusal("Which one is done? For example `/incident task done 2`; `/incident task` shows them with their numbers.")
		}
		if text := trimVerb(c.Args, "add"); text != "" && !strings.EqualFold(text, "list") {
			err := c.decide(ctx, func(inc incident.Incident) ([]incident.Fact, error) { return inc.AddTask(text) })
			return answer("Task %d is on the list.", len(c.Inc.Tasks)), err
		}
		return taskList(c), nil
	},
}

func taskList(c *Call) bot.Answer {
	var s strings.Builder
	fmt.Fprintf(&s, "**%s · tasks**\n\n", c.Inc.ID)
	a := bot.Answer{}
	for i, t := range c.Inc.Tasks {
		if c.Inc.Withdrawn[i+1] {
			continue
		}
		fmt.Fprintf(&s, "- %s %d · %s", box(t.Done), i+1, incident.Escape(t.Text))
		if t.Role != "" {
			fmt.Fprintf(&s, " *(%s)*", t.Role.Title())
		}
		s.WriteString("\n")
		if !t.Done && len(a.Buttons) < 20 {
			a.Buttons = append(a.Buttons, effect.Button{Label: fmt.Sprintf("Done: %d", i+1), Command: fmt.Sprintf("%s task done %d", c.Inc.ID, i+1)})
		}
	}
	if len(c.Inc.Tasks) == 0 {
		s.WriteString("None yet. Add one: `/incident task Ask the provider for a ticket number`.")
	}
	a.Body = s.String()
	return a
}

var actionVerb = Verb{
	Name: "action", Args: "TEXT [@owner] [by DATE] | done N", Help: "add a follow-up that outlives the incident, or finish one",
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		if n, ok := doneNumber(c.Args); ok {
			err := c.decide(ctx, func(inc incident.Incident) ([]incident.Fact, error) { return inc.FinishAction(n) })
			return answer("Follow-up %d is done.", n), err
		}
		switch {
		case strings.EqualFold(firstWord(c.Args), "done"):
			return bot.Answer{}, incident.Refusal("Which one is done? For example `/incident action done 2`; `/incident action list` shows them with their numbers.")
		case strings.EqualFold(c.Args, "list"):
			return actionList(c), nil
		case c.Values == nil && c.Args == "":
			return bot.Answer{Form: actionForm(c)}, nil
		}
		return addAction(ctx, c)
	},
}

func addAction(ctx context.Context, c *Call) (bot.Answer, error) {
	var owner incident.Person
	text, due, err := cutDue(c.Args, c.Now)
	if c.Values != nil {
		text, owner = c.Values["text"], c.chosen("owner")
		due, err = day(c.Values["due"], c.Now)
	} else {
		text, owner = c.cutOwner(text)
	}
	if err != nil {
		return bot.Answer{}, about("due", err)
	}
	err = c.decide(ctx, func(inc incident.Incident) ([]incident.Fact, error) { return inc.AddAction(text, owner, due) })
	if err != nil {
		return bot.Answer{}, about("text", err)
	}
	a := answer("Follow-up %d is on the record.", len(c.Inc.Actions))
	if owner == (incident.Person{}) || due.IsZero() {
		a.Body += " It has a better chance with an owner and a day: `/incident action … @ada by friday`."
	}
	return a, nil
}

// cutOwner takes a mention off the end of a text. Of two that fit, the longer
// one is meant.
func (c *Call) cutOwner(text string) (string, incident.Person) {
	longest := ""
	for word := range c.Mentions {
		if strings.HasSuffix(" "+text, " "+word) && len(word) > len(longest) {
			longest = word
		}
	}
	return strings.TrimSpace(strings.TrimSuffix(text, longest)), c.Mentions[longest]
}

func actionForm(c *Call) *bot.Form {
	return textForm(c, "action", "Add a follow-up", "What will be different?",
		bot.Field{Name: "owner", Label: "Owner", Kind: bot.Whom},
		bot.Field{Name: "due", Label: "Due", Hint: "A day: 2026-12-01, friday, tomorrow."})
}

func actionList(c *Call) bot.Answer {
	if len(c.Inc.Actions) == 0 {
		return answer("%s has no follow-ups yet. Add one: `/incident action Add an alert on empty answers @ada by friday`.", c.Inc.ID)
	}
	var s strings.Builder
	fmt.Fprintf(&s, "**%s · follow-ups**\n\n", c.Inc.ID)
	a := bot.Answer{}
	for _, f := range c.Inc.Actions {
		fmt.Fprintf(&s, "- %s %s\n", box(f.Done), incident.ActionLine(f, bot.Mention))
		if !f.Done && len(a.Buttons) < 20 {
			a.Buttons = append(a.Buttons, effect.Button{Label: fmt.Sprintf("Done: %d", f.N), Command: fmt.Sprintf("%s action done %d", c.Inc.ID, f.N)})
		}
	}
	a.Body = s.String()
	return a
}

func doneNumber(args string) (int, bool) {
	word, rest := cutWord(args)
	n, err := strconv.Atoi(strings.TrimSpace(rest))
	return n, err == nil && strings.EqualFold(word, "done")
}

// trimVerb takes an optional word off the beginning.
func trimVerb(args, verb string) string {
	if word, rest := cutWord(args); strings.EqualFold(word, verb) {
		return strings.TrimSpace(rest)
	}
	return args
}

func box(done bool) string {
	if done {
		return "[x]"
	}
	return "[ ]"
}
