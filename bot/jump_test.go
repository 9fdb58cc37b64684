package bot_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
	"tocsin/store"
)

// jumpy gives the world's bot a clock that can be set: jump sets it.
func (w *world) jumpy() (jump func(time.Duration)) {
	set := make(chan time.Duration, 1)
	set <- 0
	w.more = append(w.more, func(c *bot.Config) {
		c.Now = func() time.Time {
			off := <-set
			set <- off
			return time.Now().Add(off)
		}
	})
	w.restart()
	return func(d time.Duration) { set <- <-set + d }
}

// TestClockIsSet: our clock is set an hour or a day ahead or back, and back to where it
// was, with and without a restart. The record keeps the order in which things were
// told, nobody is reminded twice of one thing, and everything is there once.
func TestClockIsSet(t *testing.T) {
	for _, by := range []time.Duration{time.Hour, -time.Hour, 24 * time.Hour, -24 * time.Hour} {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprint(by, " restart ", restart), func(t *testing.T) {
				inBubble(t, func(t *testing.T, w *world) { clockIsSet(t, w, by, restart) })
			})
		}
	}
}

func clockIsSet(t *testing.T, w *world, by time.Duration, restart bool) {
	jump := w.jumpy()
	var told []string
	tell := func() {
		note := fmt.Sprintf("note %02d", len(told))
		told = append(told, note)
		w.say(note, "", "INC-1 note "+note)
		w.wait(20 * time.Minute)
	}
	w.say("open", "", "open sev1 Answers are wrong")
	for _, d := range []time.Duration{0, by, 0, -by, 0} {
		jump(d)
		if restart {
			w.restart()
		}
		tell()
		tell()
	}
	w.settle()
	inc, err := w.bot.Incident(t.Context(), "INC-1")
	if err != nil {
		t.Fatal(err)
	}
	wantReminders(t, w, inc)
	var recorded []string
	for i, e := range inc.Timeline {
		if n, ok := e.Fact.(incident.Noted); ok {
			recorded = append(recorded, n.Text)
		}
		if e.Seq != i+1 {
			t.Errorf("event %d has the number %d", i+1, e.Seq)
		}
	}
	shown := strings.Join(strings.Fields(bot.TimelineMarkdown(inc, 0)), " ")
	var seen []string
	for _, note := range told {
		if i := strings.Index(shown, note); i >= 0 {
			seen, shown = append(seen, note), shown[i:]
		}
		if n := w.said(w.room().ID, note); n != 1 {
			t.Errorf("%q is in the room %d times", note, n)
		}
	}
	if !slices.Equal(recorded, told) || !slices.Equal(seen, told) {
		t.Errorf("the record has %q, the timeline shows %q in order, want %q", recorded, seen, told)
	}
}

// wantReminders wants somebody to have been reminded, of each thing once.
func wantReminders(t *testing.T, w *world, inc incident.Incident) {
	t.Helper()
	dues := map[string]bool{}
	for _, e := range inc.Timeline {
		if r, ok := e.Fact.(incident.Reminded); ok {
			if due := r.Of + r.Due.String(); !dues[due] {
				dues[due] = true
				continue
			}
			t.Errorf("reminded twice of %s due %s", r.Of, r.Due)
		}
	}
	if n := w.said(w.room().ID, "An update was due"); n != len(dues) || n == 0 {
		t.Errorf("%d reminders in the room, %d on record", n, len(dues))
	}
}

// TestClockIsSetBackWhileInDoubt: an effect in doubt waits for the quiet time, not
// until a clock that was set back by a day has caught up.
func TestClockIsSetBackWhileInDoubt(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		jump := w.jumpy()
		w.say("open", "", "open sev2 Answers are wrong")
		w.settle()
		if err := w.ws.Fault(sandbox.Fault{Kind: "lost_answer", Method: "chat.postMessage", Times: 1}); err != nil {
			t.Fatal(err)
		}
		w.say("in doubt", "", "INC-1 note We are on it")
		w.wait(time.Second)
		w.run()
		<-w.done
		jump(-24 * time.Hour)
		w.kv = w.kv.Reopen()
		w.start()
		w.wait(time.Minute)
		if n := w.said(w.room().ID, "We are on it"); n != 1 {
			t.Errorf("what was in doubt is in the room %d times, want once", n)
		}
		w.say("note", "", "INC-1 note afterwards")
		w.wait(time.Minute)
		if n := w.said(w.room().ID, "afterwards"); n != 1 {
			t.Errorf("what comes afterwards is in the room %d times, want once", n)
		}
	})
}

// TestOurClockIsAhead: what nobody knows the end of is found in Slack although our clock
// is hours ahead of Slack's, and also where it was mended since: nothing is there twice.
func TestOurClockIsAhead(t *testing.T) {
	for _, mended := range []bool{false, true} {
		for method, line := range map[string]string{
			"chat.postMessage": "INC-1 note We are on it", "files.completeUploadExternal": "INC-1 postmortem", "conversations.create": "open sev3 Answers are slow",
		} {
			t.Run(fmt.Sprint(method, " mended ", mended), func(t *testing.T) {
				inBubble(t, func(t *testing.T, w *world) {
					jump := w.jumpy()
					jump(14 * time.Hour) // the local time of New Zealand, taken for UTC
					w.say("open", "", "open sev2 Answers are wrong")
					w.settle()
					w.fault(sandbox.Fault{Kind: "lost_answer", Method: method, Times: 1})
					w.say("in doubt", "", line)
					if w.wait(time.Second); mended {
						jump(-14 * time.Hour)
						w.restart()
					}
					w.settle()
					room := w.channel("inc-1-answers-are-wrong")
					said := w.said(room, "We are on it")
					files := slices.DeleteFunc(w.ws.Messages(room), func(m sandbox.Message) bool { return m.Subtype != "file_share" })
					rooms := slices.DeleteFunc(w.ws.ChannelNames(), func(name string) bool { return !strings.HasPrefix(name, "inc-2") })
					want := [3]int{}
					want[slices.Index([]string{"chat.postMessage", "files.completeUploadExternal", "conversations.create"}, method)] = 1
					if got := [3]int{said, len(files), len(rooms)}; got != want {
						t.Errorf("%d messages, %d files, %d rooms; want %v", got[0], got[1], got[2], want)
					}
				})
			})
		}
	}
}

// TestClockIsSetWhileTidying: a delivery that is known stays known, and an alert stays,
// while the clock is ahead for less than a day, and after the bot was off for a week; what
// is old by two nights is dropped, also after the clock was ahead and is right again.
func TestClockIsSetWhileTidying(t *testing.T) {
	const day = 24 * time.Hour
	for _, restart := range []bool{false, true} {
		inBubble(t, func(t *testing.T, w *world) {
			jump, log := w.jumpy(), w.logged()
			set := func(d time.Duration) {
				if jump(d); restart {
					w.restart()
				}
			}
			there := func(want, told int, when string) { // a delivery and its alert
				t.Helper()
				seen, err := w.kv.Scan(t.Context(), "seen/pagerduty/", "", 0)
				if err != nil {
					t.Fatal(err)
				}
				alerts, err := store.NewJournal(w.kv).Alerts(t.Context())
				if n := log.count("stay in the record"); err != nil || len(seen)+len(alerts) != want || n != told {
					t.Errorf("restart %v, %s: %d deliveries and %d alerts, told %d times; want %d in all, told %d times: %v",
						restart, when, len(seen), len(alerts), n, want, told, err)
				}
			}
			w.receive(signal("E1", "P9", incident.StateResolved))
			w.wait(2 * day)
			there(2, 0, "after two nights")
			set(4 * 365 * day)
			w.wait(5 * time.Hour)
			there(2, 1, "ahead")
			set(-4 * 365 * day)
			w.wait(day)
			there(2, 2, "right again")
			w.wait(32 * day)
			there(0, 2, "when they are old")
			w.receive(signal("E2", "P9", incident.StateResolved))
			w.wait(2 * day)
			w.run()
			<-w.done
			w.kv = w.kv.Reopen()
			jump(8 * day)
			w.start()
			w.wait(day)
			there(2, 3, "after a week off")
			w.wait(day)
			there(1, 3, "a day later")
		})
	}
}
