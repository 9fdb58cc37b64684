package bot

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/store"
)

// How long a message may wait for the chat: after lateAfter it says when it is from,
// after staleAfter it is dropped if all it does is nudge or tell of an alert. What
// people wrote is never dropped.
const (
	lateAfter  = 5 * time.Minute
	staleAfter = 15 * time.Minute
)

// staleFollowUps is the same for the daily word of overdue follow-ups.
const staleFollowUps = 12 * time.Hour

// origin is the event that an item follows from; ok is false if it is of none.
func origin(inc incident.Incident, item store.Item) (e incident.Event, ok bool) {
	if item.Seq < 1 || item.Seq > inc.Last() {
		return e, false
	}
	return inc.Timeline[item.Seq-1], true
}

// stale tells whether nobody needs an effect any more that had to wait: to replay an
// hour of nudges once the chat is back would bury what matters now. All of it is on
// the timeline.
func (b *Bot) stale(inc incident.Incident, item store.Item, now time.Time) bool {
	if _, said := item.Effect.(effect.Say); !said {
		return false
	}
	e, ok := origin(inc, item)
	if !ok {
		return false
	}
	age := now.Sub(e.Logged)
	switch f := e.Fact.(type) {
	case incident.Reminded:
		return staleReminder(e, f, inc, age)
	case incident.Signaled:
		return age > staleAfter && b.staleNews(e, f, inc)
	}
	return false
}

// staleReminder tells whether what a reminder asks for was done, or asked for again.
func staleReminder(e incident.Event, f incident.Reminded, inc incident.Incident, age time.Duration) bool {
	for _, later := range inc.Timeline[e.Seq:] {
		if again, ok := later.Fact.(incident.Reminded); ok && again.Of == f.Of {
			return true
		}
	}
	if n, page := strings.CutPrefix(f.Of, incident.RemindedPage); page {
		waits := func(p incident.Page) bool { return strconv.Itoa(p.N) == n && p.Waits() }
		return age > staleAfter || !slices.ContainsFunc(inc.Pages, waits)
	}
	if f.Of != remindUpdate {
		return age > staleFollowUps
	}
	due := inc.UpdateDue()
	return age > staleAfter || due.IsZero() || due.After(f.Due)
}

// staleNews tells whether a word of an alert asks nothing that is still to be
// answered. What opened the incident is always told.
func (b *Bot) staleNews(e incident.Event, f incident.Signaled, inc incident.Incident) bool {
	if n, first := inc.NumberOf(f.Source, f.Key); n == 1 && first == e.Seq {
		return false
	}
	m, ok := b.news(e, f, inc)
	return !ok || len(m.Buttons) == 0
}

// dated says of a message that had to wait when it is from.
func dated(m effect.Message, e incident.Event, now time.Time) effect.Message {
	if now.Sub(e.Logged) > lateAfter {
		m.Body += "\n\n_This is from " + incident.Clock(e.Logged) + ": it could not be sent before._"
	}
	return m
}
