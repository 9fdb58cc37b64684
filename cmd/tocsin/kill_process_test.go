package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// victim is a `tocsin serve` of its own.
type victim struct {
	cmd  *exec.Cmd
	log  string
	gone chan struct{}
}

// start starts the bot.
func (k *killing) start() {
	p := &victim{cmd: k.command(k.ctx, "serve"), log: filepath.Join(k.dir, "log"), gone: make(chan struct{})}
	k.process = p
	log, err := os.OpenFile(p.log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		k.problem("%v", err)
		close(p.gone)
		return
	}
	defer log.Close()
	p.cmd.Stderr = log
	if err := p.cmd.Start(); err != nil {
		k.problem("the bot does not start: %v", err)
		close(p.gone)
		return
	}
	go func() {
		p.cmd.Wait()
		close(p.gone)
	}()
}

// command is a subcommand of tocsin with everything it needs in its environment.
func (k *killing) command(ctx context.Context, name string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, k.binary, name)
	if k.binary == "" {
		cmd = exec.CommandContext(ctx, os.Args[0])
		cmd.Args = []string{"tocsin", name} // the test binary is tocsin by that name: see TestMain
	}
	cmd.Env = []string{
		"SLACK_BOT_TOKEN=" + sandboxBotToken, "SLACK_API_URL=" + k.slack + "/api/",
		"PAGERDUTY_API_TOKEN=sandbox-pagerduty-token", "PAGERDUTY_FROM=ada@example.com", "PAGERDUTY_API_URL=" + k.slack + "/pagerduty",
		"PAGERDUTY_WEBHOOK_SECRET=" + sandboxPagerSecret, "TOCSIN_WEBHOOK_TOKEN=" + sandboxWebhookToken,
		"TOCSIN_STORE=bolt:" + k.store, "TOCSIN_ADDR=" + k.addr, "TOCSIN_URL=http://" + k.addr,
		"TOCSIN_CONTENT=" + filepath.Join(k.dir, "content"),
		"TOCSIN_TIMEOUT=" + killTimeout.String(), "TOCSIN_QUIET=" + killQuiet.String(), "TOCSIN_PACE=0.02",
	}
	if k.http {
		cmd.Env = append(cmd.Env, "SLACK_SIGNING_SECRET="+sandboxSigningSecret)
	} else {
		cmd.Env = append(cmd.Env, "SLACK_APP_TOKEN="+sandboxAppToken)
	}
	return cmd
}

// kill ends the process at once; false if it had ended before.
func (p *victim) kill() bool {
	if p == nil || p.cmd.Process == nil {
		return false
	}
	select {
	case <-p.gone:
		return false
	default:
	}
	p.cmd.Process.Kill()
	<-p.gone
	return true
}

// stop has the process end in its own time, and tells whether it did.
func (p *victim) stop() bool {
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.gone:
		return p.cmd.ProcessState.Success()
	case <-time.After(10 * time.Second):
		return false
	}
}

// last is the last line of the log.
func (p *victim) last() string {
	lines := p.lines()
	return lines[len(lines)-1]
}

// lines are those of the log, the processes' before this one included.
func (p *victim) lines() []string {
	data, err := os.ReadFile(p.log)
	if err != nil {
		return []string{err.Error()}
	}
	return strings.Split(strings.TrimSpace(string(data)), "\n")
}

// writeKillContent writes content of a team's own: the plays have notes and updates told
// to PagerDuty.
func writeKillContent(dir string) error {
	for _, name := range []string{"sev1.md", "sev2.md"} {
		data, err := os.ReadFile(filepath.Join("..", "..", "playbooks", "plays", name))
		if err != nil {
			return err
		}
		head, body, _ := strings.Cut(string(data), "\npagerduty: ")
		_, body, _ = strings.Cut(body, "\n")
		if err := os.MkdirAll(filepath.Join(dir, "playbooks"), 0o700); err != nil {
			return err
		}
		text := head + "\npagerduty: [notes, updates]\n" + body
		if err := os.WriteFile(filepath.Join(dir, "playbooks", name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}
