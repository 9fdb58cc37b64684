package slack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/sandbox"
)

// TestLinksComeBack: a link does not wait longer the longer Slack was away. slack-go
// itself would wait minutes after so many failures.
func TestLinksComeBack(t *testing.T) {
	const failures = 40
	var tries atomic.Int32
	back := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if tries.Add(1) == failures {
			close(back)
		}
		w.WriteHeader(http.StatusInternalServerError)
	}))
	defer server.Close()
	f := &Face{API: slack.New("xoxb-1", slack.OptionAppLevelToken("xapp-1"), slack.OptionAPIURL(server.URL+"/")), Log: slog.New(slog.DiscardHandler), wait: time.Millisecond}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- f.Connect(ctx) }()
	select {
	case <-back:
	case <-time.After(30 * time.Second):
		t.Errorf("tried %d times in 30 s", tries.Load())
	}
	cancel()
	if err := <-done; err != nil || f.Links() != 0 {
		t.Errorf("%v, %d links", err, f.Links())
	}
}

// TestHugeFrame: what a link brings is read to a bound only. A link that brings more is
// dialed anew, and the other one stays.
func TestHugeFrame(t *testing.T) {
	hello := func(size int) []byte { return []byte(`{"type":"hello","pad":"` + strings.Repeat("x", size) + `"}`) }
	type end struct {
		size int
		err  error
	}
	tell, told := make(chan int), make(chan end, 10)
	anybody := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/apps.connections.open" {
			fmt.Fprintf(w, `{"ok":true,"url":"ws%s/link"}`, strings.TrimPrefix(server.URL, "http"))
			return
		}
		link, err := anybody.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer link.Close()
		link.WriteMessage(websocket.TextMessage, hello(0))
		size := <-tell
		link.WriteMessage(websocket.TextMessage, hello(size))
		_, _, err = link.ReadMessage()
		told <- end{size, err}
	}))
	defer server.Close()
	defer close(tell)
	f := &Face{API: slack.New("xoxb-1", slack.OptionAppLevelToken("xapp-1"), slack.OptionAPIURL(server.URL+"/")), APIURL: server.URL + "/", Log: slog.New(slog.DiscardHandler), wait: time.Millisecond}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Connect(ctx) }()
	tell <- maxFrame / 2
	for range 3 { // that link stays, and the other one is another each time
		tell <- maxFrame
		select {
		case e := <-told:
			if e.size != maxFrame || !websocket.IsCloseError(e.err, websocket.CloseMessageTooBig) {
				t.Errorf("a link ended by a message of %d bytes, with %v", e.size, e.err)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("a link takes too large a message")
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestMissingLinks: the log says why there is no link, once when it is lost and once a
// minute while it is, however often it is tried, and when it is back.
func TestMissingLinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logger, said := quiet()
		f := &Face{Log: logger}
		count := func(words string, want int) {
			t.Helper()
			if got := strings.Count(said.String(), words); got != want {
				t.Errorf("%d times %q, want %d:\n%s", got, words, want, said)
			}
		}
		down := socketmode.Event{Type: socketmode.EventTypeConnectionError, Data: &slack.ConnectionErrorEvent{
			ErrorObj: &url.Error{Op: "Post", URL: "https://slack.com/?ticket=secret", Err: errors.New("no such host")},
		}}
		up := socketmode.Event{Type: socketmode.EventTypeConnected}
		one, other := linkState{face: f}, linkState{face: f}
		one.follow(up)
		other.follow(up)
		count("connected to Slack", 1)
		other.follow(socketmode.Event{Type: socketmode.EventTypeConnecting})
		other.follow(down)
		count("a link to Slack is missing, and the other one works", 1)
		one.follow(socketmode.Event{Type: socketmode.EventTypeConnecting})
		for range 100 {
			one.follow(down)
			other.follow(down)
			<-time.After(time.Second)
		}
		count("no connection to Slack", 2)
		count("a link to Slack is missing", 1)
		count("no such host", 3)
		count("secret", 0)
		one.follow(up)
		other.follow(up)
		count("connected to Slack", 2)
	})
}

// A request at which the bot panics gets no answer and is on record; the link stays,
// and the next request is answered.
func TestPanicOverARequest(t *testing.T) {
	var handler http.Handler
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	defer srv.Close()
	ws := sandbox.New(sandbox.Options{PublicURL: srv.URL})
	defer ws.Close()
	handler = ws.Handler()
	conn, err := Dial(t.Context(), Config{BotToken: "xoxb-sandbox", AppToken: "xapp-sandbox", APIURL: srv.URL + "/api/", Announce: "incidents"})
	must(t, err)
	var log bytes.Buffer
	hold := func(ctx context.Context) (context.Context, func()) { return ctx, func() {} }
	f := conn.Face(func(_ context.Context, r bot.Request) (bot.Answer, error) {
		if r.Line == "boom" {
			panic("at this")
		}
		return bot.Answer{Message: effect.Message{Body: "well"}}, nil
	}, hold, slog.New(slog.NewTextHandler(&log, nil)))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Connect(ctx) }()
	for f.Links() < 2 {
		<-time.After(time.Millisecond)
	}
	if r, err := ws.Say(ctx, sandbox.Say{User: "U0ADA", Channel: "general", Text: "/incident boom"}); err == nil && r.OK {
		t.Errorf("it was answered: %+v", r)
	}
	if r, err := ws.Say(ctx, sandbox.Say{User: "U0ADA", Channel: "general", Text: "/incident list"}); err != nil || !r.OK {
		t.Errorf("the next was not answered: %+v %v", r, err)
	}
	if f.Links() != 2 {
		t.Errorf("%d links are left", f.Links())
	}
	cancel()
	must(t, <-ended)
	if !strings.Contains(log.String(), "msg=panic in=slack") {
		t.Errorf("it is not on record:\n%s", log.String())
	}
}
