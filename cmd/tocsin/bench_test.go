package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/bot/inbound"
	"tocsin/bot/sandbox"
	"tocsin/store"
	"tocsin/store/bolt"
)

// A round is short, and ours and the bare server's take turns, so that both meet
// the same machine.
const (
	roundFor   = 3 * time.Second
	rounds     = 3
	benchConns = 64
)

// BenchmarkWebhooks measures PagerDuty webhooks that are durably accepted, with
// everything that the bot does beside: it routes them, writes timelines, and calls
// a Slack. Bare is a server that does the least on the same disk in the same run:
// it reads, proves, decodes and stores the body, in one write. x-bare is the ratio. It
// fails where a promise of README's is missed; what is milliseconds is held on any
// machine against the bare server of the same run, and by itself where TOCSIN_QUIET says
// that nobody else is on this one.
func BenchmarkWebhooks(b *testing.B) {
	for _, kind := range []string{"attach", "open", "repeats"} {
		b.Run(kind, func(b *testing.B) {
			for b.Loop() {
				against(b, kind)
			}
			b.ReportMetric(0, "ns/op")
		})
	}
	b.Run("third", func(b *testing.B) {
		for b.Loop() {
			third(b)
		}
		b.ReportMetric(0, "ns/op")
	})
}

// against compares the app with the bare server as fast as they answer.
func against(b *testing.B, kind string) {
	var ours, bare []measured
	var routed, ratios []float64
	for n := range rounds {
		l := load{Kind: kind, Round: fmt.Sprint(kind, n), For: roundFor, Conns: benchConns}
		m, share := take(b, l)
		ours, routed = append(ours, m), append(routed, share)
		bare = append(bare, takeBare(b, l))
		ratios = append(ratios, m.Accepted/bare[n].Accepted)
	}
	b.ReportMetric(median(ours, accepted), "accepted/s")
	b.ReportMetric(median(bare, accepted), "bare/s")
	b.ReportMetric(middle(ratios), "x-bare")
	b.ReportMetric(median(ours, p50), "p50-ms")
	b.ReportMetric(median(ours, p99), "p99-ms")
	b.ReportMetric(median(bare, p99), "bare-p99-ms")
	b.ReportMetric(middle(routed), "routed-%")
	atLeast(b, "accepted, against the bare server, in the best round", slices.Max(ratios), halfOfBare)
}

// What is promised.
const (
	halfOfBare    = 0.5  // of what the bare server takes
	answerWithin  = 20.0 // ms, the 99th percentile at a third of that
	answerTimes   = 4.0  // as long as the bare server's, on a machine that others use
	usableWithin  = 2.0  // s, from the first alert until people can work in the room
	usableAnyhow  = 10.0 // s, on a machine that others use
	messagesInAll = 6    // of the bot in the room by then
)

// quiet tells whether nobody else uses the machine, so that its times are tocsin's own.
func quiet() bool { return os.Getenv("TOCSIN_QUIET") != "" }

// atLeast fails the benchmark where a measure is too small.
func atLeast(b *testing.B, what string, got, least float64) {
	b.Helper()
	if got < least {
		b.Errorf("%s: %.2f, want at least %.2f", what, got, least)
	}
}

// atMost fails the benchmark where a measure is too large.
func atMost(b *testing.B, what string, got, most float64) {
	b.Helper()
	if got > most {
		b.Errorf("%s: %.2f, want at most %.2f", what, got, most)
	}
}

// third sends a third of what the bare server takes, at its times, to a bot that
// has 200 rooms to open in a Slack that refuses every second call.
func third(b *testing.B) {
	full := takeBare(b, load{Kind: "attach", Round: "full", For: roundFor, Conns: benchConns})
	l := load{Kind: "attach", For: roundFor, Conns: benchConns, Rate: full.Accepted / 3}
	var ours, bare []measured
	var ratios []float64
	for n := range rounds {
		l.Round = fmt.Sprint("third", n)
		ours = append(ours, takeBusy(b, l))
		bare = append(bare, takeBare(b, l))
		ratios = append(ratios, p99(ours[n])/p99(bare[n]))
	}
	b.ReportMetric(l.Rate, "sent/s")
	b.ReportMetric(median(ours, p50), "p50-ms")
	b.ReportMetric(median(bare, p50), "bare-p50-ms")
	b.ReportMetric(median(ours, p99), "p99-ms")
	b.ReportMetric(median(bare, p99), "bare-p99-ms")
	switch late := median(ours, p99); {
	case quiet():
		atMost(b, "ms of the 99th answer in a hundred", late, answerWithin)
	case late > answerWithin:
		atMost(b, "the 99th answer in a hundred, against the bare server, in the best round", slices.Min(ratios), answerTimes)
	}
}

func accepted(m measured) float64 { return m.Accepted }
func p50(m measured) float64      { return ms(m.P50) }
func p99(m measured) float64      { return ms(m.P99) }
func ms(d time.Duration) float64  { return float64(d.Microseconds()) / 1000 }

func median(list []measured, of func(measured) float64) float64 {
	var all []float64
	for _, m := range list {
		all = append(all, of(m))
	}
	return middle(all)
}

func middle(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}

// take has a new bot take a load, and tells which share in per cent was routed
// by its end.
func take(b *testing.B, l load) (m measured, routed float64) {
	run := unlimited(b)
	defer run.close()
	l.Addr = strings.TrimPrefix(run.url, "http://")
	m = l.run(b)
	return m, 100 * (1 - float64(len(waiting(b, run)))/(m.Accepted*l.For.Seconds()))
}

// takeBusy is take of a bot that is busy with a Slack that is.
func takeBusy(b *testing.B, l load) measured {
	run := unlimited(b)
	defer run.close()
	l.Addr = strings.TrimPrefix(run.url, "http://")
	if err := run.workspace.Fault(sandbox.Fault{Kind: "rate_limited", Probability: 0.5}); err != nil {
		b.Fatal(err)
	}
	load{Addr: l.Addr, Kind: "open", Round: "busy", For: time.Second, Rate: 200, Conns: 1}.run(b)
	for len(waiting(b, run)) > 0 {
		<-time.After(10 * time.Millisecond)
	}
	return l.run(b)
}

// waiting are the deliveries that are not routed yet.
func waiting(b *testing.B, run *sandboxRun) []store.Arrival {
	list, err := store.NewJournal(run.app.kv).Arrivals(b.Context(), store.Arrival{}, 0)
	if err != nil {
		b.Fatal(err)
	}
	return list
}

// benchSandbox starts the bot as people run it, with its log in a file.
func benchSandbox(b *testing.B) *sandboxRun {
	b.Helper()
	dir := b.TempDir()
	c := &sandboxCmd{Addr: "127.0.0.1:0", Store: "bolt:" + filepath.Join(dir, "tocsin.db")}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { log.Close() })
	e := &env{ctx: b.Context(), stdout: io.Discard, stderr: io.Discard, log: slog.New(slog.NewTextHandler(log, nil))}
	run, err := startSandbox(e, c)
	if err != nil {
		b.Fatal(err)
	}
	if err := until(run.ctx, func() bool { return run.workspace.State().Bot.Connected > 0 }); err != nil {
		b.Fatal(err)
	}
	runtime.GC()
	return run
}

// unlimited is benchSandbox where alerts open as many rooms as they like: more than
// services/default.md can say.
func unlimited(b *testing.B) *sandboxRun {
	b.Helper()
	run := benchSandbox(b)
	run.app.bot.Services.Defaults().RoomsPerMinute = math.MaxInt
	return run
}

// takeBare has the bare server take a load.
func takeBare(b *testing.B, l load) measured {
	db, err := bolt.Open(filepath.Join(b.TempDir(), "bare.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- door{log: slog.New(slog.DiscardHandler)}.serve(ctx, ln, bare(db)) }()
	defer func() { stop(); <-done }()
	runtime.GC()
	l.Addr = ln.Addr().String()
	return l.run(b)
}

// bare does the least that durably accepting a webhook takes.
func bare(db *bolt.DB) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, inbound.MaxRequest))
		if err != nil || !inbound.Signed([]string{sandboxPagerSecret}, body, strings.TrimPrefix(r.Header.Get("X-PagerDuty-Signature"), "v1=")) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		var hook struct {
			Event struct {
				ID   string `json:"id"`
				Type string `json:"event_type"`
				Data struct {
					ID      string `json:"id"`
					Title   string `json:"title"`
					Service struct {
						Summary string `json:"summary"`
					} `json:"service"`
				} `json:"data"`
			} `json:"event"`
		}
		if err := json.Unmarshal(body, &hook); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if err := db.Commit(r.Context(), store.Tx{Put: []store.Pair{{Key: hook.Event.ID, Value: body}}}); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	}
}

// BenchmarkStorm fires a thousand alerts of one provider's outage within ten
// seconds, or as long as TOCSIN_STORM says ("1m"), at a Slack that enforces its limits,
// and tells what people see: rooms, how long until they can work in one, what the bot
// said there by then; and how long a monitor waits. It fails where that is more than
// README promises.
func BenchmarkStorm(b *testing.B) {
	const alerts = 1000
	over, err := time.ParseDuration(cmp.Or(os.Getenv("TOCSIN_STORM"), "10s"))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		run := benchSandbox(b)
		if err := run.workspace.Fault(sandbox.Fault{Kind: "limits"}); err != nil {
			b.Fatal(err)
		}
		usable := make(chan time.Time, 1)
		go func() { usable <- whenUsable(run) }()
		l := load{Addr: strings.TrimPrefix(run.url, "http://"), Kind: "storm", For: over, Rate: alerts / over.Seconds(), Conns: 16}
		m := l.run(b)
		storm(b, run, m, (<-usable).Sub(m.Began).Seconds(), over)
		run.close()
	}
	b.ReportMetric(0, "ns/op")
}

// storm reports what came of a storm, and holds it against what is promised.
func storm(b *testing.B, run *sandboxRun, m measured, usable float64, over time.Duration) {
	b.Helper()
	said := saidBy(run, m.Began.Add(over))
	b.ReportMetric(usable, "s-until-usable")
	b.ReportMetric(float64(said), "messages")
	b.ReportMetric(p99(m), "p99-ms")
	b.ReportMetric(float64(len(rooms(run))), "rooms")
	b.ReportMetric(float64(limited(run)), "limited")
	atMost(b, "rooms", float64(len(rooms(run))), 1)
	atMost(b, "messages in the room", float64(said), messagesInAll)
	atMost(b, "calls over Slack's limits", float64(limited(run)), 0)
	if atMost(b, "s until people can work in the room", usable, usableAnyhow); quiet() {
		atMost(b, "s until people can work in the room", usable, usableWithin)
	}
}

// rooms are the incident channels.
func rooms(run *sandboxRun) []sandbox.ChannelState {
	return slices.DeleteFunc(run.workspace.State().Channels, func(c sandbox.ChannelState) bool { return !strings.HasPrefix(c.Name, "inc-") })
}

// whenUsable is when people can work in the first room: somebody is in it besides
// the bot, and the card and the guide are there.
func whenUsable(run *sandboxRun) time.Time {
	until(run.ctx, func() bool {
		list := rooms(run)
		return len(list) > 0 && len(list[0].Members) > 1 && has(run, list[0], "Status:") && has(run, list[0], "📖")
	})
	return time.Now()
}

// has tells whether a room shows a text.
func has(run *sandboxRun, c sandbox.ChannelState, text string) bool {
	return slices.ContainsFunc(run.workspace.Messages(c.Name), func(m sandbox.Message) bool { return strings.Contains(m.Text, text) })
}

// saidBy is how many messages the bot has in the first room at a time.
func saidBy(run *sandboxRun, at time.Time) (n int) {
	for _, m := range run.workspace.Messages(rooms(run)[0].Name) {
		if m.Metadata != nil && m.TS < fmt.Sprint(at.Unix()) {
			n++
		}
	}
	return n
}

// limited is how many calls were over Slack's limits.
func limited(run *sandboxRun) (n int) {
	for _, c := range run.workspace.Counts() {
		n += c.Limited
	}
	return n
}
