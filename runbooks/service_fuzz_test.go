package runbooks

import (
	"strings"
	"testing"
	"testing/fstest"

	"tocsin/bot/incident"
)

// FuzzService: no file makes the parser panic, every problem helps, and what is
// accepted can be asked anything.
func FuzzService(f *testing.F) {
	for _, front := range []string{
		"id: a", "id: a\nalso: [null, '', 1, ~]\nowners: {}\n", "id: a\nseverity: {1: sev1, null: sev2, ? [a] : sev3}",
		"id: a\nalerts: [null, {when: null, do: open}, {when: {labels: {~: ~}}, do: ask}]", "id: a\nalerts: {do: open}", "id: [a]",
		"id: a\nx: &x [*x]", "id: a\nalso: &a [b, *a]", "id: a\nseverity: &s {<<: *s}", "id: a\nrooms_per_hour: 99999999999999999999",
		"id: a\nproviders: {'': ['', ' ']}\nwindow: -5m", "id: a\nalerts: [{when: {title: '" + strings.Repeat("*", 99) + "'}, do: attach}]", "id: a\ndepends_on: a\nguides: ['', a]\npagerduty: a",
	} {
		f.Add([]byte("---\n"+front+"\n---\n"), "[P1] a: claude")
	}
	f.Fuzz(func(t *testing.T, src []byte, text string) {
		s, problems := LoadServices(fstest.MapFS{"a.md": {Data: src}})
		for _, p := range problems {
			if p.Line < 0 || p.Line > strings.Count(string(src), "\n")+1 || p.What == "" || p.Do == "" {
				t.Errorf("a problem that does not help: %s", p)
			}
		}
		v, _ := s.Find("a", text)
		sev, _ := s.Severity(v, text)
		if do, why := s.Action(v, Alert{Title: text, Source: text, Severity: sev, Labels: map[string]string{text: text}}); why == "" || do != Open && do != Ask && do != Attach {
			t.Errorf("%q %q", do, why)
		}
		if sev != "" && len(sev.Title()) != len(incident.SEV1) {
			t.Errorf("severity %q", sev)
		}
		s.Provider(v, text, map[string]string{"provider": text})
		s.Dependents("a")
		if s.RoomsPerHour(v) < 1 || s.RoomsPerMinute() < 1 || s.Window() <= 0 {
			t.Error("no room can be opened")
		}
	})
}
