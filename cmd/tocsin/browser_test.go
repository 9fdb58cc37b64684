package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestBrowser lets testdata/browser/story.mjs live through a newcomer's first
// hour with the sandbox, in a headless Chromium. TOCSIN_BROWSER=required makes it
// an error that something is missing; go test -artifacts keeps the pictures.
func TestBrowser(t *testing.T) {
	const story = "testdata/browser"
	if err := haveBrowser(story); err != nil {
		const how = "get what it needs with: apt-get install chromium nodejs npm; npm ci --prefix cmd/tocsin/testdata/browser"
		if os.Getenv("TOCSIN_BROWSER") == "required" {
			t.Fatalf("%v: %s", err, how)
		}
		t.Skipf("%v: %s", err, how)
	}
	// A step that is stuck has ended by itself, and said so, well before this.
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	run, err := startSandbox(&env{ctx: ctx, stdout: io.Discard, stderr: t.Output(), log: log}, &sandboxCmd{Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer run.close()
	node := exec.CommandContext(ctx, "node", "story.mjs", run.url+"/", t.ArtifactDir())
	node.Dir = story
	node.Cancel = func() error { return node.Process.Signal(os.Interrupt) } // so that it takes its browser with it
	node.WaitDelay = 10 * time.Second
	out, err := node.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("story.mjs: %v", err)
	}
}

// haveBrowser tells what is missing for a story.
func haveBrowser(story string) error {
	browser := os.Getenv("CHROMIUM")
	if browser == "" {
		browser = "/usr/bin/chromium"
	}
	if _, err := exec.LookPath(browser); err != nil {
		return err
	}
	if _, err := exec.LookPath("node"); err != nil {
		return err
	}
	_, err := os.Stat(filepath.Join(story, "node_modules", "playwright-core"))
	return err
}
