package main

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"tocsin/bot/sandbox"
)

// mostRooms is how many incidents people open in a round.
const mostRooms = 4

// act does one of the things that people do.
func (w *worker) act(ctx context.Context) {
	room, opened := w.room()
	x := w.rng.IntN(100)
	switch {
	case room == "", x < 4 && opened < mostRooms:
		w.open(ctx)
	case w.favourite != "" && x%4 == 0:
		w.say(ctx, "/incident "+room+" "+w.favourite)
	case x < 29:
		w.command(ctx, "noted", room+" note seen again", "Noted")
	case x < 38:
		w.press(ctx)
	case x < 51:
		w.form(ctx, room)
	case x < 64:
		w.react(ctx, room)
	case x < 87:
		w.errand(ctx, room)
	case x < 92:
		w.say(ctx, fmt.Sprintf("/incident %s sev %d", room, 1+w.rng.IntN(3)))
	case x < 95:
		w.say(ctx, "/incident "+room+" "+w.other())
	case x < 98:
		w.say(ctx, "/incident "+room+" postmortem")
	default:
		w.say(ctx, "/incident "+room+[]string{" resolve rolled back", " reopen not over", " mitigated"}[w.rng.IntN(3)])
	}
}

// errand gives one of the commands that are given less often.
func (w *worker) errand(ctx context.Context, room string) {
	switch fact := w.rarest((*wish).theFact, "updated", "task-added", "action-added", "page-asked"); fact {
	case "updated":
		w.command(ctx, fact, room+" update we are on it", "is out")
	case "task-added":
		w.command(ctx, fact, room+" task look at", "is on the list")
	case "action-added":
		w.command(ctx, fact, room+" action write down", "Follow-up")
	case "page-asked":
		w.command(ctx, fact, room+" page "+[]string{"answers-api", "search", "Default", "dina"}[w.rng.IntN(4)]+" please help with", "Paging ")
	}
}

// others are commands that carry no token: what follows from them is compared all the same.
var others = []string{
	"take commander", "take tech", "take comms", "take scribe", "assign tech @ben", "handover @mei", "join",
	"symptom slow", "symptom wrong", "guide provider-outage", "guide latency", "began 2 hours ago", "changed config the timeout of call",
	"task done 1", "action done 1", "mitigate", "mitigated rollback", "link",
}

// other is one of them. What is noted in PagerDuty may be said once only.
func (w *worker) other() string {
	line := others[w.rng.IntN(len(others))]
	if strings.HasPrefix(line, "changed") {
		line += fmt.Sprint(" ", w.rng.Int64())
	}
	return line
}

// room is one of the incidents that people have opened, or that the worker went on with
// in private; and how many there are for all.
func (w *worker) room() (id string, opened int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := slices.Concat(w.rooms, w.own)
	if len(w.rooms) == 0 {
		return "", 0
	}
	return all[w.rng.IntN(len(all))], len(w.rooms)
}

// say gives a command where no incident is, and returns what the person is told.
func (w *worker) say(ctx context.Context, text string) (answer string) {
	r, err := w.ws.Say(ctx, sandbox.Say{User: w.user, Channel: "general", Text: text})
	if err != nil {
		w.problem("%q: %v", text, err)
	}
	if !r.OK {
		return ""
	}
	var ack struct{ Text string }
	json.Unmarshal(r.Ack, &ack) // an answer without words is one
	return ack.Text
}

// command gives a command with a token; done is in the answer if it was done.
func (w *worker) command(ctx context.Context, fact, line, done string) bool {
	a := w.wish("command", fact)
	return w.done(ctx, a, line+" "+a.token, done)
}

var openAs = regexp.MustCompile(`\*?(INC-\d+)\*? is open`)

// titles are what people report; nothing in them asks for privacy.
var titles = []string{"Answers cut off mid-sentence", "Answers are slow", "Every reply says please try again", "Wrong prices in answers"}

func (w *worker) open(ctx context.Context) {
	a := w.wish("command", "declared")
	answer := w.say(ctx, fmt.Sprintf("/incident sev%d %s %s", 1+w.rng.IntN(2), titles[w.rng.IntN(len(titles))], a.token))
	if m := openAs.FindStringSubmatch(answer); m != nil {
		w.acknowledge(a)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.rooms = append(w.rooms, m[1])
		w.titled[m[1]] = a.token
	}
}

// press gives a note without saying of what, and presses the button of an incident.
func (w *worker) press(ctx context.Context) {
	a := w.wish("button", "noted")
	w.say(ctx, "/incident note heard from support "+a.token)
	for _, m := range slices.Backward(w.ws.Messages("general")) {
		if m.EphemeralTo != w.user || !strings.Contains(fmt.Sprint(m.Blocks), a.token) {
			continue
		}
		action, value := w.button(m.Blocks, a.token)
		if action == "" {
			return
		}
		r, err := w.ws.Click(ctx, sandbox.Click{User: w.user, Channel: "general", TS: m.TS, ActionID: action, Value: value})
		if err != nil {
			w.problem("a button: %v", err)
		}
		if r.OK {
			w.acknowledge(a)
		}
		return
	}
}

// button is one of the buttons whose value has a text, of an incident that people
// opened.
func (w *worker) button(v any, text string) (action, value string) {
	switch v := v.(type) {
	case []any:
		for _, part := range v {
			if action, value = w.button(part, text); action != "" {
				return action, value
			}
		}
	case map[string]any:
		value, _ := v["value"].(string)
		if id, _, _ := strings.Cut(value, " "); strings.Contains(value, text) && w.opened(id) {
			action, _ := v["action_id"].(string)
			return action, value
		}
		for _, part := range v {
			if action, value = w.button(part, text); action != "" {
				return action, value
			}
		}
	}
	return "", ""
}

func (w *worker) opened(id string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Contains(w.rooms, id)
}

// form fills in a form, and submits it until it is taken: what was stored and not
// answered must not be there twice.
func (w *worker) form(ctx context.Context, room string) {
	for v, open := w.ws.View(w.user); open; v, open = w.ws.View(w.user) {
		w.ws.CloseView(ctx, sandbox.CloseView{User: w.user, ViewID: v.ID})
	}
	if w.say(ctx, "/incident "+room+" note"); !w.until(ctx, 400*time.Millisecond, func() bool { _, open := w.ws.View(w.user); return open }) {
		return
	}
	v, _ := w.ws.View(w.user)
	if !strings.Contains(v.PrivateMetadata, room+" note") {
		return // another one that came late
	}
	a := w.wish("form", "noted")
	for range 20 {
		r, err := w.ws.Submit(ctx, sandbox.Submit{User: w.user, ViewID: v.ID, Values: map[string]any{"text": "in the form " + a.token}})
		if err == nil && r.OK {
			w.acknowledge(a)
			return
		}
		if err != nil || len(r.Errors) > 0 || ctx.Err() != nil { // an older form came late and lies on top
			return
		}
		w.wait(upTo(w.rng, 200*time.Millisecond))
	}
}

// until polls a condition for a while.
func (w *worker) until(ctx context.Context, most time.Duration, what func() bool) bool {
	for end := time.Now().Add(most); time.Now().Before(end) && ctx.Err() == nil; w.wait(20 * time.Millisecond) {
		if what() {
			return true
		}
	}
	return false
}

// react writes in an incident's room and pins it. The event is sent again until it
// is taken.
func (w *worker) react(ctx context.Context, room string) {
	channel := w.channel(room)
	if slices.Contains(w.own, room) { // who asked for it need not be in there yet
		return
	}
	if !slices.ContainsFunc(w.ws.Messages(channel), func(m sandbox.Message) bool { return keyOf(m) != "" }) {
		return // nobody knows of a room before there is something in it
	}
	w.ws.Join(ctx, sandbox.Visit{User: w.user, Channel: channel}) // or is there
	a := w.wish("reaction", "quoted")
	r, err := w.ws.Say(ctx, sandbox.Say{User: w.user, Channel: channel, Text: "look at this " + a.token})
	if err == nil {
		_, err = w.ws.React(ctx, sandbox.React{User: w.user, Channel: channel, TS: r.TS, Name: "pushpin"})
	}
	if err != nil {
		w.problem("a reaction: %v", err)
		return
	}
	w.insist(a)
}

// channel is the name of an incident's channel, "" if it has none yet.
func (k *killing) channel(id string) string {
	for _, name := range k.ws.ChannelNames() {
		if strings.HasPrefix(name, strings.ToLower(id)+"-") {
			return name
		}
	}
	return ""
}
