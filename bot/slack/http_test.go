package slack

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"tocsin/bot"
	"tocsin/bot/command"
	"tocsin/bot/inbound"
	"tocsin/bot/sandbox"
	"tocsin/playbooks"
	"tocsin/runbooks"
	"tocsin/store/mem"
	"tocsin/templates"
)

// newFace is a face whose requests go to handle.
func newFace(t *testing.T, handle func(context.Context, bot.Request) (bot.Answer, error)) (*Face, *strings.Builder) {
	log, logged := quiet()
	return newStage(t).conn.Face(handle, hold, log), logged
}

func hold(ctx context.Context) (context.Context, func()) { return ctx, func() {} }

// newBot is a real bot in a workspace, with its face.
func newBot(t *testing.T, s *stage) (*bot.Bot, *Face) {
	guides, _ := runbooks.Load() // none: these tests are about requests
	plays, _ := playbooks.Load(playbooks.Embedded())
	texts, _ := templates.Load(templates.Embedded())
	log, _ := quiet()
	b, err := bot.New(t.Context(), bot.Config{Store: mem.New(), Performer: s.p, Guides: guides, Plays: plays, Templates: texts, Log: log})
	must(t, err)
	return b, s.conn.Face(command.Commands{Bot: b, Log: log}.Handle, b.Hold, log)
}

func routes(f *Face) *http.ServeMux {
	mux := http.NewServeMux()
	f.Routes(mux)
	return mux
}

// signed is a request as Slack signs it.
func signed(path, body, secret string, at time.Time) *http.Request {
	r := httptest.NewRequest("POST", path, strings.NewReader(body))
	timestamp, signature := sandbox.Sign(secret, at, []byte(body))
	r.Header.Set("X-Slack-Request-Timestamp", timestamp)
	r.Header.Set("X-Slack-Signature", signature)
	return r
}

func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// typed is the body of a slash command.
func typed(line string, more ...string) string {
	v := url.Values{"command": {"/incident"}, "text": {line}, "user_id": {"U0ADA"}, "user_name": {"ada"}, "channel_id": {"C1"}, "trigger_id": {"1.2.abc"}}
	for i := 0; i+1 < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return v.Encode()
}

var endpoints = []string{"/slack/command", "/slack/interaction", "/slack/event"}

// TestOnlySlackIsHeard: nothing that Slack did not sign in the last five
// minutes reaches the bot.
func TestOnlySlackIsHeard(t *testing.T) {
	now := time.Now()
	body := typed("open Answers are wrong")
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	tests := []struct {
		name   string
		secret string
		at     time.Time
		spoil  func(*http.Request)
	}{
		{name: "wrong secret", secret: "another", at: now},
		{name: "no secret", secret: "", at: now},
		{name: "stale", secret: secret, at: now.Add(-5*time.Minute - 5*time.Second)},
		{name: "from the future", secret: secret, at: now.Add(5*time.Minute + 5*time.Second)},
		{name: "no signature", secret: secret, at: now, spoil: func(r *http.Request) { r.Header.Del("X-Slack-Signature") }},
		{name: "no timestamp", secret: secret, at: now, spoil: func(r *http.Request) { r.Header.Del("X-Slack-Request-Timestamp") }},
		{name: "a timestamp that is no number", secret: secret, at: now, spoil: header("X-Slack-Request-Timestamp", "now")},
		{name: "the timestamp of another time", secret: secret, at: now, spoil: header("X-Slack-Request-Timestamp", "1")},
		{name: "another version", secret: secret, at: now, spoil: func(r *http.Request) {
			r.Header.Set("X-Slack-Signature", "v1"+r.Header.Get("X-Slack-Signature")[2:])
		}},
		{name: "half a signature", secret: secret, at: now, spoil: func(r *http.Request) {
			r.Header.Set("X-Slack-Signature", r.Header.Get("X-Slack-Signature")[:20])
		}},
	}
	face, logged := newFace(t, nothing(t))
	mux := routes(face)
	for _, test := range tests {
		for _, path := range endpoints {
			r := signed(path, body, test.secret, test.at)
			if test.spoil != nil {
				test.spoil(r)
			}
			if w := serve(mux, r); w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), "SLACK_SIGNING_SECRET") {
				t.Errorf("%s at %s: %d %s", test.name, path, w.Code, w.Body)
			}
		}
	}
	if strings.Contains(logged.String(), secret) {
		t.Error("the secret is in the log")
	}
	// Stale, from the future, and the timestamp of another time.
	if n := strings.Count(logged.String(), "the clock of this machine is wrong"); n != 3*len(endpoints) {
		t.Errorf("the clock is named %d times, in %s", n, logged)
	}
}

// TestRequestsAreCounted: what people asked and was stored, what was not, what nobody
// signed, and what cannot be read.
func TestRequestsAreCounted(t *testing.T) {
	var fails error
	face, _ := newFace(t, func(context.Context, bot.Request) (bot.Answer, error) { return bot.Answer{}, fails })
	mux, body := routes(face), typed("note hello")
	serve(mux, signed("/slack/command", body, secret, time.Now())) // nobody counts
	counts := map[string]int{}
	face.Count = func(outcome string) { counts[outcome]++ }
	is := func(what, outcome string, r *http.Request) {
		t.Helper()
		clear(counts)
		if serve(mux, r); len(counts) != 1 || counts[outcome] != 1 {
			t.Errorf("%s counts as %v, want %s", what, counts, outcome)
		}
	}
	pin := strings.Replace(strings.Replace(pinEvent, "%s", "pushpin", 1), "%s", "message", 1)
	form := "payload=" + url.QueryEscape(`{"type":"view_submission","user":{"id":"U0ADA"},"view":{"id":"V1","private_metadata":"?"}}`)
	is("a command", inbound.Accepted, signed("/slack/command", body, secret, time.Now()))
	is("an event", inbound.Accepted, signed("/slack/event", pin, secret, time.Now()))
	is("a form without its command", inbound.Unreadable, signed("/slack/interaction", form, secret, time.Now()))
	is("another secret", inbound.Refused, signed("/slack/command", body, "another", time.Now()))
	is("too much", inbound.TooLarge, signed("/slack/event", strings.Repeat("x", inbound.MaxRequest+1), secret, time.Now()))
	for path, rubbish := range map[string]string{"/slack/command": "text=hello", "/slack/interaction": "payload=?", "/slack/event": "?"} {
		is("rubbish at "+path, inbound.Unreadable, signed(path, rubbish, secret, time.Now()))
	}
	fails = errors.New("the disk is full")
	is("a command that is not stored", inbound.Failed, signed("/slack/command", body, secret, time.Now()))
	is("an event that is not stored", inbound.Failed, signed("/slack/event", pin, secret, time.Now()))
}

// TestAnyChangedByteIsNoticed: each byte of the body is signed.
func TestAnyChangedByteIsNoticed(t *testing.T) {
	face, _ := newFace(t, nothing(t))
	mux := routes(face)
	body := typed("open Answers are wrong")
	for i := range body {
		r := signed("/slack/command", body, secret, time.Now())
		changed := []byte(body)
		changed[i] ^= 1
		r.Body = io.NopCloser(strings.NewReader(string(changed)))
		if w := serve(mux, r); w.Code != http.StatusUnauthorized {
			t.Fatalf("with byte %d changed: %d", i, w.Code)
		}
	}
}

// TestNoSecretNoRoutes: what cannot be proven is not served.
func TestNoSecretNoRoutes(t *testing.T) {
	face, _ := newFace(t, nothing(t))
	face.SigningSecret = ""
	mux := routes(face)
	for _, path := range endpoints {
		if w := serve(mux, signed(path, "", "", time.Now())); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", path, w.Code)
		}
	}
}

// TestBadRequests: what cannot be read is said to be so, and never handled.
func TestBadRequests(t *testing.T) {
	face, _ := newFace(t, nothing(t))
	mux := routes(face)
	huge := strings.Repeat("a", inbound.MaxRequest+1)
	tests := []struct {
		path, body string
		want       int
	}{
		{"/slack/command", huge, http.StatusRequestEntityTooLarge},
		{"/slack/interaction", huge, http.StatusRequestEntityTooLarge},
		{"/slack/event", huge, http.StatusRequestEntityTooLarge},
		{"/slack/event", `{"type":`, http.StatusBadRequest},
		{"/slack/event", ``, http.StatusBadRequest},
		{"/slack/event", `[]`, http.StatusBadRequest},
		{"/slack/interaction", "payload=" + url.QueryEscape(`{"type":`), http.StatusBadRequest},
		{"/slack/interaction", "", http.StatusBadRequest},
		{"/slack/interaction", "%zz", http.StatusBadRequest},
		{"/slack/command", "%zz", http.StatusBadRequest},
	}
	for _, test := range tests {
		if w := serve(mux, signed(test.path, test.body, secret, time.Now())); w.Code != test.want {
			t.Errorf("%s with %.20q: %d, want %d", test.path, test.body, w.Code, test.want)
		}
	}
	if w := serve(mux, httptest.NewRequest("GET", "/slack/command", nil)); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d, want 405", w.Code)
	}
}

// TestURLVerification: Slack asks this once, when the app's URL is set.
func TestURLVerification(t *testing.T) {
	face, _ := newFace(t, nothing(t))
	w := serve(routes(face), signed("/slack/event", `{"type":"url_verification","challenge":"3eZbrw1a"}`, secret, time.Now()))
	if w.Code != http.StatusOK || w.Body.String() != "3eZbrw1a" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}

const pinEvent = `{"type":"event_callback","event_id":"Ev1","event":{"type":"reaction_added","user":"U0ADA","reaction":"%s","item":{"type":"%s","channel":"C1","ts":"1700000000.000100"}}}`

// TestEvents: a pin is a request; other events are not; what could not be
// stored is to be sent again.
func TestEvents(t *testing.T) {
	var got []bot.Request
	var fails error
	face, _ := newFace(t, func(_ context.Context, r bot.Request) (bot.Answer, error) {
		got = append(got, r)
		return bot.Answer{}, fails
	})
	mux := routes(face)
	send := func(reaction, item string) int {
		body := strings.Replace(strings.Replace(pinEvent, "%s", reaction, 1), "%s", item, 1)
		return serve(mux, signed("/slack/event", body, secret, time.Now())).Code
	}
	if code := send("pushpin", "message"); code != http.StatusOK || len(got) != 1 {
		t.Fatalf("%d, %d requests", code, len(got))
	}
	r := got[0]
	if r.Line != "pin" || r.Cause != "slack/Ev1" || r.By.User != "U0ADA" || r.Channel != "C1" || r.Message.Message.ID != "1700000000.000100" {
		t.Errorf("the request: %+v", r)
	}
	if code := send("round_pushpin", "message"); code != http.StatusOK || len(got) != 2 {
		t.Errorf("round_pushpin: %d, %d requests", code, len(got))
	}
	for _, other := range [][2]string{{"eyes", "message"}, {"pushpin", "file"}} {
		if code := send(other[0], other[1]); code != http.StatusOK || len(got) != 2 {
			t.Errorf("%v: %d, %d requests", other, code, len(got))
		}
	}
	fails = errors.New("the disk is full")
	if code := send("pushpin", "message"); code != http.StatusServiceUnavailable {
		t.Errorf("when it is not stored: %d, want 503", code)
	}
}
