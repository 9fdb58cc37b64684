package incident_test

import (
	"strings"

	"tocsin/bot/incident"
)

// alerting are the decisions about alerts, the room that they may not need, and
// pages.
func alerting() []decision {
	detach := func(to incident.ID, numbers ...int) func(incident.Incident) ([]incident.Fact, error) {
		return func(i incident.Incident) ([]incident.Fact, error) { return i.Detach(numbers, to) }
	}
	two := []incident.Fact{alert("P1", incident.StateFiring, ""), alert("P2", incident.StateResolved, "")}
	alerted := declared(two...)
	took := func(key, title string, to incident.ID) incident.Fact {
		return incident.Detached{Source: "pagerduty", Key: key, Title: title, To: to}
	}
	all := []decision{
		{method: "Detach", when: "one, to nowhere", inc: alerted, ask: detach("", 2), facts: one(took("P2", "first told resolved", ""))},
		{method: "Detach", when: "two, to another incident, in the order said", inc: alerted, ask: detach("INC-7", 2, 1, 2),
			facts: []incident.Fact{took("P2", "first told resolved", "INC-7"), took("P1", "first told firing", "INC-7")}},
		{method: "Detach", when: "even when closed", inc: declared(append(two, incident.Closed{Reason: "false-alarm"})...), ask: detach("", 1), facts: one(took("P1", "first told firing", ""))},
		{method: "Detach", when: "no number", inc: alerted, ask: detach(""), refuse: []string{"Which alert?", "`/incident alerts`", "`detach 2`"}},
		{method: "Detach", when: "a number too high", inc: alerted, ask: detach("", 1, 3), refuse: []string{"no alert 3", "`/incident alerts`"}},
		{method: "Detach", when: "number 0", inc: alerted, ask: detach("", 0), refuse: []string{"no alert 0"}},
		{method: "Detach", when: "a number that is free", inc: declared(append(two, off("P1"))...), ask: detach("", 1), refuse: []string{"no alert 1"}},
		{method: "Detach", when: "to itself", inc: alerted, ask: detach("INC-1", 1), refuse: []string{"INC-1 has them already", "`detach 2 to INC-7`"}},
	}
	return append(all, append(rooms(), pages()...)...)
}

func rooms() []decision {
	want := func(p incident.Person) func(incident.Incident) ([]incident.Fact, error) {
		return func(i incident.Incident) ([]incident.Fact, error) { return i.WantRoom(p) }
	}
	hold := incident.RoomHeld{Why: "a storm"}
	secret := incident.Fold("INC-1", timeline(incident.Declared{Title: "Leak", Private: true}, hold))
	return []decision{
		{method: "WantRoom", when: "held", inc: declared(hold), ask: want(ada), facts: one(incident.RoomWanted{})},
		{method: "WantRoom", when: "held, by somebody new", inc: declared(hold), ask: want(ben), facts: []incident.Fact{incident.RoomWanted{}, incident.Joined{Person: ben}}},
		{method: "WantRoom", when: "mitigated", inc: declared(hold, incident.Mitigated{}), ask: want(ada), facts: one(incident.RoomWanted{})},
		{method: "WantRoom", when: "private, by one who is in it", inc: secret, ask: want(ada), facts: one(incident.RoomWanted{})},
		{method: "WantRoom", when: "private, by a stranger", inc: secret, ask: want(ben), refuse: []string{"private", "commander"}},
		{method: "WantRoom", when: "a room", inc: declared(hold, incident.Linked{Channel: "C1", Name: "inc-1-*x*"}), ask: want(ada), refuse: []string{`INC-1 has a room already: #inc-1-\*x\*`}},
		{method: "WantRoom", when: "asked for before", inc: declared(hold, incident.RoomWanted{}), ask: want(ada), refuse: []string{"on its way already: #inc-1-answers-cut-off"}},
		{method: "WantRoom", when: "over", inc: declared(hold, incident.Resolved{}), ask: want(ada), refuse: []string{"INC-1 is resolved", "`reopen`"}},
		{method: "WantRoom", when: "closed", inc: declared(hold, incident.Closed{Reason: "false-alarm"}), ask: want(ada), refuse: []string{"INC-1 is closed", "`reopen`"}},
	}
}

func pages() []decision {
	page := func(to incident.PageTarget, text string) func(incident.Incident) ([]incident.Fact, error) {
		return func(i incident.Incident) ([]incident.Fact, error) { return i.AskPage(to, text) }
	}
	asked := incident.PageAsked{N: 1, To: team}
	return []decision{
		{method: "AskPage", when: "the first", inc: declared(), ask: page(team, " come\u202e "), facts: one(incident.PageAsked{N: 1, To: team, Text: "come"})},
		{method: "AskPage", when: "without a word", inc: declared(), ask: page(team, ""), facts: one(asked)},
		{method: "AskPage", when: "the second", inc: declared(asked), ask: page(team, ""), facts: one(incident.PageAsked{N: 2, To: team})},
		{method: "AskPage", when: "the third, the first went out", inc: declared(asked, incident.Paged{N: 1, Key: "P1"}, incident.PageAsked{N: 2}), ask: page(team, ""), facts: one(incident.PageAsked{N: 3, To: team})},
		{method: "AskPage", when: "as long as a phone shows", inc: declared(), ask: page(team, strings.Repeat("é", 500)), facts: one(incident.PageAsked{N: 1, To: team, Text: strings.Repeat("é", 500)})},
		{method: "AskPage", when: "longer than a phone shows", inc: declared(), ask: page(team, strings.Repeat("é", 501)), facts: one(incident.PageAsked{N: 1, To: team, Text: strings.Repeat("é", 499) + "…"})},
		{method: "AskPage", when: "too long", inc: declared(), ask: page(team, tooLong()), refuse: []string{"has 12001 characters"}},
		{method: "AskPage", when: "nobody", inc: declared(), ask: page(incident.PageTarget{}, "come"), refuse: []string{"Who is to be paged?", "`page chat-api`"}},
		{method: "AskPage", when: "closed", inc: shut(), ask: page(team, "come"), refuse: []string{"INC-1 is closed", "`reopen`"}},
	}
}
