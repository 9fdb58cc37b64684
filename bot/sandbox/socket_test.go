package sandbox_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"tocsin/bot/sandbox"
)

// serve puts a Socket Mode workspace on a real port.
func serve(t *testing.T, opt sandbox.Options) (*sandbox.Workspace, string) {
	t.Helper()
	ws := sandbox.New(opt)
	server := httptest.NewServer(ws.Handler())
	t.Cleanup(func() {
		ws.Close()
		server.Close()
	})
	return ws, server.URL
}

// connect runs a slack-go Socket Mode client until the test ends; handle gets what needs an ack.
func connect(t *testing.T, url string, handle func(*socketmode.Client, socketmode.Event)) {
	t.Helper()
	api := slack.New("xoxb-sandbox", slack.OptionAppLevelToken("xapp-sandbox"), slack.OptionAPIURL(url+"/api/"))
	client := socketmode.New(api)
	running, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = client.RunContext(running)
	}()
	ready := make(chan struct{}, 100)
	go func() {
		for {
			var event socketmode.Event
			select {
			case event = <-client.Events:
			case <-running.Done():
				return
			}
			if event.Type == socketmode.EventTypeHello {
				ready <- struct{}{}
			} else if event.Request != nil {
				handle(client, event)
			}
		}
	}()
	t.Cleanup(func() {
		stop()
		<-done
	})
	select {
	case <-ready:
	case <-time.After(10 * time.Second):
		t.Fatal("slack-go got no hello")
	}
}

func acknowledge(payload any) func(*socketmode.Client, socketmode.Event) {
	return func(c *socketmode.Client, e socketmode.Event) { _ = c.Ack(*e.Request, payload) }
}

// TestSocketMode: slack-go connects, takes a command and an event, and its ack's payload is shown.
func TestSocketMode(t *testing.T) {
	ws, url := serve(t, sandbox.Options{})
	got := make(chan socketmode.Event, 10)
	connect(t, url, func(c *socketmode.Client, e socketmode.Event) {
		var payload any
		if e.Type == socketmode.EventTypeSlashCommand {
			payload = map[string]any{"text": "heard"}
		}
		_ = c.Ack(*e.Request, payload)
		got <- e
	})
	if n := ws.State().Bot.Connected; n != 1 {
		t.Errorf("%d links", n)
	}
	said, err := ws.Say(ctx(t), sandbox.Say{User: "U0ADA", Channel: "general", Text: "/incident list"})
	must(t, err)
	command, isCommand := (<-got).Data.(slack.SlashCommand)
	if !said.OK || !isCommand || command.Text != "list" || command.UserID != "U0ADA" {
		t.Errorf("said %+v, command %+v", said, command)
	}
	all := ws.Messages("general")
	if last := all[len(all)-1]; last.Text != "heard" || last.EphemeralTo != "U0ADA" {
		t.Errorf("shown: %+v", last)
	}
	_, err = ws.Say(ctx(t), sandbox.Say{User: "U0ADA", Channel: "general", Text: "hello"})
	must(t, err)
	if e := <-got; e.Type != socketmode.EventTypeEventsAPI {
		t.Errorf("after a message came %v", e.Type)
	}
}

// TestEachPayloadGoesToOneLink: of two links each gets some, none gets the other's.
func TestEachPayloadGoesToOneLink(t *testing.T) {
	ws, url := serve(t, sandbox.Options{})
	got := make(chan string, 100)
	for _, name := range []string{"first", "second"} {
		connect(t, url, func(c *socketmode.Client, e socketmode.Event) {
			got <- name
			_ = c.Ack(*e.Request)
		})
	}
	for range 10 {
		_, err := ws.Say(ctx(t), sandbox.Say{User: "U0ADA", Channel: "general", Text: "/incident"})
		must(t, err)
	}
	count := map[string]int{}
	for range 10 {
		count[<-got]++
	}
	if len(got) != 0 || count["first"] == 0 || count["second"] == 0 {
		t.Errorf("deliveries %v, %d too many", count, len(got))
	}
}

// TestReconnects: slack-go comes back after a disconnect frame and after a cut.
func TestReconnects(t *testing.T) {
	for _, reason := range []string{"refresh_requested", "warning", "abrupt"} {
		t.Run(reason, func(t *testing.T) {
			ws, url := serve(t, sandbox.Options{AckWindow: 500 * time.Millisecond})
			connect(t, url, acknowledge(nil))
			must(t, ws.Fault(sandbox.Fault{Kind: "disconnect", Reason: reason}))
			deadline := time.Now().Add(20 * time.Second)
			for {
				said, err := ws.Say(ctx(t), sandbox.Say{User: "U0ADA", Channel: "general", Text: "/incident"})
				must(t, err)
				if said.OK {
					return
				}
				if said.Error != "dispatch_failed" && said.Error != "operation_timeout" {
					t.Fatalf("while the link is gone the person sees %q", said.Error)
				}
				if time.Now().After(deadline) {
					t.Fatal("no command got through for 20 s")
				}
			}
		})
	}
}

func TestNobodyConnected(t *testing.T) {
	ws, _ := serve(t, sandbox.Options{})
	said, err := ws.Say(ctx(t), sandbox.Say{User: "U0ADA", Channel: "general", Text: "/incident"})
	must(t, err)
	if said.OK || said.Error != "dispatch_failed" {
		t.Errorf("the person sees %+v, want dispatch_failed", said)
	}
}

// openLink connects without any library but the web socket.
func openLink(t *testing.T, url string) *websocket.Conn {
	t.Helper()
	api := slack.New("xoxb-sandbox", slack.OptionAppLevelToken("xapp-sandbox"), slack.OptionAPIURL(url+"/api/"))
	_, address, err := api.StartSocketModeContext(ctx(t))
	must(t, err)
	conn, _, err := websocket.DefaultDialer.Dial(address, http.Header{"Origin": {"https://api.slack.com"}})
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, _, err := websocket.DefaultDialer.Dial(address, nil); err == nil {
		t.Error("a ticket was good twice")
	}
	return conn
}

func frame(t *testing.T, conn *websocket.Conn) map[string]any {
	t.Helper()
	out := map[string]any{}
	must(t, conn.ReadJSON(&out))
	return out
}

// TestEleventhLink: Slack takes ten links of one app.
func TestEleventhLink(t *testing.T) {
	_, url := serve(t, sandbox.Options{})
	for n := range 10 {
		if hello := frame(t, openLink(t, url)); hello["type"] != "hello" || hello["num_connections"] != float64(n+1) {
			t.Fatalf("link %d: %v", n+1, hello)
		}
	}
	if got := frame(t, openLink(t, url)); got["type"] != "disconnect" || got["reason"] != "too_many_websockets" {
		t.Errorf("link 11: %v", got)
	}
}

// TestAckRules: an ack of 20 KB is as none; events carry their retry, commands may be answered.
func TestAckRules(t *testing.T) {
	ws, url := serve(t, sandbox.Options{EventRetries: []time.Duration{0}, AckWindow: 200 * time.Millisecond})
	conn := openLink(t, url)
	frame(t, conn)
	result := make(chan sandbox.Result, 1)
	go func() {
		said, _ := ws.Say(context.Background(), sandbox.Say{User: "U0ADA", Channel: "general", Text: "/incident"})
		result <- said
	}()
	envelope := frame(t, conn)
	if envelope["type"] != "slash_commands" || envelope["accepts_response_payload"] != true {
		t.Errorf("envelope: %v", envelope)
	}
	must(t, conn.WriteJSON(m{"envelope_id": envelope["envelope_id"], "payload": m{"text": strings.Repeat("x", 20<<10)}}))
	if said := <-result; said.OK || said.Error != "operation_timeout" {
		t.Errorf("after an ack of 20 KB the person sees %+v", said)
	}
	_, err := ws.Home(ctx(t), sandbox.OpenHome{User: "U0ADA"})
	must(t, err)
	first, second := frame(t, conn), frame(t, conn) // the first is not acked in time
	if first["retry_attempt"] != 0.0 || second["retry_attempt"] != 1.0 || second["retry_reason"] != "timeout" || second["accepts_response_payload"] != false {
		t.Errorf("first %v, second %v", first, second)
	}
	if first["payload"].(m)["event_id"] != second["payload"].(m)["event_id"] || first["envelope_id"] == second["envelope_id"] {
		t.Error("a retry must carry the same event in a new envelope")
	}
}
