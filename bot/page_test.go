package bot_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

// pager is PagerDuty as a test wants it.
type pager func(incident.Incident, effect.Effect) ([]incident.Fact, error)

func (p pager) Perform(_ context.Context, inc incident.Incident, j bot.Job) ([]incident.Fact, error) {
	return p(inc, j.Effect)
}

// withPager starts the bot again, with a PagerDuty.
func (w *world) withPager(p pager) {
	w.more = append(w.more, func(c *bot.Config) { c.Pager = p })
	w.restart()
}

var errAway = errors.New("PagerDuty is away")

// askPage has Ada page somebody.
func (w *world) askPage(cause, name string) {
	w.insist(func() error {
		_, err := w.bot.Page(context.Background(), "INC-1", bot.Origin{By: ada, Cause: cause}, incident.PageTarget{Kind: incident.TargetUser, ID: "P" + name, Name: name}, "")
		return err
	})
}

// TestPriorityEcho: tocsin sets a priority, which PagerDuty calls by its whole name
// when it tells of it: that is no news.
func TestPriorityEcho(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		w.withPager(func(inc incident.Incident, _ effect.Effect) ([]incident.Fact, error) {
			return []incident.Fact{incident.PagerSynced{Key: "P1", Priority: map[bool]string{true: "P1", false: "P2"}[inc.Severity == incident.SEV1]}}, nil
		})
		w.receive(pd("a", "P1", "incident.triggered", incident.StateFiring, "Chat is odd", "P2", time.Now()))
		w.settle()
		w.say("sev", "", "INC-1 sev1")
		w.settle()
		told := func(id, urgency, name string) {
			s := pd(id, "P1", "incident.priority_updated", incident.StateInfo, "Chat is odd", urgency, time.Now())
			s.Labels, s.Text = map[string]string{"priority": name}, "set the priority in PagerDuty to "+name
			w.receive(s)
			w.settle()
		}
		told("b", "P1", "P1 - Critical")
		if n := w.said(w.room().ID, "set the priority in PagerDuty"); n != 0 {
			t.Errorf("its own deed is told %d times", n)
		}
		told("c", "P3", "P3 - Medium")
		if n := w.said(w.room().ID, "set the priority in PagerDuty to P3"); n != 1 {
			t.Errorf("what a person did is told %d times", n)
		}
	})
}

// TestEchoFollowsTheAlert: tocsin sets a priority, and people give the alert to another
// incident before PagerDuty tells of it: that is no news there, and what is not so there
// is set again. What a person sets is told, and left as it is.
func TestEchoFollowsTheAlert(t *testing.T) {
	for _, line := range []string{"INC-1 merge INC-2", "INC-1 split 1", "INC-1 private", "INC-1 detach 1"} {
		described(t)(t, func(t *testing.T, w *world) {
			synced := map[incident.ID]int{}
			w.withPager(func(inc incident.Incident, _ effect.Effect) ([]incident.Fact, error) {
				synced[inc.ID]++
				return []incident.Fact{incident.PagerSynced{Key: "P1", Priority: "P" + strings.TrimPrefix(string(inc.Severity), "sev")}}, nil
			})
			w.receive(pd("a", "P1", "incident.triggered", incident.StateFiring, "Chat is odd", "P2", time.Now()))
			w.settle()
			w.say("open", "", "open sev2 The weather is odd")
			w.say("sev", "", "INC-1 sev1")
			w.settle()
			w.say("goes", "", line)
			to := incident.ID("INC-2")
			switch {
			case strings.Contains(line, "detach"):
				w.say("there", "", "INC-2 attach pagerduty P1")
			case !strings.Contains(line, "merge"):
				to = "INC-3"
			}
			w.say("mild", "", string(to)+" sev3")
			w.settle()
			before := synced[to]
			told := func(id, name string) incident.Signaled {
				s := pd(id, "P1", "incident.priority_updated", incident.StateInfo, "Chat is odd", name, time.Now())
				s.Labels, s.Text = map[string]string{"priority": name}, "set the priority in PagerDuty to "+name
				w.receive(s)
				w.settle()
				for _, e := range slices.Backward(w.inc(to).Timeline) {
					if f, ok := e.Fact.(incident.Signaled); ok {
						return f
					}
				}
				return incident.Signaled{}
			}
			if f := told("b", "P1"); !f.Echo || synced[to] != before+1 {
				t.Errorf("%s: echo %v, PagerDuty is brought up to date %d times", line, f.Echo, synced[to]-before)
			}
			w.wait(5 * time.Minute)
			for _, name := range []string{"P4", "P1"} { // the second is what tocsin had set itself before
				if f := told(name, name); f.Echo || synced[to] != before+1 {
					t.Errorf("%s: what a person did is an echo %v, and undone %d times", line, f.Echo, synced[to]-before-1)
				}
			}
		})
	}
}

// TestEchoOnItsWay: what tocsin is doing in PagerDuty comes back before it is done, and
// after the severity, or the incident's end, was taken back: that is no news either.
func TestEchoOnItsWay(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		answer := make(chan struct{})
		w.withPager(func(incident.Incident, effect.Effect) ([]incident.Fact, error) {
			<-answer
			return nil, nil
		})
		w.receive(pd("open", "P1", "incident.triggered", incident.StateFiring, "Chat is odd", "P2", time.Now()))
		w.settle()
		step := func(id, line string) {
			w.say(id, "", "INC-1 "+line)
			w.wait(time.Second)
		}
		told := func(id, event, state, urgency, text string) bool {
			s := pd(id, "P1", event, state, "Chat is odd", urgency, time.Now())
			s.Labels, s.Text = map[string]string{"priority": urgency}, text
			w.receive(s)
			w.wait(time.Second)
			inc := w.inc("INC-1")
			return !inc.Timeline[len(inc.Timeline)-1].Fact.(incident.Signaled).Echo
		}
		step("worse", "sev1")
		step("better", "sev3")
		step("over", "resolve it is over")
		step("back", "reopen it is back")
		for _, c := range []struct {
			what, event, state, urgency string
			told                        bool
		}{
			{"the first severity", "incident.priority_updated", incident.StateInfo, "P1", false},
			{"the severity that is", "incident.priority_updated", incident.StateInfo, "P3", false},
			{"a severity that never was", "incident.priority_updated", incident.StateInfo, "P4", true},
			{"the end", "incident.resolved", incident.StateResolved, "P3", false},
			{"that it goes on", "incident.reopened", incident.StateFiring, "P3", false},
			{"something else", "incident.annotated", incident.StateInfo, "P3", true},
		} {
			if got := told(c.what, c.event, c.state, c.urgency, "did this: "+c.what); got != c.told {
				t.Errorf("%s: told %v, want %v", c.what, got, c.told)
			}
		}
		close(answer)
		w.settle()
	})
}

// TestJoiningIncidentIsRated: an incident of PagerDuty's that joins one of ours is brought
// up to date at once, and once; what opened ours, and other sources' alerts, are not.
func TestJoiningIncidentIsRated(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		var syncs atomic.Int32
		w.withPager(func(_ incident.Incident, e effect.Effect) ([]incident.Fact, error) {
			if _, ok := e.(effect.SyncPager); ok {
				syncs.Add(1)
			}
			return nil, nil
		})
		for _, c := range []struct {
			source, key string
			syncs       int32
		}{{"pagerduty", "P1", 0}, {"alertmanager", "A", 0}, {"pagerduty", "P2", 1}, {"pagerduty", "P2", 1}, {"pagerduty", "P3", 2}} {
			w.fire(c.source, c.key, "other", "Cache is broken", "critical")
			w.settle()
			if n := syncs.Load(); n != c.syncs {
				t.Errorf("after %s: %d times, want %d", c.key, n, c.syncs)
			}
		}
		w.say("resolve", "", "INC-1 resolve it is over")
		w.settle()
		before := syncs.Load()
		w.resolve("pagerduty", "P3", "other", "Cache is broken", "critical")
		w.settle()
		if n := syncs.Load(); n != before || len(w.heads()) != 1 {
			t.Errorf("%d times after it was over, %d incidents", n-before, len(w.heads()))
		}
	})
}

// TestPageOnItsWay: a page that does not go out is told once, and not each half minute.
func TestPageOnItsWay(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		var back atomic.Bool
		w.withPager(func(_ incident.Incident, e effect.Effect) ([]incident.Fact, error) {
			if p, ok := e.(effect.Page); ok && back.Load() {
				return []incident.Fact{incident.Paged{N: p.N, Key: "PX"}}, nil
			}
			return nil, &bot.Later{After: 10 * time.Second, Err: errAway}
		})
		w.say("open", "", "open sev2 Answers are wrong")
		w.wait(time.Minute)
		w.askPage("page", "Dina")
		w.wait(15 * time.Second)
		late := func() int { return w.said(w.room().ID, "Dina is not paged yet.") }
		if n := late(); n != 0 {
			t.Errorf("told %d times within %v", n, 15*time.Second)
		}
		for _, after := range []time.Duration{40 * time.Second, 10 * time.Minute} {
			w.wait(after)
			if n := late(); n != 1 {
				t.Errorf("told %d times after %v more", n, after)
			}
		}
		back.Store(true)
		w.settle()
		if p := w.inc("INC-1").Pages; len(p) != 1 || p[0].Key != "PX" {
			t.Errorf("%+v", p)
		}
	})
}

// TestPageIsOvertaken: what happens to the incident while a page is on its way, PagerDuty
// is told once the page is there; and nothing if nothing happened.
func TestPageIsOvertaken(t *testing.T) {
	for line, want := range map[string]int{"INC-1 sev1": 1, "INC-1 resolve": 1, "INC-1 note Looking": 0} {
		inBubble(t, func(t *testing.T, w *world) {
			var synced atomic.Int64
			w.withPager(func(_ incident.Incident, e effect.Effect) ([]incident.Fact, error) {
				if p, ok := e.(effect.Page); ok {
					<-time.After(5 * time.Second)
					return []incident.Fact{incident.Paged{N: p.N, Key: "PX"}}, nil
				}
				synced.Add(1)
				return nil, nil
			})
			w.say("open", "", "open sev2 Answers are wrong")
			w.settle()
			w.askPage("page", "Dina")
			w.wait(time.Second)
			w.say("meanwhile", "", line)
			w.settle()
			if n := int(synced.Load()); n != want {
				t.Errorf("%s: PagerDuty was brought up to date %d times, want %d", line, n, want)
			}
		})
	}
}

// TestPageFails: each page that fails is told with whom it was for, in whichever
// order they fail, and “Try again” pages all of them.
func TestPageFails(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		var mended, put atomic.Bool
		w.withPager(func(_ incident.Incident, e effect.Effect) ([]incident.Fact, error) {
			p, ok := e.(effect.Page)
			switch {
			case !ok:
				return nil, nil
			case mended.Load():
				return []incident.Fact{incident.Paged{N: p.N, Key: "PX"}}, nil
			case p.N == 1 && !put.Swap(true):
				return nil, &bot.Later{After: 20 * time.Second, Err: errAway}
			}
			return nil, &bot.Final{Why: "PagerDuty refuses."}
		})
		w.say("open", "", "open sev2 Answers are wrong")
		w.wait(time.Minute)
		w.askPage("page 1", "Dina")
		w.askPage("page 2", "Mei")
		w.settle()
		for _, name := range []string{"Dina", "Mei"} {
			if n := w.said(w.room().ID, name+" was not paged."); n != 1 {
				t.Errorf("that %s was not paged is told %d times", name, n)
			}
		}
		mended.Store(true)
		w.say("again", "", "INC-1 resync")
		w.settle()
		for _, p := range w.inc("INC-1").Pages {
			if p.Key != "PX" || p.Failed != "" {
				t.Errorf("%+v", p)
			}
		}
	})
}

// TestAPageIsNoEvidence: under which service tocsin files a page says nothing of what the
// incident is about: an alert of that service gets its own room, and no other guide is
// offered for the page's words.
func TestAPageIsNoEvidence(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		w.say("open", "", "open sev3 The login button is grey")
		w.settle()
		s := pd("a", "PPAGE", "incident.triggered", incident.StateFiring, "INC-1 SEV3: The login button is grey", "high", w.inc("INC-1").Declared.Add(time.Second))
		s.Service, s.Labels, s.Echo = "other", map[string]string{incident.LabelMade: "INC-1"}, true
		w.receive(s)
		w.settle()
		if inc := w.inc("INC-1"); len(inc.Tally.Services) != 0 || inc.Tally.Total != 1 {
			t.Errorf("%+v", inc.Tally)
		}
		w.fire("alertmanager", "A", "other", "Payments: database is down", "critical")
		w.settle()
		if a := w.record("alertmanager", "A"); a.Incident != "INC-2" {
			t.Errorf("it is in %s: %s", a.Incident, a.Why)
		}
	})
}

// TestPagerKnowsTheLine: PagerDuty is brought up to date by what an incident goes on as, and
// knows what went on as that; not what was opened again.
func TestPagerKnowsTheLine(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		var seen [][]incident.ID
		w.more = append(w.more, func(c *bot.Config) {
			c.Pager = lined(func(inc incident.Incident, line []incident.Incident) {
				ids := []incident.ID{inc.ID}
				for _, l := range line {
					ids = append(ids, l.ID)
				}
				seen = append(seen, ids)
			})
		})
		w.restart()
		for n := range 4 {
			w.say(fmt.Sprint("open", n), "", fmt.Sprint("open sev2 Something else ", n))
		}
		w.say("1", "", "INC-1 merge INC-2")
		w.say("2", "", "INC-2 merge INC-3")
		w.say("3", "", "INC-4 merge INC-3")
		w.say("4", "", "INC-4 reopen")
		w.say("5", "", "INC-3 private")
		w.settle()
		seen = nil
		w.say("6", "", "INC-5 resolve")
		w.settle()
		if want := [][]incident.ID{{"INC-5", "INC-5", "INC-3", "INC-2", "INC-1"}}; !reflect.DeepEqual(seen, want) {
			t.Errorf("%v, want %v", seen, want)
		}
	})
}

// lined is a PagerDuty that sees the incidents of a job.
type lined func(inc incident.Incident, line []incident.Incident)

func (l lined) Perform(_ context.Context, inc incident.Incident, j bot.Job) ([]incident.Fact, error) {
	if _, sync := j.Effect.(effect.SyncPager); sync {
		l(inc, j.Line)
	}
	return nil, nil
}
