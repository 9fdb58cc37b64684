package bot_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"tocsin/bot"
	"tocsin/bot/command"
	"tocsin/bot/incident"
	"tocsin/runbooks"
	"tocsin/store"
	"tocsin/store/mem"
)

func (w *world) inc(id incident.ID) incident.Incident {
	inc, err := w.bot.Incident(context.Background(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return inc
}

// count is how many facts of a kind are on a timeline.
func count[F incident.Fact](inc incident.Incident) (n int) {
	for _, e := range inc.Timeline {
		if _, ok := e.Fact.(F); ok {
			n++
		}
	}
	return n
}

// as has a person give a command; refusals are returned.
func (w *world) as(user, cause, line string) (bot.Answer, error) {
	return command.Commands{Bot: w.bot, Log: simLog()}.Handle(context.Background(), bot.Request{
		Line: line, Cause: cause, By: incident.Actor{Person: incident.Person{User: incident.User(user), Name: user}, Via: "slack"},
	})
}

// page sends a signal of the alert P1.
func (w *world) page(event, state, title string) {
	s := signal(event, "P1", state)
	s.Title = title
	w.receive(s)
}

// TestSignalsOfferABetterGuide: what a new signal says may point to another guide:
// it is offered once, also when the signal is a note, and the one in use stays.
func TestSignalsOfferABetterGuide(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.page("1", incident.StateFiring, "p95 time to first token is 11 s, requests are waiting")
		first := w.inc("INC-1").Guide
		if first.Guide != "latency-saturation" {
			t.Fatalf("served %s", first.Guide)
		}
		w.page("2", incident.StateInfo, "GPU has fallen off the bus, Xid 79")
		for _, event := range []string{"3", "4"} {
			w.page(event, incident.StateFiring, "GPU has fallen off the bus, Xid 79, NVLink errors, node lost a card: "+event)
		}
		inc := w.inc("INC-1")
		if n := count[incident.GuideOffered](inc); n != 1 || inc.Guide.Guide != first.Guide || inc.Guide.Seq != first.Seq {
			t.Errorf("%d offers; the guide in use is %s", n, inc.Guide.Guide)
		}
		w.settle()
		if n := w.said(w.room().ID, "Another guide may fit better by now"); n != 1 {
			t.Errorf("said %d times", n)
		}
	})
}

// TestSignalsTextChoosesTheGuide: an alert's title may say nothing.
func TestSignalsTextChoosesTheGuide(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		s := signal("1", "P1", incident.StateFiring)
		s.Title, s.Text = "Monitor 4711", "429 Too Many Requests: tokens per minute limit reached, insufficient_quota"
		w.receive(s)
		if g := w.inc("INC-1").Guide.Guide; g != "rate-limit-quota" {
			t.Errorf("served %s", g)
		}
	})
}

// TestUnsafeSignal: a page that nobody declared has nobody to bring in, so its
// room is open, and asks to go on in private before it shows the guide.
func TestUnsafeSignal(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		s := signal("1", "P1", incident.StateFiring)
		s.Title = "PII leak: the answer shows another customer's invoices"
		w.receive(s)
		w.settle()
		if inc := w.inc("INC-1"); inc.Private || inc.Guide.Guide != "data-leakage" {
			t.Fatalf("private %v, guide %s", inc.Private, inc.Guide.Guide)
		}
		if w.said(w.room().ID, "Say nothing more about it here") != 1 || w.said(w.room().ID, "First question") != 0 {
			t.Error("the guide is shown before the room is private")
		}
	})
}

// TestGoPrivate: two people press, again and again, while the store fails: there is
// one private incident, its first person's; the other learns only that there is
// one, and nothing of it is announced.
func TestGoPrivate(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.say("open", "", "open sev3 The assistant behaves strangely")
		w.settle()
		for range 2 {
			if _, err := w.as("U0BEN", "press/ben", "INC-1 private"); err != nil {
				t.Fatal(err)
			}
		}
		a, err := w.as("U0ADA", "press/ada", "INC-1 private")
		if err != nil || !strings.Contains(a.Body, "goes on in private already") || strings.Contains(a.Body, "INC-2") {
			t.Errorf("the second person is told %q, error %v", a.Body, err)
		}
		w.settle()
		public, private := w.inc("INC-1"), w.inc("INC-2")
		if public.Status != incident.Shut || public.Reason != "moved" || strings.Contains(bot.TimelineMarkdown(public, 0), "INC-2") {
			t.Errorf("the open one: %s, %s", public.Status, public.Reason)
		}
		ada, ben := incident.Person{User: "U0ADA"}, incident.Person{User: "U0BEN"}
		if !private.Private || !private.Visible(ben) || private.Visible(ada) || private.Severity != incident.SEV2 {
			t.Errorf("private %v, people %v, %s", private.Private, private.People, private.Severity)
		}
		if w.said("incidents", "INC-2") != 0 {
			t.Error("the private one is announced")
		}
		if _, err := w.bot.Incident(context.Background(), "INC-3"); err == nil {
			t.Error("there is a third one")
		}
	})
}

// TestLessons: what people chose for a report is known the next time, also after
// a restart; what did not help, and what is private, teaches nothing.
func TestLessons(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		found := func(text string) string { return w.bot.FindGuide(runbooks.Query{Text: text}).Guide }
		const said = "the kiosk mumbles porridge"
		w.say("1", "", "open "+said)
		if g := found(said); g != "" {
			t.Fatalf("%s before anybody chose", g)
		}
		w.say("2", "", "INC-1 guide invalid-output")
		if g := found("our kiosk is mumbling porridge"); g != "invalid-output" {
			t.Errorf("after a choice: %q", g)
		}
		w.restart()
		if g := found(said); g != "invalid-output" {
			t.Errorf("after a restart: %q", g)
		}
		w.say("3", "", "INC-1 guide helped no")
		if g := found(said); g != "" {
			t.Errorf("after it did not help: %q", g)
		}
		w.insist(func() error {
			by := bot.Origin{By: incident.Actor{Person: incident.Person{User: "U0ADA"}}, Cause: "4"}
			_, _, err := w.bot.Declare(context.Background(), by, incident.Declared{Title: "the parrot recites the ledger", Private: true})
			return err
		})
		w.say("5", "", "INC-2 guide invalid-output")
		if g := found("the parrot recites the ledger"); g != "" {
			t.Errorf("from a private one: %q", g)
		}
	})
}

// TestStepsOfAChangedGuide: a guide may change while people walk through it. A step
// that is there no more is refused with what to do; the message says so, and the
// way on stays open.
func TestStepsOfAChangedGuide(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.say("open", "", "open every reply says please try again")
		w.settle()
		for _, line := range []string{
			"INC-1 guide answer provider-outage no-such-question yes",
			"INC-1 guide answer provider-outage which-code-does-it-return no-such-answer",
			"INC-1 mitigate provider-outage no-such-step",
			"INC-1 guide look provider-outage no-such-look",
		} {
			before := w.inc("INC-1").Last()
			a, err := w.as("U0ADA", line, line)
			if err != nil || a.Body == "" || w.inc("INC-1").Last() != before {
				t.Errorf("%s: %q, error %v, %d events, then %d", line, a.Body, err, before, w.inc("INC-1").Last())
			}
		}
		_, err := w.bot.Step(context.Background(), "INC-1", bot.Origin{}, "no-such-guide", "q", "a")
		if !errors.As(err, new(incident.Refusal)) {
			t.Errorf("a guide that is gone: %v", err)
		}
	})
}

// TestDidItHelpIsAskedOnce: when impact is over for the first time, of a guide, and
// never of triage.
func TestDidItHelpIsAskedOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.say("open", "", "open every reply says please try again")
		for i, line := range []string{"mitigated", "resolve", "reopen", "mitigated external-fix", "resolve"} {
			w.say(line+string(rune('a'+i)), "", "INC-1 "+line+" as it was")
			w.wait(time.Minute)
		}
		w.settle()
		if n := w.said(w.room().ID, "help? Your answer makes the next match better"); n != 1 {
			t.Errorf("asked %d times", n)
		}
	})
	inBubble(t, func(t *testing.T, w *world) {
		w.say("open", "", "open something is odd")
		w.say("over", "", "INC-1 resolve it went away")
		w.settle()
		if n := w.said(w.room().ID, "help? Your answer"); n != 0 {
			t.Errorf("asked %d times about triage", n)
		}
	})
}

// TestSignalsFollowThePrivateOne: what a source says of an incident that went on in
// private is told there, and nothing of it where all can read: its alerts went with it.
func TestSignalsFollowThePrivateOne(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.page("1", incident.StateFiring, "Assistant behaves strangely")
		if _, err := w.as("U0BEN", "press", "INC-1 private"); err != nil {
			t.Fatal(err)
		}
		w.settle()
		before := w.inc("INC-1").Last()
		if tally := w.inc("INC-2").Tally; tally.Total != 1 || tally.Firing != 1 {
			t.Errorf("of the alerts that fire, the private one knows %+v", tally)
		}
		w.page("2", incident.StateFiring, "invoices of ACME Corp shown to Globex")
		if w.inc("INC-1").Last() != before || count[incident.Signaled](w.inc("INC-2")) != 2 {
			t.Error("the signal is told in the open")
		}
	})
}

// TestMovedStaysMoved: what went on in private is not opened again in the open; what
// was changed in private is known nowhere else.
func TestMovedStaysMoved(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.say("1", "", "open sev3 The assistant behaves strangely")
		w.say("2", "", "INC-1 private")
		if a, err := w.as("U0ADA", "3", "INC-1 reopen"); err != nil || !strings.Contains(a.Body, "goes on in private") || w.inc("INC-1").Status != incident.Shut {
			t.Errorf("%q, error %v", a.Body, err)
		}
		w.say("5", "", "INC-2 changed config revoked the Acme key")
		w.say("6", "", "open it uses the wrong settings")
		if why := w.inc("INC-3").Guide.Why; strings.Contains(why, "Acme") {
			t.Errorf("told outside: %s", why)
		}
	})
}

// TestDiedWhileGoingPrivate: the private one is there, the open one not closed yet;
// the clock closes it.
func TestDiedWhileGoingPrivate(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.say("1", "", "open sev3 The assistant behaves strangely")
		w.settle()
		w.crash = func(_ int, tx store.Tx) mem.Outcome {
			for _, p := range tx.Put {
				if strings.Contains(string(p.Value), `"reason":"moved"`) {
					return mem.FailBefore
				}
			}
			return mem.CarryOn
		}
		w.kv.Fault = w.crash
		if _, err := w.as("U0ADA", "2", "INC-1 private"); err == nil {
			t.Fatal("the store did not fail")
		}
		w.crash = nil
		w.restart()
		w.wait(time.Minute)
		if s := w.inc("INC-1").Status; s != incident.Shut || !w.inc("INC-2").Private {
			t.Errorf("INC-1 is %s", s)
		}
	})
}
