package incident_test

import (
	"fmt"
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
			e.Fact = made[1].Fact // the same alert again
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
