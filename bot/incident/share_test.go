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
		"failures": func(n int) incident.Fact { return incident.Failed{Why: fmt.Sprint(n)} },
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
