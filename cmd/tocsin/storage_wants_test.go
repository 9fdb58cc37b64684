//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// acknowledged is a ground whose process has acknowledged an incident and the webhook "a".
func acknowledged(t *testing.T) *ground {
	t.Helper()
	dir, err := os.MkdirTemp("", "storage") // a short name, for the socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return acknowledgedIn(t, dir)
}

func acknowledgedIn(t *testing.T, dir string) *ground {
	t.Helper()
	g, err := newGround(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.close)
	up(t, g)
	if err := g.say(t.Context()); err != nil {
		t.Fatal(err)
	}
	if status, text, err := g.process.alert(t.Context(), "a"); err != nil || status != http.StatusAccepted {
		t.Fatal(status, text, err)
	}
	calm(t, g)
	return g
}

// calm waits until the process has nothing left to do, and has written nothing for a
// while: what it writes by itself must not be what meets the fault.
func calm(t *testing.T, g *ground) {
	t.Helper()
	err := g.process.await(t.Context(), func() bool {
		info, err := os.Stat(g.file)
		return err == nil && time.Since(info.ModTime()) > 300*time.Millisecond && g.settled()
	})
	if err != nil {
		t.Fatal(g.explain(err))
	}
}

// up starts a process, which has to serve.
func up(t *testing.T, g *ground) {
	t.Helper()
	if err := g.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := g.process.up(t.Context()); err != nil {
		t.Fatal(g.explain(err))
	}
}

// refuseWebhook wants a webhook refused.
func refuseWebhook(t *testing.T, p *process, key string) {
	t.Helper()
	status, text, err := p.alert(t.Context(), key)
	if err != nil || status != http.StatusServiceUnavailable || !strings.Contains(text, "send it again") {
		t.Errorf("the webhook is answered with %d %s, %v, want 503\n%s", status, text, err, p.log.String())
	}
}

// wantRefusing wants a process to go on without its record: to say why, once, and to
// answer whatever comes with 503, when to come back, and a sentence.
func wantRefusing(t *testing.T, p *process, words ...string) {
	t.Helper()
	before := strings.Count(p.log.String(), "tocsin is up")
	err := p.await(t.Context(), func() bool { return strings.Count(p.log.String(), "the record cannot be used") >= max(before, 1) })
	if err = errors.Join(err, p.refuses(t.Context())); err != nil {
		t.Fatalf("%v\n%s", err, p.log.String())
	}
	for _, path := range []string{"/webhook/generic", "/slack/command", "/webhook/generic", "/readyz", "/healthz", "/guides", "/metrics", "/webhook/generic"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+p.addr+path, strings.NewReader(`{"dedup_key":"refused","title":"x"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+sandboxWebhookToken)
		resp, err := direct.Do(r)
		if err != nil {
			t.Fatalf("%s: %v\n%s", path, err, p.log.String())
		}
		text, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" || !strings.Contains(string(text), "send it again") {
			t.Errorf("%s is answered with %s %v %s", path, resp.Status, resp.Header, text)
		}
	}
	said := p.log.String()
	if n := strings.Count(said, "the record cannot be used"); n != max(before, 1) {
		t.Errorf("it said so %d times, want %d:\n%s", n, max(before, 1), said)
	}
	last := said[strings.LastIndex(said, "the record cannot be used"):]
	for _, w := range words {
		if !strings.Contains(last, w) {
			t.Errorf("it does not say %q:\n%s", w, said)
		}
	}
}

// wantAnswering wants a process to serve, or to refuse what comes.
func wantAnswering(t *testing.T, g *ground) {
	t.Helper()
	if err := g.process.says(t.Context(), upAt, refusesAt); err != nil {
		t.Fatal(g.explain(err))
	}
}

// wantFull sends webhooks until one is refused, which it wants to happen, and returns the
// keys of those that were acknowledged.
func wantFull(t *testing.T, p *process, name string) (keys []string) {
	t.Helper()
	for n := 0; ; n++ {
		key := fmt.Sprint("full", name, n)
		status, text, err := p.alert(t.Context(), key)
		switch {
		case err == nil && status == http.StatusServiceUnavailable:
			return keys
		case err != nil || status != http.StatusAccepted:
			t.Fatalf("%d %s, %v, want 202 or 503\n%s", status, text, err, p.log.String())
		}
		keys = append(keys, key)
	}
}

// wantLeaving wants a process that waits for its disk to end at once when told to.
func wantLeaving(t *testing.T, p *process) {
	t.Helper()
	took, err := p.end(syscall.SIGTERM, patience)
	if code := p.ProcessState.ExitCode(); err != nil || took > mostDrain/2 || code != 0 {
		t.Errorf("it ended with %d after %v, %v\n%s", code, took, err, p.log.String())
	}
}

// wantEnd wants a process to end by itself, as one that failed, and to say so.
func wantEnd(t *testing.T, p *process, words ...string) {
	t.Helper()
	if err := p.await(t.Context(), func() bool { return false }); err != errEnded {
		t.Fatalf("%v\n%s", err, p.log.String())
	}
	if p.ProcessState.ExitCode() != 1 {
		t.Errorf("it ended with %v, want exit code 1", p.ProcessState)
	}
	said := p.log.String()
	if !strings.Contains("\n"+said, "\ntocsin: ") {
		t.Fatalf("it has no last words:\n%s", said)
	}
	last := said[strings.LastIndex("\n"+said, "\ntocsin: "):] // it may be of several lines
	for _, w := range words {
		if !strings.HasPrefix(last, "tocsin: ") || !strings.Contains(last, w) {
			t.Errorf("its last words do not say %q:\n%s", w, said)
		}
	}
}

// wantAll wants another process to have all that was acknowledged, and to go on.
func wantAll(t *testing.T, g *ground, keys ...string) {
	t.Helper()
	up(t, g)
	wantKept(t, g, keys)
}

// wantAgain wants the same process to serve again, with all that was acknowledged.
func wantAgain(t *testing.T, g *ground, keys ...string) {
	t.Helper()
	err := g.process.await(t.Context(), func() bool {
		status, _, err := g.process.get(t.Context(), "/healthz")
		return err == nil && status == http.StatusOK
	})
	if err != nil {
		t.Fatal(g.explain(err))
	}
	wantKept(t, g, keys)
}

func wantKept(t *testing.T, g *ground, keys []string) {
	t.Helper()
	for _, key := range keys {
		if status, text, err := g.process.alert(t.Context(), key); err != nil || status != http.StatusAccepted || !strings.Contains(text, `"known":true`) {
			t.Errorf("the webhook %s, sent again, is answered with %d %s, %v", key, status, text, err)
		}
	}
	if status, text, err := g.process.alert(t.Context(), "new"); err != nil || status != http.StatusAccepted {
		t.Errorf("a new webhook is answered with %d %s, %v", status, text, err)
	}
	calm(t, g)
	if text, _, err := ask(t.Context(), g.file, "timeline", "INC-1"); err != nil || strings.Count(text, "declared a SEV2") != 1 {
		t.Errorf("the timeline of INC-1 is %q, %v", text, err)
	}
}
