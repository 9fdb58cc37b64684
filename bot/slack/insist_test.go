package slack

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot/sandbox"
)

// start dials a workspace in which something is wrong, and tells how long it took,
// what was said meanwhile, and what came of it.
func start(t *testing.T, token string, patience time.Duration, faults ...sandbox.Fault) (took time.Duration, log string, err error) {
	ws := sandbox.New(sandbox.Options{})
	t.Cleanup(ws.Close)
	for _, f := range faults {
		must(t, ws.Fault(f))
	}
	logger, said := quiet()
	began := time.Now()
	conn, err := Dial(t.Context(), Config{
		BotToken: token, AppToken: "xapp-sandbox", APIURL: "http://sandbox/api/", HTTP: ws.Client(), Patience: patience, Log: logger,
	})
	if err == nil {
		err = conn.Reached()
	}
	return time.Since(began), said.String(), err
}

// TestDialWaitsForSlack: what passes is waited for, as long as Slack says, and
// told meanwhile.
func TestDialWaitsForSlack(t *testing.T) {
	for _, c := range []struct {
		fault sandbox.Fault
		want  time.Duration
	}{
		{sandbox.Fault{Kind: "rate_limited", Method: "auth.test", RetryAfter: 20, Times: 2}, 40 * time.Second},
		{sandbox.Fault{Kind: "server_error", Method: "auth.test", Times: 3}, 7 * time.Second},
		{sandbox.Fault{Kind: "internal_error", Method: "auth.test", Times: 1}, time.Second},
		{sandbox.Fault{Kind: "lost_request", Method: "auth.test", Times: 1}, time.Second},
		{sandbox.Fault{Kind: "server_error", Method: "apps.connections.open", Times: 1}, time.Second},
	} {
		t.Run(c.fault.Kind+" "+c.fault.Method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				took, log, err := start(t, "xoxb-sandbox", time.Minute, c.fault)
				if err != nil || took != c.want {
					t.Errorf("after %v: %v, want a connection after %v", took, err, c.want)
				}
				if n := strings.Count(log, "does not answer yet"); n != c.fault.Times {
					t.Errorf("it said %d times that Slack does not answer:\n%s", n, log)
				}
			})
		})
	}
}

// TestDialGivesUp: when Slack never answers that is said of Slack, not of the
// token; a token that Slack refuses is told at once.
func TestDialGivesUp(t *testing.T) {
	for _, c := range []struct {
		name, token string
		patience    time.Duration
		fault       sandbox.Fault
		least, most time.Duration
		words       string
	}{
		{"5xx", "xoxb-sandbox", time.Minute, sandbox.Fault{Kind: "server_error"}, 40 * time.Second, time.Minute, "Slack does not answer"},
		{"internal", "xoxb-sandbox", time.Minute, sandbox.Fault{Kind: "internal_error"}, 40 * time.Second, time.Minute, "Slack does not answer"},
		{"limited for long", "xoxb-sandbox", time.Minute, sandbox.Fault{Kind: "rate_limited", RetryAfter: 600}, 0, 0, "Slack does not answer"},
		{"once", "xoxb-sandbox", 0, sandbox.Fault{Kind: "server_error"}, 0, 0, "Slack does not answer"},
		{"bad token", "xoxb-other", time.Minute, sandbox.Fault{Kind: "slow", DelayMS: 1, Times: 1}, 0, time.Second, "does not accept SLACK_BOT_TOKEN (invalid_auth)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				took, _, err := start(t, c.token, c.patience, c.fault)
				if err == nil || !strings.Contains(err.Error(), c.words) || took < c.least || took > c.most {
					t.Errorf("after %v: %v, want %q after %v to %v", took, err, c.words, c.least, c.most)
				}
				if strings.Contains(c.words, "answer") && strings.Contains(err.Error(), "TOKEN") {
					t.Errorf("it blames a token: %v", err)
				}
			})
		})
	}
}
