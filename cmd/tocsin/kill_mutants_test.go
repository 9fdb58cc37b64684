package main

import "tocsin/bot/sandbox"

// mutant is tocsin without one of its safeguards.
type mutant struct {
	name  string
	found string // a regular expression: how the problem reads that this must cause
	edits []edit
	spec  killSpec // what its rounds have besides
}

// edit replaces a text that a file has once.
type edit struct{ file, old, new string }

// mutants are the safeguards, each taken away. Where what it guards against is over
// within a millisecond, the mutant makes that moment longer.
func mutants() []mutant {
	return []mutant{
		{name: "no quiet time before a look", found: "^DOUBLE", edits: []edit{{"bot/job.go",
			"return max(d, w.bot.Quiet)", "return 0"}}},
		{name: "no quiet time after a restart", found: "^DOUBLE", edits: []edit{{"bot/worker.go",
			"if item.Tries > 0 {", "if false {"}}},
		{name: "an attempt is not on record before it is made", found: "^DOUBLE", edits: []edit{{"bot/worker.go",
			"inc, err := w.bot.commit(ctx, l, Origin{}, nil, store.Append{Put: []store.Item{item}})",
			"inc, err := *l.inc.Load(), ctx.Err()"}}},
		{name: "an effect is forgotten before its outcome", found: "^LOST", edits: []edit{{"bot/worker.go",
			"store.Append{Put: []store.Item{item}})", "store.Append{Settled: []string{item.Key}})"}}},
		{name: "an outcome and what follows from it are two transactions", found: "^LOST", edits: []edit{{"bot/worker.go",
			"_, err := w.bot.commit(ctx, l, o, facts, a)",
			"if _, err := w.bot.commit(ctx, l, Origin{}, nil, a); err != nil {\nreturn err\n}\nw.pause(ctx, w.bot.Now().Add(200*time.Millisecond))\n_, err := w.bot.commit(ctx, l, o, facts, store.Append{})"}}},
		{name: "an older state settles a newer one", found: "^LOST|showed an old state", edits: []edit{
			{"bot/worker.go", "ok && now.Seq == item.Seq {", "ok && now.Seq > 0 {"},
			{"bot/worker.go", "facts []incident.Fact, done bool) {\n", "facts []incident.Fact, done bool) {\nw.pause(ctx, w.bot.Now().Add(300*time.Millisecond))\n"}}},
		{name: "a message is not looked for", found: "^DOUBLE .* the message", edits: []edit{{"bot/slack/post.go",
			`return m.Metadata.EventType == eventType && m.Metadata.EventPayload["key"] == job.Key`, "return false"}}},
		{name: "a channel of ours is not taken for ours", found: "^DOUBLE .* the room of", edits: []edit{{"bot/slack/performer.go",
			"if job.Tries == 1 {", "if true {"}}},
		{name: "a bookmark is not looked for", found: "^DOUBLE .* the bookmark", edits: []edit{{"bot/slack/performer.go",
			"if job.Tries > 1 || e.Again {", "if e.Again {"}}},
		{name: "a request that is delivered twice is done twice", found: "^DOUBLE .* on a timeline", edits: []edit{{"bot/update.go",
			"if inc.Did(o.Cause) {", "if false {"}}},
		{name: "a form that is sent again is another one", found: "^DOUBLE .* on a timeline", edits: []edit{
			{"bot/slack/face.go", `Cause: "slack/view/" + c.View.ID`, `Cause: "slack/view/" + c.TriggerID`},
			{"bot/slack/face.go", "a.Errors = map[string]string{\"\": a.Body}\n\t}", "a.Errors = map[string]string{\"\": a.Body}\n\t}\n<-time.After(500 * time.Millisecond)"}}},
		{name: "an alert is answered before it is stored", found: "^LOST .* on a timeline", edits: []edit{{"bot/signal.go",
			"first, err := b.journal.Arrive(ctx, a)",
			"first, err := false, error(nil)\ntime.AfterFunc(300*time.Millisecond, func() {\nif first, err := b.journal.Arrive(context.Background(), a); err == nil && first {\nb.router.arrivals.add(delivered{a, d.Signals, len(body)})\n}\n})"}}},
		{name: "an alert that is delivered twice is counted twice", found: "^DOUBLE .* the alert was counted", edits: []edit{
			{"store/arrival.go", "Absent: a.absent(), ", ""},
			{"store/alert.go", "if slices.Contains(a.Heard, name) {", "if false {"}}},
		{name: "an alert that is routed again is counted again", found: "^DOUBLE .* the alert was counted", edits: []edit{
			{"bot/router.go", "return r.bot.journal.Retire(ctx, done)", "r.bot.worker.pause(ctx, r.bot.Now().Add(300*time.Millisecond))\nreturn r.bot.journal.Retire(ctx, done)"},
			{"store/alert.go", "if slices.Contains(a.Heard, name) {", "if false {"}}},
		{name: "each attempt at a page is a page", found: "^DOUBLE PagerDuty's incident", edits: []edit{{"bot/pagerduty/create.go",
			"Key: ask.key(inc), Urgency", "Key: pageKey(inc.ID, 1000*ask.N+job.Tries, ask.at), Urgency"}}},
		{name: "a note in PagerDuty is not looked for", found: "^DOUBLE .* in PagerDuty's incident", edits: []edit{
			{"bot/pagerduty/tell.go", "if job.Tries > 1 && echoed(inc, id, text, job.First.Add(-skew)) {", "if false {"},
			{"bot/pagerduty/tell.go", "if job.Tries <= 1 {", "if true {"}}},
		{name: "a file is not looked for", found: "^DOUBLE .* the file",
			edits: []edit{{"bot/slack/post.go", "if f.Name == name && m.User == p.me.User {", "if f.Name == name && false {"}},
			spec:  killSpec{favourite: "postmortem", faults: draftsLost}},
	}
}

// draftsLost has Slack's answers to posted drafts get lost.
var draftsLost = []sandbox.Fault{{Kind: "lost_answer", Method: "files.completeUploadExternal", Probability: 0.5}}
