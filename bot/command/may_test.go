package command

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"tocsin/bot"
	"tocsin/bot/incident"
	"tocsin/runbooks"
)

// limited is a room where services/default.md says who may do what.
func limited(t *testing.T, front string) *desk {
	t.Helper()
	d := room(t)
	d.limit(front)
	return d
}

// limit has services/default.md say who may do what from now on.
func (d *desk) limit(front string) {
	d.t.Helper()
	services, problems := runbooks.LoadServices(runbooks.EmbeddedServices(), fstest.MapFS{
		"default.md": {Data: []byte("---\nid: default\n" + front + "\n---\nText.\n")},
	})
	if len(problems) > 0 {
		d.t.Fatal(problems)
	}
	d.Bot.Services = services
}

// TestWhoMayDoWhat: a command that is somebody's is refused to others, who are told
// whose it is and how to get on; what is not limited is everybody's.
func TestWhoMayDoWhat(t *testing.T) {
	const front = "only: {sev: [commander, declarer], close: [scribe], page: [room], update: [U0BEN, tech], link: [commander], postmortem: [U0BEN]}"
	tests := []struct {
		by     incident.Person
		before string // what Ben says first
		line   string
		words  string // "": it is done
	}{
		{ada, "", "sev 1", ""},
		{ben, "", "sev 1", "`/incident sev` is for the incident commander ([@Ada Okafor](user:U0ADA)) and whoever opened the incident here."},
		{ben, "take commander", "sev 1", ""},
		{ben, "", "severity 1", "`/incident sev` is for"},
		{ben, "", "sev1", "`/incident sev` is for"},
		{ada, "", "close false-alarm", "`/incident close` is for the scribe here. Nobody is scribe: `/incident take scribe`, then say it again."},
		{ada, "take scribe", "close false-alarm", "`/incident close` is for the scribe ([@Ben Ortiz](user:U0BEN)) here."},
		{ben, "take scribe", "close false-alarm", ""},
		{ben, "", "page", "`/incident page` is for those in its channel here."},
		{ben, "", "update We are rolling back", ""},
		{ada, "", "update We are rolling back", "is for the technical lead and [@U0BEN](user:U0BEN) here. Nobody is technical lead: `/incident take technical-lead`"},
		{ada, "", "link", ""},
		{ben, "", "link", "`/incident link` is for the incident commander ([@Ada Okafor](user:U0ADA)) here."},
		{ben, "", "postmortem", ""},
		{ada, "", "postmortem", "`/incident postmortem` is for [@U0BEN](user:U0BEN) here."},
		{ben, "", "note Anybody may", ""},
	}
	for _, tt := range tests {
		d := limited(t, front)
		if tt.before != "" {
			d.say(ben, "C1", tt.before)
		}
		before, err := d.Incident(t.Context(), "INC-1")
		must(t, err)
		got := d.say(tt.by, "C1", tt.line).Body
		after, err := d.Incident(t.Context(), "INC-1")
		must(t, err)
		if tt.words != "" && (!strings.Contains(got, tt.words) || after.Last() != before.Last()) {
			t.Errorf("%s, %s: %q, %d events more; want %q", tt.by.Name, tt.line, got, after.Last()-before.Last(), tt.words)
		}
		if tt.words == "" && strings.Contains(got, "is for") {
			t.Errorf("%s, %s: %q", tt.by.Name, tt.line, got)
		}
	}
}

// TestShellMayDoAll: whoever is at the machine's shell owns the record.
func TestShellMayDoAll(t *testing.T) {
	d := limited(t, "only: {sev: [commander]}")
	a := d.ask(bot.Request{Line: "INC-1 sev 1", By: incident.Actor{Person: incident.Person{Name: "root"}, Via: "shell"}})
	if !strings.Contains(a.Body, "SEV1") || strings.Contains(a.Body, "is for") {
		t.Error(a.Body)
	}
}

// TestNobodyKnowsWhoMayDoWhat: where what says so cannot be used, what is weighty is not
// everybody's; incidents are opened and worked on, and the shell does the rest.
func TestNobodyKnowsWhoMayDoWhat(t *testing.T) {
	for why, files := range map[string]fs.FS{
		"default.md:3: ":       fstest.MapFS{"default.md": {Data: []byte("---\nid: default\nonly: {sev: [commandr]}\n---\n")}},
		"default.md:1: ":       fstest.MapFS{"default.md": {Data: []byte("only: {sev: [commander]}\n")}},
		".: it cannot be read": unreadable{},
	} {
		d := limited(t, "window: 5m")
		services, _ := runbooks.LoadServices(runbooks.EmbeddedServices(), files)
		d.Bot.Services = services
		a := d.ask(bot.Request{Line: "INC-1 sev 1", By: incident.Actor{Person: incident.Person{Name: "root"}, Via: "shell"}})
		if !strings.Contains(a.Body, "SEV1") {
			t.Errorf("%s: %q", why, a.Body)
		}
		for _, v := range verbs() {
			a := d.ask(bot.Request{Line: v.Name, By: by(ben), Channel: "C1"})
			if got := a.Refused && strings.Contains(a.Body, "`services/default.md`, and that cannot be used: ") && strings.Contains(a.Body, why); got != slices.Contains(weighty, v.Name) {
				t.Errorf("%s %s: %q", why, v.Name, a.Body)
			}
		}
		if _, problems := runbooks.LoadServices(runbooks.EmbeddedServices(), fstest.MapFS{"default.md": {Data: []byte("---\nid: default\n---\n")}}, files); len(problems) == 0 {
			t.Errorf("%s: it is no problem", why)
		}
	}
	for _, name := range weighty {
		if !slices.ContainsFunc(verbs(), func(v Verb) bool { return v.Name == name }) {
			t.Errorf("%s is no command", name)
		}
	}
	known := fstest.MapFS{"default.md": {Data: []byte("---\nid: default\nonly: {sev: [commander]}\n---\n")}}
	services, _ := runbooks.LoadServices(runbooks.EmbeddedServices(), known, fstest.MapFS{"default.md": {Data: []byte("broken")}, "a.md": {Data: []byte("broken")}})
	if d := services.Defaults(); services.Unread() != "" || d.Only["sev"].Roles == nil {
		t.Errorf("what was there before does not serve: %+v", d)
	}
	services, _ = runbooks.LoadServices(runbooks.EmbeddedServices(), fstest.MapFS{"a.md": {Data: []byte("broken")}})
	if why := services.Unread(); why != "" {
		t.Errorf("another file is taken for the defaults: %s", why)
	}
}

// unreadable is a folder that there is and that nobody can read.
type unreadable struct{}

func (unreadable) Open(string) (fs.File, error) { return nil, errors.New("it cannot be read") }

// TestGuests: a guest of the workspace uses no command, and is told so; that they
// came into a channel is on record. A team can allow them.
func TestGuests(t *testing.T) {
	for front, refused := range map[string]bool{"window: 5m": true, "guests: refuse": true, "guests: allow": false} {
		d := limited(t, front)
		for _, v := range verbs() {
			a := d.ask(bot.Request{Line: v.Name, By: by(ben), Channel: "C1", Guest: true})
			if got := strings.Contains(a.Body, "Guests of this workspace"); got != (refused && v.Name != "arrived" && v.Name != "left") {
				t.Errorf("%s, %s: %q", front, v.Name, a.Body)
			}
		}
		if a := d.ask(reaction(ben, "C1", true)); a.Refused != refused {
			t.Errorf("%s, a 📌 in an incident's channel: %+v", front, a)
		}
		if a := d.ask(reaction(ben, "C0", true)); a.Refused || a.Body != "" {
			t.Errorf("%s, a 📌 elsewhere, where it is none of ours: %+v", front, a)
		}
	}
}

// reaction is a 📌 on a message in a channel.
func reaction(who incident.Person, channel string, guest bool) bot.Request {
	return bot.Request{Line: "pin", By: by(who), Channel: channel, Guest: guest, Message: &incident.Quote{Message: incident.Message{Channel: channel, ID: "1.2"}}}
}

// TestStrangers: whoever Slack has not spoken for yet opens incidents and works on them; what
// is weighty they are asked to say again, in words that tell how to get on. Where guests
// are allowed, nothing hangs on it.
func TestStrangers(t *testing.T) {
	for front, refused := range map[string]bool{"window: 5m": true, "guests: refuse": true, "guests: allow": false} {
		for _, v := range verbs() {
			d := limited(t, front)
			before := d.inc("INC-1").Last()
			a := d.ask(bot.Request{Line: v.Name + " 1 we are on it", By: by(ben), Channel: "C1", Stranger: true})
			said := a.Refused && strings.Contains(a.Body, "say it again in a few seconds") && strings.Contains(a.Body, "`tocsin incident`")
			if weighs := refused && slices.Contains(telling, v.Name); said != weighs || weighs && d.inc("INC-1").Last() != before {
				t.Errorf("%s, %s: %q, %d events more", front, v.Name, a.Body, d.inc("INC-1").Last()-before)
			}
		}
	}
	d := newDesk(t)
	for _, line := range []string{"open sev1 Answers are wrong", "INC-1 note seen in the EU", "INC-1 take tech", "INC-1 sev 2"} {
		if a := d.ask(bot.Request{Line: line, By: by(ben), Channel: "C0", Stranger: true}); a.Refused {
			t.Errorf("%s: %s", line, a.Body)
		}
	}
	if a := d.ask(bot.Request{Line: "INC-1 resolve it is over", By: by(ben), Channel: "C0", Stranger: true}); a.Refused {
		t.Errorf("who has a role is stopped: %s", a.Body)
	}
	if a := d.ask(bot.Request{Line: "INC-1 sev 3", By: incident.Actor{Person: incident.Person{Name: "root"}, Via: incident.ViaShell}, Stranger: true}); a.Refused {
		t.Error(a.Body)
	}
}

// TestOnlyOfWhatThereIs: a limit of a command that there is not is reported.
func TestOnlyOfWhatThereIs(t *testing.T) {
	if wrong := CheckOnly(map[string]runbooks.Who{"sev": {}, "severty": {}}); len(wrong) != 1 || !strings.Contains(wrong[0], `"severty"`) {
		t.Error(wrong)
	}
}
