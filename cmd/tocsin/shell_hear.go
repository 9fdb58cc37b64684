package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"tocsin/bot"
	"tocsin/bot/command"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

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
		http.Error(w, withBackup(err, a.keeper.backups).Error(), http.StatusServiceUnavailable)
		return
	}
	if h.follows && a.withoutSlack() {
		h.Text += "\n\nSlack is away: what follows there is done when it is back."
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(h)
}
