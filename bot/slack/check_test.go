package slack

import (
	"slices"
	"strings"
	"testing"

	"tocsin/bot/sandbox"
)

// TestCheckTellsMissingScopes: the manifest's scopes are enough, and each one
// that was not granted is told.
func TestCheckTellsMissingScopes(t *testing.T) {
	ws := sandbox.New(sandbox.Options{})
	defer ws.Close()
	conn := dial(t, ws, "incidents")
	if problems := conn.Check(t.Context()); len(problems) > 0 {
		t.Errorf("with every scope: %v", problems)
	}
	conn.granted = slices.DeleteFunc(conn.granted, func(s string) bool { return s == "files:write" })
	if problems := conn.Check(t.Context()); len(problems) != 1 || !strings.Contains(problems[0], "files:write") {
		t.Errorf("without files:write: %v", problems)
	}
}
