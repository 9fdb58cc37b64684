package bot_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"tocsin/bot"
	"tocsin/bot/command"
	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
)

// shell is a person at the machine. Anybody in Slack may take the same name.
var shell = incident.Actor{Person: incident.Person{Name: "U0CHEN"}, Via: incident.ViaShell}

// atShell gives a command from the shell.
func (w *world) atShell(cause, line string) bot.Answer {
	a, err := command.Commands{Bot: w.bot, Log: simLog()}.Handle(context.Background(), bot.Request{Line: line, Cause: cause, By: shell})
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// onCall starts the bot again, with Ben on call for everything.
func (w *world) onCall() {
	w.more = append(w.more, func(c *bot.Config) {
		c.OnCall = func(service string) []incident.Person {
			if service != bot.Everybody {
				return nil
			}
			return []incident.Person{{User: "U0BEN", Name: "Ben"}}
		}
	})
	w.restart()
}

func (w *world) summon() {
	if err := w.bot.Summon(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

// TestDeclaredFromTheShell: nobody of Slack declared it, so who is on call is in the
// room and is asked to take command, once however often the shell asks.
func TestDeclaredFromTheShell(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.onCall()
		for range 2 {
			if a := w.atShell("open", "open sev2 Answers are wrong"); a.Refused || !strings.Contains(a.Body, "who is on call is brought in") || strings.Contains(a.Body, "you are its commander") {
				t.Errorf("answered %q", a.Body)
			}
		}
		w.atShell("note", "INC-1 note the index was empty")
		w.summon()
		w.settle()
		room := w.room()
		if len(w.heads()) != 1 || !slices.Contains(room.Members, "U0BEN") || len(room.Members) != 2 {
			t.Errorf("%d incidents, in the room are %v", len(w.heads()), room.Members)
		}
		for _, text := range []string{"Will you take command", "the index was empty"} {
			if n := w.said(room.ID, text); n != 1 {
				t.Errorf("the room was told %q %d times", text, n)
			}
		}
		inc := w.inc("INC-1")
		if c := inc.Holder(incident.Commander); c != (incident.Person{}) || !strings.Contains(w.bot.Card(inc).Body, "Declared by:** U0CHEN, from the shell") {
			t.Errorf("%v commands it; the card:\n%s", c, w.bot.Card(inc).Body)
		}
		pm, err := w.bot.Postmortem(context.Background(), "INC-1")
		if err != nil || !strings.Contains(pm, "from the shell") {
			t.Errorf("the postmortem does not name who took part: %v\n%s", err, pm)
		}
		if a := w.atShell("join", "INC-1 join"); !a.Refused {
			t.Errorf("who is not in Slack came into the room: %q", a.Body)
		}
	})
}

// TestSummonedLater: who was not known when the shell declared it comes in as soon as
// they are, also after a restart, and once; nobody comes into what has its people.
func TestSummonedLater(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		if a := w.atShell("open", "open Answers are wrong"); !strings.Contains(a.Body, "nobody is known to be on call") {
			t.Errorf("answered %q", a.Body)
		}
		w.say("other", "", "open Answers are slow")
		w.settle()
		w.onCall()
		for range 2 {
			w.summon()
			w.settle()
		}
		in := func(c sandbox.ChannelState) bool {
			return strings.HasPrefix(c.Name, "inc-1-") && slices.Contains(c.Members, "U0BEN")
		}
		if inc := w.inc("INC-1"); count[incident.Joined](inc) != 1 || !slices.ContainsFunc(w.ws.State().Channels, in) {
			t.Errorf("%d joined; %+v", count[incident.Joined](inc), w.ws.State().Channels)
		}
		if inc := w.inc("INC-2"); count[incident.Joined](inc) != 0 {
			t.Errorf("somebody was brought in where Ada was: %v", inc.People)
		}
	})
}

// TestPrivateFromTheShell: a private incident declared at the shell is for who is on
// call. Its declarer sees it, at the shell alone: in Slack their name opens nothing.
func TestPrivateFromTheShell(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.onCall()
		w.atShell("open", "open Customer data is shown to others")
		w.settle()
		inc := w.inc("INC-1")
		if room := w.room(); !inc.Private || !room.IsPrivate || !slices.Contains(room.Members, "U0BEN") {
			t.Fatalf("private %v; %+v", inc.Private, room)
		}
		if a := w.atShell("list", "list"); !strings.Contains(a.Body, "INC-1") {
			t.Errorf("the shell does not list it: %q", a.Body)
		}
		if a := w.atShell("take", "INC-1 take commander"); a.Refused {
			t.Errorf("%q", a.Body)
		}
		for _, line := range []string{"INC-1 timeline", "list"} {
			if a, err := w.as("U0CHEN", line, line); err != nil || strings.Contains(a.Body, "Customer") {
				t.Errorf("%s: a namesake is told %q %v", line, a.Body, err)
			}
			if a, err := w.as("U0BEN", line+" ben", line); err != nil || !strings.Contains(a.Body, "Customer") {
				t.Errorf("%s: Ben is told %q %v", line, a.Body, err)
			}
		}
	})
}

// TestNamesakes: who is known by name alone, from the shell, does not stand for the one
// of that name in Slack, who is brought in when they come.
func TestNamesakes(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.atShell("open", "open Answers are wrong")
		w.atShell("take", "INC-1 take commander")
		if _, err := w.as("U0CHEN", "join", "INC-1 join"); err != nil {
			t.Fatal(err)
		}
		w.settle()
		if room := w.room(); !slices.Contains(room.Members, "U0CHEN") {
			t.Errorf("in the room are %v", room.Members)
		}
	})
}
