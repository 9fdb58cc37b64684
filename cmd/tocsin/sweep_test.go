//go:build linux

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// sweepEnv chooses what TestSweep does: "all" for every point, which takes two to four
// minutes, "fdatasync:17" for one of them, or as long as "60s" points in any order.
const sweepEnv = "TOCSIN_SWEEP"

const (
	sweepFor     = 5 * time.Second // by default
	sweepWorkers = 4               // points at a time: most of each is waiting
)

// swept are the system calls after which the process is killed: each write to the
// data file, each change of its length, each sync of it, of its name and of its
// directory, each connection to Slack, and each write to a socket or the log; those to
// sockets are the calls to Slack and the answers to people.
var swept = []string{"pwrite64", "ftruncate", "fdatasync", "fsync", "linkat", "connect", "write"}

// point is a moment in the life of the process: after its nth system call of a kind.
type point struct {
	call string
	n    int
}

func (p point) String() string { return fmt.Sprintf("%s:%d", p.call, p.n) }

// TestSweep kills the real process after every write, sync and connection while an
// incident is declared, updated, resolved and written up. Another process goes on,
// people repeat what was not answered, and in the end Slack and the record show what
// they show when nobody is killed.
func TestSweep(t *testing.T) {
	haveStrace(t)
	want, err := unharmed(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	points, limit, err := choosePoints(t)
	if err != nil {
		t.Fatal(err)
	}
	var killed atomic.Int64
	begun := sweepAll(t, points, limit, func(p point) {
		reached, got, err := kill(t.Context(), p)
		switch {
		case err != nil:
			t.Errorf("killed at %s: %v\nagain with %s=%s", p, err, sweepEnv, p)
		case got != want:
			t.Errorf("killed at %s, this remains:\n%s\nagain with %s=%s", p, difference(want, got), sweepEnv, p)
		case reached:
			killed.Add(1)
		}
	})
	t.Logf("killed at %d of %d points tried, of %d that there are; at every one with %s=all", killed.Load(), begun, len(points), sweepEnv)
	if int(killed.Load()) < begun*8/10 {
		t.Error("too few points were reached to say anything")
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
	if call, n, one := strings.Cut(choice, ":"); one {
		n, err := strconv.Atoi(n)
		return []point{{call, n}}, 0, err
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
	counts, err := countPoints(t.Context(), t.TempDir())
	if err != nil {
		return nil, 0, err
	}
	t.Logf("system calls in the story: %v", counts)
	var points []point
	for _, call := range swept {
		for n := 1; n <= counts[call]; n++ {
			points = append(points, point{call, n})
		}
	}
	rand.Shuffle(len(points), func(i, j int) { points[i], points[j] = points[j], points[i] })
	return points, limit, nil
}

var traced = regexp.MustCompile(`(?m)^\d+ +([a-z0-9]+)\(`)

// countPoints counts the system calls of the story by their kind.
func countPoints(ctx context.Context, dir string) (map[string]int, error) {
	out := filepath.Join(dir, "trace")
	if _, err := unharmed(ctx, dir, "strace", "-f", "-qq", "-o", out, "-e", "trace="+strings.Join(swept, ",")); err != nil {
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
func unharmed(ctx context.Context, dir string, wrapper ...string) (string, error) {
	g, err := newGround(dir)
	if err != nil {
		return "", err
	}
	defer g.close()
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
