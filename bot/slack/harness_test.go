package slack

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
)

// stage is a strict workspace with a Performer in it, and an incident whose
// channel is there.
type stage struct {
	*sandbox.Workspace
	t    testing.TB
	conn *Connection
	p    *Performer
	inc  incident.Incident
}

const secret = "sandbox-signing-secret"

func newStage(t testing.TB) *stage {
	t.Helper()
	ws := sandbox.New(sandbox.Options{})
	t.Cleanup(ws.Close)
	conn := dial(t, ws, "incidents")
	s := &stage{Workspace: ws, t: t, conn: conn, p: conn.Performer}
	s.inc = s.fold(incident.Declared{Title: "Answers cut off", Severity: incident.SEV2})
	return s
}

func dial(t testing.TB, ws *sandbox.Workspace, announce string) *Connection {
	t.Helper()
	conn, err := Dial(t.Context(), Config{
		BotToken: "xoxb-sandbox", SigningSecret: secret, APIURL: "http://sandbox/api/", HTTP: ws.Client(), Announce: announce,
	})
	must(t, err)
	return conn
}

// fold adds facts to the stage's incident.
func (s *stage) fold(facts ...incident.Fact) incident.Incident {
	timeline := s.inc.Timeline
	for _, f := range facts {
		timeline = append(timeline, incident.Event{Seq: len(timeline) + 1, At: time.Now(), Logged: time.Now(), By: incident.Bot, Fact: f})
	}
	return incident.Fold("INC-7", timeline)
}

// do performs an effect and folds in what was learned.
func (s *stage) do(job bot.Job) ([]incident.Fact, error) {
	facts, err := s.p.Perform(s.t.Context(), s.inc, job)
	s.inc = s.fold(facts...)
	return facts, err
}

// must performs an effect that has to succeed.
func (s *stage) must(job bot.Job) []incident.Fact {
	s.t.Helper()
	facts, err := s.do(job)
	must(s.t, err)
	return facts
}

// open gives the incident its channel.
func (s *stage) open() *stage {
	s.t.Helper()
	s.must(first(effect.OpenChannel{}))
	return s
}

// first is the first attempt at an effect; again is the next one.
func first(e effect.Effect) bot.Job {
	return bot.Job{
		Key: "INC-7/00000001.00", Effect: e, Tries: 1, First: time.Now(),
		Message: effect.Message{Title: "INC-7", Body: "**Status:** investigating"}, Text: "SEV2 · investigating",
	}
}

func again(j bot.Job) bot.Job {
	j.Tries++
	return j
}

// fault switches a fault on for the next call of method.
func (s *stage) fault(kind, method string) {
	s.faultWith(sandbox.Fault{Kind: kind, Method: method, Times: 1})
}

func (s *stage) faultWith(f sandbox.Fault) {
	s.t.Helper()
	must(s.t, s.Fault(f))
}

// channel is the incident's channel as it is in the workspace.
func (s *stage) channel() sandbox.ChannelState { return s.channelCalled(s.inc.ChannelName()) }

func (s *stage) channelCalled(name string) sandbox.ChannelState {
	s.t.Helper()
	channels := s.State().Channels
	i := slices.IndexFunc(channels, func(c sandbox.ChannelState) bool { return c.Name == name })
	if i < 0 {
		s.t.Fatalf("there is no channel #%s among %q", name, s.ChannelNames())
	}
	return channels[i]
}

// said are the messages in a channel that the bot wrote itself.
func (s *stage) said(channel string) []sandbox.Message {
	return slices.DeleteFunc(s.Messages(channel), func(m sandbox.Message) bool {
		return m.BotID == "" || m.Subtype != "" && m.Subtype != "file_share"
	})
}

// count is how many messages of a subtype are in the incident's channel.
func (s *stage) count(subtype string) int {
	n := 0
	for _, m := range s.Messages(s.inc.ChannelName()) {
		if m.Subtype == subtype {
			n++
		}
	}
	return n
}

// calls are the methods called so far.
func (s *stage) calls() []string {
	var methods []string
	for _, c := range s.Calls() {
		methods = append(methods, c.Method)
	}
	return methods
}

// personSays has a person write in a channel, and gives the message.
func (s *stage) personSays(user, channel, text, thread string) incident.Message {
	s.t.Helper()
	r, err := s.Say(s.t.Context(), sandbox.Say{User: user, Channel: channel, Text: text, ThreadTS: thread})
	must(s.t, err)
	return incident.Message{Channel: r.Channel, ID: r.TS}
}

// known tells the three kinds of failure apart.
func known(err error) string {
	switch {
	case err == nil:
		return "done"
	case is[*bot.Later](err):
		return "later"
	case is[*bot.Final](err):
		return "final"
	}
	return "in doubt"
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// quiet is a logger that keeps what it is told, so that tests can look for
// what must not be in it.
func quiet() (*slog.Logger, *strings.Builder) {
	var log strings.Builder
	return slog.New(slog.NewTextHandler(&log, nil)), &log
}

// api is a client of the workspace for what the Performer does not do.
func (s *stage) api() *slack.Client {
	return slack.New("xoxb-sandbox", slack.OptionAPIURL("http://sandbox/api/"), slack.OptionHTTPClient(s.Client()))
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// nothing is a Handle that must not be reached.
func nothing(t *testing.T) func(context.Context, bot.Request) (bot.Answer, error) {
	return func(_ context.Context, r bot.Request) (bot.Answer, error) {
		t.Errorf("a request that should have been refused was handled: %q", r.Line)
		return bot.Answer{}, nil
	}
}

// elements are the inline elements of a message's rich_text, in order.
func elements(blocks []any) []map[string]any {
	var out []map[string]any
	var walk func(v any)
	walk = func(v any) {
		o, _ := v.(map[string]any)
		list, _ := o["elements"].([]any)
		if o != nil && list == nil && o["type"] != "rich_text" {
			out = append(out, o)
		}
		for _, e := range list {
			walk(e)
		}
	}
	for _, b := range blocks {
		if o, _ := b.(map[string]any); o["type"] == "rich_text" {
			walk(o)
		}
	}
	return out
}

func readJSON(resp *http.Response) (v map[string]any, err error) {
	return v, json.NewDecoder(resp.Body).Decode(&v)
}
