package command

import (
	"context"
	"slices"
	"strings"

	"tocsin/bot"
	"tocsin/bot/incident"
)

var noteVerb = Verb{
	Name: "note", Args: "TEXT [at 14:02]", Help: "put a note on the timeline, now or at an earlier time",
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		text, when := c.Args, c.Values["at"]
		if c.Values != nil {
			text = c.Values["text"]
		} else if text == "" {
			return bot.Answer{Form: textForm(c, "note", "Note", "What happened?", bot.Field{
				Name: "at", Label: "When", Kind: bot.Moment, Hint: "Empty: now. " + plain(timeHelp)})}, nil
		}
		text, when2, err := cutTime(text, c.Now)
		if err != nil {
			return bot.Answer{}, about("text", err)
		}
		if strings.TrimSpace(when) != "" {
			if when2, err = moment(when, c.Now); err != nil {
				return bot.Answer{}, about("at", err)
			}
		}
		err = c.decideAt(ctx, when2, func(inc incident.Incident) ([]incident.Fact, error) { return inc.Note(text, when2, c.Now) })
		return answer("Noted%s%s.", at(when2), keepsTime(text, when2)), about("text", err)
	},
}

var updateVerb = Verb{
	Name: "update", Args: "TEXT", Help: "tell everybody who waits how things stand",
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		text := c.Args
		if c.Values != nil {
			text = c.Values["text"]
		} else if text == "" {
			return bot.Answer{Form: textForm(c, "update", "Write an update",
				"What do users see, what are we doing, when is the next update?")}, nil
		}
		err := c.decide(ctx, func(inc incident.Incident) ([]incident.Fact, error) { return inc.Update(text) })
		if err != nil {
			return bot.Answer{}, about("text", err)
		}
		a := answer("Update %d is out.", c.Inc.Updates)
		if due := c.Inc.UpdateDue(); !due.IsZero() {
			a.Body += " The next one is due by " + incident.Clock(due) + "."
		}
		return a, nil
	},
}

// textForm asks for one long text, and perhaps for more.
func textForm(c *Call, verb, title, label string, more ...bot.Field) *bot.Form {
	return &bot.Form{
		Title: title, Submit: "Save", Command: string(c.Inc.ID) + " " + verb,
		Fields: append([]bot.Field{{Name: "text", Label: label, Kind: bot.LongText, Required: true, Max: 3000}}, more...),
	}
}

var pinVerb = Verb{
	Name: "pin", Args: "(a message's shortcut, or 📌 on it)", Quiet: true, Anywhere: true,
	Help: "put a message on the timeline, with its own author and time",
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		q := c.Message
		if q == nil || q.Message.Zero() {
			return bot.Answer{}, incident.Refusal("Which message? React to it with 📌, or use “Add to timeline” in its menu.")
		}
		if id, ok := incident.ParseID(c.Values["incident"]); ok && !c.Has() {
			if err := c.find(ctx, id); err != nil {
				return bot.Answer{}, err
			}
		}
		if !c.Has() {
			return pinForm(ctx, c)
		}
		err := c.decide(ctx, func(inc incident.Incident) ([]incident.Fact, error) {
			if q.Text == "" { // a reaction only points: the message has to be fetched
				return inc.Pin(q.Message)
			}
			return inc.PinQuote(*q)
		})
		return answer("It is on the timeline of %s.", c.Inc.ID), err
	},
}

// elsewhere tells whether a request is a 📌 on a message in a channel of no incident:
// people use it for their own ends there.
func (c *Call) elsewhere(v Verb) bool {
	return v.Name == pinVerb.Name && !c.Has() && c.Values == nil && c.Message != nil && c.Message.Text == ""
}

// pinForm asks which incident a message from elsewhere belongs to; the message
// comes along, because the bot may not be able to read it there.
func pinForm(ctx context.Context, c *Call) (bot.Answer, error) {
	heads, err := c.List(ctx, c.By, false)
	if err != nil || len(heads) == 0 {
		return answer("There is no open incident to put it on. Open one from the message: “Open an incident” in its menu."), err
	}
	f := &bot.Form{
		Title: "Add to timeline", Submit: "Add", Command: "pin", Message: c.Message,
		Intro:  "> " + incident.Escape(incident.Cut(c.Message.Text, 500)),
		Fields: []bot.Field{{Name: "incident", Label: "Which incident?", Kind: bot.OneOf, Required: true}},
	}
	slices.SortStableFunc(heads, worstFirst)
	for _, h := range heads[:min(len(heads), maxChoices)] {
		f.Fields[0].Choices = append(f.Fields[0].Choices, bot.Choice{Value: string(h.ID), Label: incident.Cut(string(h.ID)+" · "+h.Title, 75)})
	}
	return bot.Answer{Form: f}, nil
}

// maxChoices is how many incidents a form offers: as many as the chat takes.
const maxChoices = 100

// maxTimeline is how much of a timeline one answer shows, in bytes.
const maxTimeline = 6000

var timelineVerb = Verb{
	Name: "timeline", Help: "show what happened so far", Aliases: []string{"log"},
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		lines := 40
		for lines > 1 && len(bot.TimelineMarkdown(c.Inc, lines)) > maxTimeline {
			lines /= 2 // the newest are what counts
		}
		return answer("**%s · timeline**\n\n%s", c.Inc.ID, bot.TimelineMarkdown(c.Inc, lines)), nil
	},
}

var postmortemVerb = Verb{
	Name: "postmortem", Aliases: []string{"pm"}, Help: "draft the postmortem from the timeline and post it here",
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		err := c.decide(ctx, incident.Incident.DraftPostmortem)
		return answer("The draft is on its way into #%s. It is made from the timeline alone; what nobody recorded is in it as a question.%s", orName(c.Inc), noChannel(c.Inc)), err
	},
}

var resyncVerb = Verb{
	Name: "resync", Help: "make the card, topic and announcement anew, and try again what failed",
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		err := c.decide(ctx, incident.Incident.Resync)
		return answer("Everything that shows %s is being made anew.", c.Inc.ID), err
	},
}
