package main

import (
	"context"
	"regexp"
	"slices"
	"strings"
)

// listing is a line of `/incident list`.
type listing struct{ id, line string }

var listedAs = regexp.MustCompile(`(?m)^.*?(INC-\d+)\W.*$`)

// listed are the open incidents, the newest first.
func (w *worker) listed(ctx context.Context) (list []listing) {
	for _, m := range listedAs.FindAllStringSubmatch(w.say(ctx, "/incident list"), -1) {
		list = append(list, listing{m[1], m[0]})
	}
	w.rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// numbered is an alert as `/incident alerts` lists it. PagerDuty's stay where they are:
// what it tells of them later has to come to somewhere.
var numbered = regexp.MustCompile(`(?m)^\W*(\d+) · (?:Prometheus|Alertmanager|Grafana|Datadog|probes)[^\n]*?(` + tokens.String() + `)`)

// alertOf is an alert of an incident, with its number there, of which nobody has asked
// for this yet.
func (w *worker) alertOf(ctx context.Context, fact string) (id, n, token string) {
	for _, l := range w.listed(ctx) {
		for _, m := range numbered.FindAllStringSubmatch(w.say(ctx, "/incident "+l.id+" alerts"), -1) {
			if w.first(fact+" "+m[2], 1, "") {
				return l.id, m[1], m[2]
			}
		}
	}
	return "", "", ""
}

func (w *worker) detach(ctx context.Context) (asked bool) {
	id, n, token := w.alertOf(ctx, "detached")
	return id != "" && w.done(ctx, w.about(token, "detached"), id+" detach "+n, "Taken off")
}

func (w *worker) split(ctx context.Context) (asked bool) {
	id, n, token := w.alertOf(ctx, "split")
	if id != "" {
		w.done(ctx, w.about(token, "split"), id+" split "+n, "is open for")
	}
	return id != ""
}

// attach has an incident take in an alert that belongs to none: one of those that it
// offers, but for those that tocsin made to page somebody, which have an incident's title.
func (w *worker) attach(ctx context.Context) (asked bool) {
	room, _ := w.room()
	if room == "" {
		return false
	}
	w.say(ctx, "/incident "+room+" attach")
	for _, m := range w.ws.Messages("general") {
		if m.EphemeralTo != w.user {
			continue
		}
		for label, command := range buttonsOf(m.Blocks) {
			token := tokens.FindString(label)
			if strings.HasPrefix(command, room+" attach #") && token != "" && !w.entitles(token) && w.first("attached "+token, 1, "") {
				w.done(ctx, w.about(token, "attached"), command, "It belongs to")
				return true
			}
		}
	}
	return false
}

// buttonsOf are the commands of buttons, by label.
func buttonsOf(v any) map[string]string {
	found := map[string]string{}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, part := range v {
				walk(part)
			}
		case map[string]any:
			text, _ := v["text"].(map[string]any)
			label, _ := text["text"].(string)
			if command, ok := v["value"].(string); ok {
				found[label] = command
			}
			for _, part := range v {
				walk(part)
			}
		}
	}
	walk(v)
	return found
}

// entitles tells whether a token stands in the title of an incident.
func (w *worker) entitles(token string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.ContainsFunc(w.asked, func(a *wish) bool { return a.token == token && a.fact == "declared" })
}
