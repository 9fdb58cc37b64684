package main

import (
	"context"
	"math/rand/v2"
	"regexp"
	"slices"
	"sync"
	"time"

	"tocsin/bot/incident"
)

// wish is one request. Its token stands in its words, and nowhere else.
type wish struct {
	token string
	route string // by which it comes
	fact  string // the name of the fact that it leads to
	acked bool   // answered as done
	again bool   // delivered until it is taken, which is as good

	// Of one without a token:
	cause       string // by which what it leads to is known
	room        incident.ID
	from, until time.Time                    // while it was under way
	moot        func(incident.Incident) bool // tells whether it has nothing to change; nil: it would be refused
	change      string                       // of a system, that it tells of
	secret      bool                         // it was told in private
}

// tokenOf is the nth token: letters only, because numbers in an alert's title are not
// what tells it from another.
func tokenOf(n int) string {
	letters := make([]byte, 5)
	for i := range letters {
		letters[i] = byte('a' + n%26)
		n /= 26
	}
	return "qx" + string(letters) + "xq"
}

var tokens = regexp.MustCompile("qx[a-z]{5}xq")

// loads are the routes by which requests come, each with the facts that they lead to. What
// no longer comes, or is never taken, proves nothing.
var loads = []string{
	"command declared", "command noted", "command updated", "command task-added", "command action-added", "command page-asked",
	"button noted", "form noted", "reaction quoted",
	"alertmanager signaled", "grafana signaled", "datadog signaled", "generic signaled", "pagerduty signaled", "pagerduty's note signaled",
	"command closed", "command reopened", "command merged", "command private", "command detached", "command attached", "command split",
	"command held", "command room-wanted",
}

// seldom are those that come less often: a run that is not long may miss some by chance.
var seldom = []string{
	"form declared", "shortcut declared", "key page-asked",
	"guide's button step-taken", "guide's button mitigation-chosen",
	"sev severity-changed", "take assigned", "assign assigned", "handover assigned", "join joined", "symptom symptom-changed",
	"guide guide-served", "began impact-began", "changed noted", "task task-done", "action action-done", "mitigated mitigated",
	"resolve resolved", "postmortem postmortem-asked", "link link-given",
}

// load is what a request counts as.
func (a *wish) load() string { return a.route + " " + a.fact }

// theFact and theRoute are what a worker may choose a request by.
func (a *wish) theFact() string  { return a.fact }
func (a *wish) theRoute() string { return a.route }

// rarest is one of several: by turns any, and the one that is of the fewest acknowledged
// requests, so that none is left out by chance.
func (w *worker) rarest(of func(*wish) string, choices ...string) string {
	if at := w.rng.IntN(2 * len(choices)); at < len(choices) {
		return choices[at]
	}
	taken := w.taken(of)
	return slices.MinFunc(choices, func(a, b string) int { return taken[a] - taken[b] })
}

// least is one of several: the one that was asked for least, and what was taken counts more.
func (w *worker) least(of func(*wish) string, choices ...string) string {
	w.rng.Shuffle(len(choices), func(i, j int) { choices[i], choices[j] = choices[j], choices[i] })
	w.mu.Lock()
	defer w.mu.Unlock()
	n := map[string]int{}
	for _, a := range w.asked {
		if n[of(a)]++; a.acked {
			n[of(a)] += 2
		}
	}
	return slices.MinFunc(choices, func(a, b string) int { return n[a] - n[b] })
}

// taken counts the requests that were acknowledged.
func (k *killing) taken(of func(*wish) string) map[string]int {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := map[string]int{}
	for _, a := range k.asked {
		if a.acked {
			n[of(a)]++
		}
	}
	return n
}

// wish begins a request that comes by a route and leads to a fact.
func (k *killing) wish(route, fact string) *wish {
	k.mu.Lock()
	defer k.mu.Unlock()
	a := &wish{token: tokenOf(len(k.asked)), route: route, fact: fact}
	k.asked = append(k.asked, a)
	return a
}

// acknowledge notes that a request was answered as done.
func (k *killing) acknowledge(a *wish) {
	k.mu.Lock()
	defer k.mu.Unlock()
	a.acked = true
}

// insist notes that a request is delivered until it is taken.
func (k *killing) insist(a *wish) {
	k.acknowledge(a)
	k.mu.Lock()
	defer k.mu.Unlock()
	a.again = true
}

// work has everybody work until ctx ends.
func (k *killing) work(ctx context.Context, wg *sync.WaitGroup) {
	for i, user := range []string{ada, ben, mei, dina} {
		p := &worker{killing: k, user: user, rng: rand.New(rand.NewPCG(k.seed, uint64(10+i)))}
		wg.Go(func() { p.work(ctx, p.act, 350*time.Millisecond) })
	}
	for i, user := range []string{ben, mei} {
		p := &worker{killing: k, user: user, rng: rand.New(rand.NewPCG(k.seed, uint64(40+i)))}
		wg.Go(func() { p.work(ctx, p.seldom, 500*time.Millisecond) })
	}
	for i, user := range []string{ada, dina} {
		p := &worker{killing: k, user: user, rng: rand.New(rand.NewPCG(k.seed, uint64(30+i)))}
		wg.Go(func() { p.work(ctx, p.regroup, time.Second) })
	}
	for i := range 2 {
		m := &worker{killing: k, rng: rand.New(rand.NewPCG(k.seed, uint64(20+i)))}
		wg.Go(func() { m.work(ctx, m.alert, 900*time.Millisecond) })
	}
}

// worker is a person, or a monitor, who does one thing after the other.
type worker struct {
	*killing
	user string
	rng  *rand.Rand
	own  []string // incidents that they went on with in private
}

func (w *worker) work(ctx context.Context, act func(context.Context), pause time.Duration) {
	for ctx.Err() == nil {
		act(ctx)
		select {
		case <-time.After(upTo(w.rng, pause)):
		case <-ctx.Done():
		}
	}
}
