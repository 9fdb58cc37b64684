package sandbox_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
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
	got    chan appRequest
	answer func(appRequest) (status int, body string)
}

type appRequest struct {
	ctx    context.Context // ends when the workspace gives up
	path   string
	header http.Header
	body   []byte
}

func (a *app) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	req := appRequest{r.Context(), r.URL.Path, r.Header, body}
	status, text := http.StatusOK, ""
	if a.answer != nil {
		status, text = a.answer(req)
	}
	a.got <- req
	if strings.HasPrefix(text, "{") {
		rw.Header().Set("Content-Type", "application/json")
	}
	rw.WriteHeader(status)
	_, _ = io.WriteString(rw, text)
}

// newBench makes a workspace whose app is reached by HTTP in process.
func newBench(t *testing.T, opt sandbox.Options) *bench {
	t.Helper()
	a := &app{got: make(chan appRequest, 1000)}
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

// take is the next request that the app gets at path; others are dropped.
func (a *app) take(t *testing.T, path string) appRequest {
	t.Helper()
	timeout := time.NewTimer(time.Minute)
	defer timeout.Stop()
	for {
		select {
		case req := <-a.got:
			if req.path == path {
				return req
			}
		case <-timeout.C:
			t.Fatalf("the app got nothing at %s", path)
		}
	}
}

// event is the next event of that type; an empty subtype matches messages without one.
func (a *app) event(t *testing.T, kind, subtype string) map[string]any {
	t.Helper()
	for {
		var envelope struct {
			Event map[string]any `json:"event"`
		}
		decode(t, a.take(t, "/slack/event").body, &envelope)
		if envelope.Event["type"] == kind && text(envelope.Event["subtype"]) == subtype {
			return envelope.Event
		}
	}
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
