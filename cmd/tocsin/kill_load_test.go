package main

import (
	"context"
	"math/rand/v2"
	"regexp"
	"sync"
	"time"
)

// wish is one request. Its token stands in its words, and nowhere else.
type wish struct {
	token string
	fact  string // the name of the fact that it leads to
	acked bool   // answered as done
	again bool   // delivered until it is taken, which is as good
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

// wish begins a request that leads to a fact.
func (k *killing) wish(fact string) *wish {
	k.mu.Lock()
	defer k.mu.Unlock()
	a := &wish{token: tokenOf(len(k.asked)), fact: fact}
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
		p := &worker{k, user, rand.New(rand.NewPCG(k.seed, uint64(10+i)))}
		wg.Go(func() { p.work(ctx, p.act, 350*time.Millisecond) })
	}
	for i := range 2 {
		m := &worker{k, "", rand.New(rand.NewPCG(k.seed, uint64(20+i)))}
		wg.Go(func() { m.work(ctx, m.alert, 900*time.Millisecond) })
	}
}

// worker is a person, or a monitor, who does one thing after the other.
type worker struct {
	*killing
	user string
	rng  *rand.Rand
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
