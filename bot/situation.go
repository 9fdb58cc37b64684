package bot

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"tocsin/bot/incident"
	"tocsin/runbooks"
	"tocsin/store"
)

// recently is how far back a change, or trouble elsewhere, may have to do with
// what is reported now (half an hour before the onset, as guides say).
const recently = 30 * time.Minute

// ChangeKinds are the kinds of change that people tell of.
var ChangeKinds = []incident.Term{
	{ID: "config", Label: "Config", Means: "a setting, flag, key, secret or route"},
	{ID: "model", Label: "Model", Means: "a model, its version or its alias"},
	{ID: "prompt", Label: "Prompt", Means: "a prompt, a template or a tool's schema"},
	{ID: "index", Label: "Index", Means: "a document index or an embedder"},
	{ID: "data", Label: "Data", Means: "a data job, a feature pipeline, a schema"},
	{ID: "deploy", Label: "Deploy", Means: "a release of code or an image"},
}

// Change records what somebody changed: guides weigh it for half an hour.
func (b *Bot) Change(ctx context.Context, o Origin, kind, what string) (store.Change, error) {
	c := changed(o, b.Now(), kind, what)
	if s, ok := b.Services.Find("", what); ok {
		c.Service = s.ID
	}
	err := b.journal.Changed(ctx, o.Cause, c)
	if err == nil {
		b.logChanges(ctx, o.Cause, c)
	}
	return c, err
}

func changed(o Origin, now time.Time, kind, what string) store.Change {
	return store.Change{At: now.UTC(), By: o.By.Person.String(), User: o.By.User, Via: o.By.Via, Kind: kind, What: what}
}

// logChanges has a line in the log for each change, without its words.
func (b *Bot) logChanges(ctx context.Context, cause string, changes ...store.Change) {
	for _, c := range changes {
		b.Log.LogAttrs(ctx, slog.LevelInfo, "changed", slog.String("kind", c.Kind), slog.String("by", string(c.User)), slog.String("via", c.Via), slog.String("cause", cause))
	}
}

// Changes are what people changed in the last half hour outside any incident, the
// oldest first.
func (b *Bot) Changes(ctx context.Context) ([]store.Change, error) {
	return b.journal.Changes(ctx, b.Now().Add(-recently))
}

// situation is what is known besides the words of a report: of its service, of
// what was changed, and of trouble elsewhere. What cannot be read is left out: a
// guide without it is better than none.
func (b *Bot) situation(ctx context.Context, self incident.ID, service, text string) runbooks.Context {
	c := b.Services.Context(service, text)
	now := b.Now()
	changes, err := b.Changes(ctx)
	if err != nil {
		b.Log.Warn("changes cannot be read", "error", err)
	}
	for _, ch := range slices.Backward(changes) {
		if ch.Service == "" || ch.Service == c.Service {
			c.Changes = append(c.Changes, runbooks.Change{Kind: ch.Kind, What: ch.What})
		}
	}
	if c.Provider != "" {
		c.Others = b.others(self, c, now)
	}
	return c
}

// others are the services with the same provider that have had an incident
// lately, of those in memory: what people work on is there. Private ones are told
// of nowhere.
func (b *Bot) others(self incident.ID, c runbooks.Context, now time.Time) []string {
	b.mu.Lock()
	live := make([]*incident.Incident, 0, len(b.live)) // there may be thousands: none is copied
	for _, l := range b.live {
		live = append(live, l.inc.Load())
	}
	b.mu.Unlock()
	var out []string
	for _, inc := range live {
		if inc.ID == self || inc.Private || !inc.Active() || now.Sub(inc.Declared) > recently {
			continue
		}
		if o, ok := b.Services.Find(inc.Service, inc.Report()); ok && o.ID != c.Service && o.Provider == c.Provider && !slices.Contains(out, o.ID) {
			out = append(out, o.ID)
		}
	}
	slices.Sort(out)
	return out
}
