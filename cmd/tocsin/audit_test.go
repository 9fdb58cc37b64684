package main

import (
	"context"
	"strings"

	"tocsin/bot/incident"
	"tocsin/store"
)

// audit ends a story as a failure unless each event of it says who did it, from where, and
// by which gesture, webhook, tick or effect.
func (s *story) audit(ctx context.Context, a *app) {
	if a == nil {
		return
	}
	j := store.NewJournal(a.kv)
	heads, err := j.Heads(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, h := range heads {
		events, _, err := j.Load(ctx, h.ID)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, e := range events {
			if why := untraced(e); why != "" {
				s.t.Fatal(h.ID, e.Seq, incident.Facts.Name(e.Fact), why)
			}
		}
	}
}

// untraced tells what an event does not say of where it came from.
func untraced(e incident.Event) string {
	switch by := e.By; {
	case by.Via == "":
		return "does not say from where"
	case by.User == "" && by.Name == "":
		return "does not say who"
	case e.At.IsZero() || e.Logged.IsZero():
		return "does not say when"
	case e.Cause == "":
		return "does not say why"
	case by.Via == incident.Bot.Via: // it is tocsin's, or somebody's words that tocsin fetched
		return ""
	case !strings.Contains(e.Cause, by.Via+"/") && !moved(e):
		return "came by " + by.Via + " and names " + e.Cause
	}
	return ""
}

// moved tells of an alert whether people had it come from another incident: then it is
// a monitor's still, and its cause is their gesture.
func moved(e incident.Event) bool {
	_, alert := e.Fact.(incident.Signaled)
	return alert && (strings.Contains(e.Cause, "slack/") || strings.Contains(e.Cause, incident.ViaShell+"/"))
}
