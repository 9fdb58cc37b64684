package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/bot/incident"
)

// work is something that a process does for somebody.
type work struct {
	what string
	do   func(*testing.T) error
}

// works are what a process has to read much for. The examination that begins with the
// process goes on all the while, and ends with the last of them.
func works(p *process, path string, n int) []work {
	command := func(args ...string) func(*testing.T) error {
		return func(t *testing.T) error { return commanded(t, path, args...) }
	}
	return []work{
		{"metrics are read", func(t *testing.T) error { return scrape(t, p, 50) }},
		{"all incidents are listed", command("incident", "list", "--all")},
		{"incidents are shown, drafted and exported", func(t *testing.T) error { return perused(t, path, n) }},
		{"the whole record is examined for somebody who waits", func(t *testing.T) error { return reading(t, path, "doctor", "all") }},
		{"a backup is made", func(t *testing.T) error {
			return commanded(t, path, "backup", filepath.Join(t.TempDir(), "backup.db"))
		}},
		{"the daily examination goes on to its end", func(t *testing.T) error { return p.calm(t) }},
	}
}

// commanded has a subcommand done by the process that runs on a record.
func commanded(t *testing.T, path string, args ...string) error {
	p, err := launch(t.Context(), []string{"TOCSIN_STORE=bolt:" + path}, append([]string{"tocsin"}, args...)...)
	if err != nil {
		return err
	}
	<-p.ended
	if !p.ProcessState.Success() {
		return fmt.Errorf("tocsin %s: %s", strings.Join(args, " "), p.log.String())
	}
	return nil
}

// scrape reads the metrics as often as in so many minutes.
func scrape(t *testing.T, p *process, times int) error {
	for range times {
		if _, err := p.numbers(t.Context()); err != nil {
			return err
		}
	}
	return nil
}

// perused reads some incidents of n by the control socket, in each of the ways.
func perused(t *testing.T, path string, n int) error {
	for number := 1; number <= n; number += n/50 + 1 {
		for _, what := range []string{"show", "timeline", "postmortem", "export"} {
			if err := reading(t, path, what, string(incident.NewID(number))); err != nil {
				return err
			}
		}
	}
	return reading(t, path, "incidents", "all")
}

// reading asks the process that runs on a record for a text.
func reading(t *testing.T, path, what, id string) error {
	text, running, err := ask(t.Context(), path, what, id)
	if err == nil && (!running || text == "" && what != "incidents") {
		err = fmt.Errorf("%s %s: nobody answers", what, id)
	}
	return err
}

// calm waits until the process does next to nothing: less than 2 % of a processor.
func (p *process) calm(t *testing.T) error {
	for before, end := p.cpu(t), time.Now().Add(5*time.Minute); time.Now().Before(end); {
		<-time.After(time.Second)
		now := p.cpu(t)
		if now-before < 20*time.Millisecond {
			return nil
		}
		before = now
	}
	return errors.New("it has not come to rest")
}

// peak is the most memory that the process has while something is done: all, and its own.
func (p *process) peak(t *testing.T, do func(*testing.T) error) (all, own float64) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- do(t) }()
	for {
		a, o := p.memory(t)
		all, own = max(all, a), max(own, o)
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			return all, own
		case <-time.After(2 * time.Millisecond):
		}
	}
}
