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
			`return by(m) && m.Metadata.EventType == eventType && m.Metadata.EventPayload["key"] == job.Key`, "return false"}}},
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
			edits: []edit{{"bot/slack/post.go", "if f.Name == name && p.ours(m) {", "if f.Name == name && false {"}},
			spec:  killSpec{favourite: "postmortem", faults: draftsLost}},
		{name: "messages of a room have no order", found: "are out of order", edits: []edit{{"bot/effect/effect.go",
			`func (Say) Lane() string         { return "room" }`, `func (s Say) Lane() string { return "room " + s.Message.Body }`}}},
		{name: "drafts have an order of their own", found: "are out of order",
			edits: []edit{{"bot/effect/effect.go", `func (Draft) Lane() string       { return "room" }`, `func (Draft) Lane() string { return "drafts" }`}},
			spec:  killSpec{favourite: "postmortem", faults: draftsLost}},
		{name: "a command is answered before it is stored", found: "^LOST .* on a timeline", edits: []edit{{"bot/command/command.go",
			"inc, err := c.Update(ctx, c.Inc.ID, o, d)",
			"inc, err := c.Inc, error(nil)\ntime.AfterFunc(300*time.Millisecond, func() { c.Update(context.Background(), c.Inc.ID, o, d) })"}}},
		{name: "a form is answered before it is stored", found: `^LOST .* \(noted\) on a timeline`, edits: []edit{
			{"bot/slack/face.go", "a, err := f.handle(ctx, bot.Request{\n\t\tLine: meta.Command,", "r := bot.Request{\n\t\tLine: meta.Command,"},
			{"bot/slack/face.go", "Values: values, Mentions: people,\n\t})",
				"Values: values, Mentions: people,\n\t}\na, err := bot.Answer{}, error(nil)\ntime.AfterFunc(300*time.Millisecond, func() { f.handle(context.Background(), r) })"}}},
		{name: "a topic is not read before it is set", found: "^DOUBLE the topic of", edits: []edit{{"bot/slack/performer.go",
			"if ch.Topic.Value == topic {", "if ch.Topic.Value == topic && false {"}}},
		{name: "who is in the room already is told of as one who cannot come", found: "^LOST of INC-.*invite", edits: []edit{{"bot/slack/invite.go",
			`return code == "already_in_channel" || code == "cant_invite_self"`, `return code == "cant_invite_self"`}}},
		{name: "who was asked to help in PagerDuty is not looked for", found: "^DOUBLE a responder", edits: []edit{{"bot/pagerduty/page.go",
			"return ask.by(q, inc.ID) })", "return false })"}},
			spec: killSpec{favourite: "page dina please help", faults: respondersLost}},
		{name: "PagerDuty's priority is not read before it is set", found: "^DOUBLE PagerDuty's incident .* was made", edits: []edit{{"bot/pagerduty/sync.go",
			"if priority != nil && (r.Priority == nil || r.Priority.ID != priority.ID) {", "if priority != nil {"}}},
		{name: "our own deeds in PagerDuty are a person's", found: "^DOUBLE our own deed", edits: []edit{{"bot/echo.go",
			"return doing && agrees(inc, s, latest(since, b.Now().Add(-lately))) || b.synced(inc, t.Signal, state, priority)",
			"return false && (doing && agrees(inc, s, since) || b.synced(inc, t.Signal, state, priority))"}}},
		{name: "what a crash cut short is not carried out", found: "^LOST that INC-.* is closed|^DOUBLE the alert .* is on", edits: []edit{
			{"bot/intent.go", "list, err := b.journal.Intents(ctx)", "list, err := []store.Intent(nil), error(nil)"},
			{"bot/private.go", "\t_, err = b.Update(ctx, id, Origin{", "\tb.worker.pause(ctx, b.Now().Add(time.Second))\n\t_, err = b.Update(ctx, id, Origin{"},
			{"bot/private.go", "\t\"context\"\n", "\t\"context\"\n\t\"time\"\n"},
			{"bot/regroup.go", "\tif err := b.detach(ctx, duplicate, o, numbers, original); err != nil {", "\tb.worker.pause(ctx, b.Now().Add(time.Second))\n\tif err := b.detach(ctx, duplicate, o, numbers, original); err != nil {"}}},
		{name: "a declaration that is delivered twice is another one", found: `^DOUBLE .* \(declared\) on a timeline`, edits: []edit{{"bot/declare.go",
			"handles = append(handles, causeHandle(o.Cause))", "_ = handles"}}},
		{name: "an event takes the place of another", found: "^LOST .* on a timeline|^the record cannot be read|^tocsin doctor", edits: []edit{
			{"store/journal.go", "Absent: []string{logKey(tip.ID, tip.Last+1), goneKey(tip.ID)}", "Absent: []string{goneKey(tip.ID)}"}, twoWriters}},
		{name: "each attempt at a page by the routing key is a page", found: "^DOUBLE PagerDuty's incident .* is of no page", edits: []edit{{"bot/pagerduty/page.go",
			"key := ask.key(inc)\n", "key := fmt.Sprint(ask.key(inc), \"-\", time.Now().UnixNano())\n"}},
			spec: killSpec{keyed: true, favourite: "page please help", faults: alertsLost}},
		{name: "a severity is answered before it is stored", found: "^LOST sev severity-changed", edits: []edit{
			{"bot/command/state.go", "_, err = c.Rate(ctx, c.Inc.ID, c.Origin(), sev)",
				"time.AfterFunc(time.Second, func() { c.Rate(context.Background(), c.Inc.ID, c.Origin(), sev) })"},
			{"bot/command/state.go", "\t\"context\"\n", "\t\"context\"\n\t\"time\"\n"}}},
	}
}

// controls have every safeguard, and what else some mutants have.
func controls() []mutant {
	return []mutant{
		{name: "nothing else", found: "."},
		{name: "lost drafts", found: ".", spec: killSpec{faults: draftsLost, favourite: "postmortem"}},
		{name: "lost alerts", found: ".", spec: killSpec{keyed: true, faults: alertsLost, favourite: "page please help"}},
		{name: "two writers", found: ".", edits: []edit{twoWriters}},
	}
}

// twoWriters has each request changed by somebody who knows the incident as it was before,
// as another machine would.
var twoWriters = edit{"bot/update.go",
	"\tl.mu.Lock()\n\tdefer l.mu.Unlock()\n\tinc := *l.inc.Load()\n\tif inc.Did(o.Cause)",
	"\tl.mu.Lock()\n\town := &live{tip: l.tip}\n\town.inc.Store(l.inc.Load())\n\tl.mu.Unlock()\n\tl = own\n\tb.worker.pause(ctx, b.Now().Add(50*time.Millisecond))\n" +
		"\tinc := *l.inc.Load()\n\tif inc.Did(o.Cause)"}

// alertsLost has PagerDuty's answers to what is sent by the routing key get lost.
var alertsLost = []sandbox.Fault{{Kind: "lost_answer", Method: "pagerduty/POST /v2/enqueue", Probability: 0.5}}

// respondersLost has PagerDuty's answers to whom it asks to help get lost.
var respondersLost = []sandbox.Fault{{Kind: "lost_answer", Method: "pagerduty/POST /incidents/{id}/responder_requests", Probability: 0.5}}

// draftsLost has Slack's answers to posted drafts get lost.
var draftsLost = []sandbox.Fault{{Kind: "lost_answer", Method: "files.completeUploadExternal", Probability: 0.5}}
