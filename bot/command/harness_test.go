package command

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
	"tocsin/bot/markdown"
	"tocsin/playbooks"
	"tocsin/runbooks"
	"tocsin/store/mem"
	"tocsin/templates"
)

// desk is a real bot with the content that comes with tocsin, and no chat: what
// it would do there waits for ever. It is Friday, 20 November 2026, 14:30 UTC.
type desk struct {
	*bot.Bot
	Commands
	t   *testing.T
	now time.Time
	n   int // requests so far
}

var friday = time.Date(2026, 11, 20, 14, 30, 0, 0, time.UTC)

var (
	ada = incident.Person{User: "U0ADA", Name: "Ada Okafor"}
	ben = incident.Person{User: "U0BEN", Name: "Ben Ortiz"}
)

type content struct {
	guides    *runbooks.Library
	plays     *playbooks.Library
	templates *templates.Set
}

// shipped is the content that comes with tocsin, read once: it does not change.
var shipped = sync.OnceValue(func() (c content) {
	c.guides, _ = runbooks.Load(runbooks.Embedded())
	c.plays, _ = playbooks.Load(playbooks.Embedded())
	c.templates, _ = templates.Load(templates.Embedded())
	return c
})

func newDesk(t *testing.T) *desk {
	t.Helper()
	return newLoggedDesk(t, slog.New(slog.DiscardHandler))
}

func newLoggedDesk(t *testing.T, log *slog.Logger) *desk {
	t.Helper()
	c := shipped()
	d := &desk{t: t, now: friday}
	b, err := bot.New(t.Context(), bot.Config{Store: mem.New(), Performer: nobody{}, Guides: c.guides, Plays: c.plays, Templates: c.templates, Log: log, Now: func() time.Time { return d.now }})
	must(t, err)
	d.Bot, d.Commands = b, Commands{Bot: b, Log: log}
	return d
}

// nobody performs nothing.
type nobody struct{}

func (nobody) Perform(context.Context, incident.Incident, bot.Job) ([]incident.Fact, error) {
	return nil, nil
}

// room is a desk with an open incident, INC-1, that Ada commands, in channel C1.
func room(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t)
	d.say(ada, "C0", "open sev2 Answers are wrong")
	d.link("INC-1", "C1")
	return d
}

// link gives an incident its channel.
func (d *desk) link(id incident.ID, channel string) {
	d.t.Helper()
	_, err := d.Update(d.t.Context(), id, bot.Origin{By: incident.Bot}, func(incident.Incident) ([]incident.Fact, error) {
		return []incident.Fact{incident.Linked{Channel: channel, Name: "inc-room"}}, nil
	})
	must(d.t, err)
}

// ask makes a request, each with its own cause.
func (d *desk) ask(r bot.Request) bot.Answer {
	d.t.Helper()
	d.n++
	r.Cause = fmt.Sprintf("test/%d", d.n)
	a, err := d.Handle(d.t.Context(), r)
	if err != nil {
		d.t.Fatalf("%q: %v", r.Line, err)
	}
	return a
}

// say gives a command. Ada and Ben can be mentioned by @ada and @ben.
func (d *desk) say(p incident.Person, channel, line string) bot.Answer {
	d.t.Helper()
	mentions := map[string]incident.Person{}
	for word, q := range map[string]incident.Person{"@ada": ada, "@ben": ben} {
		if strings.Contains(line, word) {
			mentions[word] = q
		}
	}
	return d.ask(bot.Request{Line: line, By: by(p), Channel: channel, Mentions: mentions})
}

// submit fills in the form that a command leads to.
func (d *desk) submit(p incident.Person, form *bot.Form, values map[string]string) bot.Answer {
	d.t.Helper()
	return d.ask(bot.Request{Line: form.Command, By: by(p), Message: form.Message, Values: values})
}

// form gives a command that has to lead to a form.
func (d *desk) form(p incident.Person, channel, line string) *bot.Form {
	d.t.Helper()
	a := d.say(p, channel, line)
	if a.Form == nil {
		d.t.Fatalf("%q led to no form but %q", line, a.Body)
	}
	return a.Form
}

func by(p incident.Person) incident.Actor { return incident.Actor{Person: p, Via: "slack"} }

// inc is an incident as it stands.
func (d *desk) inc(id incident.ID) incident.Incident {
	d.t.Helper()
	inc, err := d.Incident(d.t.Context(), id)
	must(d.t, err)
	return inc
}

// last is what happened last to INC-1.
func (d *desk) last() incident.Event {
	d.t.Helper()
	inc := d.inc("INC-1")
	return inc.Timeline[len(inc.Timeline)-1]
}

// shown is an answer as a person reads it.
func shown(a bot.Answer) string { return strings.TrimSpace(a.Title + "\n" + markdown.Text(a.Body)) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
