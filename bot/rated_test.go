package bot_test

import (
	"strings"
	"testing"
	"time"

	"tocsin/bot/incident"
)

// TestUnrated: an alert without a severity is as bad as its service says such are; news of
// one that was rated rates it no second time.
func TestUnrated(t *testing.T) {
	services := catalogue(t, 0, "other.md", "---\nid: other\nseverity: {\"*\": sev3}\n---\n", "batch.md", "---\nid: batch\nseverity: {\"*\": sev2}\n---\n")
	inStorm(t, services, func(t *testing.T, w *world) {
		w.fire("generic", "A", "batch", "The batch of the night is late", "")
		w.settle()
		if inc := w.inc("INC-1"); inc.Severity != incident.SEV2 || inc.Channel.Channel == "" {
			t.Errorf("%s in %q", inc.Severity, inc.Channel.Channel)
		}
		w.receive(pd("a", "P1", "incident.triggered", incident.StateFiring, "Chat is odd", "P1", time.Now()))
		w.receive(pd("b", "P1", "incident.annotated", incident.StateInfo, "Chat is odd", "", time.Now()))
		w.settle()
		if inc, a := w.inc("INC-2"), w.record("pagerduty", "P1"); inc.Severity != incident.SEV1 || a.Severity != incident.SEV1 {
			t.Errorf("%s, the alert %s", inc.Severity, a.Severity)
		}
	})
}

// TestOwnPriorities: what the account's priorities are called is said for PagerDuty alone.
func TestOwnPriorities(t *testing.T) {
	services := catalogue(t, 0, "default.md", "---\nid: default\npriorities: {sev1: Critical, sev3: Very low}\n---\n")
	inStorm(t, services, func(t *testing.T, w *world) {
		for i, test := range []struct {
			source, priority string
			want             incident.Severity
		}{{"pagerduty", "Critical", incident.SEV1}, {"pagerduty", "Very low", incident.SEV3}, {"pagerduty", "High", incident.SEV2}, {"grafana", "Critical", incident.SEV2}} {
			s := alert(test.source, string(rune('A'+i)), "service of "+string(rune('a'+i)), "It is odd", strings.Fields(test.priority)[0], incident.StateFiring)
			s.Labels = map[string]string{"priority": test.priority}
			w.receive(s)
			w.settle()
			if a := w.record(test.source, s.Key); a.Severity != test.want {
				t.Errorf("%s of %s: %s, want %s", test.priority, test.source, a.Severity, test.want)
			}
		}
	})
}
