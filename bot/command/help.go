package command

import (
	"context"
	"fmt"
	"strings"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

var helpVerb = Verb{Name: "help", Args: "[alerts]", Help: "show what there is to say; `help alerts`: about alerts, paging and tocsin itself", Anywhere: true, Run: help}

// Hint is one line for somebody who is typing a command.
type Hint struct{ Text, Help string }

// Hints lists what can be typed after the slash command's name.
func Hints() []Hint {
	hints := []Hint{{"sev2 TITLE", "short for open sev2 TITLE"}}
	for _, v := range verbs() {
		if !v.Quiet {
			hints = append(hints, Hint{strings.TrimSpace(v.Name + " " + v.Args), v.Help})
		}
	}
	return hints
}

// Table is README's table of commands, in Markdown.
func Table() string {
	var s strings.Builder
	s.WriteString("| `/incident …` | where | what it does |\n|---|---|---|\n")
	for _, v := range verbs() {
		if v.Quiet {
			continue
		}
		where := "incident"
		if v.Anywhere {
			where = "anywhere"
		}
		fmt.Fprintf(&s, "| `%s` | %s | %s |\n", strings.ReplaceAll(strings.TrimSpace(v.Name+" "+v.Args), "|", `\|`), where, v.Help)
	}
	return s.String()
}

func help(_ context.Context, c *Call) (bot.Answer, error) {
	var s strings.Builder
	s.WriteString("Something looks wrong? `/incident open Answers are wrong` is enough. A channel, a guide and a record come with it.\n\n")
	alerts := strings.EqualFold(c.Args, "alerts")
	section := func(title string, anywhere bool) {
		fmt.Fprintf(&s, "**%s**\n\n", title)
		for _, v := range c.all {
			if v.Anywhere == anywhere && !v.Quiet && v.Alerts == alerts {
				fmt.Fprintf(&s, "- `%s` — %s\n", strings.TrimSpace(v.Name+" "+v.Args), v.Help)
			}
		}
		s.WriteString("\n")
	}
	section("Anywhere", true)
	section("In an incident's channel, or after its number (`INC-3 note …`)", false)
	if !alerts {
		s.WriteString("About alerts, paging and tocsin itself: `/incident help alerts`.\n\n")
	}
	s.WriteString("📌 on a message puts it on the timeline. Times are in UTC.")
	return answer("%s", s.String()), nil
}

var menuVerb = Verb{
	Name: "menu", Help: "show what can be done here", Quiet: true,
	Run: func(_ context.Context, c *Call) (bot.Answer, error) {
		a := answer("**%s · %s · %s** — what do you need?%s", c.Inc.ID, c.Inc.Severity.Title(), incident.Escape(incident.Cut(c.Inc.Title, 120)), noChannel(c.Inc))
		add := func(label, line string) {
			a.Buttons = append(a.Buttons, effect.Button{Label: label, Command: string(c.Inc.ID) + " " + line})
		}
		if c.Inc.Active() {
			for _, r := range []struct {
				role  incident.Role
				label string
			}{
				{incident.Commander, "Take command"}, {incident.Scribe, "Be the scribe"},
				{incident.CommsLead, "Do the updates"}, {incident.TechnicalLead, "Lead the fix"},
			} {
				if !c.Inc.Holder(r.role).Is(c.By.Person) {
					add(r.label, "take "+string(r.role))
				}
			}
		}
		add("Hand over", "handover")
		add("Severity", "sev")
		add("Symptom", "symptom")
		add("Impact began", "began")
		add("Guide", "guide")
		add("Note", "note")
		add("Update", "update")
		add("Tasks", "task list")
		add("Follow-ups", "action list")
		if c.Paging != nil {
			add("Page somebody", "page")
			add("Who is on call", "oncall")
		}
		if c.Inc.Tally.Total > 0 {
			add("Alerts", "alerts")
		}
		add("Timeline", "timeline")
		add("Postmortem", "postmortem")
		if c.Inc.Status == incident.Investigating {
			add("Impact is over", "mitigated")
		}
		if c.Inc.Active() {
			add("Resolve", "resolve")
			a.Buttons[len(a.Buttons)-1].Confirm = bot.ConfirmResolve
		} else {
			add("Reopen", "reopen")
		}
		add("Close", "close")
		add("Try again", "resync")
		add("Other incidents", "list")
		add("Help", "help")
		return a, nil
	},
}
