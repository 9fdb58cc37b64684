package main

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

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
	default:
		w.plainly(ctx, room)
	}
}

// seldom does one of the things that people do less often than they take notes.
func (w *worker) seldom(ctx context.Context) {
	room, opened := w.room()
	switch x := w.rng.IntN(10); {
	case room == "":
	case x < 2 && opened < mostRooms+2:
		w.open(ctx)
	case x < 4:
		w.pressGuide(ctx, room)
	default:
		w.plainly(ctx, room)
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
		a := w.wish(map[bool]string{true: "key", false: "command"}[w.keyed], fact)
		whom := []string{"answers-api", "search", "Default", "dina"}[w.rng.IntN(4)]
		w.done(ctx, a, room+" page "+whom+" please help with "+a.token, "Paging ")
	}
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
	answer, _ = w.tell(ctx, text)
	return answer
}

// tell is say, with all that Slack knows of it.
func (w *worker) tell(ctx context.Context, text string) (answer string, r sandbox.Result) {
	r, err := w.ws.Say(ctx, sandbox.Say{User: w.user, Channel: "general", Text: text})
	if err != nil {
		w.problem("%q: %v", text, err)
	}
	if !r.OK {
		return "", r
	}
	var ack struct{ Text string }
	json.Unmarshal(r.Ack, &ack) // an answer without words is one
	return ack.Text, r
}

// command gives a command with a token; done is in the answer if it was done.
func (w *worker) command(ctx context.Context, fact, line, done string) bool {
	a := w.wish("command", fact)
	return w.done(ctx, a, line+" "+a.token, done)
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
