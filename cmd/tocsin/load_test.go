package main

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// The load comes from another process, so that what it costs is no part of what
// the server allocates and collects: the test binary runs itself with this
// variable, which holds a load as JSON.
const loadEnv = "TOCSIN_TEST_LOAD"

// load is what to send: signed PagerDuty webhooks of 2.5 kB, each an event and,
// but for "repeats", an incident of its own.
type load struct {
	Addr  string        // host and port
	Kind  string        // "attach", "open", "repeats", "storm": see kinds
	Round string        // sets its ids apart from another round's
	For   time.Duration // how long
	Rate  float64       // sent per second whatever the answers take; 0: as fast as they come
	Conns int           // connections, kept alive
}

// measured is what came of a load. A latency counts from when the request should
// have been sent.
type measured struct {
	Began    time.Time
	Accepted float64 // answered with 202, per second
	P50, P99 time.Duration
	Refused  int    // answered otherwise
	Err      string // what ended it early
}

// kinds are the service and the title of the nth webhook of each kind of load.
var kinds = map[string]func(n int) (incident, service, title string){
	"attach": func(n int) (string, string, string) {
		return strconv.Itoa(n), "chat-api", "Provider error rate high: 529 overloaded, alert " + strconv.Itoa(n)
	},
	"open": func(n int) (string, string, string) {
		return strconv.Itoa(n), "thing-" + strconv.Itoa(n), "Disk of thing " + strconv.Itoa(n) + " is full"
	},
	"repeats": func(n int) (string, string, string) {
		return "0", "chat-api", "Provider error rate high: 529 overloaded, " + strconv.Itoa(n) + " errors"
	},
	"storm": func(n int) (string, string, string) {
		services := []string{"answers-api", "chat-api", "embeddings", "evals", "gateway", "search", "summarizer", "voice"}
		return strconv.Itoa(n), services[n%len(services)], "Provider error rate high: anthropic answers 529 overloaded_error"
	},
}

// run has another process send the load.
func (l load) run(b *testing.B) measured {
	b.Helper()
	spec, err := json.Marshal(l)
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.CommandContext(b.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), loadEnv+"="+string(spec))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		b.Fatal(err)
	}
	var m measured
	if err := json.Unmarshal(out, &m); err != nil {
		b.Fatal(err)
	}
	if m.Err != "" || m.Refused > 0 {
		b.Fatalf("%+v", m)
	}
	return m
}

// sendLoad is the other process: it prints a measured.
func sendLoad(spec string) int {
	var l load
	if err := json.Unmarshal([]byte(spec), &l); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if json.NewEncoder(os.Stdout).Encode(l.send()) != nil {
		return 1
	}
	return 0
}

// send sends the load over all connections.
func (l load) send() measured {
	var all sendings
	var wg sync.WaitGroup
	all.began = time.Now()
	for range l.Conns {
		wg.Go(func() {
			if err := l.converse(&all); err != nil {
				all.fail(err)
			}
		})
	}
	wg.Wait()
	return all.measured()
}

// converse sends on one connection until the time is over.
func (l load) converse(all *sendings) error {
	conn, err := net.Dial("tcp", l.Addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	r, mac := bufio.NewReader(conn), hmac.New(sha256.New, []byte(sandboxPagerSecret))
	var took []time.Duration
	defer func() { all.add(took) }()
	for {
		n := int(all.sent.Add(1))
		due := time.Now()
		if l.Rate > 0 {
			due = all.began.Add(time.Duration(float64(n) / l.Rate * float64(time.Second)))
			<-time.After(time.Until(due))
		}
		if due.Sub(all.began) > l.For {
			return nil
		}
		body := l.webhook(n)
		mac.Reset()
		mac.Write(body)
		if _, err := conn.Write(l.request(n, body, hex.EncodeToString(mac.Sum(nil)))); err != nil {
			return err
		}
		status, err := answer(r)
		if err != nil {
			return err
		}
		if status != http.StatusAccepted {
			all.refused.Add(1)
		}
		took = append(took, time.Since(due))
	}
}

// answer reads an answer and throws it away, but for its status.
func answer(r *bufio.Reader) (status int, err error) {
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}

// request is an HTTP request with a body.
func (l load) request(n int, body []byte, signature string) []byte {
	head := fmt.Sprintf("POST /webhook/pagerduty HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nX-Webhook-Id: %s-%d\r\nX-PagerDuty-Signature: v1=%s\r\n\r\n",
		l.Addr, len(body), l.Round, n, signature)
	return append([]byte(head), body...)
}

// webhook is the nth body.
func (l load) webhook(n int) []byte {
	id, service, title := kinds[l.Kind](n)
	var s bytes.Buffer
	for i, part := range webhookParts {
		s.WriteString(part)
		if i < len(webhookParts)-1 {
			s.WriteString([]string{l.Round + "-" + strconv.Itoa(n), l.Round + "-" + id, title, service}[i])
		}
	}
	return s.Bytes()
}

// webhookParts are what a webhook is made of: between them go the ids of the event
// and of the incident, the title and the service.
var webhookParts = strings.Split(`{"event":{"id":"01~","event_type":"incident.triggered","resource_type":"incident","occurred_at":"2026-11-20T10:00:07.250Z",`+
	`"agent":{"id":"PSVC001","type":"service_reference","summary":"Monitoring","self":"https://api.pagerduty.com/services/PSVC001","html_url":"https://example.pagerduty.com/services/PSVC001"},`+
	`"client":null,"data":{"id":"P~","type":"incident","self":"https://api.pagerduty.com/incidents/PINC","html_url":"https://example.pagerduty.com/incidents/PINC","number":17,"status":"triggered",`+
	`"created_at":"2026-11-20T09:58:00Z","title":"~","service":{"id":"PSVC002","type":"service_reference","summary":"~","self":"https://api.pagerduty.com/services/PSVC002","html_url":"https://example.pagerduty.com/services/PSVC002"},`+
	`"assignees":[`+references("user", 2)+`],"escalation_policy":`+references("escalation_policy", 1)+`,"teams":[`+references("team", 5)+`],"priority":`+references("priority", 1)+`,`+
	`"urgency":"high","conference_bridge":null,"resolve_reason":null,"incident_type":{"name":"incident_default"}}}}`, "~")

// references are things as PagerDuty names them.
func references(kind string, n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`{"id":"P%d","type":"%s_reference","summary":"P2 the %s %d","self":"https://api.pagerduty.com/%ss/P%d","html_url":"https://example.pagerduty.com/%ss/P%d"}`, i, kind, kind, i, kind, i, kind, i))
	}
	return strings.Join(list, ",")
}

// sendings gathers what all connections saw.
type sendings struct {
	began         time.Time
	sent, refused atomic.Int64

	mu   sync.Mutex
	took []time.Duration
	err  error
}

func (s *sendings) add(took []time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.took = append(s.took, took...)
}

func (s *sendings) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *sendings) measured() measured {
	refused := int(s.refused.Load())
	m := measured{Began: s.began, Accepted: float64(len(s.took)-refused) / time.Since(s.began).Seconds(), Refused: refused}
	if s.err != nil {
		m.Err = s.err.Error()
	}
	if len(s.took) > 0 {
		slices.Sort(s.took)
		m.P50, m.P99 = s.took[len(s.took)/2], s.took[len(s.took)*99/100]
	}
	return m
}
