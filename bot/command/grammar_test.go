package command

import (
	"regexp"
	"strings"
	"testing"

	"tocsin/bot"
	"tocsin/bot/incident"
)

// TestEveryVerbIsFound: by its name and its aliases, in any case, whatever
// white space follows; no word means two things.
func TestEveryVerbIsFound(t *testing.T) {
	c := &Call{all: verbs()}
	meaning := map[string]string{}
	for _, v := range verbs() {
		if v.Help == "" || v.Run == nil || v.Name != strings.ToLower(v.Name) {
			t.Errorf("%q lacks its help or its Run, or is not in lower case", v.Name)
		}
		for _, word := range append([]string{v.Name}, v.Aliases...) {
			if other, ok := meaning[word]; ok {
				t.Errorf("%q is both %s and %s", word, other, v.Name)
			}
			meaning[word] = v.Name
			for _, line := range []string{word + " a  b", strings.ToUpper(word) + "  a  b ", word + "\na  b", word + "\ta  b"} {
				got, args, err := c.parse(line)
				if err != nil || got.Name != v.Name || args != "a  b" {
					t.Errorf("%q is %s with %q, %v; want %s with “a  b”", line, got.Name, args, err, v.Name)
				}
			}
		}
	}
}

// TestContextDecides: the same words mean what fits where they are said.
func TestContextDecides(t *testing.T) {
	tests := []struct {
		line, channel string
		form, says    string // the form's title, or what is in the answer
	}{
		{"", "C0", "Open an incident", ""},
		{"  ", "C0", "Open an incident", ""},
		{"open", "C1", "Open an incident", ""},
		{"sev1", "C0", "Open an incident", ""},
		{"", "C1", "", "what do you need?"},
		{"INC-1", "C0", "", "what do you need?"},
		{"inc-1 menu", "C0", "", "what do you need?"},
		{"sev1", "C1", "", "INC-1 is SEV1 now"},
		{"sev-1", "C1", "", "INC-1 is SEV1 now"},
		{"sev 1", "C1", "", "INC-1 is SEV1 now"},
		{"severity p1", "C1", "", "INC-1 is SEV1 now"},
		{"INC-1 sev1", "C0", "", "INC-1 is SEV1 now"},
		{"sev1 Everything is slow", "C0", "", "INC-2 is open as a SEV1: Everything is slow"},
		{"sev1 Everything is slow", "C1", "", "INC-2 is open as a SEV1: Everything is slow"},
		{"SEV3 Everything is slow", "C1", "", "INC-2 is open as a SEV3: Everything is slow"},
		{"open sev4 Everything is slow", "C0", "", "INC-2 is open as a SEV4: Everything is slow"},
		{"declare Everything is slow", "C0", "", "INC-2 is open as a SEV3: Everything is slow"},
		{"open 2 of 3 replicas fail", "C0", "", "as a SEV3: 2 of 3 replicas fail"},
		{"p1 Everything is slow", "C0", "", "INC-2 is open as a SEV1: Everything is slow"},
		{"open P2: Everything is slow", "C0", "", "INC-2 is open as a SEV2: Everything is slow"},
		{"open p50 is 3 s", "C0", "", "as a SEV3: p50 is 3 s"},
		{"open sev9 Everything is slow", "C0", "", "“sev9” is not a severity. It goes from sev1"},
		{"open sev0 Everything is slow", "C0", "", "“sev0” is not a severity. It goes from sev1"},
		{"sev0 Everything is slow", "C0", "", "“sev0” is not a severity. It goes from sev1"},
		{"p0 Everything is slow", "C0", "", "“p0” is not a severity. It goes from sev1"},
		{"note next update at 23:59", "C1", "", "Noted, as of now, with the time that it speaks of in its words."},
		{"open several models fail", "C0", "", "as a SEV3: several models fail"},
		{"INC-1 note hello", "C0", "", "Noted"},
		{"inc-1 note hello", "C9", "", "Noted"},
		{"INC-9 note hello", "C1", "", "There is no incident INC-9"},
		{"note hello", "C0", "", "Which incident?"},
		{"hlep", "C0", "", "Did you mean /incident help?"},
		{"resolv", "C1", "", "Did you mean /incident resolve?"},
		{"timelien", "C1", "", "Did you mean /incident timeline?"},
		{"sev5", "C1", "", "from sev1"},
		{"Answers are wrong", "C0", "", "To report something: /incident open Answers are wrong"},
		{"pinn", "C0", "", "I don't know “pinn”"},
	}
	for _, test := range tests {
		a := room(t).say(ben, test.channel, test.line)
		form := ""
		if a.Form != nil {
			form = a.Form.Title
		}
		if form != test.form || !strings.Contains(shown(a), test.says) {
			t.Errorf("%q in %s: form %q, answer %q; want form %q, answer with %q", test.line, test.channel, form, shown(a), test.form, test.says)
		}
	}
}

// TestSeverityOfAFormIsKept: "sev1" without a title asks for the title only.
func TestSeverityOfAFormIsKept(t *testing.T) {
	f := newDesk(t).form(ada, "C0", "sev1")
	if f.Fields[1].Name != "severity" || f.Fields[1].Value != "sev1" {
		t.Errorf("%+v", f.Fields[1])
	}
}

// TestElsewhere: a command that needs an incident offers the open ones, the
// newest first, and each choice is the whole command.
func TestElsewhere(t *testing.T) {
	d := newDesk(t)
	if a := d.say(ada, "C0", "note cold caches"); !strings.Contains(shown(a), "There is no open incident") || len(a.Buttons) != 1 || a.Buttons[0].Command != "open" {
		t.Errorf("with none open: %q %+v", shown(a), a.Buttons)
	}
	d.say(ada, "C0", "open Answers are wrong")
	d.say(ada, "C0", "open Answers are slow")
	d.say(ada, "C0", "open A false start")
	d.say(ada, "C0", "INC-3 close false-alarm")
	a := d.say(ben, "C0", "note cold caches")
	if len(a.Buttons) != 2 || a.Buttons[0].Command != "INC-2 note cold caches" || a.Buttons[1].Command != "INC-1 note cold caches" {
		t.Fatalf("%+v", a.Buttons)
	}
	d.say(ben, "C0", a.Buttons[1].Command)
	if f, ok := d.last().Fact.(incident.Noted); !ok || f.Text != "cold caches" {
		t.Errorf("after the choice: %+v", d.last())
	}
}

// TestAPinElsewhere: the choice keeps the message that was pointed at.
func TestAPinElsewhere(t *testing.T) {
	d := room(t)
	q := &incident.Quote{Message: incident.Message{Channel: "C0", ID: "1700000000.000100"}, Text: "it began at noon", Author: ada}
	a := d.ask(bot.Request{Line: "pin", By: by(ben), Channel: "C0", Message: q})
	if a.Form == nil || a.Form.Message != q || len(a.Form.Fields[0].Choices) != 1 {
		t.Fatalf("%+v", a)
	}
	d.ask(bot.Request{Line: a.Form.Command, By: by(ben), Channel: "C0", Message: q, Values: map[string]string{"incident": "INC-1"}})
	if f, ok := d.last().Fact.(incident.Quoted); !ok || f.Quote.Text != q.Text || f.Quote.Message != q.Message {
		t.Errorf("%+v", d.last())
	}
	// In the room a reaction only points at a message; it is fetched.
	m := incident.Message{Channel: "C1", ID: "1.2"}
	d.ask(bot.Request{Line: "pin", By: by(ben), Channel: "C1", Message: &incident.Quote{Message: m}})
	if f, ok := d.last().Fact.(incident.Pinned); !ok || f.Message != m {
		t.Errorf("%+v", d.last())
	}
	if a := d.say(ben, "C1", "pin"); !strings.Contains(shown(a), "📌") {
		t.Errorf("a pin of nothing: %q", shown(a))
	}
}

// TestPrivateIncidentsAreInvisible: to an outsider, whatever they say, a private
// incident is the same as none.
func TestPrivateIncidentsAreInvisible(t *testing.T) {
	d := room(t)
	f := d.form(ada, "C0", "open")
	d.submit(ada, f, map[string]string{"title": "Leaked keys", "private": "yes"})
	if !d.inc("INC-2").Private {
		t.Fatal("it is not private")
	}
	lines := []string{"INC-# close duplicate of INC-1", "INC-1 close duplicate of INC-#"}
	for _, v := range verbs() {
		lines = append(lines, "INC-# "+v.Name, "INC-# "+v.Name+" 1")
	}
	for _, line := range lines {
		private := shown(d.say(ben, "C0", strings.ReplaceAll(line, "#", "2")))
		none := shown(d.say(ben, "C0", strings.ReplaceAll(line, "#", "9")))
		if strings.ReplaceAll(private, "INC-2", "INC-9") != none {
			t.Errorf("%s: of a private one %q, of none %q", line, private, none)
		}
	}
	for _, line := range []string{"list", "list all", "note x"} {
		a := d.say(ben, "C0", line)
		if all := shown(a) + commands(a); strings.Contains(all, "INC-2") || strings.Contains(all, "Leaked") {
			t.Errorf("%s tells an outsider %q", line, all)
		}
		if a := d.say(ada, "C0", line); !strings.Contains(shown(a)+commands(a), "INC-2") {
			t.Errorf("%s does not tell one of its people of it", line)
		}
	}
	if a := d.say(ada, "C0", "INC-2 note x"); !strings.Contains(shown(a), "Noted") {
		t.Errorf("its commander is told %q", shown(a))
	}
	if n := d.inc("INC-2").Last(); n > 10 {
		t.Errorf("%d events: an outsider changed it", n)
	}
}

func commands(a bot.Answer) string {
	var s strings.Builder
	for _, b := range a.Buttons {
		s.WriteString("\n" + b.Label + " " + b.Command)
	}
	return s.String()
}

// TestHelp: its two halves list every verb but the quiet ones, and so do the hints
// and README's table.
func TestHelp(t *testing.T) {
	help := shown(newDesk(t).say(ada, "C0", "help")) + "\n" + shown(newDesk(t).say(ada, "C0", "help alerts"))
	table, hints := Table(), ""
	for _, h := range Hints() {
		hints += h.Text + ": " + h.Help + "\n"
	}
	for _, v := range verbs() {
		line := regexp.MustCompile("(?m)^(• |\\| `|)" + v.Name + "\\b")
		for where, text := range map[string]string{"help": help, "the table": table, "the hints": hints} {
			if line.MatchString(text) == v.Quiet {
				t.Errorf("%s: is %s in it? Its Quiet is %v", where, v.Name, v.Quiet)
			}
		}
	}
	for _, line := range strings.Split(strings.TrimSpace(table), "\n") {
		if n := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|"); n != 4 {
			t.Errorf("a row of the table has %d bars: %s", n, line)
		}
	}
}

// TestMenuButtonsWork: every button that a menu shows is a command that is
// known; none is refused for its grammar.
func TestMenuButtonsWork(t *testing.T) {
	for _, first := range []string{"", "mitigated rollback", "resolve", "close false-alarm"} {
		d := room(t)
		if first != "" {
			d.say(ada, "C1", first)
		}
		for _, b := range d.say(ben, "C1", "").Buttons {
			again := room(t)
			if first != "" {
				again.say(ada, "C1", first)
			}
			if a := again.say(ben, "C0", b.Command); strings.Contains(shown(a), "I don't know") || strings.Contains(shown(a), "Which incident") {
				t.Errorf("after %q the button %q leads to %q", first, b.Command, shown(a))
			}
		}
	}
}

// FuzzLine: no line makes a request panic or fail.
func FuzzLine(f *testing.F) {
	for _, s := range []string{"INC-1 note x at 14:02", "open", "INC-", "sev", "close duplicate of", "action x @ada by friday", "assign  @ada", "guide slow", "task done 99999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		d := room(t)
		for _, channel := range []string{"C0", "C1"} {
			if a := d.say(ada, channel, line); a.Form == nil && shown(a) == "" {
				t.Errorf("%q has no answer", line)
			}
		}
	})
}
