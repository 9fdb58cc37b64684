package sandbox_test

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot/sandbox"
)

// limitedFor calls a method and gives the Retry-After of the answer, 0 if it was let through.
func (b *bench) limitedFor(t *testing.T, method string, args m) int {
	t.Helper()
	body, err := json.Marshal(args)
	must(t, err)
	req, err := http.NewRequestWithContext(ctx(t), "POST", sandbox.InProcessURL+"/api/"+method, strings.NewReader(string(body)))
	must(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer xoxb-sandbox")
	resp, err := b.http.Do(req)
	must(t, err)
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusTooManyRequests {
		return 0
	}
	seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	must(t, err)
	return seconds
}

// TestLimitsByTier: so many calls in any minute, not one more; whoever waits as told gets through.
func TestLimitsByTier(t *testing.T) {
	for method, limit := range map[string]int{"conversations.list": 20, "conversations.info": 50, "users.info": 100} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, sandbox.Options{Limits: true})
				args := m{"channel": b.channel(t, "incidents"), "user": "U0ADA"}
				for i := range limit {
					if seconds := b.limitedFor(t, method, args); seconds != 0 {
						t.Fatalf("call %d has to wait %d s", i+1, seconds)
					}
					wait(t, 100*time.Millisecond)
				}
				seconds := b.limitedFor(t, method, args)
				if want := 60 - limit/10; seconds != want {
					t.Errorf("one more waits %d s, want %d", seconds, want)
				}
				wait(t, time.Duration(seconds)*time.Second)
				if again := b.limitedFor(t, method, args); again != 0 {
					t.Errorf("after %d s it still waits %d s", seconds, again)
				}
				if again := b.limitedFor(t, method, args); again == 0 && seconds == 60 {
					t.Error("the whole minute's calls are free again at once")
				}
				if n := b.Counts()[method]; n.Calls != limit+3 || n.Limited == 0 || n.Peak < limit+1 {
					t.Errorf("counts: %+v", n)
				}
			})
		})
	}
}

// TestLimitsOfPosts: one a second in a channel with a burst of four, 200 a minute in the workspace.
func TestLimitsOfPosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sandbox.Options{Limits: true})
		post := func(channel string) int {
			return b.limitedFor(t, "chat.postMessage", m{"channel": channel, "text": "x"})
		}
		incidents := b.channel(t, "incidents")
		for i := range 4 {
			if seconds := post(incidents); seconds != 0 {
				t.Fatalf("message %d of a burst waits %d s", i+1, seconds)
			}
		}
		if seconds := post(incidents); seconds != 1 {
			t.Errorf("the fifth waits %d s, want 1", seconds)
		}
		if seconds := post(b.channel(t, "general")); seconds != 0 {
			t.Errorf("another channel waits %d s", seconds)
		}
		for range 50 {
			wait(t, time.Second)
			if seconds := post(incidents); seconds != 0 {
				t.Fatalf("one a second waits %d s", seconds)
			}
		}
		wait(t, 2*time.Minute)
		var through int
		for i := range 300 {
			if post("C0NONE"+strconv.Itoa(i)) == 0 {
				through++
			}
		}
		if through != 200 {
			t.Errorf("%d messages in the workspace within a moment, want 200", through)
		}
	})
}

// TestLimitsAreASwitch: off unless asked for; the fault switches them on, for all methods or one, and
// clear switches them off.
func TestLimitsAreASwitch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sandbox.Options{})
		limited := func(method string) (n int) {
			for range 21 {
				if b.limitedFor(t, method, nil) > 0 {
					n++
				}
			}
			wait(t, time.Hour)
			return n
		}
		if n := limited("users.list"); n != 0 {
			t.Errorf("off: %d limited", n)
		}
		must(t, b.Fault(sandbox.Fault{Kind: "limits", Method: "users.list"}))
		if n := limited("users.list"); n != 1 {
			t.Errorf("on: %d limited", n)
		}
		if n := limited("emoji.list"); n != 0 {
			t.Errorf("another method: %d limited", n)
		}
		last := b.Calls()[41]
		if last.Status != 429 || last.Fault != "limits" || last.Error != "ratelimited" {
			t.Errorf("on record: %+v", last)
		}
		must(t, b.Fault(sandbox.Fault{Kind: "clear"}))
		if n := limited("users.list"); n != 0 {
			t.Errorf("off again: %d limited", n)
		}
	})
}

// TestCountsOutliveTheLog: the log remembers 500 calls, the counts all, and the busiest minute.
func TestCountsOutliveTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sandbox.Options{})
		for i := range 700 {
			if i == 600 {
				wait(t, time.Hour)
			}
			b.limitedFor(t, "auth.test", nil)
		}
		if n := b.Counts()["auth.test"]; n.Calls != 700 || n.Peak != 600 || n.Limited != 0 || len(b.Calls()) != 500 {
			t.Errorf("counts %+v, %d calls remembered", n, len(b.Calls()))
		}
	})
}

// TestOracleTiers: the limits are those of Slack's tiers.
func TestOracleTiers(t *testing.T) {
	var official map[string]string
	load(t, filepath.Join(oracle(t), "slack_rate_limit_tiers.json"), &official)
	perMinute := map[string]int{"Tier1": 1, "Tier2": 20, "Tier3": 50, "Tier4": 100}
	ours := sandbox.Tiers()
	for method, limit := range ours {
		tier := official[method]
		if want, known := perMinute[tier]; (known && limit != want) || (!known && !strings.HasPrefix(tier, "SpecialTier")) {
			t.Errorf("%s: %d a minute, Slack says %s", method, limit, tier)
		}
	}
	for _, method := range sandbox.New(sandbox.Options{}).Methods() {
		if _, found := ours[method]; !found && official[method] != "" {
			t.Errorf("%s has no limit, Slack says %s", method, official[method])
		}
	}
}
