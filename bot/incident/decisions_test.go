package incident_test

import "tocsin/bot/incident"

// people are the decisions about who does what.
func people() []decision {
	assign := func(r incident.Role, to incident.Person) func(incident.Incident) ([]incident.Fact, error) {
		return func(i incident.Incident) ([]incident.Fact, error) { return i.Assign(r, to) }
	}
	handover := func(by, to incident.Person) func(incident.Incident) ([]incident.Fact, error) {
		return func(i incident.Incident) ([]incident.Fact, error) { return i.Handover(incident.Commander, by, to) }
	}
	join := func(i incident.Incident) ([]incident.Fact, error) { return i.Join(ben) }
	arrive := func(i incident.Incident) ([]incident.Fact, error) { return i.Arrive(ben) }
	leave := func(i incident.Incident) ([]incident.Fact, error) { return i.Leave(ben) }
	led := declared(incident.Assigned{Role: incident.Commander, To: ada})
	odd := incident.Person{Name: "*Ada* <!channel>"}
	secret := incident.Fold("INC-1", timeline(incident.Declared{Title: "Leak", Private: true}))
	act := func(i incident.Incident) incident.Incident {
		return i.With(event(i, incident.Actor{Person: ben, Via: "pagerduty"}, incident.Signaled{Source: "pagerduty", Key: "P1", State: incident.StateAcknowledged}))
	}
	acted, before := act(declared(incident.Linked{Channel: "C1", Name: "inc-1"})), act(declared())
	return []decision{
		{method: "Assign", when: "nobody has it", inc: declared(), ask: assign(incident.Scribe, ben), facts: one(incident.Assigned{Role: incident.Scribe, To: ben})},
		{method: "Assign", when: "another has it", inc: led, ask: assign(incident.Commander, ben), facts: one(incident.Assigned{Role: incident.Commander, To: ben, From: ada})},
		{method: "Assign", when: "they have it", inc: led, ask: assign(incident.Commander, ada), refuse: []string{"Ada Okafor is incident commander already"}},
		{method: "Assign", when: "a hostile name has it", inc: declared(incident.Assigned{Role: incident.Scribe, To: odd}), ask: assign(incident.Scribe, odd), refuse: []string{`\*Ada\* \<!channel>`}},
		{method: "Assign", when: "to nobody", inc: declared(), ask: assign(incident.Scribe, incident.Person{}), refuse: []string{"scribe", "`assign scribe @ada`"}},
		{method: "Assign", when: "closed", inc: shut(), ask: assign(incident.Scribe, ben), refuse: []string{"INC-1 is closed", "`reopen`"}},
		{method: "Handover", when: "by its holder", inc: led, ask: handover(ada, ben), facts: one(incident.Assigned{Role: incident.Commander, To: ben, From: ada})},
		{method: "Handover", when: "by another", inc: led, ask: handover(ben, ben), refuse: []string{"Ada Okafor is incident commander", "`assign incident-commander @name`"}},
		{method: "Handover", when: "nobody has it", inc: declared(), ask: handover(ada, ben), refuse: []string{"Nobody is incident commander", "`assign incident-commander @name`"}},
		{method: "Handover", when: "to nobody", inc: led, ask: handover(ada, incident.Person{}), refuse: []string{"`assign incident-commander @ada`"}},
		{method: "Join", when: "open to all", inc: declared(), ask: join, facts: one(incident.Joined{Person: ben})},
		{method: "Join", when: "private, known", inc: secret.With(event(secret, chat(ada), incident.Joined{Person: ben})), ask: join, facts: one(incident.Joined{Person: ben})},
		{method: "Join", when: "there already", inc: declared(incident.Linked{Channel: "C1", Name: "inc-1"}, incident.Joined{Person: ben}), ask: join, refuse: []string{"#inc-1 already"}},
		{method: "Join", when: "acted in PagerDuty only", inc: acted, ask: join, facts: one(incident.Joined{Person: ben})},
		{method: "Join", when: "acted before there was a room", inc: before.With(event(before, chat(ada), incident.Linked{Channel: "C1", Name: "inc-1"})), ask: join, refuse: []string{"#inc-1 already"}},
		{method: "Join", when: "has a role", inc: declared(incident.Linked{Channel: "C1", Name: "inc-1"}, incident.Assigned{Role: incident.Scribe, To: ben}), ask: join, refuse: []string{"#inc-1 already"}},
		{method: "Join", when: "left again", inc: declared(incident.Linked{Channel: "C1", Name: "inc-1"}, incident.Joined{Person: ben}, incident.Left{Person: ben}), ask: join, facts: one(incident.Joined{Person: ben})},
		{method: "Arrive", when: "acted in PagerDuty before", inc: acted, ask: arrive, facts: one(incident.Joined{Person: ben})},
		{method: "Arrive", when: "new", inc: secret, ask: arrive, facts: one(incident.Joined{Person: ben})},
		{method: "Arrive", when: "known: nothing happens", inc: declared(incident.Joined{Person: ben}), ask: arrive},
		{method: "Leave", when: "known", inc: declared(incident.Joined{Person: ben}), ask: leave, facts: one(incident.Left{Person: ben})},
		{method: "Leave", when: "unknown: nothing happens", inc: secret, ask: leave},
		{method: "Join", when: "not in the chat", inc: declared(), ask: func(i incident.Incident) ([]incident.Fact, error) {
			return i.Join(incident.Person{Name: "root"})
		}, refuse: []string{"Only people of the chat", "incident show INC-1"}},
		{method: "Join", when: "private, unknown", inc: secret, ask: join, refuse: []string{"private", "commander"}},
	}
}

// state are the decisions about how bad it is and whether it is over.
func state() []decision {
	rate := func(i incident.Incident) ([]incident.Fact, error) { return i.Rate(incident.SEV1) }
	classify := func(i incident.Incident) ([]incident.Fact, error) { return i.Classify("cost-anomaly") }
	date := func(minutes int) func(incident.Incident) ([]incident.Fact, error) {
		return func(i incident.Incident) ([]incident.Fact, error) { return i.Date(clock(minutes), noon) }
	}
	mitigate := func(i incident.Incident) ([]incident.Fact, error) { return i.Mitigate("rollback", " to March\n") }
	resolve := func(i incident.Incident) ([]incident.Fact, error) { return i.Resolve(" limit\traised ") }
	reopen := func(i incident.Incident) ([]incident.Fact, error) { return i.Reopen("it is back") }
	closing := func(reason string, of incident.ID) func(incident.Incident) ([]incident.Fact, error) {
		return func(i incident.Incident) ([]incident.Fact, error) { return i.Close(reason, of, "see there") }
	}
	contained, over := declared(incident.Mitigated{}), declared(incident.Resolved{})
	again := declared(incident.Resolved{}, incident.Reopened{})
	play := declared(incident.PlayStarted{Postmortem: true})
	return []decision{
		{method: "Rate", when: "worse", inc: declared(), ask: rate, facts: one(incident.SeverityChanged{To: incident.SEV1, From: incident.SEV2})},
		{method: "Rate", when: "the same", inc: declared(incident.SeverityChanged{To: incident.SEV1}), ask: rate, refuse: []string{"INC-1 is SEV1 already"}},
		{method: "Rate", when: "closed", inc: shut(), ask: rate, refuse: []string{"`reopen`"}},
		{method: "Classify", when: "another", inc: declared(), ask: classify, facts: one(incident.SymptomChanged{To: "cost-anomaly", From: "invalid-inference"})},
		{method: "Classify", when: "the same", inc: declared(incident.SymptomChanged{To: "cost-anomaly"}), ask: classify, refuse: []string{"“Expensive” already"}},
		{method: "Classify", when: "closed", inc: shut(), ask: classify, refuse: []string{"`reopen`"}},
		{method: "Date", when: "in the past", inc: declared(), ask: date(-30), facts: one(incident.ImpactBegan{At: clock(-30)})},
		{method: "Date", when: "by a clock a minute fast", inc: declared(), ask: date(1), facts: one(incident.ImpactBegan{At: clock(1)})},
		{method: "Date", when: "even when closed", inc: shut(), ask: date(-30), facts: one(incident.ImpactBegan{At: clock(-30)})},
		{method: "Date", when: "in the future", inc: declared(), ask: date(2), refuse: []string{"2026-11-20 12:02 UTC is in the future", "`at 14:02`"}},

		{method: "Mitigate", when: "investigating", inc: declared(), ask: mitigate, facts: one(incident.Mitigated{How: "rollback", Text: "to March"})},
		{method: "Mitigate", when: "mitigated", inc: contained, ask: mitigate, refuse: []string{"mitigated already, since 2026-11-20 12:01 UTC"}},
		{method: "Mitigate", when: "resolved", inc: over, ask: mitigate, refuse: []string{"INC-1 is resolved already", "`reopen`"}},
		{method: "Mitigate", when: "closed", inc: shut(), ask: mitigate, refuse: []string{"INC-1 is closed already", "`reopen`"}},
		{method: "Resolve", when: "investigating", inc: declared(), ask: resolve, facts: one(incident.Resolved{Text: "limit raised"})},
		{method: "Resolve", when: "mitigated, with a play that wants a postmortem", inc: play, ask: resolve,
			facts: []incident.Fact{incident.Resolved{Text: "limit raised"}, incident.PostmortemAsked{}}},
		{method: "Resolve", when: "resolved", inc: over, ask: resolve, refuse: []string{"INC-1 is resolved already"}},
		{method: "Resolve", when: "closed", inc: shut(), ask: resolve, refuse: []string{"INC-1 is closed already"}},
		{method: "Reopen", when: "mitigated", inc: contained, ask: reopen, facts: one(incident.Reopened{Text: "it is back"})},
		{method: "Reopen", when: "resolved", inc: over, ask: reopen, facts: one(incident.Reopened{Text: "it is back"})},
		{method: "Reopen", when: "closed", inc: shut(), ask: reopen, facts: one(incident.Reopened{Text: "it is back"})},
		{method: "Reopen", when: "reopened", inc: again, ask: reopen, refuse: []string{"INC-1 is open"}},

		{method: "Close", when: "resolved", inc: over, ask: closing("resolved", ""), facts: one(incident.Closed{Reason: "resolved", Text: "see there"})},
		{method: "Close", when: "a false alarm", inc: declared(), ask: closing("false-alarm", ""), facts: one(incident.Closed{Reason: "false-alarm", Text: "see there"})},
		{method: "Close", when: "a duplicate", inc: declared(), ask: closing("duplicate", "INC-7"), facts: one(incident.Closed{Reason: "duplicate", Of: "INC-7", Text: "see there"})},
		{method: "Close", when: "a duplicate of nothing", inc: declared(), ask: closing("duplicate", ""), refuse: []string{"`close duplicate of INC-7`"}},
		{method: "Close", when: "a duplicate of itself", inc: declared(), ask: closing("duplicate", "INC-1"), refuse: []string{"itself", "`close duplicate of INC-7`"}},
		{method: "Close", when: "not resolved yet", inc: contained, ask: closing("resolved", ""), refuse: []string{"INC-1 is not resolved yet", "`resolve`", "`false-alarm`"}},
		{method: "Close", when: "closed", inc: shut(), ask: closing("false-alarm", ""), refuse: []string{"INC-1 is closed already"}},
	}
}

// guided are the decisions about guides.
func guided() []decision {
	step := func(guide, answer string) func(incident.Incident) ([]incident.Fact, error) {
		return func(i incident.Incident) ([]incident.Fact, error) {
			return i.Step(incident.StepTaken{Guide: guide, Question: "q", Answer: answer})
		}
	}
	begin := func(i incident.Incident) ([]incident.Fact, error) {
		return i.Begin(incident.MitigationChosen{Guide: "g", Mitigation: "m"})
	}
	reject := func(id string) func(incident.Incident) ([]incident.Fact, error) {
		return func(i incident.Incident) ([]incident.Fact, error) { return i.RejectGuide(id) }
	}
	rate := func(how string) func(incident.Incident) ([]incident.Fact, error) {
		return func(i incident.Incident) ([]incident.Fact, error) { return i.RateGuide(how) }
	}
	served := incident.GuideServed{Guide: "g", Title: "G *bold*", Version: "1"}
	led := declared(served)
	stepped := declared(served, incident.StepTaken{Guide: "g", Question: "q", Answer: "a"})
	rated := declared(served, incident.GuideRated{Guide: "g", Helped: incident.HelpedNo})
	return []decision{
		{method: "Step", when: "answered", inc: led, ask: step("g", "a"), facts: one(incident.StepTaken{Guide: "g", Question: "q", Answer: "a"})},
		{method: "Step", when: "answered otherwise", inc: stepped, ask: step("g", "b"), facts: one(incident.StepTaken{Guide: "g", Question: "q", Answer: "b"})},
		{method: "Step", when: "back", inc: stepped, ask: step("g", ""), facts: one(incident.StepTaken{Guide: "g", Question: "q"})},
		{method: "Step", when: "pressed by two: nothing happens", inc: stepped, ask: step("g", "a")},
		{method: "Step", when: "of another guide", inc: led, ask: step("h", "a"), refuse: []string{`“G \*bold\*” now`, "`guide h`"}},
		{method: "Step", when: "closed", inc: shut(), ask: step("", "a"), refuse: []string{"`reopen`"}},
		{method: "Begin", when: "open", inc: led, ask: begin, facts: one(incident.MitigationChosen{Guide: "g", Mitigation: "m"})},
		{method: "Begin", when: "resolved", inc: declared(incident.Resolved{}), ask: begin, refuse: []string{"INC-1 is resolved", "`reopen`"}},
		{method: "Reopen", when: "moved", inc: declared(incident.Closed{Reason: "moved"}), ask: func(i incident.Incident) ([]incident.Fact, error) { return i.Reopen("") }, refuse: []string{"goes on in private", "`/incident open …`"}},
		{method: "RejectGuide", when: "in use", inc: led, ask: reject("g"), facts: one(incident.GuideRejected{Guide: "g", Title: "G *bold*", Version: "1"})},
		{method: "RejectGuide", when: "said before: nothing happens", inc: declared(served, incident.GuideRejected{Guide: "g"}), ask: reject("g")},
		{method: "RejectGuide", when: "not in use: nothing happens", inc: led, ask: reject("h")},
		{method: "RejectGuide", when: "closed", inc: shut(), ask: reject("g"), refuse: []string{"`reopen`"}},
		{method: "RateGuide", when: "it helped", inc: led, ask: rate("yes"), facts: one(incident.GuideRated{Guide: "g", Title: "G *bold*", Version: "1", Helped: "yes"})},
		{method: "RateGuide", when: "said before: nothing happens", inc: rated, ask: rate("no")},
		{method: "RateGuide", when: "no word of it", inc: led, ask: rate("maybe"), refuse: []string{"`guide helped yes`"}},
		{method: "RateGuide", when: "no guide", inc: declared(), ask: rate("yes"), refuse: []string{"`guide TEXT`"}},
	}
}
