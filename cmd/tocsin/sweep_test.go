//go:build linux

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// sweepEnv chooses what TestSweep does: "all" for every point, which takes three to seven
// minutes, "fdatasync:17" or "socket-connect:3" for one of them, or as long as "60s" points
// in any order.
const sweepEnv = "TOCSIN_SWEEP"

const (
	sweepFor     = 5 * time.Second // by default
	sweepWorkers = 4               // points at a time: most of each is waiting
	sweepTries   = 10              // at a point, until it is reached
)

// Two tellings of the story do not make the same calls: connections are kept and used again,
// what is ready at the same time is synced as one, and whoever tells it asks the process the
// more often whether it has settled the slower it is (of some 90 writes 20 or 30 answer
// that). So the calls are counted sweepCounts times. A point that was in every telling comes
// each time, and has to be reached; those that were only in some are tried as often.
//
// mayMiss is how many of the first may be left over: connects, of which a process that is
// stopped at each needs fewer, because meanwhile a connection becomes free. They were all that
// was ever left over: one of the twelve or so in a story.
const (
	sweepCounts = 3
	mayMiss     = 3 // of more than three hundred
)

// swept are the system calls after which the process is killed: each write to the
// data file, each change of its length, each sync of it, of its name and of its
// directory, each connection to Slack, and each write to a socket or the log; those to
// sockets are the calls to Slack and the answers to people.
var swept = []string{"pwrite64", "ftruncate", "fdatasync", "fsync", "linkat", "connect", "write"}

// linking are those after which it is killed where Socket Mode's links are made as well: all
// else is as it is without them.
var linking = []string{"connect"}

// point is a moment in the life of the process: after its nth system call of a kind.
type point struct {
	socket bool // with Socket Mode's links
	call   string
	n      int
	sure   bool // it comes each time that the story is told
}

func (p point) String() string {
	name := fmt.Sprintf("%s:%d", p.call, p.n)
	if p.socket {
		name = bySocketToo + name
	}
	return name
}

// bySocketToo begins the names of points with Socket Mode's links.
const bySocketToo = "socket-"

// pointCalled is the point with a name; ok is false if it is no point's.
func pointCalled(name string) (p point, ok bool) {
	name, p.socket = strings.CutPrefix(name, bySocketToo)
	call, n, ok := strings.Cut(name, ":")
	p.call = call
	_, err := fmt.Sscan(n, &p.n)
	return p, ok && err == nil
}

// TestSweep kills the real process after every write, sync and connection while an
// incident is declared, updated, resolved and written up, and at each connect while
// Socket Mode's links are made, too. Another process goes on,
// people repeat what was not answered, and in the end Slack and the record show what
// they show when nobody is killed.
func TestSweep(t *testing.T) {
	haveStrace(t)
	want, err := unharmed(t.Context(), t.TempDir(), false)
	if err != nil {
		t.Fatal(err)
	}
	points, limit, err := choosePoints(t)
	if err != nil {
		t.Fatal(err)
	}
	var missed missing
	begun := sweepAll(t, points, limit, func(p point) {
		for range sweepTries {
			reached, got, err := kill(t.Context(), p)
			switch {
			case err != nil:
				t.Errorf("killed at %s: %v\nagain with %s=%s", p, err, sweepEnv, p)
			case got != want:
				t.Errorf("killed at %s, this remains:\n%s\nagain with %s=%s", p, difference(want, got), sweepEnv, p)
			}
			if reached || t.Failed() {
				return
			}
		}
		missed.add(p)
	})
	t.Logf("killed at %d of %d points tried, of %d that there are; at every one with %s=all", begun-len(missed.points), begun, len(points), sweepEnv)
	missed.judge(t)
}

// missing are the points that were not reached.
type missing struct {
	mu     sync.Mutex
	points []point
}

func (m *missing) add(p point) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.points = append(m.points, p)
}

// judge tells which they are, and fails if too many of them are sure to come.
func (m *missing) judge(t *testing.T) {
	if len(m.points) == 0 {
		return
	}
	t.Logf("not reached in %d tries: %v", sweepTries, m.points)
	sure := slices.DeleteFunc(m.points, func(p point) bool { return !p.sure })
	if len(sure) > mayMiss {
		t.Errorf("%d points were not reached that come each time, want at most %d: %v", len(sure), mayMiss, sure)
	}
}

// sweepAll does points until it fails or the time is over, and tells how many.
func sweepAll(t *testing.T, points []point, limit time.Duration, do func(point)) (begun int) {
	queue := make(chan point)
	var wg sync.WaitGroup
	for range min(sweepWorkers, len(points)) {
		wg.Go(func() {
			for p := range queue {
				do(p)
			}
		})
	}
	over := time.Now().Add(limit)
	for _, p := range points {
		if t.Failed() || limit > 0 && time.Now().After(over) {
			break
		}
		queue <- p
		begun++
	}
	close(queue)
	wg.Wait()
	return begun
}

// choosePoints finds out which points there are, and for how long to go on with
// them; 0 is until the last.
func choosePoints(t *testing.T) ([]point, time.Duration, error) {
	choice := os.Getenv(sweepEnv)
	if p, one := pointCalled(choice); one {
		return []point{p}, 0, nil
	}
	limit := sweepFor
	if choice == "all" {
		limit = 0
	} else if choice != "" {
		var err error
		if limit, err = time.ParseDuration(choice); err != nil {
			return nil, 0, fmt.Errorf("%s: %w", sweepEnv, err)
		}
	}
	countings := 1
	if limit == 0 {
		countings = sweepCounts
	}
	points, err := allPoints(t, countings)
	rand.Shuffle(len(points), func(i, j int) { points[i], points[j] = points[j], points[i] })
	return points, limit, err
}

// allPoints are the points that there are in so many tellings of the story.
func allPoints(t *testing.T, countings int) (points []point, err error) {
	for _, socket := range []bool{false, true} {
		calls := swept
		if socket {
			calls = linking
		}
		seen := map[point]int{}
		for range countings {
			counts, err := countPoints(t.Context(), t.TempDir(), socket, calls)
			if err != nil {
				return nil, err
			}
			t.Logf("system calls in the story, with Socket Mode %v: %v", socket, counts)
			for _, call := range calls {
				for n := 1; n <= counts[call]; n++ {
					seen[point{socket: socket, call: call, n: n}]++
				}
			}
		}
		for p, times := range seen {
			p.sure = times == countings
			points = append(points, p)
		}
	}
	return points, nil
}

var traced = regexp.MustCompile(`(?m)^\d+ +([a-z0-9]+)\(`)

// countPoints counts the system calls of the story by their kind.
func countPoints(ctx context.Context, dir string, socket bool, calls []string) (map[string]int, error) {
	out := filepath.Join(dir, "trace")
	if _, err := unharmed(ctx, dir, socket, "strace", "-f", "-qq", "-o", out, "-e", "trace="+strings.Join(calls, ",")); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(out)
	counts := map[string]int{}
	for _, found := range traced.FindAllSubmatch(data, -1) {
		counts[string(found[1])]++
	}
	return counts, err
}

// unharmed tells the story to one process, and returns what remains.
func unharmed(ctx context.Context, dir string, socket bool, wrapper ...string) (string, error) {
	g, err := newGround(dir)
	if err != nil {
		return "", err
	}
	defer g.close()
	g.socket = socket
	if err := g.start(ctx, wrapper...); err != nil {
		return "", err
	}
	if err := g.tell(ctx); err != nil {
		return "", err
	}
	return g.picture(ctx)
}

// kill tells the story to a process that is killed at a point, and the rest to
// another. It tells whether the point was reached, and what remains.
func kill(ctx context.Context, at point) (reached bool, picture string, err error) {
	dir, err := os.MkdirTemp("", "sweep") // a short name, for the socket
	if err != nil {
		return false, "", err
	}
	defer os.RemoveAll(dir)
	g, err := newGround(dir)
	if err != nil {
		return false, "", err
	}
	defer g.close()
	g.socket = at.socket
	if err := g.startDoomed(ctx, at); err != nil {
		return false, "", err
	}
	err = g.tell(ctx)
	if reached = g.doomed.Load(); reached {
		if err := g.start(ctx); err != nil {
			return reached, "", err
		}
		err = g.tell(ctx)
	}
	if err == nil {
		picture, err = g.picture(ctx)
	}
	return reached, picture, err
}
