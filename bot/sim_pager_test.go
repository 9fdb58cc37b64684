package bot_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"testing/synctest"

	"tocsin/store"
	"tocsin/store/mem"
)

// TestPagerThroughFaults plays days with PagerDuty: people in Slack and in PagerDuty do
// this and that, both fail by chance, what they deliver comes twice and out of order, and
// the store fails at random commits. Of three days one has a routing key and no token.
func TestPagerThroughFaults(t *testing.T) {
	for seed := range seeds(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o := openOffice(t, seed, seed%3 == 2)
				defer o.close()
				rng := rand.New(rand.NewPCG(seed, 4))
				o.crash = func(int, store.Tx) mem.Outcome {
					switch rng.IntN(50) {
					case 0:
						return mem.FailBefore
					case 1:
						return mem.FailAfter
					}
					return mem.CarryOn
				}
				o.upset()
				o.restart()
				o.day(18)
				o.evening()
			})
		})
	}
}

// stride is how far apart the points are at which the bot dies: it dies at each where
// TOCSIN_SEEDS asks for more than usual.
func stride() int {
	if os.Getenv("TOCSIN_SEEDS") != "" {
		return 1
	}
	return 61
}

// fewPoints is how many there are at least: with a routing key alone there are few calls.
const fewPoints = 5

// TestPagerThroughDeaths kills the bot at the nth commit of a day, and at its nth call of
// PagerDuty, before and after it was carried out, for every n there is.
func TestPagerThroughDeaths(t *testing.T) {
	points := map[string]func(o *office, at func() bool, after bool){
		"commit": func(o *office, at func() bool, after bool) {
			o.crash = func(int, store.Tx) mem.Outcome {
				switch {
				case !at():
					return mem.CarryOn
				case after:
					return mem.FailAfter
				}
				return mem.FailBefore
			}
		},
		"call": func(o *office, at func() bool, after bool) {
			o.pagerDies = func(int) death {
				switch {
				case !at():
					return lives
				case after:
					return diesAfter
				}
				return diesBefore
			}
		},
	}
	for what, die := range points {
		for _, after := range []bool{false, true} {
			for _, byKey := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/after=%v/key=%v", what, after, byKey), func(t *testing.T) {
					t.Parallel()
					diesEverywhere(t, byKey, func(o *office, at func() bool) { die(o, at, after) })
				})
			}
		}
	}
}

func diesEverywhere(t *testing.T, byKey bool, die func(o *office, at func() bool)) {
	for n := 1; ; n += stride() {
		count := 0
		ok := t.Run(fmt.Sprint(n), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := openOffice(t, 1, byKey)
				defer o.close()
				die(o, func() bool { count++; return count == n })
				o.restart()
				o.errands()
				o.evening()
			})
		})
		if !ok || count < n {
			if n < fewPoints {
				t.Errorf("it ends after %d points: is the hook called?", n-1)
			}
			return
		}
	}
}
