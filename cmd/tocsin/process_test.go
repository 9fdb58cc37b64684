//go:build linux

package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// process is tocsin serve as its own process, with HTTP instead of Socket Mode.
type process struct {
	cmd    *exec.Cmd
	log    journal       // what it wrote to its standard error
	addr   string        // where it listens
	ended  chan struct{} // closed when it has ended, and cmd.ProcessState says how
	killed atomic.Bool   // by startDoomed
}

// errEnded is the error of who waits for a process that has ended.
var errEnded = errors.New("the process has ended")

// launch starts tocsin serve on a data file and a workspace, below wrapper if there
// is one: a program such as strace and its flags. It ends with the test.
func launch(ctx context.Context, slackURL, store string, wrapper ...string) (*process, error) {
	args := append(wrapper, "tocsin", "serve", "--addr", "127.0.0.1:0")
	p := &process{cmd: exec.CommandContext(ctx, args[0], args[1:]...), ended: make(chan struct{})}
	p.cmd.Stderr = &p.log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.Cancel = func() error { return syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) }
	p.cmd.WaitDelay = 5 * time.Second
	p.cmd.Env = append(os.Environ(), "GOMAXPROCS=1", "SLACK_APP_TOKEN=", "SLACK_API_URL="+slackURL+"/api/",
		"SLACK_BOT_TOKEN="+sandboxBotToken, "SLACK_SIGNING_SECRET="+sandboxSigningSecret,
		"PAGERDUTY_WEBHOOK_SECRET="+sandboxPagerSecret, "TOCSIN_WEBHOOK_TOKEN="+sandboxWebhookToken,
		"TOCSIN_STORE=bolt:"+store, "TOCSIN_QUIET=100ms", "TOCSIN_PACE=0.001")
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.cmd.Wait() // how it ended is asked where it matters
		close(p.ended)
	}()
	return p, nil
}

var upAt = regexp.MustCompile(`tocsin is up.* address=(\S+)`)

// up waits until it serves; errEnded if it ends before.
func (p *process) up(ctx context.Context) error {
	return p.await(ctx, func() bool {
		found := upAt.FindStringSubmatch(p.log.String())
		if found != nil {
			p.addr = found[1]
		}
		return found != nil
	})
}

// await waits until something is so; errEnded if the process ends before.
func (p *process) await(ctx context.Context, so func() bool) error {
	over := false
	err := until(ctx, func() bool {
		select {
		case <-p.ended:
			over = true
		default:
		}
		return so() || over
	})
	if err == nil && over && !so() {
		return errEnded
	}
	return err
}

// stop tells it to end, and waits for that.
func (p *process) stop(ctx context.Context, sig syscall.Signal) error {
	syscall.Kill(-p.cmd.Process.Pid, sig)
	select {
	case <-p.ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// command gives a slash command as Slack does, with a trigger of our choice: Ada's in
// #general. It returns the status and the text of the answer.
func (p *process) command(ctx context.Context, trigger, text string) (int, string, error) {
	form := url.Values{
		"command": {"/incident"}, "text": {text}, "trigger_id": {trigger}, "user_id": {ada}, "user_name": {"ada"},
		"channel_id": {"CGENERAL"}, "channel_name": {"general"}, "team_id": {"TSANDBOX"},
	}.Encode()
	at := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(sandboxSigningSecret))
	mac.Write([]byte("v0:" + at + ":" + form))
	return p.post(ctx, "/slack/command", form, http.Header{
		"Content-Type":              {"application/x-www-form-urlencoded"},
		"X-Slack-Request-Timestamp": {at}, "X-Slack-Signature": {"v0=" + hex.EncodeToString(mac.Sum(nil))},
	})
}

// webhook fires an alert of its own as Alertmanager would.
func (p *process) webhook(ctx context.Context, key string) (int, string, error) {
	body := fmt.Sprintf(`{"version":"4","groupKey":%q,"status":"firing","receiver":"tocsin","alerts":[{"status":"firing","labels":{"alertname":%q},"annotations":{},"startsAt":"2026-11-20T10:00:00Z","fingerprint":%q}]}`, key, "Alert "+key, key)
	return p.post(ctx, "/webhook/alertmanager", body, http.Header{
		"Content-Type": {"application/json"}, "Authorization": {"Bearer " + sandboxWebhookToken},
	})
}

// quickly is how long an answer may take.
const quickly = 20 * time.Second

// post posts a body. An answer cut short is an error, as it is for Slack.
func (p *process) post(ctx context.Context, path, body string, header http.Header) (int, string, error) {
	ctx, cancel := context.WithTimeout(ctx, quickly)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+p.addr+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	r.Header = header
	return p.do(r)
}

// get gets a page.
func (p *process) get(ctx context.Context, path string) (int, string, error) {
	ctx, cancel := context.WithTimeout(ctx, quickly)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.addr+path, nil)
	if err != nil {
		return 0, "", err
	}
	return p.do(r)
}

func (p *process) do(r *http.Request) (int, string, error) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	var answer struct{ Text string }
	if json.Unmarshal(data, &answer) == nil && answer.Text != "" {
		return resp.StatusCode, answer.Text, err
	}
	return resp.StatusCode, string(data), err
}

// haveStrace skips a test, or fails it, where strace cannot be used.
func haveStrace(t *testing.T) {
	t.Helper()
	ownProcess(t)
	out, err := exec.Command("strace", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "true").CombinedOutput()
	if err == nil {
		return
	}
	const how = "get it with apt-get install strace, and let this user trace its processes"
	if os.Getenv("TOCSIN_STRACE") == "required" {
		t.Fatalf("strace: %v %s: %s", err, out, how)
	}
	t.Skipf("strace: %v %s: %s", err, out, how)
}
