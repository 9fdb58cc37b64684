package sandbox_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slack-go/slack"

	"tocsin/bot/sandbox"
)

// TestFaults is what each fault does to one chat.postMessage: what the app sees and whether the
// message is there in the end.
func TestFaults(t *testing.T) {
	isLimited := func(err error) bool {
		var limited *slack.RateLimitedError
		return errors.As(err, &limited) && limited.RetryAfter == 7*time.Second
	}
	isStatus := func(err error) bool {
		var status slack.StatusCodeError
		return errors.As(err, &status) && status.Code == http.StatusInternalServerError
	}
	isCode := func(code string) func(error) bool {
		return func(err error) bool {
			var refused slack.SlackErrorResponse
			return errors.As(err, &refused) && refused.Err == code
		}
	}
	isCut := func(err error) bool {
		var refused slack.SlackErrorResponse
		return err != nil && !errors.As(err, &refused)
	}
	fine := func(err error) bool { return err == nil }
	for _, test := range []struct {
		fault  sandbox.Fault
		err    func(error) bool
		soon   int // messages when the call has returned
		later  int // and ten seconds later
		lasted time.Duration
	}{
		{sandbox.Fault{Kind: "slow", DelayMS: 2000}, fine, 1, 1, 2 * time.Second},
		{sandbox.Fault{Kind: "rate_limited", RetryAfter: 7}, isLimited, 0, 0, 0},
		{sandbox.Fault{Kind: "server_error"}, isStatus, 0, 0, 0},
		{sandbox.Fault{Kind: "lost_request"}, isCut, 0, 0, 0},
		{sandbox.Fault{Kind: "lost_answer"}, isCut, 1, 1, 0},
		{sandbox.Fault{Kind: "late", DelayMS: 1500}, isCut, 0, 1, 0},
		{sandbox.Fault{Kind: "reset"}, isCut, 1, 1, 0},
		{sandbox.Fault{Kind: "broken_answer"}, isStatus, 1, 1, 0},
		{sandbox.Fault{Kind: "missing_scope", Scope: "chat:write"}, isCode("missing_scope"), 0, 0, 0},
		{sandbox.Fault{Kind: "missing_scope", Scope: "pins:write"}, fine, 1, 1, 0},
		{sandbox.Fault{Kind: "account_inactive"}, isCode("account_inactive"), 0, 0, 0},
		{sandbox.Fault{Kind: "token_revoked"}, isCode("token_revoked"), 0, 0, 0},
		{sandbox.Fault{Kind: "server_error", Method: "pins.add"}, fine, 1, 1, 0},
	} {
		t.Run(test.fault.Kind+" "+test.fault.Method+test.fault.Scope, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, sandbox.Options{})
				must(t, b.Fault(test.fault))
				before, began := len(b.Messages("incidents")), time.Now()
				_, _, err := b.api.PostMessageContext(ctx(t), b.channel(t, "incidents"), slack.MsgOptionText("x", false))
				if !test.err(err) {
					t.Errorf("the app sees %v", err)
				}
				if lasted := time.Since(began); lasted != test.lasted {
					t.Errorf("it took %v, want %v", lasted, test.lasted)
				}
				if got := len(b.Messages("incidents")) - before; got != test.soon {
					t.Errorf("%d messages at once, want %d", got, test.soon)
				}
				wait(t, 10*time.Second)
				if got := len(b.Messages("incidents")) - before; got != test.later {
					t.Errorf("%d messages in the end, want %d", got, test.later)
				}
			})
		})
	}
}

func TestMissingScopeNamesIt(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	must(t, b.Fault(sandbox.Fault{Kind: "missing_scope", Scope: "users:read.email"}))
	got := b.call(t, "users.lookupByEmail", m{"email": "ada@example.com"})
	provided := strings.Split(text(got["provided"]), ",")
	if got["needed"] != "users:read.email" || slices.Contains(provided, "users:read.email") || !slices.Contains(provided, "chat:write") {
		t.Errorf("missing_scope: %v", got)
	}
}

// TestSlowServersGoOn: what a client gave up on is done all the same, and its lateness is known.
func TestSlowServersGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sandbox.Options{})
		must(t, b.Fault(sandbox.Fault{Kind: "slow", DelayMS: 3000, Times: 1}))
		impatient := *b.http
		impatient.Timeout = time.Second
		before := len(b.Messages("incidents"))
		_, _, err := slackClient(&impatient, "xoxb-sandbox").PostMessageContext(ctx(t), b.channel(t, "incidents"), slack.MsgOptionText("x", false))
		if err == nil || len(b.Messages("incidents")) != before {
			t.Errorf("after one second: %v", err)
		}
		wait(t, 5*time.Second)
		if len(b.Messages("incidents")) != before+1 || b.State().LatestEffectMS != 3000 {
			t.Errorf("%d messages more, latest effect after %v ms", len(b.Messages("incidents"))-before, b.State().LatestEffectMS)
		}
	})
}

func TestLateEffectsAreMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sandbox.Options{})
		must(t, b.Fault(sandbox.Fault{Kind: "late", DelayMS: 1100, Times: 1}))
		_, _, err := b.api.PostMessageContext(ctx(t), b.channel(t, "incidents"), slack.MsgOptionText("x", false))
		if err == nil {
			t.Error("a late call seems to have been answered")
		}
		wait(t, 5*time.Second)
		if got := b.State().LatestEffectMS; got != 1100 {
			t.Errorf("latest effect after %v ms, want 1100", got)
		}
	})
}

// TestFaultsEnd: a count runs out, clear ends them, wrong ones are refused with what to do.
func TestFaultsEnd(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	must(t, b.Fault(sandbox.Fault{Kind: "server_error", Times: 2, Method: "auth.test"}))
	must(t, b.Fault(sandbox.Fault{Kind: "missing_scope", Scope: "pins:write"}))
	for i, want := range []bool{false, false, true} {
		if _, err := b.api.AuthTestContext(ctx(t)); (err == nil) != want {
			t.Errorf("call %d: %v", i+1, err)
		}
	}
	if got := b.State().Faults; len(got) != 1 || got[0].Kind != "missing_scope" {
		t.Errorf("active: %+v", got)
	}
	must(t, b.Fault(sandbox.Fault{Kind: "clear"}))
	if got := b.State().Faults; len(got) != 0 {
		t.Errorf("after clear: %+v", got)
	}
	for _, wrong := range []sandbox.Fault{{}, {Kind: "gremlin"}, {Kind: "slow", Probability: 2}, {Kind: "slow", DelayMS: -1}, {Kind: "missing_scope"}} {
		if err := b.Fault(wrong); err == nil {
			t.Errorf("fault %+v was taken", wrong)
		}
	}
}

// TestChanceIsSeeded: the same seed and order of calls give the same outcome, another seed another.
func TestChanceIsSeeded(t *testing.T) {
	run := func(seed uint64) (fails []bool) {
		b := newBench(t, sandbox.Options{Seed: seed})
		must(t, b.Fault(sandbox.Fault{Kind: "server_error", Probability: 0.5}))
		for range 40 {
			_, err := b.api.AuthTestContext(ctx(t))
			fails = append(fails, err != nil)
		}
		return fails
	}
	first := run(1)
	if !slices.Contains(first, true) || !slices.Contains(first, false) {
		t.Errorf("with probability 0.5: %v", first)
	}
	if !slices.Equal(first, run(1)) {
		t.Error("seed 1 gave two outcomes")
	}
	if slices.Equal(first, run(2)) {
		t.Error("seeds 1 and 2 gave one outcome over 40 calls")
	}
}

// TestInternalErrorIsAmbiguous: some of these calls are done and some are not.
func TestInternalErrorIsAmbiguous(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	must(t, b.Fault(sandbox.Fault{Kind: "internal_error"}))
	before := len(b.Messages("incidents"))
	for range 40 {
		if got := b.call(t, "chat.postMessage", m{"channel": b.channel(t, "incidents"), "text": "x"}); got["error"] != "internal_error" {
			t.Fatal(got)
		}
	}
	if done := len(b.Messages("incidents")) - before; done == 0 || done == 40 {
		t.Errorf("%d of 40 were done", done)
	}
}

func TestCallsAreOnRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sandbox.Options{})
		must(t, b.Fault(sandbox.Fault{Kind: "slow", DelayMS: 120, Times: 1}))
		b.call(t, "conversations.create", m{"name": "new"})
		b.call(t, "conversations.create", m{"name": "new"})
		calls := b.Calls()
		if len(calls) != 2 || calls[0].N != 1 || calls[0].MS != 120 || calls[0].Fault != "slow" || calls[0].Args != "name=new" || calls[0].Status != 200 {
			t.Errorf("the first call: %+v", calls)
		}
		if calls[1].Error != "name_taken" || !calls[1].Began.Equal(calls[0].Ended) {
			t.Errorf("the second call: %+v", calls[1])
		}
	})
}

// TestDeliveryFaults: twice, in the wrong order, late.
func TestDeliveryFaults(t *testing.T) {
	say := func(t *testing.T, b *bench, words string) {
		t.Helper()
		_, err := b.Say(ctx(t), sandbox.Say{User: "U0ADA", Channel: "general", Text: words})
		must(t, err)
		synctest.Wait()
	}
	for _, test := range []struct {
		fault sandbox.Fault
		want  []string
	}{
		{sandbox.Fault{Kind: "duplicate_delivery", Times: 1}, []string{"one", "one", "two", "three"}},
		{sandbox.Fault{Kind: "reordered_delivery", Times: 1}, []string{"two", "one", "three"}},
		{sandbox.Fault{Kind: "late_delivery", Times: 1, DelayMS: 500}, []string{"two", "three", "one"}},
	} {
		t.Run(test.fault.Kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, sandbox.Options{})
				must(t, b.Fault(test.fault))
				say(t, b, "one")
				say(t, b, "two")
				say(t, b, "three")
				wait(t, time.Second)
				var got []string
				ids := map[string]bool{}
				for range test.want {
					var envelope struct {
						EventID string `json:"event_id"`
						Event   m      `json:"event"`
					}
					decode(t, b.app.at(t, "/slack/event").body, &envelope)
					got = append(got, text(envelope.Event["text"]))
					ids[envelope.EventID] = true
				}
				if !slices.Equal(got, test.want) || len(ids) != 3 {
					t.Errorf("the app got %v with %d event ids, want %v with 3", got, len(ids), test.want)
				}
			})
		})
	}
}
