package incident_test

import (
	"slices"
	"strings"
	"testing"

	"tocsin/bot/incident"
)

// silent facts are tocsin's own housekeeping, and no news to people. Quoted
// tells what Pinned is about.
var silent = []string{"posted", "pinned", "resynced"}

// hasLooseLine tells whether a line break is other than a hard one that stays in
// the list item it stands in.
func hasLooseLine(s string) bool { return strings.Contains(strings.ReplaceAll(s, "  \n  ", ""), "\n") }

func TestEveryFactHasASentence(t *testing.T) {
	for _, e := range samples() {
		kind := incident.Facts.Name(e.Fact)
		line, ok := incident.Narrate(e, incident.ByName)
		switch {
		case ok == slices.Contains(silent, kind):
			t.Errorf("%s: told = %v; give it a sentence in Narrate, or list it as silent", kind, ok)
		case ok && (!strings.HasPrefix(line, "Ada Okafor ") || hasLooseLine(line)):
			t.Errorf("%s: %q is no line about who did it", kind, line)
		}
	}
}

func TestNarrate(t *testing.T) {
	bell := incident.Actor{Person: incident.Person{Name: "tocsin"}}
	for _, c := range []struct {
		by   incident.Actor
		fact incident.Fact
		want string
	}{
		{chat(ada), incident.Declared{Title: "Slow", Severity: incident.SEV2}, "Ada Okafor declared a SEV2: Slow"},
		{chat(ada), incident.Declared{Title: "Slow", Severity: incident.SEV2, Began: clock(-5)},
			"Ada Okafor declared a SEV2: Slow (impact began 2026-11-20 11:55 UTC)"},
		{chat(ada), incident.Assigned{Role: incident.Commander, To: ada}, "Ada Okafor took the role of incident commander"},
		{chat(ada), incident.Assigned{Role: incident.Scribe, To: ben, From: ada}, "Ada Okafor made Ben Sato scribe (was Ada Okafor)"},
		{chat(ben), incident.Joined{Person: ben}, "Ben Sato came into the channel"},
		{chat(ada), incident.Joined{Person: ben}, "Ada Okafor brought in Ben Sato"},
		{chat(ada), incident.SeverityChanged{To: incident.SEV1, From: incident.SEV2}, "Ada Okafor set the severity to SEV1 (was SEV2)"},
		{pager, incident.Signaled{State: incident.StateFiring, Title: "p99 > 2 s", Service: "chat"}, "PagerDuty alerted: p99 > 2 s (service chat)"},
		{pager, incident.Signaled{State: incident.StateResolved, Source: "pagerduty"}, "PagerDuty resolved the alert"},
		{pager, incident.Signaled{State: incident.StateUnknown, Event: "incident.teleported"},
			"PagerDuty sent an event that this version of tocsin does not know (incident.teleported)"},
		{chat(ada), incident.Mitigated{How: "rollback"}, "Ada Okafor reported impact over (rollback)"},
		{chat(ada), incident.Closed{Reason: "duplicate", Of: "INC-7"}, "Ada Okafor closed the incident: duplicate of INC-7"},
		{chat(ada), incident.ActionAdded{N: 2, Text: "Add an alert", Owner: ben, Due: noon}, "Ada Okafor added follow-up 2: Add an alert (Ben Sato, by 2026-11-20)"},
		{bell, incident.Reminded{Of: "update", Due: noon}, "tocsin reminded people: a status update was due at 2026-11-20 12:00 UTC"},
		{bell, incident.Unknown{Kind: "budget-burned"}, "tocsin recorded something that this version of tocsin does not know (budget-burned)"},
		{incident.Actor{}, incident.Noted{Text: "hi"}, "somebody noted: hi"},
	} {
		if got, _ := incident.Narrate(incident.Event{By: c.by, Fact: c.fact}, incident.ByName); got != c.want {
			t.Errorf("%T\n got %q\nwant %q", c.fact, got, c.want)
		}
	}
}

// Whatever people wrote into a fact is shown as they wrote it: every text of
// every fact is escaped in the sentence.
func TestNarrateShowsTextLiterally(t *testing.T) {
	const hostile = "*x* <!channel> [a](http://b.c)"
	for _, fact := range []incident.Fact{
		incident.Declared{Title: hostile}, incident.Signaled{State: incident.StateFiring, Title: hostile, Service: hostile},
		incident.Signaled{State: incident.StateInfo, Text: hostile}, incident.Signaled{State: incident.StateAcknowledged, Source: hostile},
		incident.Signaled{Event: hostile}, incident.Linked{Name: hostile}, incident.Joined{Person: incident.Person{Name: hostile}},
		incident.SymptomChanged{To: hostile, From: hostile}, incident.GuideServed{Title: hostile, Why: hostile}, incident.PlayStarted{Title: hostile},
		incident.TaskAdded{Task: incident.Task{Text: hostile}}, incident.TaskDone{Text: hostile}, incident.Noted{Text: hostile},
		incident.Quoted{Quote: incident.Quote{Text: hostile}}, incident.Updated{Text: hostile}, incident.Mitigated{How: hostile, Text: hostile},
		incident.Resolved{Text: hostile}, incident.Reopened{Text: hostile}, incident.Closed{Reason: hostile, Text: hostile}, incident.Closed{Of: hostile},
		incident.ActionAdded{Text: hostile, Owner: incident.Person{Name: hostile}}, incident.ActionDone{Text: hostile},
		incident.Failed{What: hostile, Why: hostile}, incident.Unknown{Kind: hostile},
	} {
		by := chat(incident.Person{Name: hostile})
		line, ok := incident.Narrate(incident.Event{By: by, Fact: fact}, incident.ByName)
		bare := strings.ReplaceAll(line, incident.Escape(hostile), "")
		if !ok || strings.ContainsAny(bare, "*<[") {
			t.Errorf("%T: %q has text that is not escaped", fact, line)
		}
	}
}
