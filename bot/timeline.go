package bot

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/bot/incident"
)

// TimelineMarkdown is the timeline as lists, one a day, in the order things
// happened: the last n lines of it; 0 means all.
func TimelineMarkdown(inc incident.Incident, n int) string {
	told := gathered(inc.Timeline, inc.Name)
	var s strings.Builder
	if n > 0 && len(told) > n {
		fmt.Fprintf(&s, "… %d earlier lines\n\n", len(told)-n)
		told = told[len(told)-n:]
	}
	day := ""
	for _, e := range told {
		if d := e.At.UTC().Format("Monday, 2006-01-02 (UTC)"); d != day {
			day = d
			fmt.Fprintf(&s, "\n**%s**\n\n", d)
		}
		fmt.Fprintf(&s, "- %s · %s\n", e.At.UTC().Format("15:04"), e.line)
	}
	return strings.TrimSpace(s.String())
}

// happened is a timeline in the order in which things happened; what happened at
// the same time stays in the order of the record. What a source's clock puts in
// the future happened no later than it was told. What is told as it happens stays
// in the order of the record though our own clock is set back in between.
func happened(timeline []incident.Event) []incident.Event {
	type dated struct {
		incident.Event
		when time.Time // by which it is sorted
	}
	var events []dated
	var latest time.Time // that our clock has been at
	for _, e := range timeline {
		if ahead(e) {
			e.At = e.Logged
		}
		if e.Logged.After(latest) {
			latest = e.Logged
		}
		when := e.At
		if e.At.Equal(e.Logged) {
			when = latest
		}
		events = append(events, dated{e, when})
	}
	slices.SortStableFunc(events, func(a, b dated) int { return a.when.Compare(b.when) })
	sorted := make([]incident.Event, len(events))
	for i, e := range events {
		sorted[i] = e.Event
	}
	return sorted
}

// tolerance is how far ahead a source's clock may be before people are told so.
const tolerance = 5 * time.Minute

// ahead tells whether a source says that something happens later than it was told.
func ahead(e incident.Event) bool { return e.At.Sub(e.Logged) > tolerance }

// odd marks a time that a source's clock can hardly mean; "" for any other.
func odd(e incident.Event) string {
	if _, signal := e.Fact.(incident.Signaled); !signal || !ahead(e) && e.Logged.Sub(e.At) <= incident.Credible {
		return ""
	}
	return " *(its source says " + incident.Clock(e.At) + ", it came " + incident.Clock(e.Logged) + ")*"
}
