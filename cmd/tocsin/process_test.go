package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"syscall"
	"time"
)

// process is a program of its own: tocsin, as an operator runs it.
type process struct {
	*exec.Cmd
	log   journal // what it wrote to its standard error
	began time.Time
	addr  string        // host and port where it listens, once it is up
	ended chan struct{} // closed when it is over, and ProcessState says how
}

// errEnded is the error of who waits for a process that has ended.
var errEnded = errors.New("the process has ended")

// How Slack's requests come to a process: one of these has to be in its environment.
const (
	bySocket = "SLACK_APP_TOKEN=" + sandboxAppToken
	byHTTP   = "SLACK_SIGNING_SECRET=" + sandboxSigningSecret
)

// environment is what tocsin needs to work in a sandbox at an address, on a data file.
// Of two settings with one name the later one counts.
func environment(slackURL, store string, more ...string) []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.TempDir(), "TOCSIN_STORE=bolt:" + store, "TOCSIN_ADDR=127.0.0.1:0",
		"SLACK_API_URL=" + slackURL + "/api/", "SLACK_BOT_TOKEN=" + sandboxBotToken,
		"TOCSIN_WEBHOOK_TOKEN=" + sandboxWebhookToken, "PAGERDUTY_WEBHOOK_SECRET=" + sandboxPagerSecret,
	}, more...)
}

// launch starts a program: "tocsin" is this test binary (see TestMain), and may stand
// below another one such as strace. All of it ends with ctx.
func launch(ctx context.Context, environment []string, args ...string) (*process, error) {
	p := &process{Cmd: exec.CommandContext(ctx, args[0], args[1:]...), began: time.Now(), ended: make(chan struct{})}
	p.Env, p.Stderr = environment, &p.log
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.Cancel = func() error { return p.signal(syscall.SIGKILL) }
	p.WaitDelay = 5 * time.Second
	if err := p.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.Wait() // how it ended is asked where it matters
		close(p.ended)
	}()
	return p, nil
}

// signal signals the process, and all that it started.
func (p *process) signal(sig syscall.Signal) error { return syscall.Kill(-p.Process.Pid, sig) }

// over tells whether it has ended.
func (p *process) over() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// kill ends it at once; false if it had ended before, or never begun.
func (p *process) kill() bool {
	if p == nil || p.over() {
		return false
	}
	p.signal(syscall.SIGKILL)
	<-p.ended
	return true
}

// end tells it to end, and how long that took.
func (p *process) end(sig syscall.Signal, within time.Duration) (time.Duration, error) {
	began := time.Now()
	if err := p.signal(sig); err != nil {
		return 0, err
	}
	select {
	case <-p.ended:
		return time.Since(began), nil
	case <-time.After(within):
		return within, fmt.Errorf("it has not ended %v after %v:\n%s", within, sig, p.log.String())
	}
}

var (
	upAt      = regexp.MustCompile(`tocsin is up.* address=(\S+)`)
	refusesAt = regexp.MustCompile(`the record cannot be used.* address=(\S+)`)
)

// up waits until it serves; errEnded if it ends before.
func (p *process) up(ctx context.Context) error { return p.says(ctx, upAt) }

// refuses waits until it says that it takes nothing; errEnded if it ends before.
func (p *process) refuses(ctx context.Context) error { return p.says(ctx, refusesAt) }

// says waits until it says where it listens, in one of these forms.
func (p *process) says(ctx context.Context, forms ...*regexp.Regexp) error {
	return p.await(ctx, func() bool {
		for _, where := range forms {
			if found := where.FindStringSubmatch(p.log.String()); found != nil {
				p.addr = found[1]
				return true
			}
		}
		return false
	})
}

// await waits until something is so; errEnded if the process ends before.
func (p *process) await(ctx context.Context, so func() bool) error {
	is := false
	err := until(ctx, func() bool {
		over := p.over() // and may have come to it just before
		is = so()
		return is || over
	})
	if err == nil && !is {
		return errEnded
	}
	return err
}
