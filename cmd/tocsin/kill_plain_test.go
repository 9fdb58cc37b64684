package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
)

// plain is a command without a token. What it leads to is known by the name that Slack
// gave the request, which is the cause of it on the timeline.
type plain struct {
	fact  string   // that it leads to
	done  string   // is in the answer if it was done
	lines []string // in which people give it
}

// plains are the commands without a token, by verb.
var plains = map[string]plain{
	"sev":        {"severity-changed", " now.", []string{"sev 1", "sev 2", "sev 3"}},
	"take":       {"assigned", " now.", []string{"take commander", "take tech", "take comms", "take scribe"}},
	"assign":     {"assigned", " now.", []string{"assign tech @ben", "assign comms @ada", "assign commander @dina"}},
	"handover":   {"assigned", " now.", []string{"handover @mei", "handover @ben", "handover @ada"}},
	"join":       {"joined", "You are being added", []string{"join"}},
	"symptom":    {"symptom-changed", "Symptom: ", []string{"symptom slow", "symptom wrong"}},
	"guide":      {"guide-served", "First question", []string{"guide provider-outage", "guide latency-saturation", "guide cost-spike"}},
	"began":      {"impact-began", "Impact began ", []string{"began 2 hours ago"}},
	"changed":    {"noted", "On the ", []string{"changed config"}},
	"task":       {"task-done", " is done.", []string{"task done 1", "task done 2", "task done 3"}},
	"action":     {"action-done", " is done.", []string{"action done 1", "action done 2"}},
	"mitigated":  {"mitigated", "Impact is over", []string{"mitigated rollback", "mitigated it went away"}},
	"resolve":    {"resolved", "is resolved. Thank you.", []string{"resolve rolled back"}},
	"postmortem": {"postmortem-asked", "The draft is on its way", []string{"postmortem"}},
	"link":       {"link-given", "Whoever has this link", []string{"link"}},
}

// plainly gives a command without a token.
func (w *worker) plainly(ctx context.Context, room string) {
	verb := w.least((*wish).theRoute, slices.Sorted(maps.Keys(plains))...)
	if verb == "join" { // of an incident that they do not work on yet
		for _, l := range w.listed(ctx) {
			room = l.id
		}
	}
	p := plains[verb]
	line, a := p.lines[w.rng.IntN(len(p.lines))], &wish{route: verb, fact: p.fact}
	switch verb {
	case "changed": // what is noted in PagerDuty may be said once only
		a.change = fmt.Sprint("the timeout of call ", w.rng.Int64())
		line += " " + a.change
	case "guide":
		a.moot = func(inc incident.Incident) bool { return "guide "+inc.Guide.Guide == line } // it is in use
	}
	w.begin(a, room)
	answer, r := w.tell(ctx, "/incident "+room+" "+line)
	a.secret = strings.Contains(answer, "because it is private")
	unused := verb == "guide" && strings.Contains(string(r.Ack), "Use this one") // of an incident that is closed
	w.answered(a, r, strings.Contains(answer, p.done) && !unused)
}

// begin begins a request without a token, about an incident.
func (k *killing) begin(a *wish, room string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	a.room, a.from = incident.ID(room), time.Now()
	k.asked = append(k.asked, a)
}

// answered notes what came of it.
func (k *killing) answered(a *wish, r sandbox.Result, done bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	a.cause, a.until, a.acked = "slack/"+r.Trigger, time.Now(), done
}

// comparePlain: what was done by a request without a token is on a timeline as caused by
// it, but for what had nothing to change; and a change of a system is on record once, if
// it was not said in private.
func (k *killing) comparePlain(r *kept, a *wish) {
	if n := r.changes[a.change]; a.change != "" {
		switch {
		case a.acked && !a.secret && n == 0:
			k.lost("the change %q on record", a.change)
		case n > 1 || a.secret && n > 0:
			k.double("%d times: the change %q on record, said in private: %v", n, a.change, a.secret)
		}
	}
	if a.acked && !r.caused(a) && !r.moot(a) {
		k.lost("%s of %s on a timeline, by the cause %s", a.load(), a.room, a.cause)
	}
}

// caused tells whether a request has led to what it asked for.
func (r *kept) caused(a *wish) bool {
	for _, timeline := range r.timelines {
		if slices.ContainsFunc(timeline, func(e incident.Event) bool { return e.Cause == a.cause && incident.Facts.Name(e.Fact) == a.fact }) {
			return true
		}
	}
	return false
}

// moot tells whether, at some moment while a request was under way, it had nothing to
// change. An event is on record somewhat later than it says.
func (r *kept) moot(a *wish) bool {
	timeline := r.timelines[a.room]
	for n := 1; n <= len(timeline) && a.moot != nil; n++ {
		over := n < len(timeline) && timeline[n].Logged.Before(a.from.Add(-time.Second))
		if !over && !timeline[n-1].Logged.After(a.until) && a.moot(incident.Fold(a.room, timeline[:n])) {
			return true
		}
	}
	return false
}
