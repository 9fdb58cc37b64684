package command

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"tocsin/bot"
	"tocsin/bot/incident"
	"tocsin/store"
	"tocsin/store/mem"
)

// TestForms: each form leads to what its command does with arguments.
func TestForms(t *testing.T) {
	tests := []struct {
		line   string
		values map[string]string
		want   incident.Fact
		at     string
	}{
		{"note", map[string]string{"text": "cold caches"}, incident.Noted{Text: "cold caches"}, ""},
		{"note", map[string]string{"text": "cold caches", "at": "40 min ago"}, incident.Noted{Text: "cold caches"}, "2026-11-20 13:50"},
		{"note", map[string]string{"text": "cold caches at 14:02"}, incident.Noted{Text: "cold caches"}, "2026-11-20 14:02"},
		{"update", map[string]string{"text": "Rolling\nback"}, incident.Updated{Text: "Rolling\nback", N: 1}, ""},
		{"mitigated", map[string]string{"how": "rollback", "text": "to v41", "at": "14:10"}, incident.Mitigated{How: "rollback", Text: "to v41"}, "2026-11-20 14:10"},
		{"mitigated", map[string]string{}, incident.Mitigated{}, ""},
		{"action", map[string]string{"text": "Add an alert", "owner": "U0BEN", "due": "friday"}, incident.ActionAdded{N: 1, Text: "Add an alert", Owner: incident.Person{User: "U0BEN"}, Due: utc("2026-11-27 00:00")}, ""},
		{"action", map[string]string{"text": "Add an alert"}, incident.ActionAdded{N: 1, Text: "Add an alert"}, ""},
		{"assign", map[string]string{"role": "scribe", "to": "U0BEN"}, incident.Assigned{Role: incident.Scribe, To: incident.Person{User: "U0BEN"}}, ""},
		{"take", map[string]string{"role": "scribe", "to": "U0ADA"}, incident.Assigned{Role: incident.Scribe, To: ada}, ""},
		{"handover", map[string]string{"role": "incident-commander", "to": "U0BEN"}, incident.Assigned{Role: incident.Commander, To: incident.Person{User: "U0BEN"}, From: ada}, ""},
	}
	for _, test := range tests {
		d := room(t)
		a := d.submit(ada, d.form(ada, "C1", test.line), test.values)
		at := friday
		if test.at != "" {
			at = utc(test.at)
		}
		if e := d.last(); len(a.Errors) > 0 || !reflect.DeepEqual(e.Fact, test.want) || !e.At.Equal(at) {
			t.Errorf("%s with %v: %+v at %v, errors %v; want %+v at %v", test.line, test.values, e.Fact, e.At, a.Errors, test.want, at)
		}
	}
}

// TestFieldErrors: what is wrong stands at the field that it is about, in plain
// text, and nothing is on the record.
func TestFieldErrors(t *testing.T) {
	tests := []struct {
		line   string
		values map[string]string
		field  string
		says   string
	}{
		{"note", map[string]string{"text": "  "}, "text", "What shall I note?"},
		{"note", map[string]string{"text": "x", "at": "18:00"}, "at", "still to come"},
		{"note", map[string]string{"text": "x at 1999-01-02 18:00"}, "text", "too long ago"},
		{"note", map[string]string{"text": "x", "at": "a *while* ago"}, "at", "I cannot read the time “a *while* ago”. Times are in UTC: 14:02"},
		{"update", map[string]string{"text": ""}, "text", "What shall the update say?"},
		{"mitigated", map[string]string{"at": "soon"}, "at", "I cannot read"},
		{"action", map[string]string{"text": ""}, "text", "What is to be done?"},
		{"action", map[string]string{"text": "x", "due": "someday"}, "due", "I cannot read the day “someday”"},
		{"assign", map[string]string{"role": "chef", "to": "U0BEN"}, "role", "I don't know the role"},
		{"assign", map[string]string{"role": "incident-commander", "to": "U0ADA"}, "", "already"},
		{"handover", map[string]string{"role": "scribe", "to": "U0BEN"}, "", "Nobody is scribe yet"},
		{"open", map[string]string{"title": " "}, "title", "An incident needs a title"},
		{"open", map[string]string{"title": "x", "began": "tomorrow"}, "began", "I cannot read the time"},
		{"open", map[string]string{"title": "x", "severity": "sev9"}, "severity", "from sev1 (worst) to sev4"},
	}
	for _, test := range tests {
		d := room(t)
		before := d.inc("INC-1").Last()
		a := d.submit(ada, d.form(ada, "C1", test.line), test.values)
		if got, ok := a.Errors[test.field]; !ok || len(a.Errors) != 1 || !strings.Contains(got, test.says) || strings.ContainsAny(got, "`\\") {
			t.Errorf("%s with %v: %q, want %q at %q", test.line, test.values, a.Errors, test.says, test.field)
		}
		if n := d.inc("INC-1").Last(); n != before {
			t.Errorf("%s with %v: %T is on the record", test.line, test.values, d.last().Fact)
		}
	}
}

// TestOpenForm: all that it asks is on the record; only the title is needed.
func TestOpenForm(t *testing.T) {
	d := newDesk(t)
	f := d.form(ada, "C0", "")
	a := d.submit(ada, f, map[string]string{
		"title": "Answers  are wrong", "severity": "sev1", "symptom": "invalid-inference", "began": "3 weeks ago", "service": "answers", "model": "m-2026-11", "private": "yes",
	})
	inc := d.inc("INC-1")
	if inc.Title != "Answers are wrong" || inc.Severity != incident.SEV1 || inc.Symptom != "invalid-inference" || !inc.Began.Equal(utc("2026-10-30 14:30")) ||
		inc.Service != "answers" || inc.Model != "m-2026-11" || !inc.Private || inc.Holder(incident.Commander) != ada {
		t.Errorf("%+v", inc)
	}
	if !strings.Contains(shown(a), "private") || strings.Contains(inc.ChannelName(), "wrong") {
		t.Errorf("answered %q; the channel is #%s", shown(a), inc.ChannelName())
	}
	d.submit(ada, f, map[string]string{"title": "x"})
	if inc := d.inc("INC-2"); inc.Severity != incident.SEV3 || inc.Private || inc.Symptom != incident.Unclassified {
		t.Errorf("%+v", inc)
	}
	for _, field := range f.Fields {
		if field.Required != (field.Name == "title") {
			t.Errorf("%s: required is %v", field.Name, field.Required)
		}
	}
}

// TestOpenFromMessage: the incident quotes it; its author is one of its people,
// and when it was written is when the trouble was noticed.
func TestOpenFromMessage(t *testing.T) {
	d := newDesk(t)
	q := incident.Quote{Message: incident.Message{Channel: "C0", ID: "1.2"}, Author: ben, Text: "*answers* stop\nin the middle", Written: utc("2026-11-20 13:00")}
	a := d.ask(bot.Request{Line: "open", By: by(ada), Channel: "C0", Message: &q})
	if a.Form == nil || a.Form.Fields[0].Value != "*answers* stop in the middle" || a.Form.Intro != `> \*answers\* stop in the middle` {
		t.Fatalf("%+v", a.Form)
	}
	d.submit(ada, a.Form, map[string]string{"title": "Answers stop"})
	inc := d.inc("INC-1")
	if inc.Quote == nil || inc.Quote.Text != q.Text || !inc.Knows(ben) || !inc.Detected.Equal(q.Written) {
		t.Errorf("%+v", inc)
	}
}

// TestPeopleNamedInATitleComeIn: whoever is mentioned is one of its people.
func TestPeopleNamedInATitleComeIn(t *testing.T) {
	d := newDesk(t)
	d.say(ada, "C0", "open Answers are wrong, ask @ben")
	if inc := d.inc("INC-1"); !inc.Knows(ben) || inc.Title != "Answers are wrong, ask @ben" {
		t.Errorf("%+v", inc.People)
	}
}

// TestFormsFit: titles, choices and what is filled in are within Slack's
// limits; a hint is plain text.
func TestFormsFit(t *testing.T) {
	d := room(t)
	for range 3 {
		d.say(incident.Person{User: "U0LONG", Name: strings.Repeat("long name ", 20)}, "C1", "take commander")
		for _, line := range []string{"open", "note", "update", "action", "mitigated", "take", "assign", "handover"} {
			f := d.form(ada, "C1", line)
			if n := utf8.RuneCountInString(f.Title); n > 24 || f.Submit == "" || f.Command == "" {
				t.Errorf("%s: title of %d characters, %+v", line, n, f)
			}
			names := map[string]bool{}
			for _, field := range f.Fields {
				if names[field.Name] || field.Label == "" || strings.ContainsAny(field.Hint, "`\\*") {
					t.Errorf("%s: %+v", line, field)
				}
				names[field.Name] = true
				for _, c := range field.Choices {
					if utf8.RuneCountInString(c.Label) > 75 || c.Value == "" {
						t.Errorf("%s: choice %+v", line, c)
					}
				}
				if field.Kind == bot.OneOf && field.Value != "" && !slices.ContainsFunc(field.Choices, func(c bot.Choice) bool { return c.Value == field.Value }) {
					t.Errorf("%s: %q is none of the choices", line, field.Value)
				}
			}
		}
	}
}

// TestNotStored: the person is told, and so is whoever delivered the request;
// a refusal is no failure.
func TestNotStored(t *testing.T) {
	d := newDesk(t)
	kv := mem.New()
	kv.Fault = func(int, store.Tx) mem.Outcome { return mem.FailBefore }
	b, err := bot.New(t.Context(), bot.Config{Store: kv, Guides: d.Guides, Plays: d.Plays, Templates: d.Templates, Log: d.Commands.Log})
	must(t, err)
	cs := Commands{Bot: b, Log: d.Commands.Log}
	a, err := cs.Handle(t.Context(), bot.Request{Line: "open Answers are wrong", By: by(ada), Cause: "x"})
	if !errors.Is(err, mem.ErrFault) || !strings.Contains(shown(a), "could not store that") || strings.Contains(shown(a), "INC-") {
		t.Errorf("%q, %v", shown(a), err)
	}
	shell := incident.Actor{Person: incident.Person{Name: "ada"}, Via: incident.ViaShell}
	a, err = cs.Handle(t.Context(), bot.Request{Line: "open Answers are wrong", By: shell, Cause: "s"})
	if err == nil || !strings.Contains(shown(a), "could not store that") || !strings.Contains(shown(a), "tocsin incident list") || strings.Contains(shown(a), "/incident") {
		t.Errorf("at the shell: %q, %v", shown(a), err)
	}
	if _, err := cs.Handle(t.Context(), bot.Request{Line: "opne", By: by(ada), Cause: "y"}); err != nil {
		t.Errorf("a refusal is the error %v", err)
	}
}
