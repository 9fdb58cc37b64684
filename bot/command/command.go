// Package command is the /incident grammar: what people say to tocsin and what
// it answers. There is one file for each family of verbs and one list of them
// all; help, the sandbox's hints and README's table come from the list.
//
// Buttons, forms, reactions and shortcuts are command lines too, so there is one
// grammar, one path and one thing to test. A line may begin with the incident it
// is about ("INC-3 note …"); without that, the channel decides. Arguments come
// first: a form is only offered when something that is needed is missing.
package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/bot/markdown"
	"tocsin/store"
)

// Verb is one thing that people can say.
type Verb struct {
	Name    string
	Aliases []string
	Args    string // as help shows them
	Help    string // one line
	// Anywhere is set when it needs no incident.
	Anywhere bool
	// Alerts is set when it is about alerts, paging or tocsin itself: help has those
	// apart.
	Alerts bool
	// Quiet keeps it out of help: it is there for buttons.
	Quiet bool
	Run   func(context.Context, *Call) (bot.Answer, error)
}

// verbs is every verb, in the order in which help shows them. What each amounts to
// besides itself is in amounts.
func verbs() []Verb {
	return []Verb{
		openVerb, listVerb, guideVerb, oncallVerb, statusVerb, helpVerb,
		takeVerb, assignVerb, handoverVerb, joinVerb,
		sevVerb, symptomVerb, privateVerb, beganVerb, noteVerb, changedVerb, updateVerb, taskVerb,
		mitigateVerb, mitigatedVerb, resolveVerb, reopenVerb, closeVerb,
		pageVerb, alertsVerb, attachVerb, detachVerb, splitVerb, mergeVerb, roomVerb, holdVerb,
		actionVerb, timelineVerb, linkVerb, postmortemVerb, resyncVerb,
		menuVerb, pinVerb, arrivedVerb, leftVerb,
	}
}

// Call is one command being run.
type Call struct {
	*bot.Bot
	bot.Request
	Inc  incident.Incident // the zero Incident where there is none
	Args string            // what follows the verb
	Now  time.Time
	// Paging is nil where PagerDuty is not set up.
	Paging  bot.Paging
	buckets func() []bot.Bucket
	all     []Verb
	log     *slog.Logger
}

// Origin is who asked and why, for the record.
func (c *Call) Origin() bot.Origin { return bot.Origin{By: c.By, Cause: c.Cause} }

// Has tells whether the command is about an incident.
func (c *Call) Has() bool { return c.Inc.ID != "" }

// decide updates the call's incident.
func (c *Call) decide(ctx context.Context, d bot.Decide) error {
	return c.decideAt(ctx, time.Time{}, d)
}

func (c *Call) decideAt(ctx context.Context, at time.Time, d bot.Decide) error {
	o := c.Origin()
	o.At = at
	inc, err := c.Update(ctx, c.Inc.ID, o, d)
	if err == nil {
		c.Inc = inc
	}
	return err
}

// Commands answers requests.
type Commands struct {
	Bot    *bot.Bot
	Paging bot.Paging // nil: PagerDuty is not set up
	// Buckets tell how much of what the chat takes is used up; nil: nobody knows.
	Buckets func() []bot.Bucket
	Log     *slog.Logger
}

// Handle runs one request. Whatever it changed is stored when it returns. It
// always has an answer: what was asked for, a refusal in plain words, or that
// nothing could be stored: then there is an error too, for whoever delivered
// the request and may deliver it again.
func (cs Commands) Handle(ctx context.Context, r bot.Request) (bot.Answer, error) {
	a, err := cs.handle(ctx, r)
	var refusal incident.Refusal
	var bad *fieldError
	switch {
	case err == nil:
		return a, nil
	case errors.As(err, &bad) && r.Values != nil && errors.As(err, &refusal):
		return bot.Answer{Errors: map[string]string{bad.field: plain(refusal.Error())}}, nil
	case errors.As(err, &refusal) && r.Values != nil:
		return bot.Answer{Errors: map[string]string{"": plain(refusal.Error())}}, nil
	case errors.As(err, &refusal):
		a := answer("%s", refusal)
		a.Refused = true
		return a, nil
	}
	_, line := explicit(strings.TrimSpace(r.Line))
	cs.Log.Error("a request failed", "verb", firstWord(line), "by", r.By.User, "cause", r.Cause, "error", err)
	return notStored(r.By), err
}

// notStored says that nobody knows whether something was stored, and what to do.
func notStored(by incident.Actor) bot.Answer {
	if by.Via == incident.ViaShell {
		return answer("I could not store that. See to what is wrong; then tocsin incident list, or tocsin timeline, tells whether it is there after all. If it is not, say it again.")
	}
	return answer("I could not store that. Look at `/incident timeline` in a minute: if it is not there, say it again. If that fails too, tell whoever runs tocsin.")
}

func (cs Commands) handle(ctx context.Context, r bot.Request) (bot.Answer, error) {
	c := &Call{Bot: cs.Bot, Request: r, Now: cs.Bot.Now(), Paging: cs.Paging, buckets: cs.Buckets, all: verbs(), log: cs.Log}
	if c.buckets == nil {
		c.buckets = func() []bot.Bucket { return nil }
	}
	line := strings.TrimSpace(r.Line)
	named, rest := explicit(line)
	if named != "" {
		line = rest
	}
	if err := c.find(ctx, named); err != nil {
		return bot.Answer{}, err
	}
	v, args, err := c.parse(line)
	if err != nil {
		return bot.Answer{}, err
	}
	c.Args = args
	if c.elsewhere(v) {
		return bot.Answer{}, nil
	}
	if err := c.guest(v); err != nil {
		return bot.Answer{}, err
	}
	if !v.Anywhere && !c.Has() {
		return c.choose(ctx, line)
	}
	if err := c.may(ctx, v); err != nil {
		return c.again(ctx, bot.Answer{}, err)
	}
	a, err := v.Run(ctx, c)
	return c.again(ctx, a, err)
}

// again is what a person is told whose request comes a second time: a command that
// looks something up may find it changed, by itself among others, and refuse what
// was done.
func (c *Call) again(ctx context.Context, a bot.Answer, err error) (bot.Answer, error) {
	var refusal incident.Refusal
	if err == nil || !errors.As(err, &refusal) {
		return a, err
	}
	about := []incident.ID{c.Inc.ID}
	if id, ok := incident.ParseID(firstWord(c.Args)); ok {
		about = append(about, id)
	}
	for _, id := range about {
		if inc, lost := c.Incident(ctx, id); lost == nil && inc.VisibleTo(c.By) && bot.Did(inc, c.Cause) {
			return answer("That is done already."), nil
		}
	}
	return a, err
}

// explicit cuts an incident's ID off the beginning of a line.
func explicit(line string) (incident.ID, string) {
	word, rest := cutWord(line)
	if len(word) > 4 && strings.EqualFold(word[:4], "INC-") {
		if id, ok := incident.ParseID(word); ok {
			return id, strings.TrimSpace(rest)
		}
	}
	return "", line
}

// find loads the incident that a command is about: the one it names, or the one
// whose channel it was given in. Outsiders are told the same of a private
// incident as of one that does not exist.
func (c *Call) find(ctx context.Context, named incident.ID) error {
	here, found, err := c.InChannel(ctx, c.Channel)
	if err != nil {
		return err
	}
	if named == "" || found && named == here.ID {
		if found {
			c.Inc = here
		}
		return nil
	}
	inc, err := c.Incident(ctx, named)
	if errors.Is(err, store.ErrNotFound) || err == nil && !inc.VisibleTo(c.By) {
		return incident.Refusef("There is no incident %s. `/incident list` shows those that are open.", named)
	}
	c.Inc = inc
	return err
}

// parse finds the verb of a line.
func (c *Call) parse(line string) (Verb, string, error) {
	word, args := cutWord(line)
	word, args = strings.ToLower(word), strings.TrimSpace(args)
	if word == "" {
		if c.Has() {
			return menuVerb, "", nil
		}
		return openVerb, "", nil
	}
	sev, title, _ := leadingSeverity(line)
	if sev != "" && title != "" && !c.Has() {
		return openVerb, line, nil // also "sev 2 Answers are wrong"
	}
	for _, v := range c.all {
		if word == v.Name {
			if v.Name == sevVerb.Name && !c.Has() && args != "" && args[0] >= '0' && args[0] <= '9' {
				if _, err := incident.ParseSeverity(args); err != nil {
					return Verb{}, "", err
				}
			}
			return v, args, nil
		}
		for _, a := range v.Aliases {
			if word == a {
				return v, args, nil
			}
		}
	}
	if sev != "" {
		if title == "" && c.Has() {
			return sevVerb, string(sev), nil
		}
		return openVerb, line, nil
	}
	if severityWord.MatchString(word) {
		_, err := incident.ParseSeverity(word)
		return Verb{}, "", err
	}
	return Verb{}, "", c.unknown(word)
}

// severityWord is a severity as people write it, also one there is not.
var severityWord = regexp.MustCompile(`^(sev-?\d+|p\d)[:,;]?$`)

func (c *Call) unknown(word string) error {
	near, distance := "", 4
	for _, v := range c.all {
		if d := edits(word, v.Name); d < distance && d < len(v.Name) && !v.Quiet {
			near, distance = v.Name, d
		}
	}
	if near == "" {
		return incident.Refusef("I don't know “%s”. To report something: `/incident open %s`. Everything I know: `/incident help`.",
			incident.Escape(word), "Answers are wrong")
	}
	return incident.Refusef("I don't know “%s”. Did you mean `/incident %s`? Everything I know: `/incident help`.", incident.Escape(word), near)
}

// maxChoice is the longest line that a button can hold, in characters, with room
// for the incident's number. Slack's limit is 2,000.
const maxChoice = 1900

// choose asks which incident a command is about. A button holds the whole line;
// one that is too long, or that names people, which a button cannot, has to be
// said again.
func (c *Call) choose(ctx context.Context, line string) (bot.Answer, error) {
	heads, err := c.List(ctx, c.By, false)
	if err != nil {
		return bot.Answer{}, err
	}
	if len(heads) == 0 {
		a := answer("There is no open incident. Open one with a title: `/incident open Answers are wrong`.")
		a.Buttons = []effect.Button{{Label: "Open an incident", Command: "open", Style: effect.Primary}}
		return a, nil
	}
	if newest := heads[len(heads)-1].ID; len(c.Mentions) > 0 || utf8.RuneCountInString(line) > maxChoice {
		return answer("Which incident? Begin with its number: `/incident %s %s …`. `/incident list` shows those that are open.", newest, firstWord(line)), nil
	}
	slices.SortStableFunc(heads, worstFirst)
	shown := heads[:min(len(heads), perScreen)]
	a := answer("Which incident?")
	if more := len(heads) - len(shown); more > 0 {
		a.Body += fmt.Sprintf(" %d more: `/incident list` shows them; then begin with the number, as in `/incident %s %s`.", more, heads[len(shown)].ID, firstWord(line))
	}
	for _, h := range shown {
		a.Buttons = append(a.Buttons, effect.Button{
			Label:   incident.Cut(fmt.Sprintf("%s · %s", h.ID, h.Title), 70),
			Command: string(h.ID) + " " + line,
		})
	}
	return a, nil
}

// answer is a plain answer, in Markdown.
func answer(format string, args ...any) bot.Answer {
	return bot.Answer{Message: effect.Message{Body: fmt.Sprintf(format, args...)}}
}

// cutWord cuts the first word off a text, at white space of any kind.
func cutWord(s string) (word, rest string) {
	s = strings.TrimSpace(s)
	if i := strings.IndexFunc(s, unicode.IsSpace); i >= 0 {
		return s[:i], strings.TrimSpace(s[i:])
	}
	return s, ""
}

func firstWord(line string) string {
	word, _ := cutWord(line)
	return word
}

// edits is the Levenshtein distance of two short words.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			above := row[j+1]
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, above+1, row[j]+1)
			diagonal = above
		}
	}
	return row[len(b)]
}

// fieldError is a refusal about one field of a form.
type fieldError struct {
	field string
	error
}

func (e *fieldError) Unwrap() error { return e.error }

// about ties an error to the field that it is about.
func about(field string, err error) error {
	if err == nil {
		return nil
	}
	return &fieldError{field, err}
}

// plain is a refusal as plain text, for where Markdown is not shown.
func plain(s string) string { return markdown.Text(s) }
