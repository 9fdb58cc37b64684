package slack

import (
	"context"
	"slices"
	"strings"
	"testing"

	"tocsin/bot/sandbox"
)

// TestCheckFindsNothing: the manifest's scopes are enough.
func TestCheckFindsNothing(t *testing.T) {
	ws := sandbox.New(sandbox.Options{Scopes: Scopes()})
	defer ws.Close()
	conn := dial(t, ws, "incidents")
	if problems := conn.Check(t.Context()); len(problems) > 0 {
		t.Errorf("with every scope: %v", problems)
	}
}

// TestCheckTellsLostRights: doctor says what is lost, and what to do about it.
func TestCheckTellsLostRights(t *testing.T) {
	ctx := context.Background()
	at := sandbox.Visit{User: "U0ADA", Channel: "incidents"}
	for words, lose := range map[string]func(ws *sandbox.Workspace) (sandbox.Result, error){
		"lacks the scope files:write": func(ws *sandbox.Workspace) (sandbox.Result, error) {
			ws.Reinstall("xoxb-sandbox", slices.DeleteFunc(Scopes(), func(s string) bool { return s == "files:write" })...)
			return sandbox.Result{}, nil
		},
		"no channel #incidents":  func(ws *sandbox.Workspace) (sandbox.Result, error) { return ws.Archive(ctx, at) },
		"no channel #incidents ": func(ws *sandbox.Workspace) (sandbox.Result, error) { return ws.Delete(ctx, at) },
	} {
		ws := sandbox.New(sandbox.Options{Scopes: Scopes()})
		_, err := lose(ws)
		must(t, err)
		problems := dial(t, ws, "incidents").Check(ctx)
		if len(problems) != 1 || !strings.Contains(problems[0], strings.TrimSpace(words)) {
			t.Errorf("%q, want one that says %s", problems, words)
		}
		ws.Close()
	}
	ws := sandbox.New(sandbox.Options{})
	defer ws.Close()
	ws.Reinstall("xoxb-other")
	_, err := Dial(ctx, Config{BotToken: "xoxb-sandbox", SigningSecret: secret, APIURL: "http://sandbox/api/", HTTP: ws.Client()})
	if err == nil || !strings.Contains(err.Error(), "does not accept SLACK_BOT_TOKEN (token_revoked)") {
		t.Errorf("with a token that was revoked: %v", err)
	}
}
