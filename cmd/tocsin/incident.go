package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/user"
	"strings"
	"time"

	"tocsin/bot"
	"tocsin/bot/command"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/bot/markdown"
	"tocsin/store"
	"tocsin/store/bolt"
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
		"You act under your name on this machine. Who can read tocsin's file can read all of it: private incidents are shown here."
}

// shellFlags are what every command of the shell needs.
type shellFlags struct {
	storeFlags
	contentFlags
}

type incidentOpenCmd struct {
	shellFlags
	Title []string `arg:"" help:"[sev1..sev4] and what people see: sev2 Answers cut off mid-sentence."`
}

// Run opens an incident.
func (c *incidentOpenCmd) Run(e *env) error { return c.say(e, "open "+strings.Join(c.Title, " ")) }

type incidentNoteCmd struct {
	shellFlags
	ID   string   `arg:"" help:"The incident, for example INC-1."`
	Text []string `arg:"" help:"What happened; at the end perhaps when, in UTC: at 14:02."`
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
	var md string
	err = patiently(e.ctx, func() (err error) {
		md, err = read(e.ctx, "show", string(id), c.storeFlags, c.contentFlags)
		return err
	})
	if err != nil {
		return err
	}
	_, err = io.WriteString(e.stdout, terminal(markdown.Text(md))+"\n")
	return err
}

type incidentDoCmd struct {
	shellFlags
	ID   string   `arg:"" help:"The incident, for example INC-1."`
	Line []string `arg:"" help:"The command, as after /incident: sev 1, update …, mitigated rollback …, resolve."`
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
	return f.say(e, strings.Join(append([]string{string(inc), verb}, words...), " "))
}

// spoken is a command line from the shell, as it goes to the running bot.
type spoken struct {
	Line string `json:"line"`
	Name string `json:"name"` // of the person
	// Cause names this one call of the program: what is tried again is done once.
	Cause string `json:"cause"`
}

// heard is what came of it.
type heard struct {
	Text    string `json:"text"`    // Markdown
	Refused bool   `json:"refused"` // nothing was done

	follows bool // something is to be done now in Slack
}

// say gives a command line, and prints the answer.
func (f shellFlags) say(e *env, line string) error {
	path, err := f.path()
	if err != nil {
		return err
	}
	s := spoken{Line: line, Name: whoami(), Cause: "shell/" + rand.Text()}
	var h heard
	err = patiently(e.ctx, func() (err error) {
		var running bool
		if h, running, err = tellBot(e.ctx, path, s); !running {
			h, err = f.tellFile(e, path, s)
		}
		return err
	})
	if err != nil {
		return err
	}
	text := terminal(markdown.Text(h.Text)) + "\n"
	if h.Refused {
		_, err = io.WriteString(e.stderr, text)
		return errors.Join(err, errTold)
	}
	_, err = io.WriteString(e.stdout, text)
	return err
}

// whoami is the name of whoever runs this program; where the system has none for them,
// their number.
func whoami() string {
	u, err := user.Current()
	if err != nil || u.Username == "" {
		return fmt.Sprintf("uid %d", os.Getuid())
	}
	return u.Username
}

// startUp is how long a command waits for who has the file and does not answer yet, and
// startLook how often it looks.
const (
	startUp   = 15 * time.Second
	startLook = 100 * time.Millisecond
)

// patiently tries again while another process has the file: a bot that starts, or
// another command.
func patiently(ctx context.Context, try func() error) error {
	for end := time.Now().Add(startUp); ; {
		err := try()
		if _, locked := errors.AsType[*store.LockedError](err); !locked || time.Now().After(end) {
			return err
		}
		if err := rest(ctx, startLook); err != nil {
			return err
		}
	}
}

// tellBot gives a line to the running bot; running is false if there is none that
// answers. What it then may have done is known by its cause.
func tellBot(ctx context.Context, storePath string, s spoken) (h heard, running bool, err error) {
	body, err := json.Marshal(s)
	if err != nil {
		return h, false, err
	}
	data, status, err := control(ctx, storePath, http.MethodPost, "/incident", bytes.NewReader(body))
	switch {
	case err != nil:
		return h, false, nil
	case status != http.StatusOK:
		return h, true, errors.New(strings.TrimSpace(string(data)))
	}
	return h, true, json.Unmarshal(data, &h)
}

// tellFile carries a line out on the file itself. What follows from it is done by the
// bot that starts next.
func (f shellFlags) tellFile(e *env, path string, s spoken) (heard, error) {
	b, shut, err := openBot(e.ctx, path, f.contentFlags)
	if err != nil {
		return heard{}, err
	}
	h, err := listen(e.ctx, command.Commands{Bot: b, Log: e.log}, s)
	if h.follows {
		h.Text += "\n\ntocsin does not run here: what follows in Slack is done when it does."
	}
	return h, errors.Join(err, shut())
}

// openBot is a bot on a file that no other has, to ask and to tell; it performs
// nothing. shut is to be called.
func openBot(ctx context.Context, path string, c contentFlags) (b *bot.Bot, shut func() error, err error) {
	if _, err := os.Stat(path); err != nil {
		return nil, nil, fmt.Errorf("there is no record at %s: name it with TOCSIN_STORE or --store", path)
	}
	content, err := c.load()
	if err != nil {
		return nil, nil, err
	}
	kv, err := bolt.Open(path)
	if err != nil {
		return nil, nil, err
	}
	b, err = bot.New(ctx, bot.Config{
		Store: kv, Guides: content.guides, Services: content.services, Plays: content.plays, Templates: content.templates,
	})
	if err != nil {
		return nil, nil, errors.Join(err, kv.Close())
	}
	return b, kv.Close, nil
}

// listen carries out what somebody said at the shell.
func listen(ctx context.Context, commands command.Commands, s spoken) (heard, error) {
	before := len(commands.Bot.Waiting())
	a, err := commands.Handle(ctx, bot.Request{
		Line: s.Line, Cause: s.Cause, Mentions: chatUsers(s.Line),
		By: incident.Actor{Person: incident.Person{Name: s.Name}, Via: incident.ViaShell},
	})
	switch {
	case err != nil:
		return heard{}, fmt.Errorf("%s (%w)", a.Body, err)
	case a.Form != nil:
		return heard{Text: inOneLine(a.Form), Refused: true}, nil
	}
	follows := len(commands.Bot.Waiting()) > before
	return heard{Text: a.Body + choices(a.Buttons), Refused: a.Refused, follows: follows}, nil
}

// chatUsers are the people that a line names by their id in Slack: @U0ADA. Names are
// Slack's to know, and it may be away.
func chatUsers(line string) map[string]incident.Person {
	people := map[string]incident.Person{}
	for _, word := range strings.Fields(line) {
		if id, ok := strings.CutPrefix(word, "@"); ok && len(id) > 4 && strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == "" && strings.ContainsAny(id[:1], "UW") {
			people[word] = incident.Person{User: incident.User(id)}
		}
	}
	return people
}

// inOneLine tells what to say where Slack would show a form.
func inOneLine(f *bot.Form) string {
	var fields []string
	for _, field := range f.Fields {
		if field.Required {
			fields = append(fields, field.Label)
		}
	}
	return fmt.Sprintf("There are no forms here. Say it in one line, after “%s”: %s", incident.Escape(f.Command), incident.Escape(strings.Join(fields, " · ")))
}

// choices are an answer's buttons as what to type; whoever is not in Slack has no
// channel to join.
func choices(buttons []effect.Button) string {
	var s strings.Builder
	for _, b := range buttons {
		if id, line := splitLine(b.Command); line != "" && line != "join" {
			fmt.Fprintf(&s, "- %s: `tocsin incident do %s %s`\n", incident.Escape(b.Label), id, line)
		}
	}
	if s.Len() == 0 {
		return ""
	}
	return "\n\n" + s.String()
}

// splitLine takes the incident off a button's command.
func splitLine(line string) (id incident.ID, rest string) {
	word, rest, _ := strings.Cut(line, " ")
	id, ok := incident.ParseID(word)
	if !ok {
		return "", ""
	}
	return id, rest
}

// maxSpoken bounds a line from the shell, in bytes.
const maxSpoken = 1 << 20

// hear answers the shell: only the file's owner can open the control socket.
func (a *app) hear(w http.ResponseWriter, r *http.Request) {
	var s spoken
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxSpoken)).Decode(&s); err != nil || s.Cause == "" {
		http.Error(w, "this is no command of the shell: it needs line, name and cause", http.StatusBadRequest)
		return
	}
	h, err := listen(r.Context(), a.commands, s)
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	if h.follows && a.withoutSlack() {
		h.Text += "\n\nSlack is away: what follows there is done when it is back."
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(h)
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
