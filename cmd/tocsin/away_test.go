package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
	"tocsin/bot/slack"
	"tocsin/store"
	"tocsin/store/bolt"
)

// outage is a workspace, and the settings of bots in it that share a record.
type outage struct {
	*testing.T
	ws  *sandbox.Workspace
	set settings
	log journal // of all of them
}

func newOutage(t *testing.T) *outage {
	e := &env{ctx: t.Context(), stdout: io.Discard, stderr: io.Discard, log: slog.New(slog.DiscardHandler)}
	run, err := startSandbox(e, &sandboxCmd{Addr: "127.0.0.1:0", NoBot: true, pace: fullSpeed})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(run.close)
	content, err := contentFlags{}.load()
	if err != nil {
		t.Fatal(err)
	}
	o := &outage{T: t, ws: run.workspace, set: sandboxSettings(run.url, filepath.Join(t.TempDir(), "tocsin.db"), content, fullSpeed)}
	o.set.slack.Patience = slackPatience
	return o
}

func (o *outage) fault(kind string) {
	o.Helper()
	o.must(o.ws.Fault(sandbox.Fault{Kind: kind}))
}

func (o *outage) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

// started is a bot that runs, and what it came to.
type started struct {
	*app
	url  string
	stop context.CancelFunc
	done chan error
}

func (o *outage) start() *started {
	o.Helper()
	ctx, cancel := context.WithCancel(o.Context())
	a, err := newApp(ctx, o.set, slog.New(slog.NewTextHandler(&o.log, nil)))
	o.must(err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	o.must(err)
	mux := http.NewServeMux()
	a.routes(mux)
	s := &started{app: a, url: "http://" + ln.Addr().String(), stop: cancel, done: make(chan error, 1)}
	go func() { s.done <- a.run(ctx, ln, mux) }()
	return s
}

// end has a bot stop, as told.
func (o *outage) end(s *started) {
	o.Helper()
	s.stop()
	o.must(<-s.done)
}

// TestStartWhileSlackIsAway: webhooks and the shell are served within seconds; names and
// rooms come when Slack does, each once.
func TestStartWhileSlackIsAway(t *testing.T) {
	t.Parallel()
	o := newOutage(t)
	o.end(o.start())
	o.startsWithoutSlack("lost_request", "does not answer since the start")
}

// TestStartWhileTheTokenIsRefused: the same where Slack took the token before, and takes it
// no more.
func TestStartWhileTheTokenIsRefused(t *testing.T) {
	t.Parallel()
	o := newOutage(t)
	o.end(o.start())
	o.startsWithoutSlack("token_revoked", "does not accept SLACK_BOT_TOKEN (token_revoked)")
}

// TestFirstStartWhileSlackIsAway: the same with a token that never reached Slack.
func TestFirstStartWhileSlackIsAway(t *testing.T) {
	newOutage(t).startsWithoutSlack("lost_request", "does not answer since the start")
}

// startsWithoutSlack starts a bot while something is wrong with Slack, of which GET /readyz
// says why.
func (o *outage) startsWithoutSlack(fault, why string) {
	t := o.T
	o.fault(fault)
	o.end(o.start()) // what was known stays known
	began := time.Now()
	s := o.start()
	if why := s.slack.Reached(); why == nil {
		t.Fatal("it reached what is away")
	}
	req, err := http.NewRequest(http.MethodPost, s.url+"/webhook/alertmanager", strings.NewReader(
		`{"version":"4","groupKey":"g","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"Errors","severity":"critical"},"startsAt":"2026-11-22T10:00:00Z","fingerprint":"f1"}]}`))
	o.must(err)
	req.Header.Set("Authorization", "Bearer "+sandboxWebhookToken)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	o.must(err)
	resp.Body.Close()
	if took := time.Since(began); resp.StatusCode/100 != 2 || took > 10*time.Second {
		t.Errorf("a webhook was answered with %d, %v after the start began", resp.StatusCode, took)
	}
	if w := asked(tellParts(s.ready), ""); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), why) {
		t.Errorf("ready: %d %s, want %q", w.Code, w.Body, why)
	}
	if w := asked(tellParts(s.alive), ""); w.Code != http.StatusOK {
		t.Errorf("alive: %d %s", w.Code, w.Body)
	}
	say := spoken{Line: "open sev2 Answers are wrong", Name: "ada", Cause: "shell/test"}
	for _, words := range []string{"Slack is away", "INC-"} { // the first answer may have been lost
		h, running, err := tellBot(t.Context(), o.set.storePath, say)
		if err != nil || !running || h.Refused || !strings.Contains(h.Text, words) {
			t.Fatalf("%+v %v %v", h, running, err)
		}
	}
	rooms := func(n int) func() bool {
		return func() bool {
			list, err := s.bot.List(t.Context(), incident.Actor{Via: incident.ViaShell}, true)
			return err == nil && len(list) == 2 && n == len(slices.DeleteFunc(list, func(h store.Head) bool { return h.Channel == "" }))
		}
	}
	o.must(until(t.Context(), rooms(0)))
	if _, known := s.face.Performer.ByMail("ada@example.com"); known {
		t.Error("people's names are known of a Slack that is away")
	}
	o.fault("clear")
	o.must(until(t.Context(), rooms(2)))
	o.must(until(t.Context(), func() bool { return s.face.Links() == 2 }))
	if _, known := s.face.Performer.ByMail("ada@example.com"); !known {
		t.Error("people's names were not learned when Slack was back")
	}
	o.must(s.slack.Reached())
	if n := strings.Count(fmt.Sprint(o.ws.ChannelNames()), "answers-are-wrong"); n != 1 {
		t.Errorf("%d rooms of one incident: %v", n, o.ws.ChannelNames())
	}
	o.end(s)
}

// says waits until the log says something.
func (o *outage) says(words string) {
	o.Helper()
	if until(o.Context(), func() bool { return strings.Contains(o.log.String(), words) }) != nil {
		o.Fatalf("nothing says %q; the log is %s", words, o.log.String())
	}
}

// TestTheAppTokenIsRefusedLater: when Slack refuses it while tocsin runs, all but what
// people do in Slack goes on, and that too when Slack takes it again.
func TestTheAppTokenIsRefusedLater(t *testing.T) {
	t.Parallel()
	o := newOutage(t)
	s := o.start()
	o.must(until(t.Context(), func() bool { return s.face.Links() == 2 }))
	o.must(o.ws.Fault(sandbox.Fault{Kind: "token_revoked", Method: "apps.connections.open"}))
	o.must(o.ws.Fault(sandbox.Fault{Kind: "disconnect", Reason: "abrupt"}))
	o.says("check SLACK_APP_TOKEN")
	_, _, err := tellBot(t.Context(), o.set.storePath, spoken{Line: "open Answers are wrong", Name: "ada", Cause: "shell/test"})
	o.must(err)
	o.must(until(t.Context(), func() bool { return slices.Contains(o.ws.ChannelNames(), "inc-1-answers-are-wrong") }))
	if w := asked(tellParts(s.ready), ""); !strings.Contains(w.Body.String(), "slack: no link of Socket Mode") {
		t.Errorf("ready: %d %s", w.Code, w.Body)
	}
	o.fault("clear")
	o.must(until(t.Context(), func() bool { return s.face.Links() == 2 }))
	o.end(s)
}

// TestPeopleAreMetLater: where Slack does not tell who its people are at the start, tocsin
// asks again until it does.
func TestPeopleAreMetLater(t *testing.T) {
	o := newOutage(t)
	o.must(o.ws.Fault(sandbox.Fault{Kind: "server_error", Method: "users.list", Times: 1}))
	s := o.start()
	o.must(until(t.Context(), func() bool {
		_, known := s.face.Performer.ByMail("ada@example.com")
		return known
	}))
	if n := o.ws.Counts()["users.list"].Calls; n != 2 {
		t.Errorf("%d calls, want the one that failed and one more", n)
	}
	o.end(s)
}

// TestSlackOfSomebodyElse: when Slack comes back as another workspace, what waits is not
// done there: tocsin stops and says why.
func TestSlackOfSomebodyElse(t *testing.T) {
	t.Parallel()
	o := newOutage(t)
	o.end(o.start())
	kv, err := bolt.Open(o.set.storePath)
	o.must(err)
	var known slack.Known
	if ok, err := store.NewJournal(kv).Recall(t.Context(), knownSlack, &known); !ok || err != nil {
		t.Fatalf("%v %v: nothing is known of Slack", ok, err)
	}
	known.Team = "T0OTHER"
	o.must(store.NewJournal(kv).Remember(t.Context(), knownSlack, known))
	o.must(kv.Close())
	o.fault("lost_request")
	s := o.start()
	_, _, err = tellBot(t.Context(), o.set.storePath, spoken{Line: "open Answers are wrong", Name: "ada", Cause: "shell/test"})
	o.must(err)
	o.fault("clear")
	if err := <-s.done; err == nil || !strings.Contains(err.Error(), "it was that of") || !strings.Contains(err.Error(), "T0OTHER") {
		t.Errorf("it ended with %v", err)
	}
	if slices.ContainsFunc(o.ws.Calls(), func(c sandbox.Call) bool { return c.Method == "conversations.create" }) {
		t.Error("a room was made in the wrong workspace")
	}
}

// TestStartWaitsForTheShell: a command that has the file keeps no bot from starting, and
// another bot does, at once.
func TestStartWaitsForTheShell(t *testing.T) {
	t.Parallel()
	o := newOutage(t)
	o.end(o.start())
	kv, err := bolt.Open(o.set.storePath)
	o.must(err)
	go func() {
		<-time.After(2 * time.Second) // longer than the file's own wait
		kv.Close()
	}()
	s := o.start()
	began := time.Now()
	_, err = newApp(t.Context(), o.set, slog.New(slog.DiscardHandler))
	if took := time.Since(began); err == nil || !strings.Contains(err.Error(), "in use by another process") || took > startUp/2 {
		t.Errorf("a second bot was told %v after %v", err, took)
	}
	o.end(s)
}
