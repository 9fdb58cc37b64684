package main

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"tocsin/bot/sandbox"
)

// start starts the bot.
func (k *killing) start() {
	p, err := launch(k.ctx, k.environment(), cmp.Or(k.binary, "tocsin"), "serve")
	if err != nil {
		k.problem("the bot does not start: %v", err)
		return
	}
	k.process = p
	p.addr = k.addr
	k.processes = append(k.processes, p)
}

// environment is what the bot needs.
func (k *killing) environment() []string {
	by := bySocket
	if k.http {
		by = byHTTP
	}
	more := []string{by, "TOCSIN_ADDR=" + k.addr, "TOCSIN_URL=http://" + k.addr, "TOCSIN_CONTENT=" + filepath.Join(k.dir, "content"),
		"TOCSIN_TIMEOUT=" + killTimeout.String(), "TOCSIN_QUIET=" + killQuiet.String(), "TOCSIN_PACE=0.02", "PAGERDUTY_API_URL=" + k.slack + "/pagerduty"}
	if k.keyed {
		return environment(k.slack, k.store, append(more, "PAGERDUTY_ROUTING_KEY="+sandbox.RoutingKey)...)
	}
	return environment(k.slack, k.store, append(more, "PAGERDUTY_API_TOKEN="+sandbox.PagerDutyToken, "PAGERDUTY_FROM=ada@example.com")...)
}

// doctor has tocsin examine the record.
func (k *killing) doctor() {
	cmd := exec.CommandContext(k.ctx, cmp.Or(k.binary, "tocsin"), "doctor")
	cmd.Env = k.environment()
	if out, err := cmd.CombinedOutput(); err != nil {
		k.problem("tocsin doctor: %v\n%s", err, out)
	}
}

// sound finds fault with what the bot logged where it tells of a defect of the bot, which
// need not have cost anything this time. Data races are told of by a bot that watches for
// them: this test's, run with -race.
func (k *killing) sound() {
	lines := k.lines()
	for i, line := range lines {
		if strings.Contains(line, "WARNING: DATA RACE") || strings.Contains(line, "msg=panic") || strings.HasPrefix(line, "fatal error: ") {
			k.problem("a defect of the bot:\n%s", strings.Join(lines[i:min(i+40, len(lines))], "\n"))
			return
		}
	}
}

// lines are what all processes have logged.
func (k *killing) lines() (all []string) {
	for _, p := range k.processes {
		all = append(all, strings.Split(strings.TrimSpace(p.log.String()), "\n")...)
	}
	return all
}

// last is the last line of the log.
func (k *killing) last() string {
	lines := k.lines()
	return lines[len(lines)-1]
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
