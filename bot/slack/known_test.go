package slack

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/sandbox"
)

// returning dials a workspace that an earlier start reached, while something is wrong.
func returning(t *testing.T, known Known, faults ...sandbox.Fault) (ws *sandbox.Workspace, conn *Connection, log *strings.Builder, err error) {
	ws = sandbox.New(sandbox.Options{})
	t.Cleanup(ws.Close)
	for _, f := range faults {
		must(t, ws.Fault(f))
	}
	logger, said := quiet()
	client := ws.Client()
	client.Timeout = callTimeout
	conn, err = Dial(t.Context(), Config{
		BotToken: "xoxb-sandbox", AppToken: "xapp-sandbox", APIURL: "http://sandbox/api/", HTTP: client,
		Patience: 2 * time.Second, Log: logger, Known: known,
	})
	return ws, conn, said, err
}

// before is what a start that reached Slack knows.
func before(t *testing.T) Known {
	_, conn, _, err := returning(t, Known{})
	must(t, err)
	must(t, conn.Reached())
	k := conn.Known()
	if k.User == "" || k.Team == "" || k.URL == "" || strings.Contains(k.Token, "sandbox") {
		t.Fatalf("%+v", k)
	}
	return k
}

// TestStartWithoutSlack: whatever keeps Slack from answering, a start that knows who it
// is waits for seconds, and is the same bot; nothing has its turn until Slack is there.
func TestStartWithoutSlack(t *testing.T) {
	for _, f := range []sandbox.Fault{
		{Kind: "lost_request"}, {Kind: "server_error"}, {Kind: "slow", DelayMS: 60_000}, {Kind: "rate_limited", RetryAfter: 30},
	} {
		t.Run(f.Kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				known, began := before(t), time.Now()
				ws, conn, said, err := returning(t, known, f)
				must(t, err)
				if took := time.Since(began); took > 5*time.Second || conn.Reached() == nil || !reflect.DeepEqual(conn.Known(), known) || conn.Performer.me != conn.Me {
					t.Fatalf("after %v: %v, %+v, was %+v", took, conn.Reached(), conn.Known(), known)
				}
				if why := conn.Reached().Error(); f.Kind != "slow" && strings.Contains(why, "deadline") {
					t.Errorf("it was impatient instead of telling what Slack did: %s", why)
				}
				if !strings.Contains(said.String(), "starting without Slack") {
					t.Errorf("the operator is not told: %s", said)
				}
				turn := make(chan error, 1)
				go func() {
					_, err := conn.Pacer().Wait(t.Context(), (&stage{}).inc, first(effect.OpenChannel{}), bot.Urgency{})
					turn <- err
				}()
				found := make(chan error, 1)
				go func() { found <- conn.Reach(t.Context()) }()
				<-time.After(time.Hour)
				if len(turn) > 0 || len(found) > 0 {
					t.Fatal("something is done without Slack")
				}
				must(t, ws.Fault(sandbox.Fault{Kind: "clear"}))
				back := time.Now()
				must(t, <-found)
				must(t, <-turn)
				if took := time.Since(back); took > time.Minute+longestAgain {
					t.Errorf("Slack was found after %v", took)
				}
				must(t, conn.Reached())
				must(t, conn.Reach(t.Context())) // at once
			})
		})
	}
}

// TestFirstStartWithoutSlack: who never was in Slack waits for seconds too, does nothing
// there, and is whoever Slack says when it is back.
func TestFirstStartWithoutSlack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		known := before(t)
		ws, conn, said, err := returning(t, Known{}, sandbox.Fault{Kind: "lost_request"})
		must(t, err)
		if conn.Reached() == nil || conn.Me != (Identity{}) || !strings.Contains(said.String(), "which never answered to this token") {
			t.Errorf("%v, %+v, said %s", conn.Reached(), conn.Me, said)
		}
		turn := make(chan error, 1)
		go func() {
			_, err := conn.Pacer().Wait(t.Context(), (&stage{}).inc, first(effect.OpenChannel{}), bot.Urgency{})
			turn <- err
		}()
		found := make(chan error, 1)
		go func() { found <- conn.Reach(t.Context()) }()
		<-time.After(time.Hour)
		if len(turn) > 0 || len(found) > 0 {
			t.Fatal("something is done without Slack")
		}
		must(t, ws.Fault(sandbox.Fault{Kind: "clear"}))
		must(t, <-found)
		must(t, <-turn)
		if !reflect.DeepEqual(conn.Known(), known) || conn.Performer.me != conn.Me {
			t.Errorf("it is %+v, and would be %+v", conn.Known(), known)
		}
	})
}

// TestStartKnowsItself: only the token that was known then is known, and who is told to
// stop does.
func TestStartKnowsItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		known := before(t)
		other := known
		other.Token = hashed("xoxb-other")
		_, conn, _, err := returning(t, other, sandbox.Fault{Kind: "lost_request"})
		must(t, err)
		if conn.Reached() == nil || conn.Me != (Identity{}) {
			t.Errorf("%+v: the token is another one", conn.Me)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = Dial(ctx, Config{BotToken: "xoxb-sandbox", AppToken: "xapp-sandbox", APIURL: "http://sandbox/api/", Known: known})
		if err == nil || !strings.Contains(err.Error(), context.Canceled.Error()) {
			t.Errorf("%v: it was told to stop", err)
		}
	})
}

// TestStartRefused: a token that Slack never took is told at once, and no start. One that
// it took before is a bot that waits until it is taken again.
func TestStartRefused(t *testing.T) {
	for _, refused := range []struct{ name, method, token, code string }{
		{"the bot's token is revoked", "auth.test", "SLACK_BOT_TOKEN", "token_revoked"},
		{"the workspace is suspended", "*", "SLACK_BOT_TOKEN", "account_inactive"},
		{"its keys are withdrawn", "*", "SLACK_BOT_TOKEN", "ekm_access_denied"},
		{"the app's token is revoked", "apps.connections.open", "SLACK_APP_TOKEN", "token_revoked"},
	} {
		t.Run(refused.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				known, began := before(t), time.Now()
				fault := sandbox.Fault{Kind: "token_revoked", Method: refused.method, Reason: refused.code}
				words := "does not accept " + refused.token + " (" + refused.code
				first, another, unproven := Known{}, known, known
				another.Token, unproven.App = hashed("xoxb-other"), hashed("xapp-other")
				for who, k := range map[string]Known{"a first start": first, "another bot token": another, "another app token": unproven} {
					if who == "another app token" && refused.token == "SLACK_BOT_TOKEN" {
						continue
					}
					if _, _, _, err := returning(t, k, fault); err == nil || !strings.Contains(err.Error(), words) {
						t.Errorf("%s: %v", who, err)
					}
				}
				ws, conn, said, err := returning(t, known, fault)
				must(t, err)
				if why := conn.Reached(); why == nil || !strings.Contains(why.Error(), words) || !reflect.DeepEqual(conn.Known(), known) || time.Since(began) > time.Second {
					t.Fatalf("after %v: %v, %+v, was %+v", time.Since(began), why, conn.Known(), known)
				}
				if text := said.String(); !strings.Contains(text, "level=ERROR") || !strings.Contains(text, words) {
					t.Errorf("the operator is not told: %s", text)
				}
				found := make(chan error, 1)
				go func() { found <- conn.Reach(t.Context()) }()
				<-time.After(time.Hour)
				if n := ws.Counts()["auth.test"].Calls; len(found) > 0 || n < 60 || n > 70 {
					t.Fatalf("it asked %d times within an hour", n)
				}
				must(t, ws.Fault(sandbox.Fault{Kind: "clear"}))
				must(t, <-found)
				must(t, conn.Reached())
			})
		})
	}
}

// TestSlackComesBackRefusing: a token that is refused when Slack is back stops nothing,
// is told, and is asked for again.
func TestSlackComesBackRefusing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		known := before(t)
		ws, conn, said, err := returning(t, known, sandbox.Fault{Kind: "lost_request"})
		must(t, err)
		found := make(chan error, 1)
		go func() { found <- conn.Reach(t.Context()) }()
		must(t, ws.Fault(sandbox.Fault{Kind: "clear"}))
		must(t, ws.Fault(sandbox.Fault{Kind: "token_revoked"}))
		<-time.After(time.Minute)
		synctest.Wait()
		if why := conn.Reached(); why == nil || !strings.Contains(why.Error(), "token_revoked") || !strings.Contains(said.String(), "token_revoked") || len(found) > 0 {
			t.Errorf("%v, said %s", why, said)
		}
		must(t, ws.Fault(sandbox.Fault{Kind: "clear"}))
		must(t, <-found)
	})
}

// TestSlackComesBackAsAnother: what was stored for one workspace is done in no other.
func TestSlackComesBackAsAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		known := before(t)
		for _, change := range []func(*Known){func(k *Known) { k.Team = "T0OTHER" }, func(k *Known) { k.User = "U0OTHER" }} {
			was := known
			change(&was)
			ws, conn, _, err := returning(t, was, sandbox.Fault{Kind: "lost_request"})
			must(t, err)
			must(t, ws.Fault(sandbox.Fault{Kind: "clear"}))
			err = conn.Reach(t.Context())
			if err == nil || !strings.Contains(err.Error(), "OTHER") || conn.Reached() == nil {
				t.Errorf("%v", err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if _, err := conn.Pacer().Wait(ctx, (&stage{}).inc, first(effect.OpenChannel{}), bot.Urgency{}); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v: it has its turn with another", err)
			}
			cancel()
		}
	})
}
