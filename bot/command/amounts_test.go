package command

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"tocsin/bot"
	"tocsin/bot/incident"
	"tocsin/runbooks"
)

// office is where INC-1, which has an alert, is in C1, INC-2 is in C2, Ada commands both,
// and PagerDuty is set up. What was before has no limits.
func office(t *testing.T, front string, before func(*desk)) *desk {
	t.Helper()
	d := room(t)
	d.Bot.Pager = nobody{}
	d.say(ada, "C0", "open sev2 Search finds nothing")
	d.link("INC-2", "C2")
	d.facts("INC-1", incident.Signaled{Source: "grafana", Key: "K1", Title: "Answers are wrong", State: incident.StateFiring})
	if before != nil {
		before(d)
	}
	d.limit(front)
	return d
}

// facts puts on an incident's timeline what no person says.
func (d *desk) facts(id incident.ID, facts ...incident.Fact) {
	d.t.Helper()
	_, err := d.Update(d.t.Context(), id, bot.Origin{By: incident.Bot}, func(incident.Incident) ([]incident.Fact, error) { return facts, nil })
	must(d.t, err)
}

func (d *desk) paged() { d.facts("INC-1", incident.Paged{N: 1, Key: "PD1"}) }

// merged has INC-1 take in INC-2, of which people were paged by event if paged, and ends it.
func (d *desk) merged(paged bool) {
	if paged {
		d.facts("INC-2", incident.Paged{N: 1, Key: "tocsin-INC-2-page-1-1", Event: true})
	}
	d.say(ada, "C2", "merge INC-1")
	d.resolved()
}

func (d *desk) resolved() { d.say(ada, "C1", "resolve") }

func (d *desk) unpaged() {
	d.facts("INC-1", incident.PageAsked{N: 1}, incident.Failed{Effect: incident.FailedPage, Why: "may only read", Data: []byte(`{"n":1}`)})
}

// held opens INC-3, which has no room.
func (d *desk) held() {
	d.say(ada, "C0", "open Is this one")
	d.facts("INC-3", incident.RoomHeld{Why: "nobody has rated it"})
}

// around are the ways round each limit: what Ben says in C1, what it amounts to, and what
// was before. A form's values, and a message that is pointed at, are Slack's.
var around = []struct {
	verb, limit string
	ask         bot.Request
	before      func(*desk)
}{
	{verb: "open", limit: "sev", ask: bot.Request{Line: "open sev1 Answers are wrong"}},
	{verb: "open", limit: "sev", ask: bot.Request{Line: "sev4 Answers are wrong", Channel: "C0"}},
	{verb: "open", limit: "sev", ask: bot.Request{Line: "p1: Answers are wrong", Channel: "C0"}},
	{verb: "open", limit: "sev", ask: bot.Request{Line: "open sev2"}},
	{verb: "open", limit: "sev", ask: bot.Request{Line: "open", Values: map[string]string{"title": "Answers are wrong", "severity": "sev2"}}},
	{verb: "merge", limit: "close", ask: bot.Request{Line: "merge INC-2"}},
	{verb: "merge", limit: "close", ask: bot.Request{Line: "INC-1 merge into INC-2 it is one", Channel: "C0"}},
	{verb: "merge", limit: "attach", ask: bot.Request{Line: "merge 2"}},
	{verb: "attach", limit: "close", ask: bot.Request{Line: "attach INC-2"}},
	{verb: "attach", limit: "merge", ask: bot.Request{Line: "attach 2"}},
	{verb: "close", limit: "merge", ask: bot.Request{Line: "close duplicate of INC-2"}},
	{verb: "close", limit: "attach", ask: bot.Request{Line: "close Duplicate 2 it is one"}},
	{verb: "close", limit: "resolve", ask: bot.Request{Line: "close false alarm"}},
	{verb: "split", limit: "detach", ask: bot.Request{Line: "split 1"}},
	{verb: "split", limit: "open", ask: bot.Request{Line: "split 1"}},
	{verb: "resolve", limit: "mitigated", ask: bot.Request{Line: "resolved it holds"}},
	{verb: "reopen", limit: "page", ask: bot.Request{Line: "reopen"}, before: func(d *desk) { d.paged(); d.resolved() }},
	{verb: "reopen", limit: "page", ask: bot.Request{Line: "reopen"}, before: func(d *desk) { d.merged(true) }},
	{verb: "resync", limit: "page", ask: bot.Request{Line: "resync"}, before: (*desk).unpaged},
	{verb: "resync", limit: "room", ask: bot.Request{Line: "INC-3 resync"}, before: (*desk).held},
	{verb: "assign", limit: "take", ask: bot.Request{Line: "assign scribe me"}},
	{verb: "assign", limit: "take", ask: bot.Request{Line: "assign", Values: map[string]string{"role": "scribe", "to": "U0BEN"}}},
	{verb: "changed", limit: "note", ask: bot.Request{Line: "changed prompt support-bot is on v12"}},
	{verb: "pin", limit: "note", ask: bot.Request{Line: "pin", Message: &said}},
	{verb: "pin", limit: "note", ask: bot.Request{Line: "pin", Channel: "C0", Message: &said, Values: map[string]string{"incident": "INC-2"}}},
}

var said = incident.Quote{Message: incident.Message{Channel: "C9", ID: "1.1"}, Text: "I rolled back", Author: ada}

// asked is a request of a person in C1, where it does not say otherwise.
func (d *desk) asked(p incident.Actor, r bot.Request) bot.Answer {
	if r.By = p; r.Channel == "" {
		r.Channel = "C1"
	}
	return d.ask(r)
}

// words are an answer's, also of a form that is refused.
func words(a bot.Answer) string {
	s := a.Body
	for _, e := range a.Errors {
		s += e
	}
	return s
}

// TestLimitsHoldEitherWay: what is limited is refused under each name, with who can; who can
// does it, and where all the rest is limited anybody does.
func TestLimitsHoldEitherWay(t *testing.T) {
	for _, tt := range around {
		d := office(t, "only: {"+tt.limit+": [U0ADA]}", tt.before)
		before := d.events()
		a := d.asked(by(ben), tt.ask)
		if got := words(a); !strings.Contains(got, "/incident "+tt.limit) || !strings.Contains(got, " is for ") || !strings.Contains(got, "U0ADA") && !strings.Contains(got, "Ada Okafor") {
			t.Errorf("%s limited, %s: %q", tt.limit, tt.ask.Line, got)
		}
		if after := d.events(); after != before {
			t.Errorf("%s limited, %s: %d events more", tt.limit, tt.ask.Line, after-before)
		}
		for who, d := range map[incident.Actor]*desk{
			{Person: incident.Person{Name: "root"}, Via: incident.ViaShell}: office(t, "only: {"+tt.limit+": [U0ADA]}", tt.before),
			by(ada): office(t, "only: {"+tt.limit+": [U0ADA]}", tt.before),
			by(ben): office(t, "only: {"+others(tt.verb)+"}", tt.before),
		} {
			if a := d.asked(who, tt.ask); strings.Contains(words(a), " is for ") || who.Via != incident.ViaShell && (a.Refused || len(a.Errors) > 0) {
				t.Errorf("%s limited, %s of %s: %q", tt.limit, tt.ask.Line, who.Name, words(a))
			}
		}
	}
}

// events counts what is on all timelines.
func (d *desk) events() (n int) {
	d.t.Helper()
	heads, err := d.List(d.t.Context(), by(ada), true)
	must(d.t, err)
	for _, h := range heads {
		n += d.inc(h.ID).Last()
	}
	return n
}

// others limits to Ada whatever a verb is not and does not amount to.
func others(verb string) string {
	var list []string
	for _, v := range verbs() {
		amounts := slices.ContainsFunc(amounts[verb], func(w way) bool { return w.verb == v.Name })
		if v.Name != verb && !amounts && !v.Quiet {
			list = append(list, v.Name+": [U0ADA]")
		}
	}
	return strings.Join(list, ", ")
}

// TestAmounts: of each verb it is said what it amounts to, and each way is tried above.
func TestAmounts(t *testing.T) {
	all := verbs()
	for _, v := range all {
		if _, ok := amounts[v.Name]; !ok {
			t.Errorf("does %s do what another verb is for? Say so in amounts: else limits of that one are passed by it", v.Name)
		}
	}
	for verb, ways := range amounts {
		if !slices.ContainsFunc(all, func(v Verb) bool { return v.Name == verb }) {
			t.Errorf("%s is no verb", verb)
		}
		for _, w := range ways {
			if !slices.ContainsFunc(all, func(v Verb) bool { return v.Name == w.verb && !v.Quiet }) {
				t.Errorf("%s amounts to %s, which nobody can limit", verb, w.verb)
			}
			tried := false
			for _, tt := range around {
				tried = tried || tt.verb == verb && tt.limit == w.verb
			}
			if !tried {
				t.Errorf("nobody tries %s where %s is limited", verb, w.verb)
			}
		}
	}
}

// TestNoWayRound: what sounds like a way round a limit and is none goes through.
func TestNoWayRound(t *testing.T) {
	tests := []struct {
		only   string
		before func(*desk)
		line   string
	}{
		{"sev: [U0ADA]", nil, "open Answers are wrong"},
		{"sev: [U0ADA]", nil, "open sev3 Answers are wrong"},
		{"sev: [commander]", nil, "open sev1 Answers are wrong"}, // Ben is, from then on
		{"sev: [declarer]", nil, "open sev1 Answers are wrong"},
		{"sev: [room]", nil, "sev1 Answers are wrong"},
		{"sev: [U0ADA], close: [U0ADA]", nil, "split 1"},
		{"resolve: [U0ADA]", nil, "merge INC-2"},
		{"resolve: [U0ADA]", (*desk).resolved, "close resolved"},
		{"resolve: [U0ADA]", (*desk).resolved, "close false-alarm"},
		{"merge: [U0ADA], attach: [U0ADA]", nil, "close false-alarm"},
		{"mitigated: [U0ADA]", func(d *desk) { d.say(ada, "C1", "mitigated rollback") }, "resolve"},
		{"page: [U0ADA]", (*desk).resolved, "reopen"},
		{"page: [U0ADA]", func(d *desk) { d.merged(false) }, "reopen"},
		{"page: [U0ADA], room: [U0ADA]", nil, "resync"},
		{"page: [U0ADA]", func(d *desk) { d.facts("INC-1", incident.Failed{Effect: "invite", Why: "may only read"}) }, "resync"},
		{"take: [U0ADA]", nil, "assign scribe @ada"},
		{"assign: [U0ADA]", nil, "take scribe"},
		{"postmortem: [U0ADA], close: [U0ADA]", nil, "resolve"},
		{"note: [U0ADA]", nil, "mitigated rollback it is over"},
		{"close: [U0ADA], merge: [U0ADA]", func(d *desk) { d.alert("K9", "", "Something odd", incident.StateInfo) }, "attach"},
	}
	for _, tt := range tests {
		d := office(t, "only: {"+tt.only+"}", tt.before)
		if a := d.say(ben, "C1", tt.line); a.Refused {
			t.Errorf("%s, %s: %q", tt.only, tt.line, a.Body)
		}
	}
}

// TestLeakMadeLightOf: whoever may not rate cannot say that a leak is but a SEV3; who may can,
// and so can the shell.
func TestLeakMadeLightOf(t *testing.T) {
	root := incident.Actor{Person: incident.Person{Name: "root"}, Via: incident.ViaShell}
	for who, light := range map[incident.Actor]bool{by(ben): false, by(ada): true, root: true} {
		d := office(t, "only: {sev: [U0ADA]}", nil)
		a := d.asked(who, bot.Request{Line: "open sev3 Customer data of other tenants in answers, a privacy leak"})
		if inc := d.inc("INC-3"); !inc.Private || (inc.Severity == incident.SEV3) != light {
			t.Errorf("%s: %s: %s", who.Name, inc.Severity, a.Body)
		}
	}
}

// TestWhoCanElsewhere: where another incident is what it is done to, that one's roles count,
// and the refusal says how to get on there; of one that nobody may see it says nothing.
func TestWhoCanElsewhere(t *testing.T) {
	tests := []struct {
		before, line, words string // what is before, Ada says
	}{
		{"INC-1 assign commander @ben", "attach INC-2", "That closes the other incident, and `/incident close` is for the incident commander ([@Ada Okafor](user:U0ADA)) of INC-2."},
		{"INC-2 assign commander @ben", "attach INC-2", ""},
		{"INC-2 assign commander @ben", "merge INC-2", "That closes the duplicate, and `/incident close` is for the incident commander ([@Ada Okafor](user:U0ADA)) here."},
		{"INC-1 assign commander @ben", "merge INC-2", ""},
		{"INC-1 assign scribe @ben", "attach INC-9", "There is no incident INC-9."},
		{"INC-2 private", "attach INC-3", "There is no incident INC-3."},
		{"INC-1 assign scribe @ben", "attach INC-1", "INC-1 cannot be a part of itself."},
	}
	for _, tt := range tests {
		d := office(t, "only: {close: [commander]}", nil)
		if a := d.say(ada, "C0", tt.before); a.Refused {
			t.Fatal(a.Body)
		}
		a := d.say(ben, "C1", tt.line)
		if a.Refused != (tt.words != "") || !strings.Contains(a.Body, tt.words) {
			t.Errorf("%s, then %s: %q", tt.before, tt.line, a.Body)
		}
	}
	d := office(t, "only: {close: [commander, tech]}", nil)
	want := fmt.Sprintf("Nobody is %s: `/incident INC-2 take technical-lead`, then say it again.", incident.TechnicalLead.Title())
	if a := d.say(ben, "C1", "attach INC-2"); !strings.Contains(a.Body, want) {
		t.Errorf("%q, not %q", a.Body, want)
	}
}

// TestOpenFormRefused: a form says at the field that is too much what to leave out.
func TestOpenFormRefused(t *testing.T) {
	d := office(t, "only: {sev: [tech]}", nil)
	a := d.submit(ben, &bot.Form{Command: "open"}, map[string]string{"title": "Answers are wrong", "severity": "sev1"})
	if got, want := a.Errors["severity"], "That sets the severity, and /incident sev is for the technical lead here. With none, or as a SEV3, it is open at once."; got != want {
		t.Errorf("%q, not %q", got, want)
	}
	for _, severity := range []string{"", "sev3"} {
		if a := d.submit(ben, &bot.Form{Command: "open"}, map[string]string{"title": "Answers are wrong", "severity": severity}); len(a.Errors) > 0 {
			t.Errorf("%q: %v", severity, a.Errors)
		}
	}
}

// TestWeightyEitherWay: for want of knowing who may, or who is a guest, a merger under another
// name is kept as one; nobody is kept from saying how bad it is when they open it, or
// from going on in private.
func TestWeightyEitherWay(t *testing.T) {
	for line, kept := range map[string]bool{"attach INC-2": true, "private": false, "open sev1 Answers are wrong": false} {
		d := office(t, "window: 5m", nil)
		if a := d.ask(bot.Request{Line: line, By: by(ben), Channel: "C1", Stranger: true}); a.Refused != kept {
			t.Errorf("stranger, %s: %q", line, a.Body)
		}
		d = office(t, "window: 5m", nil)
		d.Bot.Services = unusable()
		if a := d.say(ben, "C1", line); a.Refused != kept {
			t.Errorf("unread, %s: %q", line, a.Body)
		}
	}
}

// unusable is what is left where default.md cannot be read.
func unusable() *runbooks.Services {
	services, _ := runbooks.LoadServices(runbooks.EmbeddedServices(), fstest.MapFS{"default.md": {Data: []byte("broken")}})
	return services
}
