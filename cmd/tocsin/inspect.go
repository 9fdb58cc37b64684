package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tocsin/bot/alert"
	"tocsin/bot/command"
	"tocsin/bot/incident"
	"tocsin/bot/slack"
	"tocsin/store"
)

type manifestCmd struct {
	URL     string `env:"TOCSIN_URL" help:"Your bot's public address: then the manifest is for HTTP. Without it, it is for Socket Mode."`
	Datadog bool   `help:"Print the payload for Datadog's webhook instead: it tells one alert from another."`
}

// Run prints the manifest, or the payload for Datadog.
func (c *manifestCmd) Run(e *env) error {
	if c.Datadog {
		_, err := io.WriteString(e.stdout, alert.DatadogTemplate)
		return err
	}
	if err := checkURL(c.URL); err != nil {
		return err
	}
	_, err := e.stdout.Write(slack.Manifest(c.URL, command.Hints()[0].Text))
	return err
}

type doctorCmd struct {
	serveCmd `embed:""`
}

// Run examines the configuration, what it reaches, and the record.
func (c *doctorCmd) Run(e *env) error {
	d := &doctor{out: e.stdout}
	s, wrong := c.settings()
	for _, w := range wrong {
		d.bad("configuration", w)
	}
	if len(wrong) == 0 {
		d.good("configuration", "complete")
	}
	for _, p := range s.content.problems {
		d.bad("content", p)
	}
	d.secrets(s)
	if len(s.slack.Missing()) == 0 {
		d.slack(e.ctx, s.slack)
	}
	d.pagerDuty(e.ctx, s)
	d.sources(s)
	if s.storePath != "" {
		d.store(e.ctx, c.storeFlags, c.contentFlags)
	}
	if d.failed > 0 {
		return fmt.Errorf("%d of the above need attention", d.failed)
	}
	return nil
}

type doctor struct {
	out    io.Writer
	failed int
}

func (d *doctor) good(what, how string) { fmt.Fprintf(d.out, "ok    %-14s %s\n", what, how) }

func (d *doctor) bad(what, how string) {
	d.failed++
	fmt.Fprintf(d.out, "FAIL  %-14s %s\n", what, how)
}

// secrets says what is set, and never what it is.
func (d *doctor) secrets(s settings) {
	if len(s.slack.Missing()) == 0 {
		d.good("Slack", fmt.Sprintf("bot token %s, app token %s, signing secret %s", set(s.slack.BotToken), set(s.slack.AppToken), set(s.slack.SigningSecret)))
	}
}

func (d *doctor) slack(ctx context.Context, c slack.Config) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	conn, err := slack.Dial(ctx, c)
	if err != nil {
		d.bad("Slack", err.Error())
		return
	}
	d.good("Slack", fmt.Sprintf("reached %s as %s", conn.Team, conn.Me.User))
	problems := conn.Check(ctx)
	for _, p := range problems {
		d.bad("Slack", p)
	}
	if len(problems) == 0 {
		d.good("Slack", "the announcement channel #"+strings.TrimPrefix(c.Announce, "#")+" is there")
	}
}

func (d *doctor) store(ctx context.Context, s storeFlags, c contentFlags) {
	path, err := s.path()
	if err != nil {
		return // told with the configuration
	}
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		d.bad("record", "the directory of "+path+" is not there: make it, or name another file with TOCSIN_STORE")
		return
	}
	if st, err := os.Stat(filepath.Dir(path)); err == nil && st.Mode().Perm()&0o002 != 0 && st.Mode()&os.ModeSticky == 0 {
		d.bad("record", "everybody on this machine may change the directory of "+path+": chmod o-w "+filepath.Dir(path))
	}
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		d.good("record", path+" is not there yet; it is made at the first start")
		return
	}
	text, err := read(ctx, "doctor", "all", s, c)
	if err != nil {
		d.bad("record", err.Error())
		return
	}
	d.good("record", path+": "+text)
}

// examine folds every timeline and compares what was derived from them.
func examine(ctx context.Context, j *store.Journal) (string, error) {
	heads, err := j.Heads(ctx)
	if err != nil {
		return "", err
	}
	events, known := 0, map[incident.ID]bool{}
	for _, h := range heads {
		known[h.ID] = true
		timeline, _, err := j.Load(ctx, h.ID)
		if err != nil {
			return "", err
		}
		events += len(timeline)
		// The bot may have gone on since the heads were read.
		timeline = timeline[:min(h.Events, len(timeline))]
		want := store.HeadOf(incident.Fold(h.ID, timeline))
		if h.Report == "" { // it may be older than lessons are
			want.Report, want.Guide = "", ""
		}
		if h != want {
			return "", fmt.Errorf("the head of %s does not fit its timeline", h.ID)
		}
	}
	handles, err := j.Handles(ctx)
	if err != nil {
		return "", err
	}
	for name, id := range handles {
		if !known[id] {
			return "", fmt.Errorf("the handle %s leads to %s, which is not there", name, id)
		}
	}
	items, err := j.Outbox(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d incidents, %d events, %d effects waiting; every timeline is whole", len(heads), events, len(items)), nil
}
