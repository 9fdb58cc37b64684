//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"

	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
	"tocsin/store"
	"tocsin/store/bolt"
)

// ground is where a story is told to one process after another: a workspace that
// nobody kills, and a data file.
type ground struct {
	workspace *sandbox.Workspace
	server    *http.Server
	url       string
	file      string
	process   *process    // the latest
	doomed    atomic.Bool // one of them was killed by startDoomed
	told      int         // how many of tale were answered
	socket    bool        // processes have Socket Mode's links besides
	more      []string    // of their environment
}

// tale is what Ada says, one after the other.
var tale = []string{
	"sev2 Answers are wrong",
	"INC-1 update We pinned the March model",
	"INC-1 resolve All twenty answers read are right",
	"INC-1 postmortem",
}

// newGround makes a ground with its data file in dir.
func newGround(dir string) (*ground, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	g := &ground{url: "http://" + ln.Addr().String(), file: filepath.Join(dir, "tocsin.db")}
	g.workspace = sandbox.New(sandbox.Options{PublicURL: g.url})
	g.server = &http.Server{Handler: g.workspace.Handler()}
	go g.server.Serve(ln)
	return g, nil
}

// close ends what is left running.
func (g *ground) close() {
	g.process.kill()
	g.server.Close()
	g.workspace.Close()
}

// start launches a process, below wrapper if there is one.
func (g *ground) start(ctx context.Context, wrapper ...string) (err error) {
	env := environment(g.url, g.file, byHTTP, "GOMAXPROCS=1", "TOCSIN_QUIET=100ms", "TOCSIN_PACE=0.001")
	if g.socket {
		env = append(env, bySocket)
	}
	g.process, err = launch(ctx, append(env, g.more...), append(wrapper, "tocsin", "serve")...)
	return err
}

// tell tells the process the rest of the tale, and then has it end. What an earlier
// one did not answer is told again with the same trigger. errEnded if the process
// ends before.
func (g *ground) tell(ctx context.Context) error {
	if err := errors.Join(g.process.up(ctx), g.process.await(ctx, g.linked)); err != nil {
		return g.explain(err)
	}
	for {
		if err := g.process.await(ctx, g.settled); err != nil {
			return g.explain(err)
		}
		if g.told == len(tale) {
			return g.leave()
		}
		if err := g.say(ctx); err != nil {
			return g.explain(err)
		}
	}
}

// say says the next words. Without an answer, the process has ended.
func (g *ground) say(ctx context.Context) error {
	status, text, err := g.process.command(ctx, fmt.Sprint("trigger-", g.told), tale[g.told])
	if err != nil {
		return errors.Join(g.process.await(ctx, func() bool { return false }), err)
	}
	if status != http.StatusOK || !strings.HasPrefix(text, "INC-1") && !strings.HasPrefix(text, "Update 1") && !strings.HasPrefix(text, "The draft") {
		return fmt.Errorf("%q was answered with %d %s", tale[g.told], status, text)
	}
	g.told++
	return nil
}

// settled tells whether the process has nothing left to do.
func (g *ground) settled() bool {
	n, err := g.process.waits(context.Background())
	return err == nil && n == 0
}

// linked tells whether the process has all links that it is to have.
func (g *ground) linked() bool {
	if !g.socket {
		return true
	}
	numbers, err := g.process.numbers(context.Background())
	return err == nil && numbers["tocsin_slack_links"] == "2"
}

// leave has the process end as it should.
func (g *ground) leave() error {
	if _, err := g.process.end(syscall.SIGTERM, patience); err != nil {
		return err
	}
	if code := g.process.ProcessState.ExitCode(); code != 0 {
		return g.explain(fmt.Errorf("exit code %d", code))
	}
	return nil
}

// explain adds what the process said.
func (g *ground) explain(err error) error { return fmt.Errorf("%w\n%s", err, g.process.log.String()) }

// picture is all that remains, as text: what is to be seen in Slack, and the
// record, which has to be whole. Times and ids, which differ from run to run, are left out.
func (g *ground) picture(ctx context.Context) (string, error) {
	db, err := bolt.Open(g.file)
	if err != nil {
		return "", err
	}
	defer db.Close()
	j := store.NewJournal(db)
	if _, err := examine(ctx, j); err != nil {
		return "", err
	}
	heads, err := j.Heads(ctx)
	if err != nil {
		return "", err
	}
	var lines []string
	for _, h := range heads {
		events, _, err := j.Load(ctx, h.ID)
		if err != nil {
			return "", err
		}
		lines = append(append(lines, string(h.ID)), onRecord(events)...)
	}
	return same(strings.Join(append(lines, g.seen()...), "\n")), nil
}

// onRecord are the events of a timeline: what people did in its order, and then what
// the bot did, whose lanes go side by side, in the order of the alphabet.
func onRecord(events []incident.Event) (lines []string) {
	var bots []string
	for _, e := range events {
		data, _ := json.Marshal(e.Fact) // it came from the store: it cannot fail
		line := fmt.Sprintf("%s %T%s", e.By.Name, e.Fact, data)
		if e.By == incident.Bot {
			bots = append(bots, line)
			continue
		}
		lines = append(lines, e.Cause+" "+line)
	}
	slices.Sort(bots)
	return append(lines, bots...)
}

// seen are the channels with their messages: the bot's in their order, and then what Slack
// says of who came and what the topic is.
func (g *ground) seen() (lines []string) {
	for _, c := range g.workspace.State().Channels {
		slices.Sort(c.Members)
		lines = append(lines, fmt.Sprintf("#%s topic %q members %v", c.Name, c.Topic, c.Members))
		for _, b := range c.Bookmarks {
			lines = append(lines, "bookmark "+b.Title+" "+b.Link)
		}
		var system []string
		for _, m := range g.workspace.Messages(c.ID) {
			line := fmt.Sprintf("%s thread=%v pinned=%v %q %v", m.User, m.ThreadTS != "", slices.Contains(c.Pins, m.TS), m.Text, m.Reactions)
			for _, f := range m.Files {
				line += fmt.Sprintf(" file %s %q", f.Name, f.Content)
			}
			if m.Metadata == nil && len(m.Files) == 0 {
				system = append(system, line)
				continue
			}
			lines = append(lines, line)
		}
		slices.Sort(system)
		lines = append(lines, system...)
	}
	return lines
}

var differing = []*regexp.Regexp{
	regexp.MustCompile(`http://127\.0\.0\.1:\d+`),
	regexp.MustCompile(`\b[BCF]07\w+`),
	regexp.MustCompile(`\bp\d{16}\b|\b\d{10}\.\d{6}\b`),
	regexp.MustCompile(`\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:[\d.]+Z?)?)?`),
}

// same is text without what differs from run to run.
func same(text string) string {
	for _, r := range differing {
		text = r.ReplaceAllString(text, "~")
	}
	return text
}

// difference are the lines that only one of two pictures has, or has more often.
func difference(want, got string) string {
	count := map[string]int{}
	for _, l := range strings.Split(got, "\n") {
		count[l]++
	}
	for _, l := range strings.Split(want, "\n") {
		count[l]--
	}
	var lines []string
	for l, n := range count {
		if n != 0 {
			lines = append(lines, fmt.Sprintf("%+d %.300s", n, l))
		}
	}
	if lines == nil {
		return "the same lines in another order:\n" + got
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
