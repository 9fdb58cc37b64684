package slack

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot/sandbox"
)

// dated gives every answer of a workspace the date of a clock beside ours.
type dated struct {
	next  http.RoundTripper
	ahead atomic.Int64 // of ours, a time.Duration
	takes time.Duration
	none  bool // it sends no date
}

func (d *dated) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := d.next.RoundTrip(r)
	if err == nil && !d.none {
		resp.Header.Set("Date", time.Now().Add(time.Duration(d.ahead.Load())).UTC().Format(http.TimeFormat))
	}
	<-time.After(d.takes)
	return resp, err
}

// clocked is a connection to a workspace whose clock is beside ours.
func clocked(t *testing.T, d *dated, faults ...sandbox.Fault) (*Connection, *strings.Builder) {
	ws := sandbox.New(sandbox.Options{Scopes: Scopes()})
	t.Cleanup(ws.Close)
	for _, f := range faults {
		must(t, ws.Fault(f))
	}
	log, said := quiet()
	d.next = ws.Client().Transport
	conn, err := Dial(t.Context(), Config{
		BotToken: "xoxb-sandbox", AppToken: "xapp-sandbox", APIURL: "http://sandbox/api/", Announce: "incidents",
		HTTP: &http.Client{Transport: d}, Patience: time.Minute, Log: log,
	})
	must(t, err)
	return conn, said
}

// TestAWrongClockIsTold: once while it is wrong, and once when it is right again; doctor
// says by how much and what to do.
func TestAWrongClockIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for off, words := range map[time.Duration]string{
			-7 * time.Minute: "6m59s ahead of Slack's", 90 * time.Second: "1m30s behind Slack's", -48 * time.Hour: "47h59m59s ahead of Slack's",
			0: "", 50 * time.Second: "", -50 * time.Second: "",
		} {
			d := &dated{}
			d.ahead.Store(int64(off))
			conn, said := clocked(t, d)
			problems := strings.Join(conn.Check(t.Context()), "\n")
			if (words == "") != (problems == "") || !strings.Contains(problems, words) || words != "" && !strings.Contains(problems, "timedatectl") {
				t.Errorf("%v off: %q, want %q", off, problems, words)
			}
			if n := strings.Count(said.String(), "is wrong\""); (words != "") != (n == 1) {
				t.Errorf("%v off, told %d times: %s", off, n, said)
			}
			for _, then := range []time.Duration{50 * time.Second, 0, 0} { // a little off is as it was
				d.ahead.Store(int64(then))
				_, err := conn.api.AuthTestContext(t.Context())
				must(t, err)
				if got := strings.Contains(said.String(), "right again"); got != (words != "" && then == 0) {
					t.Errorf("%v off after %v: %s", then, off, said)
				}
			}
		}
	})
}

// TestARightClockIsNotDoubted: an answer may take long, have no date, or be that of
// something between us and Slack.
func TestARightClockIsNotDoubted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wrong := &dated{}
		wrong.ahead.Store(int64(time.Hour))
		for name, c := range map[string]struct {
			*dated
			fault sandbox.Fault
			want  string
		}{
			"it takes long":      {&dated{takes: 9 * time.Minute}, sandbox.Fault{Kind: "slow", DelayMS: 500_000}, ""},
			"it has no date":     {&dated{none: true}, sandbox.Fault{Kind: "clear"}, ""},
			"it is no answer":    {wrong, sandbox.Fault{Kind: "server_error", Times: 2}, "is wrong"}, // the one after it is
			"it is wrong indeed": {wrong, sandbox.Fault{Kind: "clear"}, "is wrong"},
		} {
			began := time.Now()
			conn, said := clocked(t, c.dated, c.fault)
			if text := said.String(); !strings.Contains(text, c.want) || c.want == "" && (strings.Contains(text, "is wrong") || conn.drift.problem() != "") {
				t.Errorf("%s: after %v: %s", name, time.Since(began), text)
			}
			if before, _, _ := strings.Cut(said.String(), "is wrong"); c.fault.Kind == "server_error" && !strings.Contains(before, "tries=2") {
				t.Errorf("%s, and is believed: %s", name, said)
			}
		}
	})
}
