package slack

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/bot/effect"
	"tocsin/bot/sandbox"
)

// Calls stay at Slack and at the host that stands in for it, whatever an answer names.
func TestWhereCallsMayGo(t *testing.T) {
	of := func(api string) *meter {
		u, err := url.Parse(api)
		must(t, err)
		return &meter{api: u}
	}
	there, stand := of("https://slack.com/api/"), of("http://127.0.0.1:8080/api/")
	for _, c := range []struct {
		m    *meter
		to   string
		want bool
	}{
		{there, "https://files.slack.com/upload/v1/x", true},
		{there, "wss://wss-primary.slack.com/link/?ticket=x", true},
		{there, "wss://wss-primary.slack-gov.com/link/?ticket=x", true},
		{there, "https://slack.com/upload", true},
		{there, "http://files.slack.com/upload/v1/x", false},
		{there, "ws://wss-primary.slack.com/link/", false},
		{there, "https://files.slack.com:8443/upload", false},
		{there, "https://evilslack.com/", false},
		{there, "https://slack.com.evil.example/", false},
		{there, "https://slack.com@evil.example/", false},
		{there, "wss://10.0.0.1/link/?ticket=x", false},
		{there, "https://169.254.169.254/latest/meta-data/", false},
		{there, "http://127.0.0.1:8080/upload", false},
		{there, "file:///etc/passwd", false},
		{there, "//files.slack.com/upload", false},
		{stand, "http://127.0.0.1:8080/upload/v1/x", true},
		{stand, "ws://127.0.0.1:8080/link", true},
		{stand, "https://files.slack.com/upload/v1/x", true},
		{stand, "http://127.0.0.1:9090/upload", false},
		{stand, "wss://127.0.0.1:8080/link", false},
		{stand, "http://127.0.0.2:8080/upload", false},
	} {
		u, err := url.Parse(c.to)
		must(t, err)
		if err := c.m.stays(u); (err == nil) != c.want {
			t.Errorf("from %s to %s: %v", c.m.api, c.to, err)
		} else if err != nil && strings.Contains(err.Error(), "ticket") {
			t.Errorf("the error lets anybody in: %v", err)
		}
	}
}

// What slack-go lets go to another host all the same is kept back.
func TestNoRequestGoesElsewhere(t *testing.T) {
	to, reached := leading(t)
	client, err := metered(&http.Client{}, nil, "https://slack.com/api/", nil, nil)
	must(t, err)
	if _, err := client.Post(to, "text/plain", strings.NewReader("a draft")); !is[*astray](err) || reached.Load() > 0 {
		t.Errorf("%v, it was reached %d times", err, reached.Load())
	}
}

// leading is a server that nobody may reach, and how often it was.
func leading(t *testing.T) (address string, reached *atomic.Int32) {
	reached = new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	t.Cleanup(server.Close)
	return server.URL, reached
}

// misled is a workspace whose answers lead elsewhere, connected to.
func misled(t *testing.T, elsewhere string) *Connection {
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	ws := sandbox.New(sandbox.Options{PublicURL: elsewhere})
	t.Cleanup(ws.Close)
	handler = ws.Handler()
	conn, err := Dial(t.Context(), Config{
		BotToken: "xoxb-sandbox", SigningSecret: secret, APIURL: server.URL + "/api/", Announce: "incidents",
	})
	must(t, err)
	conn.config.AppToken = "xapp-sandbox"
	conn.api, err = conn.config.client(conn.pacer, conn.drift)
	must(t, err)
	return conn
}

// A draft is not sent to whatever host the answer to files.getUploadURLExternal names, with
// the token: it fails, and says which host that was.
func TestAnUploadIsLedElsewhere(t *testing.T) {
	to, reached := leading(t)
	s := newStage(t).open()
	conn := misled(t, to)
	_, err := conn.Performer.Perform(t.Context(), s.inc, first(effect.Draft{}))
	if known(err) != "final" || !strings.Contains(err.Error(), strings.TrimPrefix(to, "http://")) {
		t.Errorf("%s: %v", known(err), err)
	}
	if n := reached.Load(); n > 0 {
		t.Errorf("it was reached %d times", n)
	}
}

// No link goes to whatever host the answer to apps.connections.open names: the log says which.
func TestALinkIsLedElsewhere(t *testing.T) {
	to, reached := leading(t)
	conn := misled(t, to)
	said := make(chan string, 10)
	log := slog.New(slog.NewTextHandler(saying(said), nil))
	hold := func(ctx context.Context) (context.Context, func()) { return ctx, func() {} }
	f := conn.Face(nothing(t), hold, log)
	f.wait = time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Connect(ctx) }()
	select {
	case line := <-said:
		if !strings.Contains(line, "no connection to Slack") || !strings.Contains(line, strings.TrimPrefix(to, "http://")) || strings.Contains(line, "ticket") {
			t.Error(line)
		}
	case <-time.After(30 * time.Second):
		t.Error("nothing is said of it")
	}
	cancel()
	must(t, <-ended)
	if n := reached.Load(); n > 0 {
		t.Errorf("it was reached %d times", n)
	}
}

// saying is a log that is heard line by line.
type saying chan<- string

func (s saying) Write(line []byte) (int, error) {
	select {
	case s <- string(line):
	default:
	}
	return len(line), nil
}
