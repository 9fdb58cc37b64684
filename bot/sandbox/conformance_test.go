package sandbox_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"tocsin/bot/sandbox"
)

// TestSlacksOwnClients runs conformance/run.mjs: an unmodified @slack/bolt app in Socket Mode and over
// HTTP, and @slack/web-api. TOCSIN_NODE=required makes it an error that Node or the packages are
// missing.
func TestSlacksOwnClients(t *testing.T) {
	node, err := exec.LookPath("node")
	if err == nil {
		_, err = os.Stat(filepath.Join("conformance", "node_modules", "@slack", "bolt"))
	}
	if err != nil {
		const how = "needs Node 20 and its packages: npm ci --prefix bot/sandbox/conformance"
		if os.Getenv("TOCSIN_NODE") == "required" {
			t.Fatal(how, err)
		}
		t.Skip(how)
	}
	shortcuts := []sandbox.Shortcut{{CallbackID: "declare", Name: "Declare", Type: "global"}}
	port := freePort(t)
	endpoint := fmt.Sprintf("http://127.0.0.1:%d/slack/events", port) // bolt has one for all
	_, socket := serve(t, sandbox.Options{Shortcuts: shortcuts})
	_, http := serve(t, sandbox.Options{Shortcuts: shortcuts, CommandURL: endpoint, InteractionURL: endpoint, EventURL: endpoint})

	running, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	run := exec.CommandContext(running, node, "run.mjs", "--socket", socket, "--http", http, "--port", fmt.Sprint(port))
	run.Dir = "conformance"
	out, err := run.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("run.mjs: %v", err)
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
