package slack

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack/socketmode"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/sandbox"
)

// fuzzed is a face that answers whatever is asked, without a network, by HTTP.
func fuzzed(f *testing.F) http.Handler { return routes(fuzzedFace(f, slog.DiscardHandler)) }

func fuzzedFace(f *testing.F, log slog.Handler) *Face {
	ws := sandbox.New(sandbox.Options{})
	f.Cleanup(ws.Close)
	conn, err := Dial(f.Context(), Config{BotToken: "xoxb-sandbox", SigningSecret: secret, APIURL: "http://sandbox/api/", HTTP: ws.Client(), Announce: "incidents"})
	if err != nil {
		f.Fatal(err)
	}
	face := conn.Face(func(_ context.Context, r bot.Request) (bot.Answer, error) {
		return bot.Answer{Message: effect.Message{Body: r.Line}, Errors: map[string]string{"x": "y"}}, nil
	}, func(ctx context.Context) (context.Context, func()) { return ctx, func() {} }, slog.New(log))
	face.Outside = &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) { return nil, http.ErrAbortHandler })}
	return face
}

// fuzzDoor: whatever Slack signs, there is an answer, and it is not that something is
// wrong here.
func fuzzDoor(f *testing.F, path string, seeds ...string) {
	for _, s := range seeds {
		f.Add(s)
	}
	h := fuzzed(f)
	f.Fuzz(func(t *testing.T, body string) {
		if w := serve(h, signed(path, body, secret, time.Now())); w.Code >= 500 {
			t.Errorf("%q: %d %s", body, w.Code, w.Body)
		}
	})
}

// FuzzCommand is of slash commands.
func FuzzCommand(f *testing.F) {
	fuzzDoor(f, "/slack/command", typed("open sev2 Answers are wrong"), typed("assign <@U0BEN|ben> <#C1|x>"), "", "%zz", "a=b&a=c;d", typed("x", "response_url", "https://evil.example"))
}

// FuzzInteraction is of buttons, forms and shortcuts.
func FuzzInteraction(f *testing.F) {
	var seeds []string
	for _, payload := range []string{
		`{"type":"block_actions","user":{"id":"U0ADA"},"trigger_id":"1","actions":[{"type":"button","action_id":"x","value":"note x"}]}`,
		`{"type":"view_submission","user":{"id":"U0ADA"},"view":{"id":"V1","private_metadata":"{\"command\":\"open\"}","blocks":[{"type":"input","block_id":"title","element":{"type":"plain_text_input","action_id":"title"}}],"state":{"values":{"title":{"title":{"type":"plain_text_input","value":"x"}}}}}}`,
		`{"type":"message_action","callback_id":"timeline_add","user":{"id":"U0ADA"},"channel":{"id":"C1"},"message":{"ts":"1.2","text":"x","blocks":[{"type":"rich_text","elements":[]}]}}`,
		`{"type":"shortcut","callback_id":"open","user":{"id":"U0ADA"}}`, `null`, `[]`, `{"type":7}`,
	} {
		seeds = append(seeds, url.Values{"payload": {payload}}.Encode())
	}
	for _, s := range seeds {
		f.Add(s)
	}
	h := fuzzed(f)
	f.Fuzz(func(t *testing.T, body string) {
		for _, b := range []string{body, "payload=" + url.QueryEscape(body)} {
			if w := serve(h, signed("/slack/interaction", b, secret, time.Now())); w.Code >= 500 {
				t.Errorf("%q: %d %s", b, w.Code, w.Body)
			}
		}
	})
}

// FuzzSocket is of what comes over Socket Mode, where slash commands are JSON: nothing of
// it may make the bot panic, which is caught and logged.
func FuzzSocket(f *testing.F) {
	for kind, payload := range map[string]string{
		socketmode.RequestTypeSlashCommands: `{"command":"/incident","text":"open sev2 <@U0BEN|ben> <#C1|x>","user_id":"U0ADA","user_name":"ada","channel_id":"C1","trigger_id":"1.2.abc","response_url":"https://evil.example"}`,
		socketmode.RequestTypeInteractive:   `{"type":"block_actions","user":{"id":"U0ADA"},"trigger_id":"1","actions":[{"type":"button","action_id":"x","value":"note x"}]}`,
		socketmode.RequestTypeEventsAPI:     fmt.Sprintf(pinEvent, "pushpin", "message"),
		"zzz":                               `{"text":7}`,
	} {
		f.Add(kind, payload)
		f.Add(socketmode.RequestTypeSlashCommands, payload)
	}
	for _, payload := range []string{``, `null`, `[]`, `{"text":null,"is_enterprise_install":"zzz"}`, `{"text":7}`, `{"text":"\ud800"}`} {
		f.Add(socketmode.RequestTypeSlashCommands, payload)
	}
	var log bytes.Buffer
	face := fuzzedFace(f, slog.NewTextHandler(&log, nil))
	gone, end := context.WithCancel(f.Context())
	end() // nobody takes the answers
	f.Fuzz(func(t *testing.T, kind, payload string) {
		log.Reset()
		face.take(gone, socketmode.New(face.API), socketmode.Request{Type: kind, EnvelopeID: "e", Payload: []byte(payload)})
		if strings.Contains(log.String(), "msg=panic") {
			t.Errorf("%s %q: %s", kind, payload, log.String())
		}
	})
}

// FuzzEvent is of events.
func FuzzEvent(f *testing.F) {
	fuzzDoor(f, "/slack/event", fmt.Sprintf(pinEvent, "pushpin", "message"), `{"type":"url_verification","challenge":"x"}`, `null`, `[]`, strings.Repeat(`{"event":`, 100))
}
