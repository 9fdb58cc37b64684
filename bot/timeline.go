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
// the future happened no later than it was told.
func happened(timeline []incident.Event) []incident.Event {
	events := slices.Clone(timeline)
	for i, e := range events {
		if ahead(e) {
			events[i].At = e.Logged
		}
	}
	slices.SortStableFunc(events, func(a, b incident.Event) int { return a.At.Compare(b.At) })
	return events
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
