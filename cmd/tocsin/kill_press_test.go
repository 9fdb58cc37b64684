package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
)

// press gives a note without saying of what, and presses the button of an incident.
func (w *worker) press(ctx context.Context) {
	a := w.wish("button", "noted")
	w.say(ctx, "/incident note heard from support "+a.token)
	for _, m := range slices.Backward(w.ws.Messages("general")) {
		if m.EphemeralTo != w.user || !strings.Contains(fmt.Sprint(m.Blocks), a.token) {
			continue
		}
		for _, b := range buttonsIn(m.Blocks) {
			if id, _, _ := strings.Cut(b.value, " "); !strings.Contains(b.value, a.token) || !w.opened(id) {
				continue
			}
			r, err := w.ws.Click(ctx, sandbox.Click{User: w.user, Channel: "general", TS: m.TS, ActionID: b.action, Value: b.value})
			if err != nil {
				w.problem("a button: %v", err)
			}
			if r.OK {
				w.acknowledge(a)
			}
			break
		}
		return
	}
}

// button is one of a message.
type button struct{ action, value string }

// buttonsIn are the buttons in blocks, in their order.
func buttonsIn(v any) (list []button) {
	switch v := v.(type) {
	case []any:
		for _, part := range v {
			list = append(list, buttonsIn(part)...)
		}
	case map[string]any:
		action, _ := v["action_id"].(string)
		if value, _ := v["value"].(string); action != "" && value != "" {
			list = append(list, button{action, value})
		}
		for _, part := range v {
			list = append(list, buttonsIn(part)...)
		}
	}
	return list
}

func (w *worker) opened(id string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Contains(w.rooms, id)
}

// pressGuide presses one of the buttons of the guide of an incident, in its room or in the
// list of what stops the impact.
func (w *worker) pressGuide(ctx context.Context, room string) {
	channel := w.channel(room)
	if w.rng.IntN(2) == 0 {
		w.say(ctx, "/incident "+room+" mitigate")
		channel = "general"
	}
	if !w.opened(room) || channel == "" {
		return
	}
	for _, m := range slices.Backward(w.ws.Messages(channel)) {
		if choices := ofGuides(m, room); len(choices) > 0 && (m.EphemeralTo == "" || m.EphemeralTo == w.user) {
			w.pressOne(ctx, channel, m.TS, room, choices)
			return
		}
	}
}

// pressOne presses one of the buttons of a guide, of the kind that was pressed least.
func (w *worker) pressOne(ctx context.Context, channel, ts, room string, of []button) {
	w.rng.Shuffle(len(of), func(i, j int) { of[i], of[j] = of[j], of[i] })
	var kinds []string
	for _, b := range of {
		kinds = append(kinds, ofGuide(b.value).load())
	}
	b := of[slices.Index(kinds, w.least((*wish).load, slices.Clone(kinds)...))]
	a := ofGuide(b.value)
	w.begin(a, room)
	r, err := w.ws.Click(ctx, sandbox.Click{User: w.user, Channel: channel, TS: ts, ActionID: b.action, Value: b.value})
	if err == nil { // else it went while the person looked at it
		w.answered(a, r, r.OK)
	}
}

// ofGuides are the buttons of an incident's guides in one of the bot's messages.
func ofGuides(m sandbox.Message, room string) []button {
	if m.User != sandbox.BotUser {
		return nil
	}
	return slices.DeleteFunc(buttonsIn(m.Blocks), func(b button) bool { return !strings.HasPrefix(b.value, room+" ") || ofGuide(b.value) == nil })
}

// ofGuide is the request that a button of a guide makes, nil if it is another button. The
// answer to it has no words; it changes nothing where the incident would refuse it.
func ofGuide(value string) *wish {
	a := &wish{route: "guide's button"}
	var decide func(incident.Incident) ([]incident.Fact, error)
	switch f := append(strings.Fields(value), "", "", "", "", "", ""); {
	case f[1] == "guide" && f[2] == "answer":
		step := incident.StepTaken{Guide: f[3], Question: f[4], Answer: f[5]}
		a.fact, decide = "step-taken", func(inc incident.Incident) ([]incident.Fact, error) { return inc.Step(step) }
	case f[1] == "mitigate" && f[3] != "":
		a.fact, decide = "mitigation-chosen", func(inc incident.Incident) ([]incident.Fact, error) { return inc.Begin(incident.MitigationChosen{}) }
	case f[1] == "symptom" && f[2] != "":
		a.fact, decide = "symptom-changed", func(inc incident.Incident) ([]incident.Fact, error) { return inc.Classify(f[2]) }
	default:
		return nil
	}
	a.moot = func(inc incident.Incident) bool { facts, err := decide(inc); return err != nil || len(facts) == 0 }
	return a
}
