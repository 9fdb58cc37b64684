package sandbox_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"tocsin/bot/sandbox"
)

func (b *bench) do(t *testing.T, method, path, body string, header map[string]string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx(t), method, sandbox.InProcessURL+path, strings.NewReader(body))
	must(t, err)
	for key, value := range header {
		if key == "Host" {
			req.Host = value
		}
		req.Header.Set(key, value)
	}
	resp, err := b.http.Do(req)
	must(t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	must(t, err)
	return resp, string(data)
}

// TestGuard: only local programs and the sandbox's own page act for people.
func TestGuard(t *testing.T) {
	b := newBench(t, sandbox.Options{PublicURL: "https://sandbox.example.com"})
	say := `{"user":"U0ADA","channel":"general","text":"hi"}`
	for _, test := range []struct {
		name   string
		header map[string]string
		want   int
	}{
		{"curl", nil, 200},
		{"own page", map[string]string{"Origin": "http://127.0.0.1"}, 200},
		{"public URL", map[string]string{"Host": "sandbox.example.com", "Origin": "https://sandbox.example.com"}, 200},
		{"IPv6", map[string]string{"Host": "[::1]:8080"}, 200},
		{"foreign page", map[string]string{"Origin": "https://evil.example"}, 403},
		{"sandboxed frame", map[string]string{"Origin": "null"}, 403},
		{"another port's page", map[string]string{"Origin": "http://127.0.0.1:9999"}, 403},
		{"rebound name", map[string]string{"Host": "evil.example"}, 403},
		{"cross-site without origin", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
	} {
		resp, body := b.do(t, http.MethodPost, "/sandbox/say", say, test.header)
		if resp.StatusCode != test.want {
			t.Errorf("%s: %d %s, want %d", test.name, resp.StatusCode, body, test.want)
		}
	}
	token := map[string]string{"Authorization": "Bearer xoxb-sandbox"}
	if resp, _ := b.do(t, http.MethodPost, "/api/auth.test", "", token); resp.StatusCode != 200 {
		t.Errorf("a program's API call: %d", resp.StatusCode)
	}
	token["Origin"] = "https://evil.example"
	if resp, _ := b.do(t, http.MethodPost, "/api/auth.test", "", token); resp.StatusCode != 403 {
		t.Errorf("a foreign page's API call: %d", resp.StatusCode)
	}
	resp, _ := b.do(t, http.MethodGet, "/", "", nil)
	if resp.StatusCode != 200 || !strings.Contains(resp.Header.Get("Content-Security-Policy"), "default-src 'self'") || resp.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("the page: %d %v", resp.StatusCode, resp.Header)
	}
}

// TestActsOverHTTP: wrong JSON and wrong acts are 400 with words.
func TestActsOverHTTP(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	for path, body := range map[string]string{
		"/sandbox/say":       `{"user":"U0ADA","chanel":"general"}`,
		"/sandbox/click":     `{"user":"U0ADA","channel":"general","ts":"1.2","action_id":"x"}`,
		"/sandbox/fault":     `{"kind":"gremlin"}`,
		"/sandbox/pagerduty": `{}`,
		"/sandbox/react":     `not json`,
	} {
		resp, answer := b.do(t, http.MethodPost, path, body, nil)
		var got struct {
			OK    *bool
			Error string
		}
		if resp.StatusCode != 400 || json.Unmarshal([]byte(answer), &got) != nil || got.OK == nil || *got.OK || len(got.Error) < 10 {
			t.Errorf("%s %s: %d %s", path, body, resp.StatusCode, answer)
		}
	}
}

// TestFilesAreNeverPages: an uploaded page is served as text.
func TestFilesAreNeverPages(t *testing.T) {
	s := newStage(t)
	got := s.call(t, "files.getUploadURLExternal", m{"filename": "x.html", "length": 8})
	address := text(got["upload_url"])
	resp, err := s.http.Post(address, "application/octet-stream", strings.NewReader("<script>"))
	must(t, err)
	resp.Body.Close()
	if got := s.call(t, "files.completeUploadExternal", m{"files": []any{m{"id": got["file_id"]}}, "channel_id": s.own}); got["ok"] != true {
		t.Fatal(got)
	}
	answer, body := s.do(t, http.MethodGet, "/sandbox/file/"+text(got["file_id"]), "", nil)
	if kind := answer.Header.Get("Content-Type"); body != "<script>" || kind != "text/plain; charset=utf-8" {
		t.Errorf("%q as %s", body, kind)
	}
	resp, err = s.http.Post(address, "text/plain", strings.NewReader("too long for it"))
	must(t, err)
	resp.Body.Close()
	if resp.StatusCode != 400 {
		t.Errorf("an upload of the wrong length: %d", resp.StatusCode)
	}
}

// TestEventsStream: the whole state at once, and again after a change.
func TestEventsStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sandbox.Options{})
		watching, stop := context.WithCancel(t.Context())
		defer stop()
		req, err := http.NewRequestWithContext(watching, http.MethodGet, sandbox.InProcessURL+"/sandbox/events", nil)
		must(t, err)
		resp, err := b.http.Do(req)
		must(t, err)
		defer resp.Body.Close()
		lines := bufio.NewReader(resp.Body)
		next := func() sandbox.State {
			for {
				line, err := lines.ReadString('\n')
				must(t, err)
				if data, isData := strings.CutPrefix(line, "data: "); isData {
					var state sandbox.State
					decode(t, []byte(data), &state)
					return state
				}
			}
		}
		before := next()
		said, err := b.Say(ctx(t), sandbox.Say{User: "U0ADA", Channel: "general", Text: "news"})
		must(t, err)
		after := next()
		if len(before.People) != 4 || len(before.Messages[said.Channel]) != 0 || len(after.Messages[said.Channel]) != 1 {
			t.Errorf("%d people; #general had %d and has %d messages", len(before.People), len(before.Messages[said.Channel]), len(after.Messages[said.Channel]))
		}
	})
}

// TestStateNames pins the JSON names that the page reads.
func TestStateNames(t *testing.T) {
	b := newBench(t, sandbox.Options{Commands: []sandbox.CommandHint{{Text: "/incident note TEXT", Help: "h"}}})
	post(t, b, "x")
	_, body := b.do(t, http.MethodGet, "/sandbox/state", "", nil)
	var state m
	decode(t, []byte(body), &state)
	has := func(where string, v any, names ...string) {
		o, _ := v.(m)
		for _, name := range names {
			if _, found := o[name]; !found {
				t.Errorf("%s has no %s: %v", where, name, v)
			}
		}
	}
	has("state", state, "team", "people", "bot", "channels", "messages", "views", "home", "calls", "deliveries", "faults", "commands", "shortcuts")
	has("person", state["people"].([]any)[0], "id", "name", "real_name", "email", "color")
	has("bot", state["bot"], "user_id", "bot_id", "app_id", "name", "connected")
	has("channel", state["channels"].([]any)[0], "id", "name", "is_private", "is_archived", "creator", "created", "topic", "purpose", "members", "bookmarks", "pins")
	messages := state["messages"].(m)[b.channel(t, "incidents")].([]any)
	has("message", messages[len(messages)-1], "ts", "user", "bot_id", "username", "text", "blocks", "permalink")
	has("call", state["calls"].([]any)[0], "n", "method", "at", "ms", "status", "args_summary")
	has("command", state["commands"].([]any)[0], "text", "help")
}

// TestCloseEndsEverything: Close returns with a stream open, a call asleep, an event held back and an
// app that never answers; a goroutine left over fails the bubble.
func TestCloseEndsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sandbox.Options{})
		b.app.answers(func(r appRequest) (int, string) { <-r.ctx.Done(); return 200, "" })
		must(t, b.Fault(sandbox.Fault{Kind: "slow", DelayMS: 3_600_000, Method: "auth.test"}))
		must(t, b.Fault(sandbox.Fault{Kind: "late", DelayMS: 3_600_000, Method: "api.test"}))
		must(t, b.Fault(sandbox.Fault{Kind: "reordered_delivery"}))
		ended := make(chan string, 4)
		go func() {
			resp, err := b.http.Get(sandbox.InProcessURL + "/sandbox/events")
			if err == nil {
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
			ended <- "stream"
		}()
		go func() {
			_, _ = b.api.AuthTest()
			ended <- "slow call"
		}()
		go func() {
			_, _ = b.Say(context.Background(), sandbox.Say{User: "U0ADA", Channel: "general", Text: "/incident"})
			ended <- "command"
		}()
		go func() {
			_, _ = b.Say(context.Background(), sandbox.Say{User: "U0ADA", Channel: "general", Text: "hello"})
			_, _ = b.http.Get(sandbox.InProcessURL + "/api/api.test")
			ended <- "event"
		}()
		synctest.Wait()
		b.Close()
		for range 4 {
			<-ended
		}
		b.Close() // a second time does no harm
	})
}
