package main

import (
	"context"
	"fmt"
	"regexp"

	"tocsin/bot/sandbox"
)

// openAs is an answer, also in the blocks of a form.
var openAs = regexp.MustCompile(`(INC-\d+)\b.{0,60}? is open`)

// titles are what people report; nothing in them asks for privacy.
var titles = []string{"Answers cut off mid-sentence", "Answers are slow", "Every reply says please try again", "Wrong prices in answers"}

func (w *worker) title() string { return titles[w.rng.IntN(len(titles))] }

// open opens an incident by one of the ways there are.
func (w *worker) open(ctx context.Context) {
	switch w.least((*wish).load, "command declared", "form declared", "shortcut declared") {
	case "command declared":
		a := w.wish("command", "declared")
		w.opens(a, w.say(ctx, fmt.Sprintf("/incident sev%d %s %s", 1+w.rng.IntN(2), w.title(), a.token)))
	case "form declared":
		w.openIn(ctx, "form", func() (meta string) {
			w.say(ctx, "/incident open")
			return `"command":"open"`
		})
	case "shortcut declared":
		w.openIn(ctx, "shortcut", func() (meta string) { return w.openFrom(ctx) })
	}
}

// openFrom asks for the form from a message of somebody's, by the message's menu.
func (w *worker) openFrom(ctx context.Context) (ts string) {
	m, err := w.ws.Say(ctx, sandbox.Say{User: w.user, Channel: "general", Text: "a customer says that it stops"})
	if err == nil {
		_, err = w.ws.Shortcut(ctx, sandbox.UseShortcut{User: w.user, CallbackID: "declare", Channel: "general", TS: m.TS})
	}
	if err != nil {
		w.problem("a message's menu: %v", err)
	}
	return m.TS
}

// openIn fills in the form that opens an incident, if it comes when it is asked for; what
// it brings back tells it from others.
func (w *worker) openIn(ctx context.Context, route string, ask func() (meta string)) {
	rise, ok := w.sit()
	if !ok {
		return
	}
	defer rise()
	w.dismiss(ctx)
	v, shown := w.shown(ctx, ask())
	if !shown {
		return
	}
	a := w.wish(route, "declared")
	if r := w.submit(ctx, v, map[string]any{"title": w.title() + " " + a.token}); r.OK {
		w.opens(a, string(r.Ack))
	}
}

// opens notes the incident that an answer says is open.
func (w *worker) opens(a *wish, answer string) {
	m := openAs.FindStringSubmatch(answer)
	if m == nil {
		return
	}
	w.acknowledge(a)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rooms = append(w.rooms, m[1])
	w.titled[m[1]] = a.token
}
