package main

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tocsin/bot/sandbox"
)

const (
	soakRate   = 50 // requests a second
	soakSample = 2 * time.Second
	drift      = 0.05 // of what it began with
)

// TestSoak has a process of its own answer mixed requests for a long time, and wants
// as many goroutines, open files and bytes of live heap in the last minute as in the
// second; the first is to warm up. Incidents are opened and closed meanwhile, and links
// lost: a run of less than four minutes compares its last quarter with its second.
//
//	TOCSIN_SOAK=10m go test ./cmd/tocsin -run TestSoak -timeout 15m -v
func TestSoak(t *testing.T) {
	length, err := time.ParseDuration(os.Getenv("TOCSIN_SOAK"))
	if err != nil || length < 2*time.Minute {
		t.Skip("a long run: TOCSIN_SOAK=10m go test ./cmd/tocsin -run TestSoak -timeout 15m -v (2m at least)")
	}
	o := office(t)
	s := &soak{office: o, bot: o.serve(t, filepath.Join(t.TempDir(), "tocsin.db"))}
	adaSays(t, o, "general", "/incident sev2 Answers cut off")
	settle(t, s.bot)
	stop := s.run(t, length)
	var samples []held
	for end := time.Now().Add(length); time.Now().Before(end); <-time.After(soakSample) {
		samples = append(samples, holds(t, s.bot))
	}
	stop()
	part := int(min(time.Minute, length/4) / soakSample)
	before, after := median3(samples[part:2*part]), median3(samples[len(samples)-part:])
	t.Logf("%d requests, %d not answered; %d incidents lived, %d times a link was lost; before %v; after %v",
		s.sent.Load(), s.failed.Load(), s.lived.Load(), s.lost.Load(), before, after)
	before.same(t, after)
	if failed := s.failed.Load(); failed > s.sent.Load()/1000 {
		t.Errorf("%d of %d requests had no answer: %v", failed, s.sent.Load(), s.why.Load())
	}
	ends(t, s.bot, syscall.SIGTERM, mostDrain)
}

// soak is a bot and those who ask it all the time.
type soak struct {
	office       *premises
	bot          *process
	sent, failed atomic.Int64
	lived, lost  atomic.Int64 // incidents, and links
	why          atomic.Value // the last failure
}

// run sends requests until it is stopped.
func (s *soak) run(t *testing.T, length time.Duration) (stop func()) {
	ctx, cancel := context.WithTimeout(t.Context(), length)
	var asking sync.WaitGroup
	slots := make(chan struct{}, 2*soakRate)
	s.lives(ctx, length, &asking)
	asking.Go(func() {
		every := time.NewTicker(time.Second / soakRate)
		defer every.Stop()
		for n := 0; ; n++ {
			select {
			case <-every.C:
			case <-ctx.Done():
				return
			}
			slots <- struct{}{}
			asking.Go(func() {
				defer func() { <-slots }()
				s.sent.Add(1)
				if err := s.ask(context.WithoutCancel(ctx), n); err != nil {
					s.failed.Add(1)
					s.why.Store(err.Error())
				}
			})
		}
	})
	return func() { cancel(); asking.Wait() }
}

// ask is the nth request. Little of what is asked adds to the record: a timeline
// that grows is kept in memory, and that is no leak.
func (s *soak) ask(ctx context.Context, n int) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if n%500 == 0 {
		return s.say(ctx, "inc-1-answers-cut-off", fmt.Sprint("/incident note number ", n))
	}
	commands := []string{"list", "status", "help", "INC-1 timeline", "guide answers are slow", "nonsense", "INC-1 sev 9", "alerts", ""}
	pages := []string{"/guides/", "/guides/provider-outage", "/guides/?q=answers+are+slow", "/healthz", "/readyz", "/metrics", "/nowhere"}
	switch n % 4 {
	case 0:
		status, _, err := s.bot.alert(ctx, fmt.Sprint("queue-", n/4%20))
		return statusIs(status, http.StatusAccepted, err)
	case 1:
		_, _, err := s.bot.get(ctx, pages[n/4%len(pages)])
		return err
	case 2:
		status, _, err := s.bot.post(ctx, "/webhook/pagerduty", `{"event":{}}`, nil) // nobody signed it
		return statusIs(status, http.StatusUnauthorized, err)
	}
	return s.say(ctx, "general", strings.TrimSpace("/incident "+commands[n/4%len(commands)]))
}

func (s *soak) say(ctx context.Context, channel, text string) error {
	r, err := s.office.Say(ctx, sandbox.Say{User: ada, Channel: channel, Text: text})
	if err == nil && !r.OK {
		err = fmt.Errorf("%s: %s", text, r.Error)
	}
	return err
}

// statusIs wants one status of an answer.
func statusIs(status, want int, err error) error {
	if err == nil && status != want {
		err = fmt.Errorf("answered with %d, want %d", status, want)
	}
	return err
}

// held is what a process holds on to.
type held struct{ goroutines, files, heap float64 }

func (h held) String() string {
	return fmt.Sprintf("%.0f goroutines, %.0f files, %.1f MB of live heap", h.goroutines, h.files, h.heap/1e6)
}

// holds is what the process holds on to now. The live heap is what the last
// collection left, half of where the next one begins.
func holds(t *testing.T, p *process) held {
	n, err := p.numbers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	value := func(name string) float64 {
		v, err := strconv.ParseFloat(n[name], 64)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return v
	}
	return held{value("go_goroutines"), value("process_open_fds"), value("go_memstats_next_gc_bytes") / 2}
}

// median3 is the middle of each number.
func median3(list []held) held {
	mid := func(of func(held) float64) float64 {
		var all []float64
		for _, h := range list {
			all = append(all, of(h))
		}
		return middle(all)
	}
	return held{
		mid(func(h held) float64 { return h.goroutines }), mid(func(h held) float64 { return h.files }), mid(func(h held) float64 { return h.heap }),
	}
}

// same wants after to be what it was before, but for drift; a few more connections
// are no leak.
func (h held) same(t *testing.T, after held) {
	t.Helper()
	for _, n := range []struct {
		what                 string
		before, after, spare float64
	}{{"goroutines", h.goroutines, after.goroutines, 4}, {"open files", h.files, after.files, 2}, {"bytes of heap", h.heap, after.heap, 0}} {
		if math.Abs(n.after-n.before) > max(drift*n.before, n.spare) {
			t.Errorf("%.0f %s, and %.0f in the second minute", n.after, n.what, n.before)
		}
	}
}
