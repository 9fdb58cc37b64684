package sandbox_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"tocsin/bot/sandbox"
)

// refused makes a call and gives the error code that it was refused with, "" for
// none.
func (b *bench) refused(t *testing.T, method string, args m) string {
	t.Helper()
	return text(b.call(t, method, args)["error"])
}

// TestRightsGoAndComeBack is what the app sees of each thing that people can take
// from it.
func TestRightsGoAndComeBack(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	room := text(b.call(t, "conversations.create", m{"name": "room"})["channel"].(map[string]any)["id"])
	post := func() string { return b.refused(t, "chat.postMessage", m{"channel": room, "text": "x"}) }
	is := func(what, want, got string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	do := func(_ sandbox.Result, err error) {
		t.Helper()
		must(t, err)
	}
	ada := sandbox.Visit{User: "U0ADA", Channel: room}
	do(b.Join(ctx(t), ada))

	do(b.Archive(ctx(t), ada))
	is("a post in an archived channel", "is_archived", post())
	is("a bot that unarchives", "not_in_channel", b.refused(t, "conversations.unarchive", m{"channel": room}))
	do(b.Unarchive(ctx(t), ada))
	is("the topic of a channel that was unarchived", "not_in_channel", b.refused(t, "conversations.setTopic", m{"channel": room, "topic": "t"}))
	do(b.Bring(ctx(t), sandbox.Removal{By: "U0ADA", User: sandbox.BotUser, Channel: room}))
	is("the topic again", "", b.refused(t, "conversations.setTopic", m{"channel": room, "topic": "t"}))

	do(b.Remove(ctx(t), sandbox.Removal{By: "U0ADA", User: sandbox.BotUser, Channel: room}))
	is("what is said in a channel that it was put out of", "not_in_channel", b.refused(t, "conversations.history", m{"channel": room}))
	is("coming back", "", b.refused(t, "conversations.join", m{"channel": room}))

	do(b.Settings(ctx(t), sandbox.Settings{ReadOnly: "room"}))
	is("a post in a read-only channel", "restricted_action_read_only_channel", post())
	do(b.Settings(ctx(t), sandbox.Settings{Writable: "room", Suspended: "ekm_access_denied"}))
	is("a post in a workspace that is suspended", "ekm_access_denied", post())
	do(b.Settings(ctx(t), sandbox.Settings{}))
	is("a post when all is well", "", post())

	do(b.Deactivate(ctx(t), sandbox.Account{User: "U0BEN"}))
	is("an invitation of somebody who is gone", "cant_invite", b.refused(t, "conversations.invite", m{"channel": room, "users": "U0BEN"}))
	if got := b.call(t, "users.info", m{"user": "U0BEN"}); got["user"].(map[string]any)["deleted"] != true {
		t.Errorf("users.info: %v", got)
	}

	do(b.Delete(ctx(t), ada))
	is("a post in a channel that is deleted", "channel_not_found", post())
	b.Reinstall("xoxb-new")
	is("the old token", "token_revoked", b.refused(t, "auth.test", nil))
}

// TestGrantedScopes: what the app was not granted is refused, and where it is not it
// may not write without leave to.
func TestGrantedScopes(t *testing.T) {
	b := newBench(t, sandbox.Options{Scopes: []string{"chat:write", "channels:read"}})
	got := b.call(t, "reactions.get", m{"channel": "C0GENERAL", "timestamp": "1.000001"})
	if got["error"] != "missing_scope" || got["needed"] != "reactions:read" || got["provided"] != "chat:write,channels:read" {
		t.Errorf("without the scope: %v", got)
	}
	if code := b.refused(t, "chat.postMessage", m{"channel": "ml-platform", "text": "x"}); code != "not_in_channel" {
		t.Errorf("a post where the bot is not: %q", code)
	}
}

// TestReset: over a socket the client sees a reset, after the act.
func TestReset(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	server := httptest.NewServer(b.Handler())
	defer server.Close()
	must(t, b.Fault(sandbox.Fault{Kind: "reset", Method: "chat.postMessage", Times: 1}))
	before := len(b.Messages("incidents"))
	r, err := http.NewRequest(http.MethodPost, server.URL+"/api/chat.postMessage", strings.NewReader(`{"channel":"incidents","text":"x"}`))
	must(t, err)
	r.Header = http.Header{"Authorization": {"Bearer xoxb-sandbox"}, "Content-Type": {"application/json"}}
	resp, err := server.Client().Do(r)
	if err == nil {
		resp.Body.Close()
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the client sees %v", err)
	}
	if got := len(b.Messages("incidents")) - before; got != 1 {
		t.Errorf("%d messages, want 1", got)
	}
}

// TestLogEntries: what was told of an incident in PagerDuty is among its log entries.
func TestLogEntries(t *testing.T) {
	a := newAccount(t, sandbox.Options{})
	status, _, made := a.ask(t, "POST", "/incidents", `{"incident":{"type":"incident","title":"Slow","service":{"id":"PSVC001","type":"service_reference"}}}`, nil)
	if status != http.StatusCreated {
		t.Fatalf("%d %v", status, made)
	}
	id := text(made["incident"].(map[string]any)["id"])
	a.ask(t, "POST", "/incidents/"+id+"/status_updates", `{"message":"All is well"}`, nil)
	texts := func(since time.Time) (texts []string) {
		_, _, list := a.ask(t, "GET", "/incidents/"+id+"/log_entries?limit=100&since="+since.UTC().Format(time.RFC3339), "", nil)
		for _, e := range list["log_entries"].([]any) {
			texts = append(texts, text(e.(map[string]any)["message"]))
		}
		return texts
	}
	if got := texts(time.Now().Add(-time.Minute)); !slices.Contains(got, "All is well") {
		t.Errorf("the entries say %q", got)
	}
	if got := texts(time.Now().Add(time.Minute)); len(got) > 0 {
		t.Errorf("of a time to come: %q", got)
	}
}
