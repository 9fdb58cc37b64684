package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/bot/sandbox"
)

// marked are secrets that would be seen wherever they are told: each has the mark.
const mark = "s3cr3tm4rk"

// marked sets every secret that serve and doctor take to one that nobody accepts.
func marked(t *testing.T, url string) {
	t.Helper()
	for name, value := range map[string]string{
		"SLACK_BOT_TOKEN": "xoxb-" + mark, "SLACK_APP_TOKEN": "xapp-" + mark, "SLACK_SIGNING_SECRET": mark + "1", "PAGERDUTY_WEBHOOK_SECRET": mark + "2," + mark + "3",
		"PAGERDUTY_API_TOKEN": mark + "4", "PAGERDUTY_ROUTING_KEY": mark + strings.Repeat("5", 32-len(mark)), "TOCSIN_WEBHOOK_TOKEN": mark + "6", "TOCSIN_SENTRY_SECRET": mark + "7",
		"SLACK_API_URL": url + "/api/", "PAGERDUTY_API_URL": url + "/pagerduty", "PAGERDUTY_FROM": "ada@example.com", "TOCSIN_STORE": "bolt:" + filepath.Join(t.TempDir(), "x.db"),
	} {
		t.Setenv(name, value)
	}
}

// TestNoSubcommandTellsASecret: neither when it is set up wrongly nor when nobody
// accepts what it was given.
func TestNoSubcommandTellsASecret(t *testing.T) {
	e := &env{ctx: t.Context(), stdout: io.Discard, stderr: io.Discard, log: slog.New(slog.DiscardHandler)}
	workspace, err := startSandbox(e, &sandboxCmd{Addr: "127.0.0.1:0", NoBot: true})
	must(t, err)
	defer workspace.close()
	for _, change := range [][2]string{
		{}, {"SLACK_BOT_TOKEN", mark}, {"SLACK_BOT_TOKEN", sandboxBotToken}, {"SLACK_APP_TOKEN", mark}, {"PAGERDUTY_WEBHOOK_SECRET", mark + ",,"}, {"TOCSIN_WEBHOOK_TOKEN", mark + ","},
		{"TOCSIN_SENTRY_SECRET", "," + mark}, {"PAGERDUTY_ROUTING_KEY", mark}, {"SLACK_API_URL", "http://user:" + mark + "@127.0.0.1:1/"}, {"PAGERDUTY_API_URL", "https://user:" + mark + "@127.0.0.1:1/"},
	} {
		t.Run(change[0], func(t *testing.T) {
			marked(t, workspace.url)
			if change[0] != "" {
				t.Setenv(change[0], change[1])
			}
			for _, args := range [][]string{{"doctor"}, {"serve", "--addr", "127.0.0.1:0"}, {"serve", "--help"}, {"timeline", "INC-1"}} {
				var out bytes.Buffer
				ctx, stop := context.WithTimeout(t.Context(), 700*time.Millisecond)
				execute(&env{ctx: ctx, stdout: &out, stderr: &out, log: slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))}, args)
				stop()
				if strings.Contains(out.String(), mark) {
					t.Errorf("%q says:\n%s", args, &out)
				}
			}
		})
	}
}

// TestTheBotTellsNoSecret: whatever goes wrong while it runs, neither its log nor an
// answer, the workspace, or the record has a secret in it.
func TestTheBotTellsNoSecret(t *testing.T) {
	var log journal
	e := &env{ctx: t.Context(), stdout: io.Discard, stderr: io.Discard, log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	workspace, err := startSandbox(e, &sandboxCmd{Addr: "127.0.0.1:0", NoBot: true, pace: fullSpeed})
	must(t, err)
	defer workspace.close()
	file := filepath.Join(t.TempDir(), "tocsin.db")
	content, err := contentFlags{}.load()
	must(t, err)
	set := sandboxSettings(workspace.url, file, content, fullSpeed)
	set.slack.AppToken, set.slack.SigningSecret = "", mark+"1"
	set.secrets, set.alerts.Token, set.alerts.Sentry = []string{mark + "2"}, []string{mark + "6"}, []string{mark + "7"}
	set.pager.Token, set.pager.RoutingKey = mark+"4", mark+strings.Repeat("5", 32-len(mark))
	a, err := newApp(t.Context(), set, e.log)
	must(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	mux := http.NewServeMux()
	a.routes(mux)
	mux.HandleFunc("/panic", func(_ http.ResponseWriter, r *http.Request) { panic(fmt.Sprint(r.Header)) })
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- a.run(ctx, ln, mux) }()

	var answers strings.Builder
	send := func(path, body string, headers ...string) {
		r, err := http.NewRequest("POST", "http://"+ln.Addr().String()+path, strings.NewReader(body))
		must(t, err)
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		resp, err := http.DefaultClient.Do(r)
		must(t, err)
		defer resp.Body.Close()
		io.Copy(&answers, resp.Body)
	}
	trigger := 0
	says := func(line string) {
		trigger++
		body := "user_id=U0ADA&channel_id=C1&trigger_id=" + fmt.Sprint(trigger) + "&text=" + line + "&response_url=" + workspace.url + "/response/" + mark
		timestamp, signature := sandbox.Sign(mark+"1", time.Now(), []byte(body))
		send("/slack/command", body, "X-Slack-Request-Timestamp", timestamp, "X-Slack-Signature", signature)
	}
	for _, f := range []sandbox.Fault{{Kind: "server_error", Method: "chat.postMessage", Times: 2}, {Kind: "lost_request", Method: "conversations.invite", Times: 2}, {Kind: "rate_limited", Method: "chat.update", Times: 1}, {Kind: "internal_error", Method: "reactions.add", Times: 1}} {
		must(t, workspace.workspace.Fault(f))
	}
	says("open+sev2+Answers+are+wrong")
	says("INC-1+page+Platform+help")
	says("INC-1+note")
	says("INC-1+postmortem")
	for _, source := range []string{"generic", "alertmanager", "datadog"} {
		send("/webhook/"+source, "{", "Authorization", "Bearer "+mark+"6")
		send("/webhook/"+source, sampleOf(t, source), "Authorization", "Bearer "+mark+"6")
		send("/webhook/"+source+"?token="+mark, "{}", "Authorization", "Bearer "+mark+"wrong")
		send("/webhook/"+source, "{}", "Authorization", "Basic "+mark)
	}
	send("/webhook/pagerduty", "{}", "X-PagerDuty-Signature", "v1="+mark)
	send("/webhook/sentry", "{}", "Sentry-Hook-Signature", mark)
	send("/slack/event", "{}", "X-Slack-Request-Timestamp", mark, "X-Slack-Signature", "v0="+mark)
	send("/panic?token="+mark, mark, "Authorization", "Bearer "+mark+"6")
	must(t, until(ctx, func() bool {
		return len(workspace.workspace.Calls()) > 10 && strings.Contains(log.String(), "level=ERROR msg=panic")
	}))
	stop()
	must(t, <-ended)

	record, err := os.ReadFile(file)
	must(t, err)
	messages := ""
	for _, c := range workspace.workspace.State().Channels {
		messages += fmt.Sprint(workspace.workspace.Messages(c.Name))
	}
	for where, text := range map[string]string{"the log": log.String(), "an answer": answers.String(), "the record": string(record), "the workspace": messages} {
		if i := strings.Index(text, mark); i >= 0 {
			t.Errorf("%s has a secret: …%.300q", where, text[max(0, i-200):])
		}
	}
	if !strings.Contains(log.String(), "refused a webhook") || !strings.Contains(log.String(), "401") && !strings.Contains(log.String(), "PagerDuty") {
		t.Errorf("not enough went wrong:\n%s", log.String())
	}
}

// TestAnEmptySecretIsNone: what is blank proves nothing, and opens no door.
func TestAnEmptySecretIsNone(t *testing.T) {
	for _, c := range []serveCmd{
		{slackFlags: slackFlags{BotToken: "xoxb-1", SigningSecret: "  "}},
		{slackFlags: slackFlags{BotToken: "xoxb-1", SigningSecret: "s"}, WebhookSecret: "a,,b"},
		{slackFlags: slackFlags{BotToken: "xoxb-1", SigningSecret: "s"}, alertFlags: alertFlags{Token: "a, "}},
		{slackFlags: slackFlags{BotToken: "xoxb-1", SigningSecret: "s"}, alertFlags: alertFlags{SentrySecret: ","}},
	} {
		c.Store, c.Quiet, c.Timeout, c.keepFlags = "bolt:x", time.Second, time.Second, keepFlags{BackupAt: "30 3 * * *", BackupKeep: "1"}
		c.Addr = "127.0.0.1:0"
		if _, wrong := c.settings(); len(wrong) != 1 || !strings.Contains(wrong[0], "SECRET") && !strings.Contains(wrong[0], "TOKEN") {
			t.Errorf("%+v may start: %q", c, wrong)
		}
	}
	c := serveCmd{WebhookSecret: " ", alertFlags: alertFlags{Token: " ", SentrySecret: "\t"}, storeFlags: storeFlags{"bolt:x"}}
	if s, _ := c.settings(); len(s.secrets)+len(s.alerts.Token)+len(s.alerts.Sentry) > 0 {
		t.Errorf("%+v", s)
	}
}
