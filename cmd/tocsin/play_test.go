package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"tocsin/bot/sandbox"
)

// TestPlayWaitsForThePage: a play begins when somebody looks, and ends with the
// postmortem in the channel.
func TestPlayWaitsForThePage(t *testing.T) {
	t.Parallel()
	e := &env{ctx: t.Context(), stdout: io.Discard, stderr: io.Discard, log: slog.New(slog.DiscardHandler)}
	s, err := startSandbox(e, &sandboxCmd{Addr: "127.0.0.1:0", pace: fullSpeed})
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if err := slowly(s.workspace); err != nil {
		t.Fatal(err)
	}
	soon, cancel := context.WithTimeout(s.ctx, 300*time.Millisecond)
	defer cancel()
	if err := s.play(soon, "provider-outage", 0); err == nil || (&stage{sandboxRun: s}).roomNamed("inc-") != "" {
		t.Errorf("it played to nobody: %v", err)
	}
	page, err := http.Get(s.url + "/sandbox/events")
	if err != nil {
		t.Fatal(err)
	}
	defer page.Body.Close()
	if err := s.play(s.ctx, "provider-outage", 0); err != nil {
		t.Fatal(err)
	}
	st := &stage{sandboxRun: s}
	if st.room = st.roomNamed("inc-"); st.file("postmortem") == "" {
		t.Error("it does not end with the postmortem")
	}
}

// TestPlayOfAStorm: two hundred alerts at full speed leave an incident for each thing that
// was the matter, and a draft that can be read, however fast the machine is.
func TestPlayOfAStorm(t *testing.T) {
	e := &env{ctx: t.Context(), stdout: io.Discard, stderr: io.Discard, log: slog.New(slog.DiscardHandler)}
	s, err := startSandbox(e, &sandboxCmd{Addr: "127.0.0.1:0", pace: fullSpeed})
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if err := slowly(s.workspace); err != nil {
		t.Fatal(err)
	}
	st, err := s.perform(s.ctx, "alert-storm", 0, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if rooms := st.rooms(); len(rooms) != 2 {
		t.Errorf("the rooms are %v", rooms)
	}
	_, timeline, _ := strings.Cut(st.draft, "\n## Timeline\n")
	timeline, _, _ = strings.Cut(timeline, "\n## ")
	if n := strings.Count(timeline, "\n- "); n < 20 || n > 30 {
		t.Errorf("the draft tells of two hundred alerts in %d lines:\n%s", n, timeline)
	}
}

// TestTheWorkspaceAlone: who gets a workspace without the bot is told all that it takes to
// reach it, PagerDuty too.
func TestTheWorkspaceAlone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // it ends once it has said that
	var out strings.Builder
	code := execute(&env{ctx: ctx, stdout: &out, stderr: &out, log: slog.New(slog.DiscardHandler)}, []string{"sandbox", "--no-bot", "--addr", "127.0.0.1:0"})
	for _, want := range []string{"/api/ · bot token " + sandboxBotToken, sandboxAppToken, "/pagerduty · API token " + sandbox.PagerDutyToken, "From ada@example.com"} {
		if code != 0 || !strings.Contains(out.String(), want) {
			t.Errorf("exit code %d, without %q: %s", code, want, &out)
		}
	}
}
