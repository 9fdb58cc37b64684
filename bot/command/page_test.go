package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"tocsin/bot"
	"tocsin/bot/incident"
)

// account is a PagerDuty with some names, which are found as the real one finds
// them: the very name, how it begins, nearly the name.
type account struct {
	targets []incident.PageTarget
	err     error
}

func (a account) Targets(_ context.Context, text string) ([]incident.PageTarget, error) {
	if onlyKey(a.targets) || a.err != nil {
		return a.targets, a.err
	}
	text = strings.ToLower(text)
	for _, fits := range []func(string) bool{
		func(name string) bool { return name == text },
		func(name string) bool { return strings.HasPrefix(name, text) },
		func(name string) bool { return edits(name, text) <= 2 },
	} {
		var found []incident.PageTarget
		for _, t := range a.targets {
			if fits(strings.ToLower(t.Name)) {
				found = append(found, t)
			}
		}
		if len(found) > 0 {
			return found, nil
		}
	}
	return nil, nil
}

func (a account) Complete(most int) []incident.PageTarget {
	return a.targets[:min(most, len(a.targets))]
}

func (a account) OnCall(context.Context, string) ([]bot.Duty, error) { return nil, a.err }

func person(id, name string) incident.PageTarget {
	return incident.PageTarget{Kind: incident.TargetUser, ID: id, Name: name}
}

var (
	dina    = person("PDINA", "Dina Weiss")
	dan     = person("PDAN", "Dan")
	gateway = incident.PageTarget{Kind: incident.TargetService, ID: "PGATE", Name: "gateway"}
	anybody = incident.PageTarget{Kind: incident.TargetKey, Name: "whoever is on call"}
)

// paging is a room from which those can be paged.
func paging(t *testing.T, targets ...incident.PageTarget) *desk {
	t.Helper()
	d := room(t)
	d.Paging = account{targets: targets}
	return d
}

// TestPage: whom a line pages, and what they are told.
func TestPage(t *testing.T) {
	for _, test := range []struct {
		line string
		to   incident.PageTarget
		text string
	}{
		{"page Dina Weiss", dina, ""},
		{"page dina weiss help us", dina, "help us"},
		{"page gateway every route fails", gateway, "every route fails"},
		{"page gateway a slip in what follows is none in the name", gateway, "a slip in what follows is none in the name"},
		{"page =user/PDINA/Dina Weiss= help us", dina, "help us"},
	} {
		d := paging(t, dina, dan, gateway)
		a := d.say(ada, "C1", test.line)
		if want := "Paging " + test.to.Name + " for INC-1"; !strings.Contains(shown(a), want) {
			t.Errorf("%s: %s, want %s", test.line, shown(a), want)
		}
		if got, want := d.last().Fact, (incident.PageAsked{N: 1, To: test.to, Text: test.text}); got != want {
			t.Errorf("%s: %+v, want %+v", test.line, got, want)
		}
	}
}

// TestPageAsksWhom: a slip pages nobody, and loses no word of the message.
func TestPageAsksWhom(t *testing.T) {
	for _, test := range []struct {
		line  string
		offer []string
	}{
		{"page Dina Wiess help us", []string{"INC-1 page =user/PDINA/Dina Weiss= help us"}},
		{"page dina help us", []string{"INC-1 page =user/PDINA/Dina Weiss= help us"}},
		{"page gatewya", []string{"INC-1 page =service/PGATE/gateway= "}},
		{"page Dan We are down", []string{"INC-1 page =user/PDANWE/Dan Wei= are down", "INC-1 page =user/PDAN/Dan= We are down"}},
	} {
		d := paging(t, dina, dan, gateway, person("PDANWE", "Dan Wei"))
		before := d.inc("INC-1").Last()
		a := d.say(ada, "C1", test.line)
		var offer []string
		for _, b := range a.Buttons {
			offer = append(offer, b.Command)
		}
		if fmt.Sprint(offer) != fmt.Sprint(test.offer) || !strings.Contains(shown(a), "Whom do you mean?") {
			t.Errorf("%s: %s %q, want %q", test.line, shown(a), offer, test.offer)
		}
		if d.inc("INC-1").Last() != before {
			t.Errorf("%s: somebody was paged: %+v", test.line, d.last().Fact)
		}
	}
}

// TestPageForm: a list holds 500; the others can be typed, and it says so.
func TestPageForm(t *testing.T) {
	var many []incident.PageTarget
	for n := range 712 {
		many = append(many, person(fmt.Sprint("P", n), fmt.Sprint("Person ", n)))
	}
	for n, hint := range map[int]string{100: "", 500: "", 501: "1 more: for those", 712: "212 more: for those type the name instead, /incident page NAME"} {
		d := paging(t, many[:n]...)
		f := d.form(ada, "C1", "page").Fields[0]
		if len(f.Choices) != min(n, 500) || !strings.Contains(f.Hint, hint) || (hint == "") != (f.Hint == "") {
			t.Errorf("%d names: %d choices, hint %q", n, len(f.Choices), f.Hint)
		}
	}
	d := paging(t, many...)
	form := d.form(ada, "C1", "page")
	d.submit(ada, form, map[string]string{"who": "user/P407", "text": "help"})
	if got := d.last().Fact; got != (incident.PageAsked{N: 1, To: many[407], Text: "help"}) {
		t.Errorf("%+v", got)
	}
	if a := d.submit(ada, form, map[string]string{"who": "user/GONE"}); !strings.Contains(a.Errors["who"], "any more") {
		t.Errorf("%+v", a)
	}
}

// TestRoutingKeyAlone: there is one to page, so the line is all message; who is on
// call cannot be read.
func TestRoutingKeyAlone(t *testing.T) {
	d := paging(t, anybody)
	if a := d.say(ada, "C1", "page"); !strings.Contains(shown(a), "What shall they know? For example") {
		t.Error(shown(a))
	}
	if a := d.say(ada, "C1", "oncall"); !strings.Contains(shown(a), "set PAGERDUTY_API_TOKEN. Paging works without it") {
		t.Error(shown(a))
	}
	if a := d.say(ada, "C1", "page answers are wrong"); !strings.Contains(shown(a), "Paging whoever is on call for INC-1") {
		t.Error(shown(a))
	}
	if got := d.last().Fact; got != (incident.PageAsked{N: 1, To: anybody, Text: "answers are wrong"}) {
		t.Errorf("%+v", got)
	}
}

// TestPagerDutyAway: people are told what to do, in words of theirs; what it was
// is in the log.
func TestPagerDutyAway(t *testing.T) {
	refused := &url.Error{Op: "Get", URL: "https://api.pagerduty.com/oncalls", Err: errors.New("dial tcp 10.0.0.1:443: connect: connection refused")}
	for _, test := range []struct {
		err  error
		says string
	}{
		{refused, "PagerDuty cannot be asked now. Page from PagerDuty itself, or call; the incident here is unaffected."},
		{&bot.Later{Err: refused}, "PagerDuty cannot be asked now."},
		{fmt.Errorf("reading: %w", context.DeadlineExceeded), "PagerDuty did not answer in time."},
		{&bot.Final{Why: "the PagerDuty API token may not read that."}, "PagerDuty cannot be asked: the PagerDuty API token may not read that."},
	} {
		for _, line := range []string{"oncall", "page Dina Weiss"} {
			var log bytes.Buffer
			d := newLoggedDesk(t, slog.New(slog.NewTextHandler(&log, nil)))
			d.say(ada, "C0", "open Answers are wrong")
			d.Paging = account{err: test.err}
			a := shown(d.say(ada, "C0", "INC-1 "+line))
			if !strings.Contains(a, test.says) || strings.Contains(a, "https:") || strings.Contains(a, "dial tcp") {
				t.Errorf("%s: %v: %s", line, test.err, a)
			}
			if !strings.Contains(log.String(), "could not be asked\" verb="+firstWord(line)) || !strings.Contains(log.String(), strings.ReplaceAll(test.err.Error(), `"`, `\"`)) {
				t.Errorf("%s: %v is not in the log: %s", line, test.err, log.String())
			}
		}
	}
	unknown := incident.Refusal("PagerDuty has no team “x”.")
	d := room(t)
	d.Paging = account{err: unknown}
	if a := d.say(ada, "C1", "oncall x"); !strings.Contains(shown(a), "has no team “x”") {
		t.Error(shown(a))
	}
}
