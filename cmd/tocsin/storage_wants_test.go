//go:build linux

package main

import (
	"net/http"
	"os"
	"strings"
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

// failing asks a process for something once its system calls fail, and has it end. What
// it writes by itself just then may end it before it is asked: then the next one is.
func failing(t *testing.T, g *ground, call, errno string, ends func(), ask func() error) {
	t.Helper()
	for range 3 {
		inject(t, g.process, call, errno)
		err := ask()
		if ends(); err == nil {
			return
		}
		up(t, g)
		calm(t, g)
	}
	t.Error("it never answered")
}

// refuseWebhook wants a webhook refused. The error is that of a process which answers no more.
func refuseWebhook(t *testing.T, p *process, key string) error {
	t.Helper()
	status, text, err := p.alert(t.Context(), key)
	if err == nil && (status != http.StatusServiceUnavailable || !strings.Contains(text, "send it again")) {
		t.Errorf("the webhook is answered with %d %s, want 503\n%s", status, text, p.log.String())
	}
	return err
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
	for _, key := range keys {
		if status, text, err := g.process.alert(t.Context(), key); err != nil || status != http.StatusAccepted || key == "a" && !strings.Contains(text, `"known":true`) {
			t.Errorf("the webhook %s, sent again, is answered with %d %s, %v", key, status, text, err)
		}
	}
	if status, text, err := g.process.alert(t.Context(), "new"); err != nil || status != http.StatusAccepted {
		t.Errorf("a new webhook is answered with %d %s, %v", status, text, err)
	}
	calm(t, g)
	if text, _, err := ask(t.Context(), g.file, "timeline", "INC-1"); err != nil || !strings.Contains(text, "declared a SEV2") {
		t.Errorf("the timeline of INC-1 is %q, %v", text, err)
	}
}
