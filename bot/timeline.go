package bot

import (
	"fmt"
	"slices"
	"strings"

	"tocsin/bot/incident"
)

// TimelineMarkdown is the timeline as lists, one a day, in the order things
// happened: the last n lines of it; 0 means all.
func TimelineMarkdown(inc incident.Incident, n int) string {
	var told []incident.Event
	for _, e := range happened(inc.Timeline) {
		if _, ok := incident.Narrate(e, inc.Name); ok {
			told = append(told, e)
		}
	}
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
		line, _ := incident.Narrate(e, inc.Name)
		fmt.Fprintf(&s, "- %s · %s\n", e.At.UTC().Format("15:04"), line)
	}
	return strings.TrimSpace(s.String())
}

// happened is a timeline in the order in which things happened; what happened at
// the same time stays in the order of the record.
func happened(timeline []incident.Event) []incident.Event {
	events := slices.Clone(timeline)
	slices.SortStableFunc(events, func(a, b incident.Event) int { return a.At.Compare(b.At) })
	return events
}
