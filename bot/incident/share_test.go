package incident_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"tocsin/bot/incident"
)

// The engine publishes each new incident through a pointer while others read
// the one before. The race detector sees whether they share what they should not.
func TestReadersWhileItGrows(t *testing.T) {
	var newest atomic.Pointer[incident.Incident]
	first := declared()
	newest.Store(&first)
	const events = 300
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for {
				inc := *newest.Load()
				if fault := inconsistent(inc); fault != "" {
					t.Error(fault)
					return
				}
				if inc.Last() == events {
					return
				}
			}
		})
	}
	made := samples()
	for n := 1; n < events; n++ {
		inc := *newest.Load()
		e := made[n%len(made)]
		if n%3 == 0 {
			e.Fact = incident.Signaled{Key: fmt.Sprint(n % 7), State: incident.StateFiring, Service: fmt.Sprint(n % 2)}
		}
		e.Seq, e.Cause = n+1, fmt.Sprint("cause ", n+1)
		inc = inc.With(e)
		newest.Store(&inc)
	}
	readers.Wait()
}

// inconsistent tells what a reader sees that cannot be.
func inconsistent(inc incident.Incident) string {
	for i, e := range inc.Timeline {
		if e.Seq != i+1 {
			return fmt.Sprintf("event %d of %d is numbered %d", i+1, inc.Last(), e.Seq)
		}
	}
	n := inc.Last()
	if n > 1 && !inc.Did(fmt.Sprint("cause ", n)) {
		return fmt.Sprintf("of %d events, the last has not been done", n)
	}
	if inc.Did(fmt.Sprint("cause ", n+1)) {
		return fmt.Sprintf("of %d events, the next has been done", n)
	}
	alerts := 0
	for range inc.Alerts() {
		alerts++
	}
	if alerts != inc.Tally.Total {
		return fmt.Sprintf("of %d events, there are %d alerts, and %d are counted", n, alerts, inc.Tally.Total)
	}
	for r, p := range inc.Roles {
		if r == "" || !inc.Knows(p) {
			return fmt.Sprintf("%v has role %q and is not known", p, r)
		}
	}
	return ""
}

// Two requests may be decided on one state at once: each gets its own next
// state, and the state that they began with stays.
func TestForksAtOnce(t *testing.T) {
	base := declared(incident.TaskAdded{Task: incident.Task{Text: "a"}})
	forks := make([]incident.Incident, 8)
	var all sync.WaitGroup
	for i := range forks {
		all.Go(func() {
			e := event(base, chat(ada), incident.Noted{Text: fmt.Sprint(i)})
			e.Cause = fmt.Sprint("cause ", i)
			forks[i] = base.With(e)
		})
	}
	all.Wait()
	for i, f := range forks {
		wantEqual(t, "the last note", f.Timeline[2].Fact, incident.Fact(incident.Noted{Text: fmt.Sprint(i)}))
		for j := range forks {
			wantEqual(t, fmt.Sprintf("fork %d did cause %d", i, j), f.Did(fmt.Sprint("cause ", j)), i == j)
		}
		wantEqual(t, "the base did it", base.Did(fmt.Sprint("cause ", i)), false)
	}
	wantEqual(t, "the base's Last", base.Last(), 2)
}

// Two who decide at once on the same alerts each see their own: one took an
// alert off, one heard that it is over, and the rest saw neither.
func TestForksHaveAlertsOfTheirOwn(t *testing.T) {
	base := declared(alert("P1", incident.StateFiring, "chat"), alert("P2", incident.StateFiring, "search"))
	off := base.With(event(base, chat(ada), incident.Detached{Source: "pagerduty", Key: "P1"}))
	over := base.With(event(base, pager, alert("P1", incident.StateResolved, "chat")))
	more := base.With(event(base, pager, alert("P3", incident.StateFiring, "billing")))
	wantAlerts(t, "the base", base, "1 P1 firing", "2 P2 firing")
	wantAlerts(t, "one with an alert off", off, "2 P2 firing")
	wantAlerts(t, "one with an alert over", over, "1 P1 resolved", "2 P2 firing")
	wantAlerts(t, "one with another alert", more, "1 P1 firing", "2 P2 firing", "3 P3 firing")
	wantTallied(t, "the base", base, incident.Tally{Total: 2, Firing: 2, Services: []string{"chat", "search"}})
	wantTallied(t, "one with an alert off", off, incident.Tally{Total: 1, Firing: 1, Services: []string{"search"}})
	wantTallied(t, "one with an alert over", over, incident.Tally{Total: 2, Firing: 1, Services: []string{"chat", "search"}})
	wantTallied(t, "one with another alert", more, incident.Tally{Total: 3, Firing: 3, Services: []string{"chat", "search", "billing"}})
}

// Lists that grow have room to spare at some lengths, where two forks could
// write to the same place.
func TestForksAtEveryLength(t *testing.T) {
	for name, fact := range map[string]func(n int) incident.Fact{
		"people": func(n int) incident.Fact {
			return incident.Joined{Person: incident.Person{User: incident.User(fmt.Sprint(n))}}
		},
		"tasks":    func(n int) incident.Fact { return incident.TaskAdded{Task: incident.Task{Text: fmt.Sprint(n)}} },
		"plays":    func(n int) incident.Fact { return incident.PlayStarted{Tasks: []incident.Task{{Text: fmt.Sprint(n)}}} },
		"actions":  func(n int) incident.Fact { return incident.ActionAdded{N: n} },
		"signals":  func(n int) incident.Fact { return incident.Signaled{Key: fmt.Sprint(n)} },
		"words":    func(n int) incident.Fact { return incident.Signaled{Key: "P1", Urgency: fmt.Sprint(n)} },
		"services": func(n int) incident.Fact { return incident.Signaled{Key: fmt.Sprint(n), Service: fmt.Sprint(n)} },
		"asked":    func(n int) incident.Fact { return incident.PageAsked{N: n} },
		"paged":    func(n int) incident.Fact { return incident.Paged{N: n % 2, Key: fmt.Sprint(n)} },
		"failures": func(n int) incident.Fact { return incident.Failed{Why: fmt.Sprint(n)} },
		"bars":     func(n int) incident.Fact { return incident.Barred{Effect: fmt.Sprint(n), Why: fmt.Sprint(n)} },
		"notes":    func(n int) incident.Fact { return incident.Noted{Text: fmt.Sprint(n)} },
	} {
		inc := declared()
		for n := range 10 {
			left := inc.With(event(inc, pager, fact(100)))
			right := inc.With(event(inc, pager, fact(200)))
			for _, fork := range []incident.Incident{inc, left, right} {
				wantSame(t, fmt.Sprintf("a fork after %d %s", n, name), fork, incident.Fold(fork.ID, fork.Timeline))
			}
			inc = inc.With(event(inc, pager, fact(n)))
		}
	}
}
