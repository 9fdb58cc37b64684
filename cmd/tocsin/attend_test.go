package main

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot/sandbox"
	"tocsin/bot/slack"
)

// TestTheTokenIsRevokedWhileThereIsNoWork: nobody has to report an incident for the
// operator to learn that nothing can be done in Slack.
func TestTheTokenIsRevokedWhileThereIsNoWork(t *testing.T) {
	t.Parallel()
	o := newOutage(t)
	o.set.silence = 20 * time.Millisecond
	s := o.start()
	ready := func() bool { return asked(tellParts(s.ready), "").Code == http.StatusOK }
	o.must(until(t.Context(), ready))
	o.fault("token_revoked")
	o.says("it takes the bot token no more")
	const why = "slack: Slack does not accept SLACK_BOT_TOKEN (token_revoked)"
	if w := asked(tellParts(s.ready), ""); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), why) {
		t.Errorf("ready: %d %s", w.Code, w.Body)
	}
	if w := asked(tellParts(s.alive), ""); w.Code != http.StatusOK {
		t.Errorf("alive: %d %s", w.Code, w.Body)
	}
	var told strings.Builder
	d := &doctor{out: &told}
	if d.running(t.Context(), o.set.storePath); d.failed != 1 || !strings.Contains(told.String(), why) {
		t.Errorf("doctor: %s", told.String())
	}
	refused := func() int { return o.ws.Counts()["auth.test"].Calls }
	before := refused()
	o.must(until(t.Context(), func() bool { return refused() > before+3 }))
	if n := strings.Count(o.log.String(), "takes the bot token no more"); n != 1 {
		t.Errorf("it is told %d times", n)
	}
	o.fault("clear")
	o.says("Slack takes the bot token again")
	o.must(until(t.Context(), ready))
	o.end(s)
}

// attending is a bot in a workspace, as far as it asks for Slack's word.
func attending(t *testing.T) (*app, *sandbox.Workspace) {
	ws := sandbox.New(sandbox.Options{})
	t.Cleanup(ws.Close)
	log := slog.New(slog.DiscardHandler)
	a := &app{log: log, counts: newCounts(), silence: silence}
	var err error
	a.slack, err = slack.Dial(t.Context(), slack.Config{
		BotToken: sandboxBotToken, AppToken: sandboxAppToken, APIURL: "http://sandbox/api/", HTTP: ws.Client(), Called: a.counts.called,
	})
	must(t, err)
	a.face = a.slack.Face(nil, nil, log)
	return a, ws
}

// TestSlackIsAskedInSilence: not where work says that it takes the token, and about every
// two minutes where there is none, or none is done.
func TestSlackIsAskedInSilence(t *testing.T) {
	for name, test := range map[string]struct {
		outcome string // of a call every 10 seconds; "": none
		method  string
		lo, hi  int // how often within an hour
	}{
		"work":                {slack.Done, "chat.update", 0, 0},
		"nothing":             {"", "", 20, 30},
		"refusals":            {slack.Refused, "chat.update", 20, 30},
		"links and no work":   {slack.Done, "apps.connections.open", 20, 30},
		"calls that are lost": {slack.Lost, "chat.update", 20, 30},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, ws := attending(t)
				before := ws.Counts()["auth.test"].Calls
				go a.attend(t.Context())
				for range 360 {
					<-time.After(10 * time.Second)
					if test.outcome != "" {
						a.counts.called(test.method, test.outcome)
					}
				}
				if n := ws.Counts()["auth.test"].Calls - before; n < test.lo || n > test.hi {
					t.Errorf("it was asked %d times within an hour", n)
				}
			})
		})
	}
}

// TestWhoGoesOnWithoutSlackAsks: the sandbox's own bot, and others that end without Slack,
// have nothing to learn.
func TestWhoGoesOnWithoutSlackAsks(t *testing.T) {
	t.Parallel()
	for patience, want := range map[time.Duration]time.Duration{0: 0, slackPatience: silence} {
		o := newOutage(t)
		o.set.slack.Patience = patience
		a, err := newApp(t.Context(), o.set, slog.New(slog.DiscardHandler))
		o.must(err)
		if a.silence != want {
			t.Errorf("patience %v: it asks every %v", patience, a.silence)
		}
		a.close()
	}
}
