package bot_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
	"tocsin/store"
	"tocsin/store/mem"
)

// TestPrivateWithADamagedAlert: what keeps an alert from being read keeps nobody from going
// on in private: the timeline has what the alert said.
func TestPrivateWithADamagedAlert(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		w.fire("alertmanager", "K", "other", "Cache is broken", "critical")
		w.settle()
		if err := w.kv.Commit(context.Background(), store.Tx{Put: []store.Pair{{Key: "alert/alertmanager/K", Value: []byte("garbage")}}}); err != nil {
			t.Fatal(err)
		}
		w.say("private", "", "INC-1 private")
		if a := w.record("alertmanager", "K"); w.inc("INC-1").Reason != "moved" || a.Incident != "INC-2" || a.Signal.Title != "Cache is broken" {
			t.Errorf("INC-1 is %q, and the alert %+v", w.inc("INC-1").Reason, a)
		}
	})
}

// TestHalfAMoveIsClosed: where what was intended is lost with the record that it stood in,
// asking again closes the incident that all can read.
func TestHalfAMoveIsClosed(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		w.fire("alertmanager", "K", "other", "Cache is broken", "critical")
		w.settle()
		dead := false
		w.crash = func(_ int, tx store.Tx) mem.Outcome {
			if dead = dead || closes(tx); dead {
				return mem.FailBefore
			}
			return mem.CarryOn
		}
		w.restart()
		if _, err := w.as("U0BEN", "one", "INC-1 private"); err == nil {
			t.Fatal("it was not killed")
		}
		w.crash = nil
		if err := w.kv.Reopen().Commit(context.Background(), store.Tx{Delete: []string{"intent/one"}}); err != nil {
			t.Fatal(err)
		}
		w.restart()
		if !w.inc("INC-1").Active() {
			t.Fatal("it is closed: this proves nothing")
		}
		if a, err := w.as("U0BEN", "two", "INC-1 private"); err != nil || !strings.Contains(a.Body, "INC-2") || w.inc("INC-1").Reason != "moved" || len(w.heads()) != 2 {
			t.Errorf("%s, %v: INC-1 is %s", a.Body, err, w.inc("INC-1").Status)
		}
	})
}

// closes tells whether a transaction has an incident go on elsewhere.
func closes(tx store.Tx) bool {
	for _, p := range tx.Put {
		if strings.HasPrefix(p.Key, "log/") && strings.Contains(string(p.Value), `"reason":"moved"`) {
			return true
		}
	}
	return false
}

// TestNothingLeavesWhatWentOn: nobody takes an alert into the open that went on in private,
// nor off a duplicate what its original has.
func TestNothingLeavesWhatWentOn(t *testing.T) {
	for how, want := range map[string]string{"private": "goes on in private", "merge INC-2": "no alert 1 here"} {
		for _, line := range []string{"detach 1", "split 1"} {
			described(t)(t, func(t *testing.T, w *world) {
				w.fire("alertmanager", "K", "other", "Cache is broken", "critical")
				w.say("open", "", "open sev3 The weather is odd")
				w.say("goes", "", "INC-1 "+how)
				before := w.record("alertmanager", "K").Incident
				a, err := w.as("U0BEN", "off", "INC-1 "+line)
				if err != nil || !strings.Contains(a.Body, want) || w.record("alertmanager", "K").Incident != before || before == "INC-1" {
					t.Errorf("%s, then %s: %s %v, it was on %s, and is on %s", how, line, a.Body, err, before, w.record("alertmanager", "K").Incident)
				}
			})
		}
	}
}

// TestNothingComesToWhatWentOn: an alert that belongs to none is attached to what people are
// at, not to what is closed in its favour.
func TestNothingComesToWhatWentOn(t *testing.T) {
	for how, want := range map[string]string{"private": "goes on in private", "merge INC-2": "is part of INC-2"} {
		described(t)(t, func(t *testing.T, w *world) {
			w.say("1", "", "open sev2 Something else entirely")
			w.say("2", "", "open sev3 The weather is odd")
			w.say("goes", "", "INC-1 "+how)
			w.fire("alertmanager", "K", "quiet", "Something small", "warning")
			a, err := w.as("U0BEN", "on", "INC-1 attach alertmanager K")
			if err != nil || !strings.Contains(a.Body, want) || w.record("alertmanager", "K").Incident != "" {
				t.Errorf("%s: %s %v, it is on %q", how, a.Body, err, w.record("alertmanager", "K").Incident)
			}
		})
	}
}

// TestTwoMergeIntoEachOther: one of them is first; people go on in the other.
func TestTwoMergeIntoEachOther(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		w.say("1", "", "open sev2 One thing")
		w.say("2", "", "open sev2 Other thing")
		_, first := w.bot.Merge(t.Context(), "INC-1", "INC-2", bot.Origin{By: ada, Cause: "one"}, "")
		_, second := w.bot.Merge(t.Context(), "INC-2", "INC-1", bot.Origin{By: ada, Cause: "two"}, "")
		if first != nil || second == nil || !strings.Contains(second.Error(), "INC-1 is closed") || !w.inc("INC-2").Active() {
			t.Errorf("%v, %v, INC-2 is %s", first, second, w.inc("INC-2").Status)
		}
	})
}

// TestMergedAgainChangesNothing: a merger that is delivered again after the duplicate was
// opened again takes nothing off it that came since.
func TestMergedAgainChangesNothing(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		w.say("1", "", "open sev3 The weather is odd")
		w.fire("alertmanager", "K", "other", "Cache is broken", "critical")
		w.say("merge", "", "INC-2 merge INC-1")
		w.say("again", "", "INC-2 reopen")
		w.fire("alertmanager", "L", "quiet", "Something small", "warning")
		w.say("attach", "", "INC-2 attach alertmanager L")
		w.say("merge", "", "INC-2 merge INC-1")
		if first, second := w.inc("INC-1").Tally.Total, w.inc("INC-2").Tally.Total; first != 1 || second != 1 || w.record("alertmanager", "L").Incident != "INC-2" {
			t.Errorf("%d alerts and %d, L belongs to %s", first, second, w.record("alertmanager", "L").Incident)
		}
	})
}

// TestWhatFiredAnewStays: an alert that an incident had, and that opened another one since,
// is that one's, wherever the first one goes.
func TestWhatFiredAnewStays(t *testing.T) {
	for _, line := range []string{"private", "merge INC-3", "split 1", "detach 1"} {
		described(t)(t, func(t *testing.T, w *world) {
			w.fire("alertmanager", "K", "other", "Cache is broken", "critical")
			w.resolve("alertmanager", "K", "other", "Cache is broken", "critical")
			w.say("over", "", "INC-1 resolve")
			w.wait(3 * time.Hour)
			w.fire("alertmanager", "K", "other", "Cache is broken", "critical")
			w.say("open", "", "open sev3 The weather is odd")
			w.say("again", "", "INC-1 reopen")
			if _, err := w.as("U0ADA", "goes", "INC-1 "+line); err != nil {
				t.Fatal(err)
			}
			w.resolve("alertmanager", "K", "other", "Cache is broken", "critical")
			if s, has := w.inc("INC-2").Alert("alertmanager", "K"); !has || s.State != incident.StateResolved || w.record("alertmanager", "K").Incident != "INC-2" {
				t.Errorf("%s: it belongs to %s, and INC-2 has it as %q", line, w.record("alertmanager", "K").Incident, s.State)
			}
		})
	}
}

// TestDetachTheLongest: alerts as long as they can be are taken off, however many.
func TestDetachTheLongest(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		for n := range 45 {
			s := alert("alertmanager", fmt.Sprint("A", n), "other", "Cache is broken", "critical", incident.StateFiring)
			s.Text, s.Labels = strings.Repeat("<", 4000), map[string]string{}
			for i := range 10 {
				s.Labels[fmt.Sprint("l", i)] = strings.Repeat("<", 200)
			}
			w.receive(s)
		}
		w.settle()
		if a, err := w.as("U0ADA", "off", "INC-1 detach 1-45"); err != nil || w.inc("INC-1").Tally.Total != 0 {
			t.Errorf("%s %v: %d are left", a.Body, err, w.inc("INC-1").Tally.Total)
		}
	})
}

// TestWhatCannotBeFinishedIsNamedOnce: a request of a newer version waits for that, and
// fills no log meanwhile.
func TestWhatCannotBeFinishedIsNamedOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		log := w.logged()
		if err := store.NewJournal(w.kv).Intend(t.Context(), store.Intent{Cause: "slack/9", Do: "swap", Incident: "INC-1"}); err != nil {
			t.Fatal(err)
		}
		w.wait(10 * time.Minute)
		if n := log.count("use the newer one"); n != 1 {
			t.Errorf("named %d times in ten minutes", n)
		}
		if left, err := store.NewJournal(w.kv).Intents(t.Context()); len(left) != 1 || err != nil {
			t.Errorf("left %v, %v", left, err)
		}
	})
}

// TestWhoHungUpIsNoDamage: who asks and waits no longer is told of in no log as a record that
// cannot be read.
func TestWhoHungUpIsNoDamage(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		log := w.logged()
		w.say("1", "", "open sev2 One thing")
		w.say("2", "", "open sev2 Other thing")
		gone, hangUp := context.WithCancel(t.Context())
		hangUp()
		if _, err := w.bot.Merge(gone, "INC-1", "INC-2", bot.Origin{By: ada, Cause: "one"}, ""); err == nil || log.count("cannot be read") > 0 {
			t.Errorf("%v; %d lines of what cannot be read", err, log.count("cannot be read"))
		}
	})
}

// TestHoldWhileARoomIsOpened: an alert that is being given its place in the very moment in
// which rooms are put on hold gets none.
func TestHoldWhileARoomIsOpened(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		w.run()
		<-w.done
		w.kv = w.kv.Reopen()
		var done atomic.Bool
		h := &hooked{before: func(tx store.Tx) {
			if puts(tx, "alert/alertmanager/A") && !done.Swap(true) {
				w.say("hold", "", "hold")
			}
		}}
		w.more = append(w.more, func(c *bot.Config) { h.KV = c.Store; c.Store = h })
		w.start()
		w.fire("alertmanager", "A", "other", "Cache is broken", "critical")
		w.settle()
		if inc := w.inc("INC-1"); inc.Held == "" || inc.Channel.Channel != "" {
			t.Errorf("held %q, the room is %q", inc.Held, inc.Channel.Channel)
		}
	})
}
