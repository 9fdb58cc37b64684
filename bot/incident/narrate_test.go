package incident_test

import (
	"slices"
	"strings"
	"testing"

	"tocsin/bot/incident"
)

// silent facts are tocsin's own housekeeping, and no news to people. Quoted
// tells what Pinned is about; the sample of a signal is an echo.
var silent = []string{"posted", "pinned", "resynced", "signaled"}

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
	paging := incident.Actor{Person: ben, Via: "pagerduty"} // Ben, in PagerDuty or elsewhere
	from := func(source string) incident.Actor {
		return incident.Actor{Person: incident.Person{Name: incident.SourceName(source)}, Via: source}
	}
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
		{pager, incident.Signaled{State: incident.StateFiring, Title: "Slow", Why: "because it says the same"}, "PagerDuty alerted: Slow, because it says the same"},
		{pager, incident.Signaled{State: incident.StateFiring, Event: "incident.reopened", Source: "pagerduty", Title: "Slow"}, "PagerDuty reopened Slow"},
		{pager, incident.Signaled{State: incident.StateResolved, Source: "pagerduty"}, "PagerDuty resolved the alert"},
		{paging, incident.Signaled{State: incident.StateAcknowledged, Source: "pagerduty", Title: "Slow"}, "Ben Sato acknowledged Slow in PagerDuty"},
		{paging, incident.Signaled{State: incident.StateResolved, Source: "alertmanager", Title: "Slow"}, "Ben Sato resolved Slow in Alertmanager"},
		{paging, incident.Signaled{State: incident.StateResolved, Source: "our-own"}, "Ben Sato resolved the alert in our-own"},
		{from("grafana"), incident.Signaled{State: incident.StateResolved, Source: "grafana"}, "Grafana resolved the alert"},
		{from("datadog"), incident.Signaled{State: incident.StateNoData, Source: "datadog", Title: "Tokens", Service: "chat", Why: "because it says the same"},
			"Datadog hears nothing of Tokens (service chat), because it says the same"},
		{from("sentry"), incident.Signaled{State: incident.StateInfo, Text: "sent news"}, "Sentry sent news"},
		{from("cloudwatch"), incident.Signaled{State: incident.StateFiring, Late: true, Event: "ALARM", Title: "Slow"}, "CloudWatch sent late: ALARM (Slow)"},
		{pager, incident.Signaled{State: incident.StateInfo, Late: true, Event: "incident.annotated", Text: "noted: on it", Title: "Slow"}, "PagerDuty sent late: noted: on it (Slow)"},
		{pager, incident.Signaled{State: incident.StateResolved, Late: true, Text: "long"}, "PagerDuty sent late: resolved (the alert)"},
		{pager, incident.Signaled{State: incident.StateResolved, Echo: true, Title: "Slow"}, ""},
		{chat(ada), incident.Detached{Title: "Slow", To: "INC-9"}, "Ada Okafor took the alert Slow off: it goes on in INC-9"},
		{chat(ada), incident.Detached{Source: "pagerduty", Key: "P1"}, "Ada Okafor took an alert off"},
		{chat(ada), incident.Merged{From: "INC-8", Alerts: 1}, "Ada Okafor took in INC-8 with 1 alert"},
		{chat(ada), incident.Merged{From: "INC-8", Alerts: 3}, "Ada Okafor took in INC-8 with 3 alerts"},
		{bell, incident.RoomHeld{Why: "20 alerts in a minute"}, "tocsin opened no channel yet: 20 alerts in a minute"},
		{bell, incident.RoomHeld{}, "tocsin opened no channel yet"},
		{chat(ada), incident.RoomWanted{}, "Ada Okafor asked for the channel"},
		{chat(ada), incident.PageAsked{N: 1, To: team}, "Ada Okafor asked PagerDuty to page Platform"},
		{chat(ada), incident.PageAsked{N: 1, To: incident.PageTarget{ID: "PUSRBEN"}, Text: "come"}, "Ada Okafor asked PagerDuty to page PUSRBEN: come"},
		{bell, incident.Paged{N: 1, To: team, Key: "P3"}, "tocsin paged Platform through PagerDuty"},
		{bell, incident.Paged{N: 1, To: team, Key: "P3", Added: true}, "tocsin paged Platform through PagerDuty, on the incident that is there"},
		{bell, incident.Paged{N: 1, To: incident.PageTarget{Kind: incident.TargetKey}, Event: true}, "tocsin paged whoever is on call through PagerDuty"},
		{bell, incident.PagerSynced{Key: "P3", State: incident.StateResolved}, "tocsin resolved PagerDuty's incident P3"},
		{bell, incident.PagerSynced{Key: "P3", Priority: "P1"}, "tocsin set PagerDuty's incident P3 to P1"},
		{bell, incident.PagerSynced{Key: "P3", State: incident.StateFiring, Priority: "P1"}, "tocsin reopened PagerDuty's incident P3"},
		{bell, incident.PagerSynced{Key: "P3"}, ""},
		{pager, incident.Signaled{State: incident.StateUnknown, Event: "incident.teleported"},
			"PagerDuty sent an event that this version of tocsin does not know (incident.teleported)"},
		{chat(ada), incident.Mitigated{How: "rollback"}, "Ada Okafor reported impact over (rollback)"},
		{chat(ada), incident.Closed{Reason: "duplicate", Of: "INC-7"}, "Ada Okafor closed the incident: duplicate of INC-7"},
		{chat(ada), incident.ActionAdded{N: 2, Text: "Add an alert", Owner: ben, Due: noon}, "Ada Okafor added follow-up 2: Add an alert (Ben Sato, by 2026-11-20)"},
		{bell, incident.Reminded{Of: "update", Due: noon}, "tocsin reminded people: a status update was due at 2026-11-20 12:00 UTC"},
		{bell, incident.Unknown{Kind: "budget-burned"}, "tocsin recorded something that this version of tocsin does not know (budget-burned)"},
		{incident.Actor{}, incident.Noted{Text: "hi"}, "somebody noted: hi"},
	} {
		if got, ok := incident.Narrate(incident.Event{By: c.by, Fact: c.fact}, incident.ByName); got != c.want || ok != (c.want != "") {
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
		incident.Signaled{State: incident.StateInfo, Text: hostile}, incident.Signaled{State: incident.StateAcknowledged, Source: "of " + hostile},
		incident.Signaled{State: incident.StateFiring, Why: hostile}, incident.Signaled{State: incident.StateNoData, Title: hostile, Service: hostile, Why: hostile},
		incident.Signaled{State: incident.StateFiring, Event: ".reopened", Title: hostile, Source: "of " + hostile}, incident.Signaled{State: incident.StateResolved, Title: hostile, Source: "of " + hostile},
		incident.Signaled{Late: true, Event: hostile, Title: hostile}, incident.Signaled{Late: true, State: incident.StateInfo, Text: hostile}, incident.Signaled{Late: true, State: hostile},
		incident.Detached{Title: hostile, To: hostile}, incident.Merged{From: hostile}, incident.RoomHeld{Why: hostile},
		incident.PageAsked{To: incident.PageTarget{Name: hostile}, Text: hostile}, incident.Paged{To: incident.PageTarget{Name: hostile}}, incident.Paged{To: incident.PageTarget{ID: hostile}},
		incident.PagerSynced{State: hostile, Priority: hostile},
		incident.Signaled{Event: hostile}, incident.Linked{Name: hostile}, incident.Joined{Person: incident.Person{Name: hostile}},
		incident.SymptomChanged{To: hostile, From: hostile}, incident.GuideServed{Title: hostile, Why: hostile}, incident.PlayStarted{Title: hostile},
		incident.TaskAdded{Task: incident.Task{Text: hostile}}, incident.TaskDone{Text: hostile}, incident.Noted{Text: hostile},
		incident.Quoted{Quote: incident.Quote{Text: hostile}}, incident.Updated{Text: hostile}, incident.Mitigated{How: hostile, Text: hostile},
		incident.Resolved{Text: hostile}, incident.Reopened{Text: hostile}, incident.Closed{Reason: hostile, Text: hostile}, incident.Closed{Of: hostile},
		incident.ActionAdded{Text: hostile, Owner: incident.Person{Name: hostile}}, incident.ActionDone{Text: hostile},
		incident.Failed{What: hostile, Why: hostile}, incident.Barred{What: hostile, Why: hostile}, incident.Barred{What: hostile}, incident.Unknown{Kind: hostile},
	} {
		by := chat(incident.Person{Name: hostile})
		line, ok := incident.Narrate(incident.Event{By: by, Fact: fact}, incident.ByName)
		bare := strings.ReplaceAll(line, incident.Escape(hostile), "")
		if !ok || strings.ContainsAny(bare, "*<[") {
			t.Errorf("%T: %q has text that is not escaped", fact, line)
		}
	}
}
