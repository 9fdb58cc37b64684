package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"tocsin/bot/incident"
	"tocsin/store"
)

// audit ends a story as a failure unless each event of it, and each change outside any
// incident, says who did it, from where, and by which gesture, webhook, tick or effect.
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
	s.auditChanges(ctx, a)
}

// auditChanges is audit for what people changed outside any incident.
func (s *story) auditChanges(ctx context.Context, a *app) {
	changes, err := store.NewJournal(a.kv).Changes(ctx, time.Time{})
	if err != nil {
		s.t.Fatal(err)
	}
	pairs, err := a.kv.Scan(ctx, "change/", "", 0)
	if err != nil || len(pairs) != len(changes) {
		s.t.Fatal(len(pairs), err)
	}
	for n, c := range changes { // both are in the order of the keys, which end in the cause
		_, cause, _ := strings.Cut(strings.TrimPrefix(pairs[n].Key, "change/"), "/")
		if why := untraced(incident.Event{At: c.At, Logged: c.At, By: c.Actor(), Cause: cause, Fact: incident.Noted{}}); why != "" {
			s.t.Fatal("the change ", c.Kind, " ", why)
		}
	}
	if holding := a.bot.Holding(); !holding.IsZero() && !slices.ContainsFunc(changes, func(c store.Change) bool { return c.At.Equal(holding) }) {
		s.t.Fatal("rooms are on hold, and no change says who put them there")
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
	case !strings.Contains(e.Cause, by.Via+"/") && !strings.Contains(e.Cause, by.Via+":") && !moved(e): // generic:NAME/…
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
