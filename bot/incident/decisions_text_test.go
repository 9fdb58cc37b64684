package incident_test

import (
	"fmt"
	"strings"
	"time"

	"tocsin/bot/incident"
)

// words are the decisions about what people write.
func words() []decision {
	note := func(text string, minutes int) func(incident.Incident) ([]incident.Fact, error) {
		return func(i incident.Incident) ([]incident.Fact, error) { return i.Note(text, clock(minutes), noon) }
	}
	update := func(text string) func(incident.Incident) ([]incident.Fact, error) {
		return func(i incident.Incident) ([]incident.Fact, error) { return i.Update(text) }
	}
	m := incident.Message{Channel: "C1", ID: "1"}
	pin := func(i incident.Incident) ([]incident.Fact, error) { return i.Pin(m) }
	quote := incident.Quote{Message: m, Author: ben, Text: "it is slow", Written: clock(-3)}
	pinQuote := func(i incident.Incident) ([]incident.Fact, error) {
		dirty := quote
		dirty.Text = " it is\u202e slow\n"
		return i.PinQuote(dirty)
	}
	all := []decision{
		{method: "Note", when: "some lines", inc: declared(), ask: note(" one\r\ntwo\u202e \n", -5), facts: one(incident.Noted{Text: "one\ntwo"})},
		{method: "Note", when: "even when closed", inc: shut(), ask: note("one", 0), facts: one(incident.Noted{Text: "one"})},
		{method: "Note", when: "as long as can be", inc: declared(), ask: note(tooLong()[2:], 0), facts: one(incident.Noted{Text: tooLong()[2:]})},
		{method: "Note", when: "nothing to see", inc: declared(), ask: note(" \u200b\u3164\n", 0), refuse: []string{"`note "}},
		{method: "Note", when: "in the future", inc: declared(), ask: note("one", 5), refuse: []string{"is in the future", "`at 14:02`"}},
		{method: "Update", when: "the first", inc: declared(), ask: update("looking"), facts: one(incident.Updated{Text: "looking", N: 1})},
		{method: "Update", when: "the third", inc: declared(incident.Updated{N: 1}, incident.Updated{N: 2}), ask: update("looking"), facts: one(incident.Updated{Text: "looking", N: 3})},
		{method: "Update", when: "empty", inc: declared(), ask: update(""), refuse: []string{"`update "}},
		{method: "Update", when: "closed", inc: shut(), ask: update("looking"), refuse: []string{"`reopen`"}},
		{method: "Pin", when: "new", inc: declared(), ask: pin, facts: one(incident.Pinned{Message: m})},
		{method: "Pin", when: "pinned before: nothing happens", inc: declared(incident.Pinned{Message: m}), ask: pin},
		{method: "Pin", when: "quoted before: nothing happens", inc: declared(incident.Quoted{Quote: quote}), ask: pin},
		{method: "PinQuote", when: "new", inc: declared(), ask: pinQuote, facts: one(incident.Quoted{Quote: quote})},
		{method: "PinQuote", when: "pinned before: nothing happens", inc: declared(incident.Pinned{Message: m}), ask: pinQuote},
		{method: "PinQuote", when: "quoted before: nothing happens", inc: declared(incident.Quoted{Quote: quote}), ask: pinQuote},
	}
	return append(all, lengths()...)
}

// lengths are one too long text for every method that takes one.
func lengths() (all []decision) {
	for method, ask := range map[string]func(incident.Incident) ([]incident.Fact, error){
		"Note":      func(i incident.Incident) ([]incident.Fact, error) { return i.Note(tooLong(), noon, noon) },
		"Update":    func(i incident.Incident) ([]incident.Fact, error) { return i.Update(tooLong()) },
		"Mitigate":  func(i incident.Incident) ([]incident.Fact, error) { return i.Mitigate("", tooLong()) },
		"Resolve":   func(i incident.Incident) ([]incident.Fact, error) { return i.Resolve(tooLong()) },
		"Close":     func(i incident.Incident) ([]incident.Fact, error) { return i.Close("false-alarm", "", tooLong()) },
		"AddTask":   func(i incident.Incident) ([]incident.Fact, error) { return i.AddTask(tooLong()) },
		"AddAction": func(i incident.Incident) ([]incident.Fact, error) { return i.AddAction(tooLong(), ben, noon) },
	} {
		all = append(all, decision{method: method, when: "too long", inc: declared(), ask: ask, refuse: []string{"has 12001 characters, 12000 are the most"}})
	}
	reopen := func(i incident.Incident) ([]incident.Fact, error) { return i.Reopen(tooLong()) }
	return append(all, decision{method: "Reopen", when: "too long", inc: shut(), ask: reopen, refuse: []string{"12001"}})
}

// lists are the decisions about tasks, follow-ups, and what is made from all.
func lists() []decision {
	due := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	addAction := func(text string) func(incident.Incident) ([]incident.Fact, error) {
		return func(i incident.Incident) ([]incident.Fact, error) { return i.AddAction(text, ben, due) }
	}
	addTask := func(text string) func(incident.Incident) ([]incident.Fact, error) {
		return func(i incident.Incident) ([]incident.Fact, error) { return i.AddTask(text) }
	}
	finishAction := func(n int) func(incident.Incident) ([]incident.Fact, error) {
		return func(i incident.Incident) ([]incident.Fact, error) { return i.FinishAction(n) }
	}
	finishTask := func(n int) func(incident.Incident) ([]incident.Fact, error) {
		return func(i incident.Incident) ([]incident.Fact, error) { return i.FinishTask(n) }
	}
	giveLink := func(i incident.Incident) ([]incident.Fact, error) { return i.GiveLink(clock(60)) }
	secret := incident.Fold("INC-1", timeline(incident.Declared{Title: "Leak", Private: true}))
	action := incident.ActionAdded{N: 1, Text: "Alert on it"}
	task := incident.TaskAdded{Task: incident.Task{Text: "Ask them"}}
	all := []decision{
		{method: "AddAction", when: "the second", inc: declared(action), ask: addAction(" Test\nit "), facts: one(incident.ActionAdded{N: 2, Text: "Test it", Owner: ben, Due: due})},
		{method: "AddAction", when: "empty", inc: declared(), ask: addAction(" "), refuse: []string{"`action "}},
		{method: "FinishAction", when: "there", inc: declared(action), ask: finishAction(1), facts: one(incident.ActionDone{N: 1, Text: "Alert on it"})},
		{method: "FinishAction", when: "done", inc: declared(action, incident.ActionDone{N: 1}), ask: finishAction(1), refuse: []string{"Follow-up 1 is done already"}},
		{method: "AddTask", when: "open", inc: declared(), ask: addTask(" Ask\u0007them "), facts: one(task)},
		{method: "AddTask", when: "empty", inc: declared(), ask: addTask("\u200d"), refuse: []string{"`task add "}},
		{method: "FinishTask", when: "there", inc: declared(task), ask: finishTask(1), facts: one(incident.TaskDone{N: 1, Text: "Ask them"})},
		{method: "FinishTask", when: "done", inc: declared(task, incident.TaskDone{N: 1}), ask: finishTask(1), refuse: []string{"Task 1 is done already"}},
		{method: "DraftPostmortem", when: "open", inc: declared(), ask: incident.Incident.DraftPostmortem, facts: one(incident.PostmortemAsked{})},
		{method: "DraftPostmortem", when: "closed", inc: shut(), ask: incident.Incident.DraftPostmortem, facts: one(incident.PostmortemAsked{})},
		{method: "GiveLink", when: "open", inc: declared(), ask: giveLink, facts: one(incident.LinkGiven{Until: clock(60)})},
		{method: "GiveLink", when: "private", inc: secret, ask: giveLink, refuse: []string{"is private, so it has no page"}},
		{method: "Resync", when: "closed", inc: shut(), ask: incident.Incident.Resync, facts: one(incident.Resynced{})},
	}
	for _, n := range []int{-1, 0, 3} {
		when, no := fmt.Sprintf("number %d", n), fmt.Sprintf("There is no %%s %d. ", n)
		for has, range_ := range []string{"There are none yet.", "There is one %s, number 1.", "They go from 1 to 2."} {
			actions, tasks := []incident.Fact{action, action}[:has], []incident.Fact{task, task}[:has]
			say := func(what string) []string { return []string{strings.ReplaceAll(no+range_, "%s", what)} }
			all = append(all,
				decision{method: "FinishAction", when: fmt.Sprint(when, " of ", has), inc: declared(actions...), ask: finishAction(n), refuse: say("follow-up")},
				decision{method: "FinishTask", when: fmt.Sprint(when, " of ", has), inc: declared(tasks...), ask: finishTask(n), refuse: say("task")})
		}
	}
	return all
}
