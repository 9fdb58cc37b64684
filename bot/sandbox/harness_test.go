package sandbox_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"tocsin/bot/sandbox"
)

// bench is a workspace reached without sockets, with slack-go as the app's client.
type bench struct {
	*sandbox.Workspace
	api  *slack.Client
	http *http.Client
	app  *app
}

// app is an app that is reached over HTTP: it keeps what it gets and answers what it is told to.
type app struct {
	answer atomic.Pointer[answering] // nil: 200 without a body
	news   chan struct{}

	mu  sync.Mutex
	got []appRequest
}

type answering func(appRequest) (status int, body string)

type appRequest struct {
	ctx    context.Context // ends when the workspace gives up
	path   string
	header http.Header
	body   []byte
}

func (a *app) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	req := appRequest{r.Context(), r.URL.Path, r.Header, body}
	a.mu.Lock()
	a.got = append(a.got, req)
	a.mu.Unlock()
	select {
	case a.news <- struct{}{}:
	default:
	}
	status, text := http.StatusOK, ""
	if answer := a.answer.Load(); answer != nil {
		status, text = (*answer)(req)
	}
	if strings.HasPrefix(text, "{") {
		rw.Header().Set("Content-Type", "application/json")
	}
	rw.WriteHeader(status)
	_, _ = io.WriteString(rw, text)
}

// answers sets what the app answers from now on.
func (a *app) answers(answer answering) { a.answer.Store(&answer) }

// newBench makes a workspace whose app is reached by HTTP in process.
func newBench(t *testing.T, opt sandbox.Options) *bench {
	t.Helper()
	a := &app{news: make(chan struct{}, 1)}
	if opt.RequestURL == "" && opt.CommandURL == "" {
		opt.RequestURL = "http://app.test"
	}
	if opt.HTTP == nil {
		opt.HTTP = sandbox.InProcess(a)
	}
	ws := sandbox.New(opt)
	t.Cleanup(ws.Close)
	client := ws.Client()
	return &bench{ws, slackClient(client, "xoxb-sandbox"), client, a}
}

func slackClient(client *http.Client, token string) *slack.Client {
	return slack.New(token, slack.OptionAPIURL(sandbox.InProcessURL+"/api/"), slack.OptionHTTPClient(client))
}

// take waits for the first request that fits and has not been taken.
func (a *app) take(t *testing.T, what string, fits func(appRequest) bool) appRequest {
	t.Helper()
	timeout := time.NewTimer(20 * time.Second)
	defer timeout.Stop()
	for {
		a.mu.Lock()
		i := slices.IndexFunc(a.got, fits)
		if i >= 0 {
			req := a.got[i]
			a.got = slices.Delete(a.got, i, i+1)
			a.mu.Unlock()
			return req
		}
		a.mu.Unlock()
		select {
		case <-a.news:
		case <-timeout.C:
			t.Fatalf("the app got no %s", what)
		}
	}
}

// at takes the first request at a path.
func (a *app) at(t *testing.T, path string) appRequest {
	t.Helper()
	return a.take(t, path, func(r appRequest) bool { return r.path == path })
}

// event takes the first event of that type and subtype.
func (a *app) event(t *testing.T, kind, subtype string) map[string]any {
	t.Helper()
	return a.eventWith(t, kind, subtype, "", nil)
}

// eventWith takes the first event of that type and subtype that has key as value.
func (a *app) eventWith(t *testing.T, kind, subtype, key string, value any) map[string]any {
	t.Helper()
	var envelope struct {
		Event map[string]any `json:"event"`
	}
	a.take(t, kind+" "+subtype, func(r appRequest) bool {
		envelope.Event = nil
		return r.path == "/slack/event" && json.Unmarshal(r.body, &envelope) == nil && envelope.Event["type"] == kind &&
			text(envelope.Event["subtype"]) == subtype && (key == "" || envelope.Event[key] == value)
	})
	return envelope.Event
}

// call posts a JSON body to a method and gives the answer.
func (b *bench) call(t *testing.T, method string, args map[string]any) map[string]any {
	t.Helper()
	return b.callWith(t, method, "xoxb-sandbox", args)
}

func (b *bench) callWith(t *testing.T, method, token string, args map[string]any) map[string]any {
	t.Helper()
	body, err := json.Marshal(args)
	must(t, err)
	req, err := http.NewRequest(http.MethodPost, sandbox.InProcessURL+"/api/"+method, strings.NewReader(string(body)))
	must(t, err)
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := b.http.Do(req)
	must(t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	must(t, err)
	out := map[string]any{}
	decode(t, data, &out)
	return out
}

// channel is the id of a channel by name.
func (b *bench) channel(t *testing.T, name string) string {
	t.Helper()
	for _, c := range b.State().Channels {
		if c.Name == name {
			return c.ID
		}
	}
	t.Fatalf("no channel #%s", name)
	return ""
}

// message is the message of a channel with that ts, or a zero one.
func (b *bench) message(t *testing.T, name, ts string) sandbox.Message {
	t.Helper()
	for _, m := range b.Messages(name) {
		if m.TS == ts {
			return m
		}
	}
	return sandbox.Message{}
}

// lastMessage is the newest message of a channel.
func (b *bench) lastMessage(t *testing.T, name string) sandbox.Message {
	t.Helper()
	all := b.Messages(name)
	if len(all) == 0 {
		t.Fatalf("#%s is empty", name)
	}
	return all[len(all)-1]
}

func decode(t *testing.T, data []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func text(v any) string { s, _ := v.(string); return s }

func ctx(t *testing.T) context.Context { return t.Context() }
