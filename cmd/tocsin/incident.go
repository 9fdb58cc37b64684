package main

import (
	"fmt"
	"io"
	"strings"

	"tocsin/bot"
	"tocsin/bot/incident"
	"tocsin/bot/markdown"
)

// incidentCmd is /incident for a person at the machine: by the running bot, or else on
// the file, so that it works whatever Slack does.
type incidentCmd struct {
	Open incidentOpenCmd `cmd:"" help:"Open an incident. Its channel is made as soon as Slack is there, with who is on call."`
	Note incidentNoteCmd `cmd:"" help:"Put a note on the timeline, now or at an earlier time."`
	List incidentListCmd `cmd:"" help:"List the open incidents, private ones too."`
	Show incidentShowCmd `cmd:"" help:"Show how an incident stands, and the newest of its timeline."`
	Do   incidentDoCmd   `cmd:"" help:"Give any other /incident command for an incident: do INC-1 update We are rolling back."`
}

// Help implements kong.HelpProvider.
func (incidentCmd) Help() string {
	return "Works whether or not Slack, or tocsin, is up: everything is stored at once, and what follows from it in Slack is done when both are. " +
		"What begins with dashes after the first word of a text is text, too: flags come before it. " +
		"You act under your name on this machine. Who can read tocsin's file can read all of it: private incidents are shown here."
}

// shellFlags are what every command of the shell needs.
type shellFlags struct {
	storeFlags
	contentFlags
}

type incidentOpenCmd struct {
	shellFlags
	Title []string `arg:"" passthrough:"partial" help:"[sev1..sev4] and what people see: sev2 Answers cut off mid-sentence."`
}

// Run opens an incident.
func (c *incidentOpenCmd) Run(e *env) error { return c.say(e, "open "+spelled(c.Title)) }

type incidentNoteCmd struct {
	shellFlags
	ID   string   `arg:"" help:"The incident, for example INC-1."`
	Text []string `arg:"" passthrough:"partial" help:"What happened; at the end perhaps when, in UTC: at 14:02."`
}

// Run puts a note on a timeline.
func (c *incidentNoteCmd) Run(e *env) error { return c.about(e, c.ID, "note", c.Text) }

type incidentListCmd struct {
	shellFlags
	All bool `help:"Those that are over, too."`
}

// Run lists incidents.
func (c *incidentListCmd) Run(e *env) error {
	if c.All {
		return c.say(e, "list all")
	}
	return c.say(e, "list")
}

type incidentShowCmd struct {
	shellFlags
	ID string `arg:"" help:"The incident, for example INC-1."`
}

// Run shows an incident.
func (c *incidentShowCmd) Run(e *env) error {
	id, err := parseID(c.ID)
	if err != nil {
		return err
	}
	md, err := read(e.ctx, "show", string(id), c.storeFlags, c.contentFlags)
	if err != nil {
		return err
	}
	_, err = io.WriteString(e.stdout, markdown.Text(md)+"\n")
	return err
}

type incidentDoCmd struct {
	shellFlags
	ID   string   `arg:"" help:"The incident, for example INC-1."`
	Line []string `arg:"" passthrough:"partial" help:"The command, as after /incident: sev 1, update …, mitigated rollback …, resolve."`
}

// Run gives a command.
func (c *incidentDoCmd) Run(e *env) error { return c.about(e, c.ID, "", c.Line) }

func parseID(s string) (incident.ID, error) {
	id, ok := incident.ParseID(s)
	if !ok {
		return "", fmt.Errorf("%q is no incident: write it as INC-1", s)
	}
	return id, nil
}

// about gives a command about an incident.
func (f shellFlags) about(e *env, id, verb string, words []string) error {
	inc, err := parseID(id)
	if err != nil {
		return err
	}
	return f.say(e, strings.Join([]string{string(inc), verb, spelled(words)}, " "))
}

// spelled are words as one text, without the “--” by which people end their flags.
func spelled(words []string) string {
	if words[0] == "--" {
		words = words[1:]
	}
	return strings.Join(words, " ")
}

// newest is how many lines of the timeline an incident is shown with.
const newest = 15

// standing is how an incident stands: its card, its channel, and what happened last.
func standing(b *bot.Bot, inc incident.Incident) string {
	card, channel := b.Card(inc), "not there yet"
	if inc.Channel.Channel != "" {
		channel = "#" + inc.Channel.Name
	}
	return fmt.Sprintf("**%s**\n\n%s\n\n**Channel:** %s\n\n%s", incident.Escape(card.Title), card.Body, incident.Escape(channel), bot.TimelineMarkdown(inc, newest))
}
