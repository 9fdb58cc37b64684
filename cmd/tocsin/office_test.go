package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tocsin/bot/sandbox"
)

// tenant is tocsin serve as an operator runs it: a process of its own, in a
// workspace that outlives it.
type tenant struct {
	*exec.Cmd
	url   string
	log   *journal
	began time.Time
	ended chan struct{} // closed when it is over
}

// premises are a workspace for processes, reached at url.
type premises struct {
	*sandbox.Workspace
	url   string
	hangs atomic.Bool // calls of the Web API are taken and never answered
}

// office opens premises.
func office(t testing.TB) *premises {
	t.Helper()
	p := &premises{}
	over := make(chan struct{})
	srv := httptest.NewUnstartedServer(nil)
	p.url = "http://" + srv.Listener.Addr().String()
	p.Workspace = sandbox.New((&sandboxCmd{}).options(nil, p.url))
	handler := p.Handler()
	srv.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.hangs.Load() && strings.HasPrefix(r.URL.Path, "/api/") {
			select {
			case <-r.Context().Done():
			case <-over:
			}
			return
		}
		handler.ServeHTTP(w, r)
	})
	srv.Start()
	t.Cleanup(func() {
		close(over)
		p.Close()
		srv.CloseClientConnections()
		srv.Close()
	})
	return p
}

// serve starts tocsin serve by Socket Mode on a data file; it is killed with the test.
func (o *premises) serve(t testing.TB, store string, more ...string) *tenant {
	t.Helper()
	path, err := exec.LookPath("tocsin") // this test binary, under the name of the program
	if err != nil {
		t.Fatal(err)
	}
	p := &tenant{Cmd: exec.Command(path, "serve", "--addr", "127.0.0.1:0"), log: &journal{}, ended: make(chan struct{})}
	p.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "TOCSIN_STORE=bolt:" + store, "SLACK_API_URL=" + o.url + "/api/",
		"SLACK_BOT_TOKEN=" + sandboxBotToken, "SLACK_APP_TOKEN=" + sandboxAppToken,
		"TOCSIN_WEBHOOK_TOKEN=" + sandboxWebhookToken, "PAGERDUTY_WEBHOOK_SECRET=" + sandboxPagerSecret,
	}, more...)
	p.Stderr = p.log
	p.began = time.Now()
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.Process.Kill()
		<-p.ended
	})
	p.await(t)
	return p
}

var tenantAt = regexp.MustCompile(`msg="tocsin is up".* address=(\S+)`)

// await waits until the process is ready.
func (p *tenant) await(t testing.TB) {
	t.Helper()
	end := time.After(30 * time.Second)
	for {
		if m := tenantAt.FindStringSubmatch(p.log.String()); m != nil {
			p.url = "http://" + m[1]
			if resp, err := http.Get(p.url + "/readyz"); err == nil {
				resp.Body.Close()
				if resp.StatusCode == http.StatusOK {
					return
				}
			}
		}
		select {
		case <-p.ended:
			t.Fatalf("it ended: %s\n%s", p.ProcessState, p.log)
		case <-end:
			t.Fatalf("it is not ready:\n%s", p.log)
		case <-time.After(time.Millisecond):
		}
	}
}

// end sends a signal and tells how long the process took to end.
func (p *tenant) end(t testing.TB, sig syscall.Signal, within time.Duration) time.Duration {
	t.Helper()
	began := time.Now()
	if err := p.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.ended:
	case <-time.After(within):
		t.Fatalf("it has not ended %v after %v:\n%s", within, sig, p.log)
	}
	return time.Since(began)
}

// settle waits until no delivery and no effect waits any more.
func (p *tenant) settle(t testing.TB) {
	t.Helper()
	idle := func() bool {
		for name, v := range p.numbers(t) {
			waits := name == "tocsin_arrivals_waiting" || strings.HasPrefix(name, "tocsin_effects_waiting")
			if waits && v != "0" {
				return false
			}
		}
		return true
	}
	if until(t.Context(), idle) != nil {
		t.Fatalf("something still waits: %v\n%s", p.numbers(t), p.log)
	}
}

// alert posts an alert to the generic source and returns the status, 0 for no answer.
func (p *tenant) alert(key string) int {
	body := fmt.Sprintf(`{"dedup_key":%q,"title":"Queue %s is full","status":"firing","severity":"info"}`, key, key)
	r, err := http.NewRequest(http.MethodPost, p.url+"/webhook/generic", strings.NewReader(body))
	if err != nil {
		return 0
	}
	r.Header.Set("Authorization", "Bearer "+sandboxWebhookToken)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

// memory is what the process has in memory by /proc, in MiB: all, and without the
// pages of files, which the system takes back when it needs the room.
func (p *tenant) memory(t testing.TB) (all, own float64) {
	t.Helper()
	f, err := os.Open(filepath.Join("/proc", strconv.Itoa(p.Process.Pid), "status"))
	if err != nil {
		t.Skip("memory is measured where there is /proc")
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ":")
		var kib float64
		switch fmt.Sscanf(value, "%f kB", &kib); name {
		case "VmRSS":
			all = kib / 1024
		case "RssAnon":
			own = kib / 1024
		}
	}
	return all, own
}

// cpu is how long the process has worked so far, by /proc.
func (p *tenant) cpu(t testing.TB) time.Duration {
	t.Helper()
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.Process.Pid), "stat"))
	if err != nil {
		t.Skip("a process's time is measured where there is /proc")
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // its name may have spaces
	fields := strings.Fields(rest)
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// numbers are the process's metrics, Go's too, by name and labels.
func (p *tenant) numbers(t testing.TB) map[string]string {
	t.Helper()
	resp, err := http.Get(p.url + "/metrics")
	if err != nil {
		t.Fatalf("%v\n%s", err, p.log)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	read := map[string]string{}
	for line := range strings.Lines(string(body)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok && !strings.HasPrefix(name, "#") {
			read[name] = value
		}
	}
	return read
}
