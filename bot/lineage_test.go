package bot_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
	"tocsin/bot/pagerduty"
	"tocsin/bot/sandbox"
	"tocsin/store"
	"tocsin/store/mem"
)

// keyed starts the bot again with a PagerDuty that it has a routing key of, and no token.
func (w *world) keyed() {
	client, err := pagerduty.Dial(w.t.Context(), pagerduty.Config{
		RoutingKey: sandbox.RoutingKey, APIURL: sandbox.InProcessURL + "/pagerduty", HTTP: &http.Client{Transport: w.ws.Client().Transport, Timeout: 10 * time.Second},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.more = append(w.more, func(c *bot.Config) { c.Pager = pagerduty.NewPerformer(client) })
	w.restart()
}

// pagesByKey has Ada page whoever is behind the routing key.
func (w *world) pagesByKey(id incident.ID) {
	w.insist(func() error {
		_, err := w.bot.Page(context.Background(), id, bot.Origin{By: ada, Cause: "page " + string(id)}, incident.PageTarget{Kind: incident.TargetKey}, "")
		return err
	})
}

// called are the states of what PagerDuty had, one for each time that it called people.
func (w *world) called() string {
	var states []string
	for _, p := range w.ws.PagerDutyIncidents() {
		states = append(states, p.Status)
	}
	return strings.Join(states, " ")
}

// TestWhomAnEventCalls: what was paged by event goes with the incident that it was paged
// of, into the one that this is a duplicate of and back. People are called again when
// somebody reopens what it goes with then, and by nothing else.
func TestWhomAnEventCalls(t *testing.T) {
	for name, story := range map[string][][2]string{ // what is said, and what PagerDuty has then
		"a duplicate that is over": {
			{"INC-2 resolve", "resolved"}, {"INC-2 close duplicate of INC-1", "resolved"}, {"INC-1 sev1", "resolved"},
			{"INC-1 resolve", "resolved"}, {"INC-1 reopen", "resolved triggered"},
		},
		"of one that was reopened before": {
			{"INC-2 resolve", "resolved"}, {"INC-1 resolve", "resolved"}, {"INC-1 reopen", "resolved"}, {"INC-1 attach INC-2", "resolved"},
		},
		"of one that was over before": {
			{"INC-1 resolve", "triggered"}, {"INC-1 reopen", "triggered"}, {"INC-2 merge INC-1", "triggered"}, {"INC-1 resolve", "resolved"},
		},
		"opened again": {
			{"INC-2 merge INC-1", "triggered"}, {"INC-1 resolve", "resolved"}, {"INC-2 reopen", "resolved triggered"},
			{"INC-2 sev1", "resolved triggered"}, {"INC-1 reopen", "resolved triggered"}, {"INC-1 resolve", "resolved triggered"}, {"INC-2 resolve", "resolved resolved"},
		},
		"opened again, of a duplicate in turn": {
			{"INC-2 merge INC-1", "triggered"}, {"INC-1 merge INC-3", "triggered"}, {"INC-3 resolve", "resolved"},
			{"INC-1 reopen", "resolved triggered"}, {"INC-2 reopen", "resolved triggered"}, {"INC-2 resolve", "resolved resolved"},
		},
		"opened again, of what went on in private": {
			{"INC-2 merge INC-1", "triggered"}, {"INC-1 private", "triggered"}, {"INC-4 resolve", "resolved"}, {"INC-2 reopen", "resolved triggered"},
		},
		"of one, and of another one before": {
			{"INC-2 merge INC-3", "triggered"}, {"INC-2 reopen", "triggered"}, {"INC-2 resolve", "resolved"}, {"INC-2 merge INC-1", "resolved"},
			{"INC-3 resolve", "resolved"}, {"INC-3 reopen", "resolved"}, {"INC-1 sev1", "resolved"},
		},
		"of another one by now": {
			{"INC-2 merge INC-1", "triggered"}, {"INC-2 reopen", "triggered"}, {"INC-2 merge INC-3", "triggered"},
			{"INC-1 resolve", "triggered"}, {"INC-3 resolve", "resolved"}, {"INC-1 reopen", "resolved"}, {"INC-3 reopen", "resolved triggered"},
		},
		"opened again while the other is open": {
			{"INC-2 merge INC-1", "triggered"}, {"INC-2 reopen", "triggered"}, {"INC-1 resolve", "triggered"}, {"INC-2 merge INC-3", "triggered"}, {"INC-3 resolve", "resolved"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				w.keyed()
				for _, title := range []string{"One", "Another", "A third"} {
					w.say(title, "", "open sev2 "+title)
				}
				w.pagesByKey("INC-2")
				w.settle()
				for n, step := range story {
					w.say(fmt.Sprint(n), "", step[0])
					w.settle()
					if got := w.called(); got != step[1] {
						t.Errorf("after %s: %s, want %s", step[0], got, step[1])
					}
				}
			})
		})
	}
}

// TestReopenedOnTheWay: an incident is reopened while PagerDuty is told that it is over, or,
// as a duplicate of it is, while nobody knows whether it was: people are called again.
func TestReopenedOnTheWay(t *testing.T) {
	for _, c := range []struct {
		kind string
		id   incident.ID
	}{{"slow", "INC-1"}, {"lost_answer", "INC-1"}, {"lost_answer", "INC-2"}} {
		inBubble(t, func(t *testing.T, w *world) {
			w.keyed()
			w.say("1", "", "open sev2 One")
			w.say("2", "", "open sev2 Another")
			w.pagesByKey(c.id)
			w.settle()
			w.say("merge", "", "INC-2 merge INC-1")
			w.settle()
			w.fault(sandbox.Fault{Kind: c.kind, Method: "pagerduty/POST /v2/enqueue", Times: 1, DelayMS: 1500})
			w.say("over", "", "INC-1 resolve")
			w.wait(time.Second)
			w.say("not over", "", string(c.id)+" reopen")
			w.settle()
			if got := w.called(); got != "resolved triggered" {
				t.Errorf("%s, %s: %s", c.kind, c.id, got)
			}
		})
	}
}

// TestOriginalIsDamaged: what a duplicate goes on as cannot be read, so nobody knows whether
// people are still to be called: that is told once, and no more is done.
func TestOriginalIsDamaged(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.keyed()
		log := w.logged()
		w.say("1", "", "open sev2 One")
		w.say("2", "", "open sev2 Another")
		w.pagesByKey("INC-2")
		w.settle()
		w.run()
		<-w.done
		w.say("merge", "", "INC-2 merge INC-1")
		spoil(t, w.kv, "log/00000001/00000001")
		commits := 0
		w.crash = func(int, store.Tx) mem.Outcome { commits++; return mem.CarryOn }
		w.start()
		w.wait(time.Hour)
		log.what(t, `"given up"`, ` incident=INC-2 effect="bring PagerDuty.* cause=merge .*INC-1, which cannot be read`)
		lines := strings.Count(log.text.String(), "effect=\"bring PagerDuty's")
		if commits > 100 || lines != 1 || w.called() != "triggered" {
			t.Errorf("%d commits, %d lines in the log, PagerDuty has it %s", commits, lines, w.called())
		}
		if n := w.said(w.inc("INC-2").Channel.Channel, "INC-1, which cannot be read"); n != 1 {
			t.Errorf("it is told %d times", n)
		}
	})
}

// TestManyMergers: however many were merged into an incident, what was paged by event for the
// first of them ends with it.
func TestManyMergers(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.keyed()
		w.say("original", "", "open sev3 One")
		for n := 2; n <= 34; n++ {
			id := fmt.Sprint("INC-", n)
			w.say("open "+id, "", "open sev3 Another")
			if n == 2 {
				w.pagesByKey("INC-2")
				w.settle()
			}
			w.say("merge "+id, "", id+" merge INC-1")
		}
		w.say("over", "", "INC-1 resolve")
		w.settle()
		if got := w.called(); got != "resolved" {
			t.Errorf("PagerDuty has it %s", got)
		}
	})
}

// TestClosedAsOfOld: a duplicate of which the original knows nothing, as older versions
// closed them, has its own pages looked at all the same.
func TestClosedAsOfOld(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.keyed()
		w.say("1", "", "open sev2 One")
		w.say("2", "", "open sev2 Another")
		w.pagesByKey("INC-2")
		w.say("over", "", "INC-1 resolve")
		w.settle()
		_, err := w.bot.Update(context.Background(), "INC-2", bot.Origin{By: ada, Cause: "old"}, func(incident.Incident) ([]incident.Fact, error) {
			return []incident.Fact{incident.Closed{Reason: "duplicate", Of: "INC-1"}}, nil
		})
		noError(t, err)
		w.settle()
		if got := w.called(); got != "resolved" {
			t.Errorf("PagerDuty has it %s", got)
		}
	})
}
