package incident_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"tocsin/bot/incident"
)

// longTimeline is an incident as one runs: declared, furnished, staffed, then
// talked about, with an alert, a task or an update now and then.
func longTimeline(n int) []incident.Event {
	made := samples()
	setUp := append(made[:12:12], made[16])
	pin := func(i int) incident.Fact {
		return incident.Pinned{Message: incident.Message{Channel: "C0INC1", ID: fmt.Sprint(i)}}
	}
	events := make([]incident.Event, n)
	for i := range events {
		e := incident.Event{Fact: incident.Noted{Text: "error rate at 3 %"}}
		switch {
		case i < len(setUp):
			e = setUp[i]
		case i%50 == 0:
			e.Fact = pin(i)
		case i%20 == 0:
			e.Fact = incident.Updated{N: i / 20, Text: "still looking"}
		case i%10 == 0:
			e.Fact = stormy(0) // the same alert again
		}
		e.Seq, e.At, e.By, e.Cause = i+1, noon.Add(time.Duration(i)*time.Second), chat(ada), fmt.Sprint("slack/command/", i)
		events[i] = e
	}
	return events
}

func BenchmarkFold500(b *testing.B) {
	events := longTimeline(500)
	b.ReportAllocs()
	for b.Loop() {
		incident.Fold("INC-1", events)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/500, "ns/event")
}

// One more event costs the same however long the timeline is: the ratio is that
// of an event at 10,000 to one at 10, both with their share of growing memory.
func BenchmarkWith(b *testing.B) {
	const run = 10_000
	short, long := longTimeline(10), longTimeline(10_000)
	var few, many time.Duration
	for b.Loop() {
		for range run / len(short) {
			few += grow(short, len(short))
		}
		many += grow(long, run)
	}
	b.ReportMetric(float64(few.Nanoseconds())/float64(b.N)/run, "ns/event@10")
	b.ReportMetric(float64(many.Nanoseconds())/float64(b.N)/run, "ns/event@10000")
	b.ReportMetric(float64(many)/float64(few), "ratio")
}

// stormy is the nth word of a storm: of that many alerts as there are words, on 14
// services.
func stormy(n int) incident.Fact {
	return incident.Signaled{
		Source: "alertmanager", Event: "firing", State: incident.StateFiring, Key: fmt.Sprint("fingerprint ", n), Title: "Provider answers 529",
		Service: fmt.Sprint("service ", n%14), Severity: incident.SEV2,
	}
}

// storm is an incident with n alerts, and as many events besides its declaration.
func storm(n int) incident.Incident {
	facts := make([]incident.Fact, n)
	for i := range facts {
		facts[i] = stormy(i)
	}
	return declared(facts...)
}

// storms are what one more event of a storm can be, by the number of alerts.
var storms = map[string]func(n int) incident.Fact{
	"another alert": stormy,
	"another service": func(n int) incident.Fact {
		f := stormy(n).(incident.Signaled)
		f.Service = fmt.Sprint("service ", n)
		return f
	},
	"the same again": func(n int) incident.Fact { return stormy(n % 10) },
	"one off": func(n int) incident.Fact {
		return incident.Detached{Source: "alertmanager", Key: fmt.Sprint("fingerprint ", n%10)}
	},
	"a note": func(int) incident.Fact { return incident.Noted{Text: "error rate at 3 %"} },
}

// cost is what one more event of a storm takes, over as many events as there are
// alerts: growing memory is paid now and then, and shared by all.
type cost struct {
	ns, bytes, allocs float64
}

func costOf(alerts, times int, fact func(n int) incident.Fact) (c cost) {
	var before, after runtime.MemStats
	for range times {
		inc := storm(alerts)
		events := make([]incident.Event, alerts)
		for i := range events {
			events[i] = incident.Event{Seq: inc.Last() + 1 + i, At: noon, By: pager, Cause: fmt.Sprint("alertmanager/", i), Fact: fact(alerts + i)}
		}
		runtime.ReadMemStats(&before)
		began := time.Now()
		for _, e := range events {
			inc = inc.With(e)
		}
		c.ns += float64(time.Since(began))
		runtime.ReadMemStats(&after)
		c.bytes += float64(after.TotalAlloc - before.TotalAlloc)
		c.allocs += float64(after.Mallocs - before.Mallocs)
	}
	n := float64(alerts * times)
	return cost{c.ns / n, c.bytes / n, c.allocs / n}
}

// An incident takes in one more event of a storm with as much memory at 10,000
// alerts as at 10: nothing that grows with them is copied.
func TestAStormCostsNoMoreThanItsEvents(t *testing.T) {
	for name, fact := range storms {
		few, many := costOf(10, 100, fact), costOf(10_000, 1, fact)
		if many.bytes > 3*few.bytes || many.allocs > 3*few.allocs {
			t.Errorf("%s: %.0f bytes and %.1f allocations at 10,000 alerts, %.0f and %.1f at 10", name, many.bytes, many.allocs, few.bytes, few.allocs)
		}
	}
}

func BenchmarkWithInAStorm(b *testing.B) {
	for name, fact := range storms {
		for _, alerts := range []int{10, 10_000} {
			b.Run(fmt.Sprint(name, "@", alerts), func(b *testing.B) {
				var c cost
				for b.Loop() {
					one := costOf(alerts, 10_000/alerts, fact)
					c = cost{c.ns + one.ns, c.bytes + one.bytes, c.allocs + one.allocs}
				}
				n := float64(b.N)
				b.ReportMetric(c.ns/n, "ns/event")
				b.ReportMetric(c.bytes/n, "B/event")
				b.ReportMetric(c.allocs/n, "allocs/event")
			})
		}
	}
}

func BenchmarkAlerts(b *testing.B) {
	for _, alerts := range []int{10, 10_000} {
		inc := storm(alerts)
		b.Run(fmt.Sprint("all@", alerts), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for range inc.Alerts() {
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*alerts), "ns/alert")
		})
		b.Run(fmt.Sprint("one@", alerts), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				inc.Alert("alertmanager", "fingerprint 7")
			}
		})
	}
}

// BenchmarkArrive is somebody coming into the channel who is there already, however long
// the timeline is.
func BenchmarkArrive(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		inc := incident.Fold("INC-1", longTimeline(n))
		b.Run(fmt.Sprint("events@", n), func(b *testing.B) {
			for b.Loop() {
				if facts, err := inc.Arrive(ada); err != nil || len(facts) > 0 {
					b.Fatal(facts, err)
				}
			}
		})
	}
}

// grow tells how long it takes to put n more events on a timeline.
func grow(timeline []incident.Event, n int) time.Duration {
	inc := incident.Fold("INC-1", timeline)
	e := incident.Event{At: noon, By: chat(ada), Fact: incident.Noted{Text: "error rate at 3 %"}}
	began := time.Now()
	for range n {
		e.Seq = inc.Last() + 1
		inc = inc.With(e)
	}
	return time.Since(began)
}
