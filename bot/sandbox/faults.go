package sandbox

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Fault is something that goes wrong with API calls or with deliveries to the app.
type Fault struct {
	Kind string `json:"kind"`
	// Method is a method, a delivery's kind, or "*" (default). PagerDuty's calls are "pagerduty/GET /incidents"
	// and the like, all of them and its webhooks "pagerduty".
	Method string `json:"method,omitempty"`
	Times  int    `json:"times,omitempty"` // how often; 0 is until cleared
	// Probability that a call is hit; 0 means 1.
	Probability float64 `json:"probability,omitempty"`
	RetryAfter  int     `json:"retry_after,omitempty"` // seconds, of rate_limited; 0 means 1
	DelayMS     int     `json:"delay_ms,omitempty"`    // of slow, late and late_delivery; 0 means 1000
	Reason      string  `json:"reason,omitempty"`      // of disconnect, account_inactive, token_revoked
	Scope       string  `json:"scope,omitempty"`       // of missing_scope
}

func (f *Fault) delay() time.Duration {
	return time.Duration(cmp.Or(f.DelayMS, 1000)) * time.Millisecond
}

// faultKinds says what each kind does.
func faultKinds() map[string]string {
	return map[string]string{
		"slow":               "waits delay_ms before it acts",
		"rate_limited":       "429 with Retry-After, nothing done",
		"server_error":       "500, nothing done",
		"internal_error":     "ok:false internal_error; done or not by chance",
		"lost_request":       "the connection is cut, nothing done",
		"lost_answer":        "done, then the connection is cut",
		"reset":              "done, then the connection is reset",
		"broken_answer":      "done, then 500",
		"late":               "the connection is cut, and it is done delay_ms later",
		"missing_scope":      "methods that need the scope are refused",
		"account_inactive":   "every call is refused",
		"token_revoked":      "every call is refused",
		"disconnect":         "so many (times; 0: all) Socket Mode links get a disconnect frame at once; reason abrupt: they are cut",
		"duplicate_delivery": "the app gets it twice",
		"reordered_delivery": "the app gets an event after the one that followed it",
		"late_delivery":      "the app gets it delay_ms later",
		"limits":             "Slack's own rate limits are enforced, by method and by channel",
	}
}

// faultBoard holds the active faults and the dice.
type faultBoard struct {
	rng      *rand.Rand
	active   []*Fault
	lateness time.Duration // the longest from a call's begin to its late effect
}

// take is the first active fault of that kind that hits the method, used up once.
func (b *faultBoard) take(kind, method string) *Fault {
	return b.takeIf(func(f *Fault) bool { return f.Kind == kind && f.hits(method) })
}

// hits tells whether the fault is one of the method. "pagerduty" hits all calls of PagerDuty's API
// and its webhooks.
func (f *Fault) hits(method string) bool {
	return f.Method == "*" || f.Method == method || (f.Method == pdPrefix && isPager(method))
}

// isPager tells PagerDuty's calls from Slack's.
func isPager(method string) bool { return strings.HasPrefix(method, pdPrefix+"/") }

// takeScope is a missing_scope fault that takes m's scope away.
func (b *faultBoard) takeScope(m method) *Fault {
	return b.takeIf(func(f *Fault) bool {
		return f.Kind == "missing_scope" && slices.Contains(m.scopes, f.Scope) && (f.Method == "*" || f.Method == m.name)
	})
}

func (b *faultBoard) takeIf(hits func(*Fault) bool) *Fault {
	for i, f := range b.active {
		if !hits(f) || (f.Probability > 0 && b.rng.Float64() >= f.Probability) {
			continue
		}
		used := *f
		if f.Times == 1 {
			b.active = slices.Delete(b.active, i, i+1)
		} else if f.Times > 1 {
			f.Times--
		}
		return &used
	}
	return nil
}

// Fault switches a fault on; kind "clear" switches all off, or those of one method.
func (ws *Workspace) Fault(f Fault) error {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	defer ws.changed()
	board := &ws.faults
	if f.Kind == "clear" {
		board.active = slices.DeleteFunc(board.active, func(old *Fault) bool {
			return f.Method == "" || f.Method == "*" || old.Method == f.Method
		})
		return nil
	}
	f.Method = cmp.Or(f.Method, "*")
	if err := checkFault(f); err != nil {
		return err
	}
	if f.Kind == "disconnect" {
		ws.disconnectLinks(cmp.Or(f.Reason, "refresh_requested"), f.Times)
		return nil
	}
	board.active = append(board.active, &f)
	return nil
}

func checkFault(f Fault) error {
	kinds := faultKinds()
	switch {
	case kinds[f.Kind] == "":
		return fmt.Errorf("no fault %q; use clear or one of %s", f.Kind, strings.Join(sortedKeysOf(kinds), ", "))
	case f.Probability < 0 || f.Probability > 1:
		return fmt.Errorf("probability is %v; give a number from 0 to 1", f.Probability)
	case f.Times < 0 || f.DelayMS < 0 || f.RetryAfter < 0:
		return fmt.Errorf("times, delay_ms and retry_after must not be negative")
	case f.Kind == "missing_scope" && f.Scope == "":
		return fmt.Errorf("missing_scope needs a scope, such as pins:write")
	}
	return nil
}

// underFaults carries a call out as far as the faults let it, and keeps the record of it.
func (ws *Workspace) underFaults(ctx context.Context, c *call, run func(*call) answer) answer {
	record := ws.beginCall(c)
	if seconds := ws.overLimit(c); seconds > 0 {
		record.note("limits")
		return ws.endCall(record, limited(c, seconds))
	}
	if slow := ws.takeFault("slow", c.method); slow != nil {
		record.note("slow")
		ws.sleep(ws.life, slow.delay()) // a client that gives up does not stop the server
	}
	for _, kind := range []string{"rate_limited", "server_error", "lost_request", "late", "internal_error", "lost_answer", "reset", "broken_answer"} {
		if f := ws.takeFault(kind, c.method); f != nil {
			record.note(kind)
			return ws.endCall(record, ws.fail(f, c, record, run))
		}
	}
	result := run(c)
	if ctx.Err() != nil {
		ws.noteLateness(record.began)
	}
	return ws.endCall(record, result)
}

// noteLateness remembers an effect that came after its client had given up.
func (ws *Workspace) noteLateness(began time.Time) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.faults.lateness = max(ws.faults.lateness, time.Since(began))
}

func (ws *Workspace) takeFault(kind, method string) *Fault {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return ws.faults.take(kind, method)
}

// fail answers a call the way a fault says, having carried it out or not.
func (ws *Workspace) fail(f *Fault, c *call, record *record, run func(*call) answer) answer {
	switch f.Kind {
	case "rate_limited":
		return limited(c, cmp.Or(f.RetryAfter, 1))
	case "server_error":
		return answer{status: http.StatusInternalServerError, text: "server error"}
	case "internal_error":
		if ws.toss() {
			run(c)
		}
		if isPager(c.method) {
			return pdInternal().answer(nil)
		}
		return answer{status: http.StatusOK, body: obj{"ok": false, "error": "internal_error"}}
	case "lost_answer":
		run(c)
	case "reset":
		run(c)
		return answer{reset: true}
	case "broken_answer":
		run(c)
		return answer{status: http.StatusInternalServerError, text: "server error"}
	case "late":
		ws.carryOutLate(f.delay(), c, record.began, run)
	}
	return answer{} // the connection is cut
}

// limited refuses a call over its rate as its service does.
func limited(c *call, seconds int) answer {
	switch {
	case c.method == pdPrefix+"/POST /v2/enqueue":
		return eventsThrottled()
	case isPager(c.method):
		return pdTooMany().answer(pdLimits(pdRestPerMinute, 0, seconds))
	}
	return tooMany(seconds)
}

func (ws *Workspace) toss() bool {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return ws.faults.rng.IntN(2) == 0
}

func (ws *Workspace) carryOutLate(delay time.Duration, c *call, began time.Time, run func(*call) answer) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.start(func() {
		if !ws.sleep(ws.life, delay) {
			return
		}
		run(c)
		ws.noteLateness(began)
	})
}
