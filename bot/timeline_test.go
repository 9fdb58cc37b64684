package bot_test

import (
	"strings"
	"testing"
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
)

// TestTimelineOfAStorm: alerts that came in a row are one line, in the timeline
// and in the postmortem; what people did stands between.
func TestTimelineOfAStorm(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.fire("alertmanager", "A", "chat", "Error rate is high", "critical")
		for _, key := range []string{"b", "c", "d", "e", "f"} {
			w.fire("alertmanager", key, "chat", "Error rate is high, too", "critical")
		}
		w.say("note", "", "INC-1 note it is the gateway")
		w.fire("alertmanager", "g", "chat", "Error rate is high, too", "critical")
		text := bot.TimelineMarkdown(w.inc("INC-1"), 0)
		if !strings.Contains(text, "5 more alerts from 1 service, until 00:00") || strings.Count(text, "Error rate is high, too") != 1 {
			t.Errorf("%s", text)
		}
		draft, err := w.bot.Postmortem(t.Context(), "INC-1")
		if err != nil || !strings.Contains(draft, "5 more alerts from 1 service") || strings.Count(draft, "Error rate is high, too") != 1 {
			t.Errorf("%v: %s", err, draft)
		}
	})
}

// TestOddClocks: what a source's clock says is stored as said, shown with a mark,
// and makes no impact of years.
func TestOddClocks(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		for i, at := range []time.Time{time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC)} {
			s := alert("alertmanager", string(rune('A'+i)), "chat", "Error rate is high", "critical", incident.StateFiring)
			s.At = at
			w.receive(s)
		}
		w.say("note", "", "INC-1 note afterwards")
		inc := w.inc("INC-1")
		if at := inc.Timeline[inc.Last()-2].At; at.Year() != 2040 {
			t.Errorf("stored as %v", at)
		}
		text := bot.TimelineMarkdown(inc, 0)
		for _, mark := range []string{"its source says 1970-01-01 00:00 UTC", "its source says 2040-01-01 00:00 UTC"} {
			if !strings.Contains(text, mark) {
				t.Errorf("no mark %q in %s", mark, text)
			}
		}
		if !strings.HasSuffix(text, "noted: afterwards") || !inc.Detected.Equal(inc.Declared) {
			t.Errorf("detected %v: %s", inc.Detected, text)
		}
	})
}
