package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tocsin/bot/incident"
	"tocsin/store"
	"tocsin/store/bolt"
)

// TestSize starts a process of its own on an empty record and measures the time until it
// is ready, and its memory then, and while it works. TOCSIN_SIZE=10000 does so on a
// record of so many incidents with 50 events each besides, made in some ten seconds, and
// holds the times to what is promised: for a machine that does nothing else. Its last
// measure takes a minute: the daily examination, which is slow for the others' sake.
//
// What is bounded while it works is memory of its own (RssAnon). The rest of what is in
// memory (VmRSS, in the log) are pages of the data file, which is mapped: they hold nothing
// that is not on disk, so the system takes them back when anybody needs the room, and a
// process that has just read much of it has them all. Within a minute it gives them back by
// itself: at rest all that is in memory is bounded.
//
//	TOCSIN_SIZE=10000 go test ./cmd/tocsin -run TestSize -v
func TestSize(t *testing.T) {
	ownProcess(t)
	o := office(t)
	dir := t.TempDir()
	n, _ := strconv.Atoi(os.Getenv("TOCSIN_SIZE"))
	empty, full := time.Second, time.Second
	if n > 0 {
		empty = 50 * time.Millisecond
	}
	t.Run("empty", func(t *testing.T) { measure(t, o, filepath.Join(dir, "empty.db"), 0, limits{empty, 30, 40}) })
	if n == 0 {
		return
	}
	path := filepath.Join(dir, "full.db")
	fillRecord(t, path, n)
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d incidents, %d MiB", n, st.Size()>>20)
	t.Run("full", func(t *testing.T) { measure(t, o, path, n, limits{full, 100, 100}) })
}

// limits are what a process may take: until it is ready; in memory at rest, all in all, in
// MiB; and of its own while it works.
type limits struct {
	start         time.Duration
	rest, working float64
}

// measure holds a process on a record of n incidents to limits. On a busy machine the start
// may take more than one try; the log has the figures.
func measure(t *testing.T, o *premises, path string, n int, most limits) {
	quickest := time.Hour
	var p *process
	for try := 0; try < 5 && quickest > most.start; try++ {
		if p != nil {
			ends(t, p, syscall.SIGTERM, 10*time.Second)
		}
		p = o.serve(t, path)
		took, cpu := time.Since(p.began), p.cpu(t)
		quickest = min(quickest, took)
		all, own := p.atRest(t, most.rest)
		t.Logf("ready after %v (%v of processor), %.0f MiB in memory, %.0f MiB of it its own", took.Round(time.Millisecond), cpu, all, own)
		if all > most.rest {
			t.Errorf("%.0f MiB in memory, want at most %.0f", all, most.rest)
		}
	}
	if quickest > most.start {
		t.Errorf("ready after %v at best, want within %v", quickest, most.start)
	}
	for _, w := range works(p, path, n) {
		if all, own := p.peak(t, w.do); own > most.working {
			t.Errorf("%s: %.0f MiB of its own in memory, want at most %.0f", w.what, own, most.working)
		} else {
			t.Logf("%s: at most %.0f MiB in memory, %.0f of its own", w.what, all, own)
		}
	}
	if all, own := p.again(t, 100); all > 100 {
		t.Errorf("%.0f MiB in memory after all that, want at most 100", all)
	} else {
		t.Logf("at rest again: %.0f MiB in memory, %.0f of its own", all, own)
	}
	ends(t, p, syscall.SIGTERM, 10*time.Second)
}

// again is the memory that the process has once it has given back what it read, as it does
// each minute.
func (p *process) again(t *testing.T, most float64) (all, own float64) {
	for end := time.Now().Add(2 * releaseEach); ; <-time.After(20 * time.Millisecond) {
		if all, own = p.memory(t); all < most || time.Now().After(end) {
			return all, own
		}
	}
}

// atRest is the memory that the process has once it has given back what starting
// took.
func (p *process) atRest(t *testing.T, most float64) (all, own float64) {
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); <-time.After(20 * time.Millisecond) {
		if all, _ := p.memory(t); all < most {
			break
		}
	}
	<-time.After(time.Second)
	return p.memory(t)
}

// memory is what the process has in memory by /proc, in MiB: all, and without the
// pages of files, which the system takes back when it needs the room.
func (p *process) memory(t testing.TB) (all, own float64) {
	t.Helper()
	f, err := os.Open(filepath.Join("/proc", strconv.Itoa(p.Process.Pid), "status"))
	if err != nil {
		t.Skip("memory is measured where there is /proc")
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ":")
		var kib float64
		switch fmt.Sscanf(value, "%f kB", &kib); name {
		case "VmRSS":
			all = kib / 1024
		case "RssAnon":
			own = kib / 1024
		}
	}
	return all, own
}

// cpu is how long the process has worked so far, by /proc.
func (p *process) cpu(t testing.TB) time.Duration {
	t.Helper()
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.Process.Pid), "stat"))
	if err != nil {
		t.Skip("a process's time is measured where there is /proc")
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // its name may have spaces
	fields := strings.Fields(rest)
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// fillRecord makes a record of n incidents that were, but for ten.
func fillRecord(t *testing.T, path string, n int) {
	db, err := bolt.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	j := store.NewJournal(db)
	var writers sync.WaitGroup
	numbers := make(chan int)
	for range 64 {
		writers.Go(func() {
			for number := range numbers {
				if err := appendIncident(j, number, number > n-10); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for number := range n {
		numbers <- number + 1
	}
	close(numbers)
	writers.Wait()
	if r, err := j.Examine(t.Context(), nil); err != nil || len(r.Findings) > 0 {
		t.Errorf("the record is not as tocsin makes it: %.2v, %v", r.Findings, err)
	}
}

// appendIncident records an incident of 50 events, as one goes.
func appendIncident(j *store.Journal, number int, open bool) error {
	id, events := incident.NewID(number), eventful(number, open)
	_, err := j.Append(context.Background(), store.Tip{ID: id}, store.Append{
		Events: events, Head: store.HeadOf(incident.Fold(id, events)), Handles: []string{fmt.Sprint("channel/C", id), "cause/" + events[0].Cause},
	})
	return err
}

// eventful is a timeline of 50 events.
func eventful(number int, open bool) []incident.Event {
	ada := incident.Person{User: "U0ADA", Name: "Ada Okafor"}
	ben := incident.Person{User: "U0BEN", Name: "Ben Ortiz"}
	channel := fmt.Sprint("C", incident.NewID(number))
	facts := []incident.Fact{
		incident.Declared{Title: fmt.Sprintf("Answers of service %d cut off mid-sentence", number%40), Severity: incident.Severities[number%4], Symptom: "invalid-inference"},
		incident.Linked{Channel: channel, Name: fmt.Sprintf("inc-%d-answers-cut-off", number), Link: "https://example.slack.com/archives/" + channel},
		incident.GuideServed{Guide: "invalid-output", Title: "Output is invalid", Version: "3", Why: "says “cut off”", Chosen: number%10 == 0},
		incident.PlayStarted{Play: "sev2", Title: "A SEV2 began", Version: "2", UpdateEvery: 30 * time.Minute, Tasks: []incident.Task{{Text: "Open the status page", Role: incident.CommsLead}}},
		incident.Posted{What: incident.PostedCard, Message: incident.Message{Channel: channel, ID: "1795176001.000200"}},
		incident.Posted{What: incident.PostedGuide + "3", Message: incident.Message{Channel: channel, ID: "1795176001.000300"}},
		incident.Posted{What: incident.PostedAnnouncement, Message: incident.Message{Channel: "CINCIDENTS", ID: "1795176001.000400"}},
		incident.Assigned{Role: incident.Commander, To: ben},
		incident.TaskDone{N: 1, Text: "Open the status page"},
	}
	for n := len(facts); n < 48; n++ {
		facts = append(facts, incident.Noted{Text: fmt.Sprintf("note %d: the error rate of the gateway is at %d %% and the queue of requests grows, so we shed load", n, n%20)})
	}
	if open {
		facts = append(facts, incident.Noted{Text: "still looking"}, incident.Noted{Text: "and looking"})
	} else {
		facts[47] = incident.ActionAdded{N: 1, Text: "Have an alarm for the stop reason"}
		facts = append(facts, incident.Mitigated{How: "rollback"}, incident.Resolved{})
	}
	events := make([]incident.Event, len(facts))
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(number) * time.Hour / 2)
	for i, f := range facts {
		at := start.Add(time.Duration(i) * time.Minute)
		events[i] = incident.Event{Seq: i + 1, At: at, Logged: at, By: incident.Actor{Person: ada, Via: "slack"}, Cause: fmt.Sprint("slack/", number, "/", i), Fact: f}
	}
	return events
}
