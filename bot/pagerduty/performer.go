package pagerduty

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

// skew is how far PagerDuty's clock and ours may be apart.
const skew = time.Minute

// ahead is how far our clock may have been ahead of PagerDuty's when an attempt began,
// where nothing else can be taken for what is looked for.
const ahead = 48 * time.Hour

// Performer performs the effects that are for PagerDuty. It implements
// bot.Performer.
//
// What PagerDuty can tell apart by itself is sent with a key of ours: the
// incident_key of an incident, the dedup_key of an event. For the rest it looks
// back when an attempt may have been carried out already.
type Performer struct{ client *Client }

// NewPerformer performs effects through c.
func NewPerformer(c *Client) *Performer { return &Performer{c} }

// Perform does what job asks for.
func (p *Performer) Perform(ctx context.Context, inc incident.Incident, job bot.Job) ([]incident.Fact, error) {
	var facts []incident.Fact
	var err error
	switch e := job.Effect.(type) {
	case effect.Page:
		facts, err = p.page(ctx, inc, e.N, job)
	case effect.SyncPager:
		facts, err = p.sync(ctx, inc, job)
	case effect.TellPager:
		err = p.tell(ctx, inc, e, job)
	default:
		err = &bot.Final{Why: fmt.Sprintf("this version of tocsin cannot do %T in PagerDuty.", e)}
	}
	if err != nil {
		return nil, classify(err)
	}
	return facts, nil
}

// The keys by which PagerDuty's incidents of our making are found again. When it was asked
// for is part of them: a record that was restored from an older backup counts again from
// there, and PagerDuty remembers what was made by the same number.
const keyed = "tocsin-"

func pageKey(id incident.ID, n int, asked time.Time) string     { return key(id, "page", n, asked) }
func reopenedKey(id incident.ID, n int, asked time.Time) string { return key(id, "reopened", n, asked) }

func key(id incident.ID, what string, n int, asked time.Time) string {
	return fmt.Sprintf("%s%s-%s-%d-%d", keyed, id, what, n, asked.UnixMilli())
}

// Owner is the incident that tocsin made a PagerDuty incident with this key for.
func Owner(key string) (id incident.ID, ok bool) {
	rest, ok := strings.CutPrefix(key, keyed)
	if !ok {
		return "", false
	}
	for _, what := range []string{"-page-", "-reopened-"} {
		if name, _, found := strings.Cut(rest, what); found {
			return incident.ParseID(name)
		}
	}
	return "", false
}

// linked are PagerDuty's incidents that belong to inc: those whose alerts it has,
// and those that were made to page somebody.
func linked(inc incident.Incident) []string {
	var keys []string
	seen := map[string]bool{"": true}
	add := func(key string) {
		if !seen[key] {
			keys = append(keys, key)
		}
		seen[key] = true
	}
	for _, s := range inc.Alerts() {
		if s.Source == source {
			add(s.Key)
		}
	}
	for _, page := range inc.Pages {
		if !page.Event && !away(inc, page) {
			add(page.Key)
		}
	}
	return keys
}

// away tells whether what was made to page somebody is another incident's business: its
// alert was taken off inc, or inc was a duplicate of another one since, also if it is open
// again. What goes on in private is never opened again, and sync leaves it alone.
func away(inc incident.Incident, page incident.Page) bool {
	if _, has := inc.Alert(source, page.Key); has {
		return false
	}
	there := false
	for _, e := range inc.Timeline {
		switch f := e.Fact.(type) {
		case incident.PageAsked:
			there = there || f.N == page.N
		case incident.Paged:
			there = there || f.N == page.N
		case incident.Detached:
			if f.Source == source && f.Key == page.Key {
				return true
			}
		case incident.Closed:
			if there && f.Reason == "duplicate" {
				return true
			}
		}
	}
	return false
}

// mark begins every text of ours in PagerDuty, so that it is known when it comes
// back.
func mark(id incident.ID) string { return "[" + string(id) + "] " }

// marked tells whether text begins with a mark.
func marked(text string) bool {
	rest, ok := strings.CutPrefix(text, "[INC-")
	id, _, closed := strings.Cut(rest, "] ")
	_, isID := incident.ParseID("INC-" + id)
	return ok && closed && isID
}

// headline is the incident in one line. A private one's tells nothing.
func headline(inc incident.Incident) string {
	if inc.Private {
		return string(inc.ID) + ": a private incident needs you"
	}
	return incident.Cut(fmt.Sprintf("%s %s: %s", inc.ID, inc.Severity.Title(), incident.Line(inc.Title)), maxTitle)
}

// join is where to go, "" while there is nowhere.
func join(inc incident.Incident) string {
	if inc.Channel.Link == "" {
		return ""
	}
	return "Join: " + inc.Channel.Link
}

// What PagerDuty takes, in characters.
const (
	maxTitle   = 1024 // also of an event's summary
	maxMessage = 1024 // of a status update, a responder request
	maxNote    = 25_000
	maxDetails = 900 // of our own choice: whoever is woken reads no more
)
