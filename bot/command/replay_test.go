package command

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tocsin/bot"
	"tocsin/bot/incident"
)

// deliver makes a request under a cause of its own, as it was sent; refused is what
// the person was told instead.
func (d *desk) deliver(r bot.Request) (a bot.Answer, refused incident.Refusal) {
	d.t.Helper()
	a, err := d.handle(d.t.Context(), r)
	if err != nil && !errors.As(err, &refused) {
		d.t.Fatalf("%q: %v", r.Line, err)
	}
	return a, refused
}

// record is all that commands change: the timelines, what waits, and what is held.
func (d *desk) record() string {
	d.t.Helper()
	heads, err := d.List(d.t.Context(), by(ada), true)
	must(d.t, err)
	var s strings.Builder
	for _, h := range heads {
		for _, e := range d.inc(h.ID).Timeline {
			fmt.Fprintf(&s, "%s %d %s %+v\n", h.ID, e.Seq, e.Cause, e.Fact)
		}
	}
	loose, err := d.Loose(d.t.Context())
	must(d.t, err)
	fmt.Fprintf(&s, "effects %d\nhold %s\nloose %+v\n", d.Backlog().Effects, d.Holding(), loose)
	return s.String()
}

// everything is a desk where each command has something to do: INC-1 with five
// alerts in C1, INC-2 in C2, an alert that belongs to none, and a PagerDuty.
func everything(t *testing.T) *desk {
	t.Helper()
	d := alarmed(t)
	d.Paging = account{targets: []incident.PageTarget{dina, dan, gateway}}
	d.say(ada, "C0", "open sev3 Something else is slow")
	d.link("INC-2", "C2")
	d.say(ada, "C1", "take commander")
	d.say(ada, "C1", "task Ask the provider")
	d.say(ada, "C1", "action Fail over by itself")
	d.say(ada, "C1", "guide provider-outage")
	d.say(ada, "C1", "detach 5")
	return d
}

// commandLines are every verb with what it can be given.
var commandLines = []string{
	"open sev2 Another one", "sev2 One more", "declare It is wrong", "list", "list all", "guide", "guide provider-outage", "guide rag-index",
	"guide answers are cut off", "guide list", "guide show rag-index", "guide look provider-outage x", "guide for incorrect-output x", "guide not provider-outage",
	"guide answer provider-outage does-the-same-call-fail-outside-our-own-path yes-it-fails-too",
	"guide back provider-outage does-the-same-call-fail-outside-our-own-path", "guide helped yes",
	"oncall", "status", "help", "help alerts", "take scribe", "take", "assign scribe @ben", "assign", "handover @ben", "handover commander @ben", "join",
	"sev 1", "sev", "sev 4", "symptom incorrect-output", "symptom", "private", "began 14:00", "began", "note Something", "note Something at 14:02", "note",
	"changed prompt it is on v12", "changed it", "update All is known", "update", "task Call them", "task done 1", "task list", "task",
	"mitigate fall-back-to-a-sibling-model-or-region", "mitigate", "mitigated rollback of the prompt", "mitigated", "resolve It is over", "reopen", "reopen It is back",
	"close", "close resolved", "close false-alarm", "close duplicate of INC-2",
	"page Dina Weiss help us", "page", "page =user/PDINA/Dina Weiss= help", "alerts", "alerts 2", "attach INC-2", "attach", "attach grafana K5",
	"detach 2", "detach 1-3", "detach search", "detach chat", "split search", "split chat", "split 1 2", "merge INC-2", "room", "hold", "hold off",
	"action Write an alert @ben by friday", "action done 1", "action list", "action", "timeline", "link", "link 4", "postmortem", "resync", "menu", "arrived", "left", "",
}

// TestDeliveredTwice: Slack, or somebody who has recorded a signed request, may
// deliver any of them again, and later than others: it is answered in the same way,
// never with a refusal of what was done, and the record stays as it is.
//
// What is asked is every command, and every button that its answers have.
func TestDeliveredTwice(t *testing.T) {
	lines := slices.Clone(commandLines)
	for n := 0; n < len(lines); n++ {
		t.Run(lines[n], func(t *testing.T) {
			r := bot.Request{Line: lines[n], By: by(ada), Channel: "C1", Cause: "slack/one", Mentions: map[string]incident.Person{"@ben": ben}}
			for _, b := range twice(t, everything(t), r, "").Buttons {
				if !slices.Contains(lines, b.Command) {
					lines = append(lines, b.Command)
				}
			}
		})
	}
	if len(lines) < 150 {
		t.Errorf("only %d lines were tried", len(lines))
	}
}

// twice delivers a request twice, with something else between.
func twice(t *testing.T, d *desk, r bot.Request, between string) bot.Answer {
	t.Helper()
	first, refused := d.deliver(r)
	if between != "" {
		d.say(ada, "C0", between)
	}
	before := d.record()
	second, again := d.deliver(r)
	if refused == "" && again != "" {
		t.Errorf("the second time it is refused: %s\nthe first time: %s", again, first.Body)
	}
	if (first.Form == nil) != (second.Form == nil) && before != d.record() || second.Body == "" && first.Body != "" && second.Form == nil {
		t.Errorf("answered with another kind of thing: %+v, then %+v", first, second)
	}
	if now := d.record(); now != before {
		t.Errorf("it changed the record again:\n%s\nbecame\n%s", before, now)
	}
	return first
}

// TestDeliveredTwiceFromAForm is the same of what people fill in.
func TestDeliveredTwiceFromAForm(t *testing.T) {
	for _, test := range []struct {
		line   string
		values map[string]string
	}{
		{"open", map[string]string{"title": "From the form", "severity": "sev2"}},
		{"INC-1 note", map[string]string{"text": "A note", "at": "14:02"}},
		{"INC-1 update", map[string]string{"text": "An update"}},
		{"INC-1 began", map[string]string{"at": "14:00"}},
		{"INC-1 assign", map[string]string{"role": "scribe", "to": "U0BEN"}},
		{"INC-1 handover", map[string]string{"role": "incident-commander", "to": "U0BEN"}},
		{"INC-1 mitigated", map[string]string{"how": "rollback", "text": "done"}},
		{"INC-1 action", map[string]string{"text": "Write an alert", "owner": "U0BEN", "due": "friday"}},
		{"INC-1 page", map[string]string{"who": "user/PDINA", "text": "help"}},
	} {
		t.Run(test.line, func(t *testing.T) {
			twice(t, everything(t), bot.Request{Line: test.line, By: by(ada), Cause: "slack/view/one", Values: test.values}, "")
		})
	}
}

// TestDeliveredLater: what was undone meanwhile is not done again.
func TestDeliveredLater(t *testing.T) {
	for _, test := range []struct{ line, between string }{
		{"hold", "hold off"}, {"sev 1", "INC-1 sev 3"}, {"take scribe", "INC-1 assign scribe @ben"}, {"resolve", "INC-1 reopen"},
		{"attach grafana K5", "INC-1 detach 5"}, {"merge INC-2", "INC-1 reopen"}, {"attach INC-2", "INC-2 reopen"}, {"close false-alarm", "INC-1 reopen"},
		{"page Dina Weiss help us", "INC-1 close false-alarm"}, {"merge INC-2", "INC-2 close false-alarm"}, {"attach INC-2", "INC-1 close false-alarm"}, {"close duplicate of INC-2", "INC-2 close false-alarm"}, {"split search", "INC-3 merge INC-1"}, {"detach 3", "INC-1 attach grafana K3"}, {"private", "INC-1 reopen"},
	} {
		t.Run(test.line, func(t *testing.T) {
			twice(t, everything(t), bot.Request{Line: test.line, By: by(ada), Channel: "C1", Cause: "slack/one"}, test.between)
		})
	}
	t.Run("hold off", func(t *testing.T) {
		d := everything(t)
		d.say(ada, "C0", "hold")
		twice(t, d, bot.Request{Line: "hold off", By: by(ada), Channel: "C1", Cause: "slack/one"}, "hold")
	})
}

// TestEveryCommandIsDeliveredTwice asks for a line of each verb.
func TestEveryCommandIsDeliveredTwice(t *testing.T) {
	for _, v := range verbs() {
		if v.Name == "pin" { // it has a message: see the stories
			continue
		}
		found := false
		for _, line := range commandLines {
			found = found || firstWord(line) == v.Name
		}
		if !found {
			t.Errorf("commandLines has none of %s", v.Name)
		}
	}
}
