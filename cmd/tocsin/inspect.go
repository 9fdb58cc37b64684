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
	"tocsin/bot/slack"
	"tocsin/store"
	"tocsin/store/bolt"
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
	Repair   bool `help:"Put right what is damaged in the record, while no bot runs on it. A copy of the file is kept."`
}

// Run examines the configuration, what it reaches, and the record.
func (c *doctorCmd) Run(e *env) error {
	if c.Repair {
		return c.repair(e)
	}
	d := &doctor{out: e.stdout}
	s, wrong := c.settings()
	for _, w := range append(wrong, s.doubts...) {
		d.bad("configuration", w)
	}
	if d.failed == 0 {
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
	d.places(s)
	if s.storePath != "" {
		d.running(e.ctx, s.storePath)
		d.store(e.ctx, c.storeFlags, c.Backup)
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

// running tells what does not work of the bot that runs on the record: what it was started
// with may be other than what doctor sees.
func (d *doctor) running(ctx context.Context, path string) {
	_, running, err := ask(ctx, path, "readyz", "")
	if !running {
		return
	}
	if err == nil {
		d.good("running bot", "every part works")
		return
	}
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimSpace(line); !strings.HasSuffix(line, ": ok") {
			d.bad("running bot", line)
		}
	}
}

func (d *doctor) store(ctx context.Context, s storeFlags, backups string) {
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
	anew, err := fresh(path, backups)
	if err != nil {
		d.bad("record", err.Error())
		return
	}
	if anew {
		d.good("record", path+" is not there yet; it is made at the first start")
		return
	}
	text, err := examined(ctx, path)
	if err != nil {
		err = withBackup(err, backups)
		for line := range strings.Lines(err.Error()) {
			d.bad("record", strings.TrimSpace(line))
		}
		return
	}
	d.good("record", path+": "+text)
}

// examined examines a record: in the bot that runs on it, or else in the file. It needs
// no bot, which a damaged record may keep from starting.
func examined(ctx context.Context, path string) (text string, err error) {
	err = patiently(ctx, func() (err error) {
		var running bool
		if text, running, err = ask(ctx, path, "doctor", "all"); !running {
			text, err = examinedFile(ctx, path)
		}
		return err
	})
	return text, err
}

// examinedFile examines a record that no bot runs on.
func examinedFile(ctx context.Context, path string) (string, error) {
	kv, err := openToRead(path)
	if err != nil {
		return "", err
	}
	defer kv.Close()
	text, err := examine(ctx, store.NewJournal(kv))
	if kv.IsReadOnly() {
		err = errors.Join(err, fmt.Errorf("%s can only be read here: let the user who runs tocsin write it (%s)", path, text))
	}
	return text, err
}

// openDamaged opens a record that may be damaged, once no other process has it. lost says
// why its newest transaction may be missing; nil if it is not.
func openDamaged(ctx context.Context, path string) (kv *bolt.DB, lost *store.CorruptError, err error) {
	err = alone(ctx, path, func() (err error) {
		kv, err = openRecord(path)
		return err
	})
	if damaged, ok := errors.AsType[*store.CorruptError](err); ok {
		lost = damaged
		kv, err = bolt.Open(path, bolt.OneFirstPage())
	}
	return kv, lost, err
}

// repair puts the record right, and tells each thing that it did.
func (c *doctorCmd) repair(e *env) error {
	path, err := c.path()
	if err != nil {
		return err
	}
	now := time.Now()
	kv, lost, err := openDamaged(e.ctx, path)
	if err != nil {
		return fmt.Errorf("this cannot be repaired: %w", err)
	}
	defer kv.Close()
	sweep(path, e.log)
	j := store.NewJournal(kv)
	if lost == nil {
		if r, err := j.Examine(e.ctx, nil); err == nil && len(r.Findings) == 0 {
			return tellRepaired(e.stdout, path, 0, r)
		}
	}
	before := path + ".before-repair-" + moment(now)
	if err := kv.Copy(e.ctx, before, func(*bolt.DB) error { return nil }); err != nil {
		return fmt.Errorf("nothing was repaired: %w", err)
	}
	fmt.Fprintf(e.stdout, "The record as it was is kept as %s.\n", before)
	if lost != nil {
		if err := j.Mark(e.ctx, store.MarkRestored, now); err != nil { // which writes the page again
			return err
		}
		fmt.Fprintf(e.stdout, "%s: %s: went on from the other one\n", path, lost.Detail)
		defer fmt.Fprintln(e.stdout, "The newest write may be missing: compare what happened last in Slack with the timelines.")
	}
	done, left, err := j.Repair(e.ctx, now)
	for _, what := range done {
		fmt.Fprintln(e.stdout, what)
	}
	if err != nil {
		return err
	}
	if err := damage(left.Findings); err != nil {
		return fmt.Errorf("this is left to you:\n%w", err)
	}
	return tellRepaired(e.stdout, path, len(done), left)
}

// tellRepaired says how many things were put right, and what is in the record now.
func tellRepaired(out io.Writer, path string, done int, r store.Report) error {
	_, err := fmt.Fprintf(out, "Put right: %d. %s: %s\n", done, path, contents(r))
	return err
}

// examine reads the whole record: every timeline folds, and what was derived from it
// fits. What does not is the error, a line each.
func examine(ctx context.Context, j *store.Journal) (string, error) {
	r, err := j.Examine(ctx, nil)
	if err == nil {
		err = damage(r.Findings)
	}
	return contents(r), err
}
