package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"tocsin/bot/sandbox"
)

// killing is a round under way.
type killing struct {
	killSpec
	ctx       context.Context
	dir       string
	ws        *sandbox.Workspace
	slack     string   // address of the workspace
	addr      string   // of the bot: host and port
	store     string   // its data file
	process   *process // the latest
	processes []*process
	figures   killFigures
	calls     int           // the last call whose faults were counted
	before    sandbox.State // as all was settled, and nothing made anew

	holding sync.Mutex // by whoever has rooms on hold

	mu       sync.Mutex
	asked    []*wish
	problems []string
	rooms    []string          // incidents that people have opened
	titled   map[string]string // the tokens in their titles
	tried    map[string]int    // what is asked for once, or a few times
	seated   map[string]bool   // who deals with forms
	holds    []span            // when alerts opened no rooms
}

// play plays a round. The problems are empty if nothing was lost and nothing is
// there twice.
func (s killSpec) play(ctx context.Context) (killFigures, []string) {
	k, err := s.begin(ctx)
	if err != nil {
		return killFigures{}, []string{err.Error()}
	}
	defer k.end()
	k.kill()
	if k.settle() {
		k.compare()
	}
	k.sound()
	if len(k.problems) > 0 && !k.brief {
		k.leave()
		k.problem("the record, the log and the workspace are in %s; again: %s=%d %s=%d go test ./cmd/tocsin -run TestKills -v", k.dir, killsSeedEnv, s.seed, killsEnv, s.kills)
	}
	return k.figures, k.problems
}

// begin opens the workspace of a round.
func (s killSpec) begin(ctx context.Context) (*killing, error) {
	k := &killing{killSpec: s, ctx: ctx, titled: map[string]string{}, tried: map[string]int{}, seated: map[string]bool{}}
	var err error
	if k.dir, err = os.MkdirTemp("", "tocsin-kill"); err != nil {
		return nil, err
	}
	k.store = filepath.Join(k.dir, "tocsin.db")
	if err := writeKillContent(filepath.Join(k.dir, "content")); err != nil {
		return nil, err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	k.slack = "http://" + ln.Addr().String()
	if k.addr, err = freeAddress(); err != nil {
		return nil, err
	}
	k.ws = sandbox.New(k.options())
	go door{log: slog.New(slog.DiscardHandler)}.serve(ctx, ln, k.ws.Handler())
	return k, nil
}

// freeAddress is one that nobody listens on now.
func freeAddress() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer ln.Close()
	return ln.Addr().String(), nil
}

// options are the workspace's: as the sandbox has them, but that what the bot
// misses comes again soon.
func (k *killing) options() sandbox.Options {
	o := (&sandboxCmd{Seed: k.seed}).options(nil, k.slack)
	bot := "http://" + k.addr
	o.PagerDutyURL, o.AlertURL = bot+"/webhook/pagerduty", bot+"/webhook/alertmanager"
	o.AckWindow = 1500 * time.Millisecond
	for range 60 {
		o.EventRetries = append(o.EventRetries, 500*time.Millisecond)
	}
	if k.http {
		o.RequestURL = bot
	}
	return o
}

// leave writes what the workspace holds, and the log, beside the record.
func (k *killing) leave() {
	data, err := json.MarshalIndent(k.ws.State(), "", " ")
	if err == nil {
		err = os.WriteFile(filepath.Join(k.dir, "workspace.json"), data, 0o600)
	}
	log := []byte(strings.Join(k.lines(), "\n"))
	if err = errors.Join(err, os.WriteFile(filepath.Join(k.dir, "log"), log, 0o600)); err != nil {
		k.problem("%v", err)
	}
}

// end takes everything down. A round with problems leaves its files.
func (k *killing) end() {
	k.ws.Hush()
	k.process.kill()
	k.ws.Close()
	if len(k.problems) == 0 || k.brief {
		os.RemoveAll(k.dir)
	}
}

// problem notes what went wrong.
func (k *killing) problem(format string, args ...any) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.problems = append(k.problems, fmt.Sprintf(format, args...))
}
