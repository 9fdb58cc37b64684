package sandbox_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"tocsin/bot/sandbox"
)

// TestPagerDutysOwnClient runs testdata/gopagerduty: go-pagerduty, unmodified, against the account.
// TOCSIN_NODE=required makes it an error that the client cannot be had.
func TestPagerDutysOwnClient(t *testing.T) {
	running, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	program := filepath.Join(t.TempDir(), "gopagerduty")
	build := exec.CommandContext(running, "go", "build", "-o", program, ".")
	build.Dir = filepath.Join("testdata", "gopagerduty")
	build.Env = append(os.Environ(), "GOFLAGS=-mod=readonly", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		if os.Getenv("TOCSIN_NODE") == "required" {
			t.Fatalf("%s", out)
		}
		t.Skipf("needs go-pagerduty: (cd bot/sandbox/testdata/gopagerduty && go mod download)\n%s", out)
	}
	_, url := serve(t, sandbox.Options{})
	out, err := exec.CommandContext(running, program, url).CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("gopagerduty: %v", err)
	}
}
