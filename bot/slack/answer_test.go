package slack

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/inbound"
	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
)

// TestReplayChangesNothing: a valid request sent again has the same answer and
// no second effect.
func TestReplayChangesNothing(t *testing.T) {
	s := newStage(t)
	b, face := newBot(t, s)
	mux := routes(face)
	lines := []string{"open sev2 Answers are wrong", "INC-1 note seen at 500 tokens", "INC-1 sev 1", "INC-1 take scribe", "INC-1 update Rolling back", "INC-1 resolve"}
	for i, line := range lines {
		body := typed(line, "trigger_id", "1.2."+string(rune('a'+i)))
		once := serve(mux, signed("/slack/command", body, secret, time.Now()))
		inc, err := b.Incident(t.Context(), "INC-1")
		must(t, err)
		twice := serve(mux, signed("/slack/command", body, secret, time.Now()))
		now, err := b.Incident(t.Context(), "INC-1")
		must(t, err)
		if once.Body.String() != twice.Body.String() || once.Code != 200 {
			t.Errorf("%s: answered %d %s, then %d %s", line, once.Code, once.Body, twice.Code, twice.Body)
		}
		if now.Last() != inc.Last() {
			t.Errorf("%s: %d events became %d", line, inc.Last(), now.Last())
		}
	}
	heads, err := b.List(t.Context(), incident.Actor{Person: incident.Person{User: "U0ADA"}}, true)
	must(t, err)
	if len(heads) != 1 {
		t.Errorf("%d incidents, want 1", len(heads))
	}
}

// TestAnswerComesFirst: a person reads the whole answer before Slack is asked
// for anything: a channel that cannot be made keeps nobody waiting.
func TestAnswerComesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		must(t, s.p.Meet(t.Context())) // as at each start
		b, face := newBot(t, s)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- b.Run(ctx) }()
		synctest.Wait()
		before := len(s.Calls())
		req := signed("http://tocsin/slack/command", typed("open Answers are wrong"), secret, time.Now())
		req.RequestURI = ""
		resp, err := sandbox.InProcess(routes(face)).Do(req)
		must(t, err)
		synctest.Wait() // the answer has begun, and is read by nobody yet
		if now := s.calls()[before:]; len(now) > 0 {
			t.Errorf("%q was called before the answer was read", now)
		}
		answer, err := io.ReadAll(resp.Body)
		must(t, err)
		resp.Body.Close()
		if !strings.Contains(string(answer), "INC-1") {
			t.Errorf("the answer: %s", answer)
		}
		synctest.Wait()
		if now := s.calls()[before:]; len(now) == 0 || now[0] != "conversations.create" {
			t.Errorf("after the answer these were called: %q; want conversations.create first", now)
		}
		stop()
		must(t, <-ended)
		s.Close()
	})
}

// TestLongAnswers: what is too long for an answer comes by the response URL.
func TestLongAnswers(t *testing.T) {
	s := newStage(t)
	body := strings.Repeat("a line of the timeline\n\n", 300)
	log, _ := quiet()
	var posted string
	face := s.conn.Face(func(context.Context, bot.Request) (bot.Answer, error) {
		return bot.Answer{Message: effect.Message{Body: body}}, nil
	}, func(ctx context.Context) (context.Context, func()) { return ctx, func() {} }, log)
	face.HTTP = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		data, err := io.ReadAll(r.Body)
		posted = r.URL.String() + " " + string(data)
		return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader("ok"))}, err
	})}
	face.Outside = face.HTTP
	w := serve(routes(face), signed("/slack/command", typed("timeline", "response_url", "https://hooks.slack.com/commands/T1/x"), secret, time.Now()))
	if w.Code != http.StatusOK || w.Body.Len() > 0 {
		t.Errorf("answered %d with %d bytes, want 200 with none", w.Code, w.Body.Len())
	}
	if !strings.HasPrefix(posted, "https://hooks.slack.com/commands/T1/x ") || !strings.Contains(posted, "a line of the timeline") || !strings.Contains(posted, `"response_type":"ephemeral"`) {
		t.Errorf("posted %.200q", posted)
	}
}

// TestResponseURLs: answers go to Slack only, and a response URL, with which
// anybody can answer, is never logged.
func TestResponseURLs(t *testing.T) {
	const token = "T1/B2/s3cr3t"
	tests := []struct {
		url  string
		sent bool
	}{
		{"https://hooks.slack.com/commands/" + token, true},
		{"https://slack.com/" + token, true},
		{"http://sandbox/response/" + token, true},
		{"https://hooks.slack.com.evil.example/" + token, false},
		{"https://evilslack.com/" + token, false},
		{"https://slack.com@evil.example/" + token, false},
		{"https://evil.example/?x=.slack.com&y=" + token, false},
		{"http://hooks.slack.com/commands/" + token, false},
		{"https://hooks.slack.com:8443/commands/" + token, false},
		{"https://sandbox/response/" + token, false},
		{"http://sandbox.evil.example/" + token, false},
		{"http://169.254.169.254/" + token, false},
		{"file:///etc/passwd?" + token, false},
		{"//hooks.slack.com/" + token, false},
		{"http://%zz/" + token, false},
	}
	for _, test := range tests {
		for _, lost := range []bool{false, true} {
			face, logged := newFace(t, nothing(t))
			sent := false
			face.HTTP = &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
				sent = true
				if lost {
					return nil, errors.New("the network is down")
				}
				return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader("ok"))}, nil
			})}
			face.Outside = face.HTTP
			face.respond(t.Context(), test.url, reply(effect.Message{Body: "hello"}), false)
			if sent != test.sent {
				t.Errorf("%s: sent is %v, want %v", test.url, sent, test.sent)
			}
			if strings.Contains(logged.String(), "s3cr3t") {
				t.Errorf("%s is in the log: %s", test.url, logged)
			}
			if failed := lost || !test.sent; failed != strings.Contains(logged.String(), "did not arrive") {
				t.Errorf("%s, lost %v: logged %q", test.url, lost, logged)
			}
		}
	}
}

// TestGuestsAreRefused: a guest of the workspace is one, whether or not the bot has
// met them.
func TestGuestsAreRefused(t *testing.T) {
	ws := sandbox.New(sandbox.Options{Guests: []string{"U0BEN"}})
	t.Cleanup(ws.Close)
	for _, met := range []bool{false, true} {
		conn := dial(t, ws, "incidents")
		s := &stage{Workspace: ws, t: t, conn: conn, p: conn.Performer}
		if met {
			must(t, s.p.Meet(t.Context()))
		}
		_, face := newBot(t, s)
		for user, refused := range map[string]bool{"U0ADA": false, "U0BEN": true} {
			w := serve(routes(face), signed("/slack/command", typed("list", "user_id", user), secret, time.Now()))
			if got := strings.Contains(w.Body.String(), "Guests of this workspace"); got != refused {
				t.Errorf("met %v, %s: %s", met, user, w.Body)
			}
		}
	}
}

// TestStrangersOpenIncidents: while Slack does not say who somebody is, they open an
// incident, call people and lead it; what others read, and its end, are for somebody without
// a role once Slack has said so.
func TestStrangersOpenIncidents(t *testing.T) {
	ws := sandbox.New(sandbox.Options{Guests: []string{"U0BEN"}})
	t.Cleanup(ws.Close)
	conn := dial(t, ws, "incidents")
	_, face := newBot(t, &stage{Workspace: ws, t: t, conn: conn, p: conn.Performer})
	says := func(user, line, want string) {
		t.Helper()
		w := serve(routes(face), signed("/slack/command", typed(line, "user_id", user, "trigger_id", user+line+want), secret, time.Now()))
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s, %q: %s", user, line, w.Body)
		}
	}
	must(t, ws.Fault(sandbox.Fault{Kind: "server_error", Method: "users.info"}))
	says("U0ADA", "open sev2 Answers are wrong", "INC-1")
	says("U0ADA", "INC-1 note seen in the EU", "Noted")
	says("U0CHEN", "INC-1 sev 1", "SEV1")
	says("U0CHEN", "INC-1 resolve it is over", "whether you are a member")
	says("U0ADA", "INC-1 resolve it is over", "resolved")
	must(t, ws.Fault(sandbox.Fault{Kind: "clear"}))
	says("U0CHEN", "INC-1 reopen it is back", "open again")
	says("U0BEN", "INC-1 sev 2", "Guests of this workspace")
}

// who is what is known of a person.
type who struct{ guest, stranger bool }

// TestGuestsAreKnownAsSoonAsSlackSays: whoever Slack is slow about, or fails for, is asked
// for until it answers, and within the hour where it says something else.
func TestGuestsAreKnownAsSoonAsSlackSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ws := sandbox.New(sandbox.Options{Guests: []string{"U0BEN"}})
		t.Cleanup(ws.Close)
		p := dial(t, ws, "incidents").Performer
		is := func(when string, want who, most time.Duration) {
			t.Helper()
			began := time.Now()
			ctx, answered := context.WithCancel(t.Context())
			defer answered()
			var got who
			if got.guest, got.stranger = p.guest(ctx, "U0BEN"); got != want {
				t.Errorf("%s: %+v", when, got)
			}
			if took := time.Since(began); took > most {
				t.Errorf("%s: the answer waited for %v", when, took)
			}
		}
		must(t, ws.Fault(sandbox.Fault{Kind: "server_error", Method: "users.info"}))
		stranger, member, guest := who{stranger: true}, who{}, who{guest: true}
		is("while Slack fails", stranger, asking)
		must(t, ws.Fault(sandbox.Fault{Kind: "clear"}))
		must(t, ws.Fault(sandbox.Fault{Kind: "slow", Method: "users.info", DelayMS: 3000, Times: 1}))
		is("while Slack is slow", stranger, asking)
		is("in the same moment", stranger, asking)
		<-time.After(2 * time.Second)
		is("when Slack has said so", guest, 0)
		p.mu.Lock()
		p.standings["U0BEN"] = standing{false, time.Now()} // they were a member
		p.mu.Unlock()
		is("within the hour", member, 0)
		<-time.After(standsFor)
		is("after an hour nobody waits", member, 0)
		synctest.Wait()
		is("and it is known", guest, 0)
		if n := len(slices.DeleteFunc(ws.Calls(), func(c sandbox.Call) bool { return c.Method != "users.info" })); n != 3 {
			t.Errorf("Slack was asked %d times", n)
		}
	})
}

// TestResponseURLsLeadOutside: a name of Slack's that leads into our own network is
// not followed there, and no redirect either, with the token or an answer.
func TestResponseURLsLeadOutside(t *testing.T) {
	var reached []string
	inside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached = append(reached, r.URL.Path+" "+r.Header.Get("Authorization"))
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	defer inside.Close()
	conn, err := Dial(t.Context(), Config{BotToken: "xoxb-1", SigningSecret: secret, APIURL: inside.URL + "/api/", HTTP: &http.Client{}})
	if err == nil || !slices.Equal(reached, []string{"/api/auth.test Bearer xoxb-1"}) && !slices.Equal(reached, []string{"/api/auth.test "}) {
		t.Errorf("%v %v: %q", conn, err, reached)
	}
	reached = nil
	face, logged := newFace(t, nothing(t))
	face.APIURL = "http://api.example/"
	_, err = face.Outside.Post(inside.URL+"/hook", "text/plain", nil)
	if !errors.Is(err, inbound.ErrPrivate) || len(reached) > 0 {
		t.Errorf("%v, %q was reached, %s", err, reached, logged)
	}
}
