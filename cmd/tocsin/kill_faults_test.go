package main

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"tocsin/bot/sandbox"
)

// kill kills the bot so many times while there is work, and leaves it running.
func (k *killing) kill() {
	k.upset()
	ctx, stop := context.WithCancel(k.ctx)
	var wg sync.WaitGroup
	k.start()
	k.work(ctx, &wg)
	rng := rand.New(rand.NewPCG(k.seed, 1))
	for range k.kills {
		k.live(rng)
		k.disturb(rng)
		if !k.process.kill() {
			k.problem("the bot ended by itself: %s", k.last())
		}
		k.figures.Kills++
		k.start()
		k.countFaults()
	}
	k.wait(time.Second)
	stop()
	wg.Wait()
	k.countFaults()
}

// live lets the bot live for a while: mostly from when it is up, and not long enough
// for what was in doubt to be looked for; sometimes long enough, and sometimes it dies
// while it starts.
func (k *killing) live(rng *rand.Rand) {
	x := rng.IntN(8)
	if x > 1 {
		k.up()
	}
	if x > 6 {
		k.wait(killQuiet)
	}
	k.wait(20*time.Millisecond + upTo(rng, 1180*time.Millisecond))
}

// up waits until the bot serves, for a while.
func (k *killing) up() {
	ctx, cancel := context.WithTimeout(k.ctx, 5*time.Second)
	defer cancel()
	k.process.up(ctx) // or has not come to it yet
}

func (k *killing) wait(d time.Duration) {
	select {
	case <-time.After(d):
	case <-k.ctx.Done():
	}
}

// upset makes the workspace and PagerDuty fail in every way there is.
func (k *killing) upset() {
	slow, late := int(slowness.Milliseconds()), int(lateness.Milliseconds())
	for _, f := range slices.Concat(k.faults, []sandbox.Fault{
		{Kind: "slow", Probability: 0.08, DelayMS: slow},
		{Kind: "rate_limited", Probability: 0.05, RetryAfter: 1},
		{Kind: "server_error", Probability: 0.03},
		{Kind: "lost_request", Probability: 0.04},
		{Kind: "late", Probability: 0.05, DelayMS: late},
		{Kind: "internal_error", Probability: 0.03},
		{Kind: "lost_answer", Probability: 0.06},
		{Kind: "broken_answer", Probability: 0.02},
		{Kind: "reset", Probability: 0.02},
		{Kind: "duplicate_delivery", Probability: 0.15},
		{Kind: "reordered_delivery", Probability: 0.1},
		{Kind: "late_delivery", Probability: 0.05, DelayMS: slow},
	}) {
		if err := k.ws.Fault(f); err != nil {
			k.problem("%v", err)
		}
	}
}

// disturb sometimes takes Socket Mode's links away.
func (k *killing) disturb(rng *rand.Rand) {
	if k.http || rng.IntN(3) > 0 {
		return
	}
	reason := []string{"abrupt", "refresh_requested"}[rng.IntN(2)]
	if err := k.ws.Fault(sandbox.Fault{Kind: "disconnect", Times: 1 + rng.IntN(2), Reason: reason}); err != nil {
		k.problem("%v", err)
	}
	k.figures.Faults++
	k.wait(upTo(rng, 300*time.Millisecond))
}

// countFaults counts the faults of the calls since it was last asked: the workspace
// remembers the latest only.
func (k *killing) countFaults() {
	for _, c := range k.ws.Calls() {
		if c.N > k.calls && !c.Ended.IsZero() {
			k.calls = c.N
			k.figures.Faults += len(strings.Fields(c.Fault))
		}
	}
}

// upTo is some time up to d.
func upTo(rng *rand.Rand, d time.Duration) time.Duration { return time.Duration(rng.Int64N(int64(d))) }
