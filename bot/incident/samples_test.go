package incident_test

import (
	"encoding/json"
	"time"

	"tocsin/bot/incident"
)

// samples are one event a fact, in the order of incident.Facts, with every
// field filled: the form in which each is stored for ever.
func samples() []incident.Event {
	pinned := incident.Message{Channel: "C0INC1", ID: "1795176000.000100"}
	quote := incident.Quote{Message: pinned, Author: ben, Text: "half of the answer is missing", Link: "https://chat.example/p1", Written: clock(-9)}
	onCall := incident.PageTarget{Kind: incident.TargetPolicy, ID: "PEPLATF", Name: "Platform"}
	facts := []incident.Fact{
		incident.Declared{
			Title: "Answers cut off mid-sentence", Severity: incident.SEV2, Symptom: "invalid-inference", Private: true, Storm: true, Began: clock(-12),
			Model: "large-2", Service: "chat", Quote: &quote, From: "INC-7", People: []incident.Person{ben}, OnCall: []incident.Person{ben},
		},
		incident.Signaled{
			Source: "pagerduty", Event: "incident.triggered", State: incident.StateFiring, Key: "PGR0VU2", Title: "Empty answers over 2 %",
			Text: "threshold crossed", Link: "https://pager.example/PGR0VU2", Service: "chat", Urgency: "high",
			Severity: incident.SEV2, Whole: "[FIRING:1] Empty answers over 2 %", Labels: map[string]string{"region": "eu", "cluster": "a"},
			Image: "https://graph.example/1.png", Runbook: "https://wiki.example/empty-answers", Since: clock(-14),
			Why: "because it is of the same service and symptom", Late: true, Echo: true,
		},
		incident.Linked{Channel: "C0INC1", Name: "inc-1-answers-cut-off", Link: "https://chat.example/C0INC1"},
		incident.Posted{What: incident.PostedCard, Message: incident.Message{Channel: "C0INC1", ID: "1795176001.000200"}, Link: "https://chat.example/p2"},
		incident.Joined{Person: ben},
		incident.Left{Person: ben},
		incident.Assigned{Role: incident.Commander, To: ben, From: ada},
		incident.SeverityChanged{To: incident.SEV1, From: incident.SEV2},
		incident.SymptomChanged{To: "availability-loss", From: "invalid-inference"},
		incident.ImpactBegan{At: clock(-15)},
		incident.GuideServed{
			Guide: "wrong-answers", Title: "Answers are wrong", Version: "3", Why: "matches the symptom",
			Summary: "Look at the stop reason first.", Question: "Which model answered?",
			Symptom: "invalid-inference", Chosen: true,
		},
		incident.GuideOffered{Guide: "slow-answers", Title: "Answers are slow", Version: "1", Why: `says "slow"`},
		incident.GuideRejected{Guide: "wrong-answers", Title: "Answers are wrong", Version: "3"},
		incident.GuideRated{Guide: "wrong-answers", Title: "Answers are wrong", Version: "3", Helped: incident.HelpedPartly},
		incident.StepTaken{
			Guide: "wrong-answers", Title: "Answers are wrong", Version: "3",
			Question: "which-model", Asked: "Which model?", Answer: "the-new-one", Answered: "The new one",
		},
		incident.MitigationChosen{
			Guide: "wrong-answers", Title: "Answers are wrong", Version: "3",
			Mitigation: "pin-the-model", Name: "Pin the model", Kind: "rollback",
		},
		incident.PlayStarted{
			Play: "sev2", Title: "A SEV2 began", Version: "2", UpdateEvery: 30 * time.Minute, Postmortem: true,
			Pager: []string{incident.PagerNotes, incident.PagerUpdates},
			Tasks: []incident.Task{{Text: "Open the status page", Role: incident.CommsLead, Within: 15 * time.Minute, Done: true}},
		},
		incident.TaskAdded{Task: incident.Task{Text: "Ask the provider", Role: incident.TechnicalLead, Within: time.Hour, Done: true}},
		incident.TaskDone{N: 1, Text: "Open the status page"},
		incident.Noted{Text: "stop reason is\n\"length\" <again> & again"},
		incident.Pinned{Message: pinned},
		incident.Quoted{Quote: quote},
		incident.Updated{Text: "Rolled back; answers look right.", N: 1},
		incident.Mitigated{How: "rollback", Text: "to the March model"},
		incident.Resolved{Text: "limit raised to 4096"},
		incident.Reopened{Text: "it is back"},
		incident.Closed{Reason: "duplicate", Of: "INC-7", Text: "same limit"},
		incident.ActionAdded{N: 1, Text: "Alert on the stop reason", Owner: ada, Due: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)},
		incident.ActionDone{N: 1, Text: "Alert on the stop reason"},
		incident.PostmortemAsked{},
		incident.Reminded{Of: "update", Due: clock(30)},
		incident.Failed{Effect: "invite", What: "invite people to the channel", Why: "the bot is not in it: invite it", Data: json.RawMessage(`{"n":1}`)},
		incident.Resynced{},
		incident.Detached{Source: "pagerduty", Key: "PGR0VU2", Title: "Empty answers over 2 %", To: "INC-9"},
		incident.Merged{From: "INC-8", Alerts: 3},
		incident.RoomHeld{Why: "too many alerts at once", Quiet: true},
		incident.RoomWanted{},
		incident.PageAsked{N: 1, To: onCall, Text: "answers are cut off"},
		incident.Paged{N: 1, To: onCall, Key: "PGR0VU3", Link: "https://pager.example/PGR0VU3", Added: true, Event: true, Perhaps: true},
		incident.PagerSynced{Key: "PGR0VU3", State: incident.StateResolved, Priority: "P2"},
		incident.LinkGiven{Until: clock(60)},
		incident.Lost{Seal: "5ea1", Title: "Answers are wrong", Severity: incident.SEV2, Private: true},
		incident.Barred{Where: incident.BarredRoom, Effect: "say", What: "write in the channel", Why: "it is archived. Unarchive it.", Only: incident.OnlyPost},
	}
	var events []incident.Event
	for i, f := range facts {
		events = append(events, incident.Event{
			Seq: i + 1, At: clock(i), Logged: clock(i).Add(1500 * time.Millisecond), By: chat(ada), Cause: "slack/command/Ab1", Fact: f,
		})
	}
	return events
}
