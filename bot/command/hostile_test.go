package command

import (
	"strings"
	"testing"

	"tocsin/bot"
	"tocsin/bot/incident"
	"tocsin/bot/markdown"
)

// hostile would ping, link, style and break lines, if it were read as markup.
const hostile = "*zzz* [zzz](http://evil.example) <!channel> `zzz` <@U0BEN> **zzz** | zzz | https://evil.example"

// literal checks that wherever an answer has hostile text in it, it is there as
// it was written. Buttons and errors are plain text by themselves.
func literal(t *testing.T, line string, a bot.Answer) {
	t.Helper()
	var check func([]markdown.Block)
	check = func(blocks []markdown.Block) {
		for _, b := range blocks {
			spans := b.Spans
			for _, row := range b.Rows {
				for _, cell := range row {
					spans = append(spans, cell...)
				}
			}
			for _, s := range spans {
				styled := s.Italic || s.Strike || s.Code || s.Bold && !strings.Contains(s.Text, "*zzz*") // or our own, around it
				if strings.Contains(s.Link, "evil") || styled && strings.Contains(s.Text, "zzz") {
					t.Errorf("%.60q: the answer reads markup in what was written: %+v", line, s)
				}
			}
			if b.Kind == markdown.Code && strings.Contains(b.Text, "zzz") {
				t.Errorf("%.60q: the answer reads a block of code: %q", line, b.Text)
			}
			for _, item := range b.Items {
				check(item.Blocks)
			}
			check(b.Blocks)
		}
	}
	check(markdown.Parse(a.Body))
	if a.Form != nil {
		check(markdown.Parse(a.Form.Intro))
	}
}

// TestHostileText: no verb, whatever follows it, whoever says it, and whatever
// is on the record before, answers with markup that somebody else wrote.
func TestHostileText(t *testing.T) {
	mallory := incident.Person{User: "U0EVIL", Name: hostile}
	for _, at := range []string{"C0", "C1"} {
		d := newDesk(t)
		d.say(mallory, "C0", "open sev2 "+hostile)
		d.link("INC-1", "C1")
		for _, line := range []string{"note " + hostile, "update " + hostile, "task " + hostile, "action " + hostile, "began 14:00"} {
			d.say(mallory, "C1", line)
		}
		for _, v := range verbs() {
			for _, name := range append([]string{v.Name}, v.Aliases...) {
				for _, args := range []string{"", " " + hostile, " list", " scribe " + hostile, " duplicate of " + hostile, " duplicate " + hostile, " 1", " done 1", " at " + hostile} {
					line := name + args
					literal(t, line, d.say(mallory, at, line))
					literal(t, line, d.say(ada, at, "INC-1 "+line))
				}
			}
		}
		literal(t, hostile, d.say(mallory, at, hostile))
		d.say(mallory, at, "INC-1 reopen")
		for _, line := range []string{"handover commander " + hostile, "handover commander", "assign commander", "take commander", "take commander", "menu", "timeline", "list all", "task list", "action list"} {
			literal(t, line, d.say(mallory, at, "INC-1 "+line))
			literal(t, line, d.say(ada, at, "INC-1 "+line))
		}
	}
}

// TestHostileMentions: a person's name is text.
func TestHostileMentions(t *testing.T) {
	d := room(t)
	word := "@" + strings.ReplaceAll(hostile, " ", "_")
	mallory := incident.Person{User: "U0EVIL", Name: hostile}
	a := d.ask(bot.Request{Line: "assign scribe " + word, By: by(ada), Channel: "C1", Mentions: map[string]incident.Person{word: mallory}})
	literal(t, "assign", a)
	if d.inc("INC-1").Holder(incident.Scribe) != mallory {
		t.Errorf("%q", shown(a))
	}
}

// TestChoicesKeepTheWholeLine: what a button cannot hold is not cut: long texts
// and people are to be said again, with the number in front.
func TestChoicesKeepTheWholeLine(t *testing.T) {
	d := room(t)
	for _, line := range []string{"note " + strings.Repeat("a", 2000), "assign scribe @ben", "action Add an alert @ben by friday"} {
		a := d.say(ada, "C0", line)
		if len(a.Buttons) > 0 || !strings.Contains(shown(a), "/incident INC-1 "+firstWord(line)+" …") {
			t.Errorf("%.30q: %q %.80v", line, shown(a), a.Buttons)
		}
	}
	long := "note " + strings.Repeat("a", 1800)
	if a := d.say(ada, "C0", long); len(a.Buttons) != 1 || a.Buttons[0].Command != "INC-1 "+long {
		t.Errorf("%.80v", a.Buttons)
	}
}
