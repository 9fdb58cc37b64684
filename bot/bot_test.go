package bot_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
	"tocsin/store"
	"tocsin/store/mem"
)

// inBubble runs a test with its own world, in virtual time.
func inBubble(t *testing.T, f func(*testing.T, *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		defer w.close()
		f(t, w)
	})
}

func (w *world) wait(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// TestReminders: whoever writes the updates is reminded when one is due, once
// for each time it was due, whatever happens to the bot; an update resets it.
func TestReminders(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.say("open", "", "open sev1 Answers are wrong")
		w.wait(29 * time.Minute)
		reminders := func() int { return w.said(w.room().ID, "An update was due") }
		want := func(n int, when string) {
			t.Helper()
			if got := reminders(); got != n {
				t.Errorf("%s: %d reminders, want %d", when, got, n)
			}
		}
		want(0, "a minute before the first is due")
		w.wait(2 * time.Minute)
		want(1, "a minute after")
		w.restart()
		w.wait(5 * time.Minute)
		want(1, "after a restart")
		w.say("update", "", "INC-1 update We are on it")
		w.wait(29 * time.Minute)
		want(1, "within half an hour of an update")
		w.run() // away over the time that two are due
		<-w.done
		w.wait(75 * time.Minute)
		w.kv = w.kv.Reopen()
		w.start()
		w.wait(2 * time.Minute)
		want(2, "after being away: one reminder, not each that was missed")
		w.say("resolve", "", "INC-1 resolve")
		w.wait(3 * time.Hour)
		want(2, "once it is resolved")
	})
}

// TestOverdueFollowUps: follow-ups are followed until they are done, once each
// working day, also after the incident is closed.
func TestOverdueFollowUps(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) { // the bubble begins on Saturday, 2000-01-01
		w.say("open", "", "open sev4 Answers are wrong")
		w.say("action", "", "INC-1 action Alert on empty answers by 2000-01-03")
		w.say("resolve", "", "INC-1 resolve")
		w.say("close", "", "INC-1 close resolved")
		w.wait(3*24*time.Hour + 8*time.Hour) // Tuesday, 08:00
		overdue := func() int { return w.said(w.room().ID, "overdue") }
		if n := overdue(); n != 0 {
			t.Errorf("%d reminders before nine", n)
		}
		w.wait(2 * time.Hour)
		w.wait(24 * time.Hour)
		if n := overdue(); n != 2 {
			t.Errorf("%d reminders on two working days, want 2", n)
		}
		w.say("done", "", "INC-1 action done 1")
		w.wait(7 * 24 * time.Hour)
		if n := overdue(); n != 2 {
			t.Errorf("%d reminders after it is done, want 2", n)
		}
	})
}

func signal(event, key, state string) bot.Signal {
	return bot.Signal{
		Signaled: incident.Signaled{Source: "pagerduty", Event: "incident." + state, State: state, Key: key, Title: "ErrorRateHigh", Urgency: "high"},
		ID:       event, By: incident.Actor{Person: incident.Person{Name: "PagerDuty"}, Via: "pagerduty"},
	}
}

// accept delivers a signal.
func (w *world) accept(s bot.Signal) (bot.Accepted, error) {
	if s.At.IsZero() {
		s.At = time.Now()
	}
	return w.bot.Accept(context.Background(), bot.Delivery{Source: s.Source, ID: s.ID, Signals: []bot.Signal{s}})
}

// receive delivers a signal until it is stored, and waits until it is routed.
func (w *world) receive(s bot.Signal) {
	w.insist(func() error { _, err := w.accept(s); return err })
	synctest.Wait()
}

// TestSignalsRace: the same webhook many times at once, and many of one alert,
// make one incident with each event once.
func TestSignalsRace(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		var wg sync.WaitGroup
		for i := range 60 {
			wg.Go(func() {
				if _, err := w.accept(signal(fmt.Sprint("E", i%20), "P1", incident.StateFiring)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		w.settle()
		w.room()
		inc, err := w.bot.Incident(context.Background(), "INC-1")
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, e := range inc.Timeline {
			if _, ok := e.Fact.(incident.Signaled); ok {
				n++
			}
		}
		a, ok, err := store.NewJournal(w.kv).Alert(context.Background(), "pagerduty", "P1")
		if n != 1 || !ok || err != nil || a.Count != 20 {
			t.Errorf("%d signals on the timeline, counted %d %v: want one, for it says the same, and each of 20 counted once", n, a.Count, err)
		}
	})
}

// TestSignalsThatBelongNowhere are recorded, open nothing, and are known again.
func TestSignalsThatBelongNowhere(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		for _, known := range []bool{false, true} {
			r, err := w.accept(signal("E1", "P9", incident.StateResolved))
			if err != nil || r.Known != known {
				t.Errorf("%+v %v, want known %v", r, err, known)
			}
			synctest.Wait()
		}
		heads, err := w.bot.List(context.Background(), incident.Actor{}, true)
		if err != nil || len(heads) != 0 {
			t.Errorf("%v %v", heads, err)
		}
	})
}

// TestTwoTakeCommand: both are on the record, and the card shows the second.
func TestTwoTakeCommand(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.say("open", "", "open sev3 Answers are wrong")
		var wg sync.WaitGroup
		for _, name := range []string{"Ben", "Mei"} {
			wg.Go(func() {
				p := incident.Person{User: incident.User("U0" + name), Name: name}
				_, err := w.bot.Update(context.Background(), "INC-1", bot.Origin{By: incident.Actor{Person: p}, Cause: name}, func(inc incident.Incident) ([]incident.Fact, error) {
					return inc.Assign(incident.Commander, p)
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		inc, err := w.bot.Incident(context.Background(), "INC-1")
		if err != nil {
			t.Fatal(err)
		}
		var taken []incident.Assigned
		for _, e := range inc.Timeline {
			if f, ok := e.Fact.(incident.Assigned); ok {
				taken = append(taken, f)
			}
		}
		if len(taken) != 3 || taken[2].From != taken[1].To || inc.Holder(incident.Commander) != taken[2].To {
			t.Errorf("the second did not decide on the first: %+v", taken)
		}
	})
}

// TestSlackAway: for an hour Slack answers nothing. What is asked is recorded at
// once, and shown in order when Slack is back.
func TestSlackAway(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		if err := w.ws.Fault(sandbox.Fault{Kind: "server_error"}); err != nil {
			t.Fatal(err)
		}
		notes := w.story()
		w.wait(time.Hour)
		if err := w.ws.Fault(sandbox.Fault{Kind: "clear"}); err != nil {
			t.Fatal(err)
		}
		w.settle()
		w.check(notes)
	})
}

// TestPermanentFailure: what cannot be done is said in the room with what to do,
// and “Try again” does it once that is mended.
func TestPermanentFailure(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		if err := w.ws.Fault(sandbox.Fault{Kind: "token_revoked", Method: "bookmarks.add", Reason: "invalid_link"}); err != nil {
			t.Fatal(err)
		}
		w.say("open", "", "open sev2 Answers are wrong")
		w.settle()
		room := w.room()
		if w.said(room.ID, "I could not bookmark a link") != 1 || w.said(room.ID, "invalid_link") != 1 {
			t.Error("the room does not say what could not be done, and why")
		}
		if err := w.ws.Fault(sandbox.Fault{Kind: "clear"}); err != nil {
			t.Fatal(err)
		}
		w.say("again", "", "INC-1 resync")
		w.settle()
		if n := len(w.room().Bookmarks); n != 1 {
			t.Errorf("%d bookmarks after trying again, want 1", n)
		}
	})
}

// TestChannelRefused: when no channel can be made, everybody who may know is
// told where they look, and trying again works.
func TestChannelRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		if err := w.ws.Fault(sandbox.Fault{Kind: "missing_scope", Scope: "channels:manage"}); err != nil {
			t.Fatal(err)
		}
		w.say("open", "", "open sev2 Answers are wrong")
		w.wait(time.Minute)
		if w.said("incidents", "no channel yet") != 1 {
			t.Errorf("the announcement does not say that there is no channel: %+v", w.ws.Messages("incidents"))
		}
		if err := w.ws.Fault(sandbox.Fault{Kind: "clear"}); err != nil {
			t.Fatal(err)
		}
		w.say("again", "", "INC-1 resync")
		w.settle()
		if !strings.HasPrefix(w.room().Topic, "SEV2") || len(w.keys("incidents")) != 1 {
			t.Errorf("%+v, announced %v", w.room(), w.keys("incidents"))
		}
	})
}

// TestStoreFails: nothing is acknowledged that is not stored, and the bot stops.
func TestStoreFails(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		fail := false
		w.crash = func(int, store.Tx) mem.Outcome {
			if fail {
				return mem.FailBefore
			}
			return mem.CarryOn
		}
		w.restart()
		w.say("open", "", "open sev2 Answers are wrong")
		w.wait(time.Minute)
		fail = true
		_, err := w.bot.Update(context.Background(), "INC-1", bot.Origin{By: ada, Cause: "note"}, func(inc incident.Incident) ([]incident.Fact, error) {
			return inc.Note("lost", time.Time{}, time.Now())
		})
		if err == nil {
			t.Fatal("acknowledged without being stored")
		}
		if err := <-w.done; err == nil {
			t.Error("the bot goes on with a store that failed")
		}
		if _, err := w.accept(signal("E1", "P1", incident.StateFiring)); err == nil {
			t.Error("a webhook is acknowledged after the store failed")
		}
		fail = false
		w.kv = w.kv.Reopen()
		w.start()
	})
}

// TestPrivateIncidents are announced nowhere, and their channel is private and
// its name tells nothing.
func TestPrivateIncidents(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		_, _, err := w.bot.Declare(context.Background(), bot.Origin{By: ada, Cause: "open"}, incident.Declared{Title: "Customer data in answers", Private: true})
		if err != nil {
			t.Fatal(err)
		}
		w.say("sev", "", "INC-1 sev 1")
		w.say("update", "", "INC-1 update contained")
		w.settle()
		if room := w.room(); !room.IsPrivate || room.Name != "inc-1" {
			t.Errorf("%+v", room)
		}
		if n := len(w.keys("incidents")); n != 0 {
			t.Errorf("announced %d times", n)
		}
	})
}

// TestRaisingTheSeverity brings the play for it: its tasks in the place of the
// old play's open ones, and its rhythm of updates.
func TestRaisingTheSeverity(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.say("open", "", "open sev4 Answers are wrong")
		w.say("done", "", "INC-1 task done 1")
		w.say("own", "", "INC-1 task Ask the provider")
		w.wait(5 * time.Hour)
		w.say("sev", "", "INC-1 sev 1")
		inc, err := w.bot.Incident(context.Background(), "INC-1")
		if err != nil {
			t.Fatal(err)
		}
		play, _ := w.bot.Plays.Choose("sev1", "")
		if inc.Play.UpdateEvery != 30*time.Minute || !inc.Play.Postmortem || len(inc.Tasks)-len(inc.Withdrawn) != len(play.Tasks)+2 {
			t.Errorf("%+v with %d tasks, %d of them withdrawn", inc.Play.Title, len(inc.Tasks), len(inc.Withdrawn))
		}
		if _, err := inc.FinishTask(2); err == nil {
			t.Error("a task of the play before can be finished")
		}
		if wait := time.Until(inc.UpdateDue()); wait < 29*time.Minute || wait > 31*time.Minute {
			t.Errorf("the next update is due in %v", wait)
		}
		w.say("lower", "", "INC-1 sev 3")
		if inc, _ = w.bot.Incident(context.Background(), "INC-1"); inc.Play.Play != play.ID {
			t.Errorf("a milder severity changed the play to %s", inc.Play.Play)
		}
	})
}

// TestResyncWhileOpening makes no second channel.
func TestResyncWhileOpening(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		if err := w.ws.Fault(sandbox.Fault{Kind: "server_error", Method: "conversations.create", Times: 3}); err != nil {
			t.Fatal(err)
		}
		w.say("open", "", "open sev2 Answers are wrong")
		w.say("again", "", "INC-1 resync")
		w.settle()
		w.room()
	})
}

// TestPinAfterAFailedFetch works, by pinning again and by trying again.
func TestPinAfterAFailedFetch(t *testing.T) {
	for _, by := range []string{"pin", "resync"} {
		inBubble(t, func(t *testing.T, w *world) {
			w.say("open", "", "open sev2 Answers are wrong")
			w.settle()
			r, err := w.ws.Say(context.Background(), sandbox.Say{User: "U0ADA", Channel: w.room().ID, Text: "it began at noon"})
			if err != nil {
				t.Fatal(err)
			}
			pin := func(cause string) {
				_, err := w.bot.Update(context.Background(), "INC-1", bot.Origin{By: ada, Cause: cause}, func(inc incident.Incident) ([]incident.Fact, error) {
					return inc.Pin(incident.Message{Channel: w.room().ID, ID: r.TS})
				})
				if err != nil {
					t.Fatal(err)
				}
				w.settle()
			}
			if err := w.ws.Fault(sandbox.Fault{Kind: "token_revoked", Method: "conversations.replies", Reason: "thread_not_found"}); err != nil {
				t.Fatal(err)
			}
			pin("first")
			if err := w.ws.Fault(sandbox.Fault{Kind: "clear"}); err != nil {
				t.Fatal(err)
			}
			if by == "pin" {
				pin("second")
			} else {
				w.say("again", "", "INC-1 resync")
				w.settle()
			}
			inc, err := w.bot.Incident(context.Background(), "INC-1")
			if err != nil || strings.Count(bot.TimelineMarkdown(inc, 0), "it began at noon") != 1 {
				t.Errorf("%s: %v\n%s", by, err, bot.TimelineMarkdown(inc, 0))
			}
		})
	}
}
