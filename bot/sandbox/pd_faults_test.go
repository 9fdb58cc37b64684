package sandbox_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot/sandbox"
)

// TestPagerDutyRate: 960 requests a minute, and the headers tell how many are left.
func TestPagerDutyRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t, sandbox.Options{})
		for i := range 960 {
			status, header, _ := a.ask(t, "GET", "/abilities", "", nil)
			if status != http.StatusOK || (i == 0 && header.Get("ratelimit-remaining") != "959") {
				t.Fatalf("request %d: %d %v", i+1, status, header)
			}
		}
		wait(t, 15*time.Second)
		status, header, out := a.ask(t, "GET", "/abilities", "", nil)
		if status != 429 || out["error"].(m)["code"] != 2020.0 || header.Get("ratelimit-limit") != "960" || header.Get("ratelimit-reset") != "45" || header.Get("ratelimit-remaining") != "0" {
			t.Errorf("request 961: %d %v %v", status, header, out)
		}
		wait(t, 45*time.Second)
		if status, _, _ := a.ask(t, "GET", "/abilities", "", nil); status != http.StatusOK {
			t.Errorf("a minute later: %d", status)
		}
	})
}

// TestPagerDutyFaults: the faults of Slack's calls hit these too, in PagerDuty's own words.
func TestPagerDutyFaults(t *testing.T) {
	const post = "pagerduty/POST /incidents"
	body := `{"incident":{"type":"incident","title":"t","service":{"id":"PSVC001","type":"service_reference"}}}`
	for _, test := range []struct {
		fault        sandbox.Fault
		status, code int // 0: cut
		made         int
	}{
		{sandbox.Fault{Kind: "rate_limited", Method: post, RetryAfter: 7}, 429, 2020, 0},
		{sandbox.Fault{Kind: "server_error", Method: "pagerduty"}, 500, 0, 0},
		{sandbox.Fault{Kind: "lost_request", Method: post}, 0, 0, 0},
		{sandbox.Fault{Kind: "lost_answer", Method: post}, 0, 0, 1},
		{sandbox.Fault{Kind: "late", Method: post, DelayMS: 10}, 0, 0, 1},
		{sandbox.Fault{Kind: "token_revoked", Method: "pagerduty"}, 401, 2006, 0},
		{sandbox.Fault{Kind: "token_revoked", Method: "*"}, 201, 0, 1},
		{sandbox.Fault{Kind: "missing_scope", Method: post, Scope: "incidents.write"}, 403, 2010, 0},
		{sandbox.Fault{Kind: "account_inactive", Method: post}, 403, 2012, 0},
		{sandbox.Fault{Kind: "slow", Method: "*", DelayMS: 10}, 201, 0, 1},
		{sandbox.Fault{Kind: "server_error", Method: "pagerduty/GET /incidents"}, 201, 0, 1},
	} {
		t.Run(test.fault.Kind+" "+test.fault.Method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAccount(t, sandbox.Options{})
				must(t, a.Fault(test.fault))
				req, err := http.NewRequestWithContext(ctx(t), "POST", pdURL+"/incidents", strings.NewReader(body))
				must(t, err)
				for name, value := range map[string]string{"Authorization": "Token token=" + sandbox.PagerDutyToken, "Accept": "application/json", "From": "ada@example.com", "Content-Type": "application/json"} {
					req.Header.Set(name, value)
				}
				resp, err := a.Client().Do(req)
				switch {
				case err != nil && test.status != 0, err == nil && resp.StatusCode != test.status:
					t.Errorf("answer %v %v, want %d", resp, err, test.status)
				case test.status == 429 && resp.Header.Get("ratelimit-reset") != "7":
					t.Errorf("headers %v", resp.Header)
				}
				wait(t, time.Second)
				if got := len(a.PagerDutyIncidents()); got != test.made {
					t.Errorf("%d incidents, want %d", got, test.made)
				}
				calls := a.Calls()
				if len(calls) != 1 || calls[0].Method != post || !strings.Contains(calls[0].Args, `"title":"t"`) {
					t.Errorf("calls: %+v", calls)
				}
			})
		})
	}
}
