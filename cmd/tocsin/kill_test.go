package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/bot/sandbox"
)

// How many times TestKills kills the bot: TOCSIN_KILLS, or a few. A round is what
// one workspace and one record live through; a round that fails is played again
// with TOCSIN_KILLS_SEED.
const (
	killsEnv     = "TOCSIN_KILLS"
	killsSeedEnv = "TOCSIN_KILLS_SEED"
	fewKills     = 3
	roundKills   = 10
	manyKills    = 20 // from which on every load has to come
	mostKills    = 60 // from which on those have to that come seldom
)

// The workspace of a round is late, but never later than lateness; a call is given
// up after killTimeout. Quiet is longer than both together, and than what two
// busy processors add: a round in which an effect came later still proves nothing.
const (
	killTimeout = 700 * time.Millisecond
	slowness    = 300 * time.Millisecond
	lateness    = 800 * time.Millisecond
	killQuiet   = 3 * time.Second
)

// TestKills has people, monitors and PagerDuty at work with `tocsin serve` in a
// workspace that fails in every way there is, kills the process with SIGKILL at
// random moments, starts it again, and at the end compares: what was acknowledged
// is on a timeline once, and all that follows from the timelines is in the workspace and
// in PagerDuty once, in order, nothing else is, and it shows the present state.
// From 20 kills on, requests of every kind and by every route have to be among what was
// acknowledged, and from 60 on also those that come seldom. With -race the bot that is killed watches for data races.
//
//	TOCSIN_KILLS=500 go test ./cmd/tocsin -run TestKills -timeout 60m -v
//	TOCSIN_KILLS=10 go test -race ./cmd/tocsin -run TestKills -v
func TestKills(t *testing.T) {
	if os.Getenv(killsEnv) == "" {
		ownProcess(t)
	}
	t.Parallel()
	kills, seed := number(t, killsEnv, fewKills), number(t, killsSeedEnv, 1)
	var all killFigures
	var mu sync.Mutex
	began := time.Now()
	t.Run("rounds", func(t *testing.T) {
		for n := 0; kills > 0; n++ {
			s := killSpec{seed: uint64(seed + n), kills: min(kills, roundKills), http: (seed+n)%2 == 0, keyed: (seed+n)%3 == 2}
			kills -= s.kills
			t.Run(s.String(), func(t *testing.T) {
				t.Parallel()
				f, problems := s.play(t.Context())
				for _, p := range problems {
					t.Error(p)
				}
				mu.Lock()
				defer mu.Unlock()
				all.add(f)
			})
		}
	})
	t.Logf("%v in %v; taken: %v", all, time.Since(began).Round(time.Second), all.Taken)
	all.prove(t, manyKills, loads)
	all.prove(t, mostKills, seldom)
}

// prove tells what nothing is proved of, which from so many kills on is an error.
func (f killFigures) prove(t *testing.T, from int, loads []string) {
	say := t.Logf
	if f.Kills >= from {
		say = t.Errorf
	}
	for _, load := range loads {
		if f.Taken[load] == 0 && f.Kills >= manyKills {
			say("in %d kills, no %s was acknowledged: this proves nothing of them", f.Kills, load)
		}
	}
}

// number is a number in the environment.
func number(t *testing.T, name string, usual int) int {
	text := os.Getenv(name)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q, and has to be a number from 1", name, text)
	}
	return n
}

// killFigures are what came of rounds.
type killFigures struct {
	Kills, Acknowledged, Lost, Double, Faults, Messages int
	Taken                                               map[string]int // requests acknowledged, by load
	Owed                                                int            // effects that follow from the record
	Missed                                              []string       // kinds of effects that were taken away, and missed
	Latest                                              time.Duration  // effect, from the begin of its call
}

func (f *killFigures) add(o killFigures) {
	f.Kills += o.Kills
	f.Acknowledged += o.Acknowledged
	f.Lost += o.Lost
	f.Double += o.Double
	f.Faults += o.Faults
	f.Messages += o.Messages
	f.Owed += o.Owed
	f.missed(o.Missed)
	for load, n := range o.Taken {
		f.took(load, n)
	}
	f.Latest = max(f.Latest, o.Latest)
}

// took notes requests of a load that were acknowledged.
func (f *killFigures) took(load string, n int) {
	if f.Taken == nil {
		f.Taken = map[string]int{}
	}
	f.Taken[load] += n
}

// missed notes kinds of effects whose absence is noticed.
func (f *killFigures) missed(kinds []string) {
	f.Missed = slices.Compact(slices.Sorted(slices.Values(slices.Concat(f.Missed, kinds))))
}

func (f killFigures) String() string {
	return fmt.Sprintf("%d kills, %d requests acknowledged, %d effects owed, %d lost, %d double; %d messages; %d faults injected, the latest effect after %v; missed when taken away: %s",
		f.Kills, f.Acknowledged, f.Owed, f.Lost, f.Double, f.Messages, f.Faults, f.Latest.Round(time.Millisecond), strings.Join(f.Missed, ", "))
}

// killSpec is a round to be played.
type killSpec struct {
	binary string // "": the test binary, as tocsin
	seed   uint64
	kills  int
	http   bool // Slack's requests come by HTTP, not by Socket Mode
	keyed  bool // there is a routing key for PagerDuty, and no token
	brief  bool // nothing is left of it

	favourite string          // a command for an incident that people give now and then besides
	faults    []sandbox.Fault // that there are besides
}

func (s killSpec) String() string {
	by := "socket"
	if s.http {
		by = "http"
	}
	if s.keyed {
		by += ",key"
	}
	return fmt.Sprintf("seed=%d,%s", s.seed, by)
}
