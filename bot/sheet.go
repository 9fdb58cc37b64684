package bot

import (
	"context"
	"fmt"
	"strings"

	"tocsin/bot/incident"
	"tocsin/store"
)

// Sheet is an incident as a page for those who cannot see the chat: where it stands,
// what was said of it last, and the timeline, as Markdown. A private incident has
// none, and is not found (store.ErrNotFound).
func (b *Bot) Sheet(ctx context.Context, id incident.ID) (title, md string, err error) {
	inc, err := b.Incident(ctx, id)
	if err == nil && inc.Private {
		err = store.ErrNotFound
	}
	if err != nil {
		return "", "", err
	}
	title = string(id) + ": " + inc.Title
	return title, "# " + incident.Escape(title) + "\n\n" + standing(inc) + "\n## Timeline\n\n" + TimelineMarkdown(inc, 0) + "\n", nil
}

// standing is where an incident stands, as a list.
func standing(inc incident.Incident) string {
	var s strings.Builder
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&s, "- **%s:** %s\n", name, text)
		}
	}
	line("Severity", inc.Severity.Title())
	line("Status", string(inc.Status))
	line("Service", incident.Escape(inc.Service))
	if p := inc.Holder(incident.Commander); p != (incident.Person{}) {
		line("Incident commander", inc.Name(p))
	}
	line("Impact began", incident.Clock(inc.Began))
	line("Impact over", incident.Clock(inc.MitigatedAt))
	line("Last update", lastUpdate(inc))
	line("Next update by", incident.Clock(inc.UpdateDue()))
	return s.String()
}

// lastUpdate is what was sent last, and when.
func lastUpdate(inc incident.Incident) (text string) {
	for _, e := range inc.Timeline {
		if f, ok := e.Fact.(incident.Updated); ok {
			text = incident.EscapeLines(f.Text) + " (" + incident.Clock(e.At) + ")"
		}
	}
	return text
}
