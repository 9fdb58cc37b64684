// Command tocsin runs incident response in Slack for teams whose product
// depends on AI models. README.md says how to begin.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is set when a release is built: -ldflags "-X main.version=v1.2.3".
var version = "dev"

// cli is every subcommand, with its flags and environment in one place.
type cli struct {
	Sandbox    sandboxCmd    `cmd:"" help:"Try it: a workspace, the bot and a page in the browser, with no account."`
	Serve      serveCmd      `cmd:"" help:"Run the bot in a real Slack workspace."`
	Incident   incidentCmd   `cmd:"" help:"Open, note, list, show or change incidents from this machine's shell, also while Slack is away."`
	Postmortem postmortemCmd `cmd:"" help:"Print the postmortem draft of an incident."`
	Timeline   timelineCmd   `cmd:"" help:"Print what happened in an incident."`
	Guides     guidesCmd     `cmd:"" help:"List, show, find, check or export the troubleshooting guides."`
	Doctor     doctorCmd     `cmd:"" help:"Say what is configured, what is reachable, and whether the record is whole."`
	Backup     backupCmd     `cmd:"" help:"Write a copy of the record to a file, also while the bot runs, and check it."`
	Restore    restoreCmd    `cmd:"" help:"Put a backup in the place of the record; what was there is kept."`
	Compact    compactCmd    `cmd:"" help:"Make the data file as small as what is in it."`
	Export     exportCmd     `cmd:"" help:"Write incidents as files that need no tocsin to read."`
	Healthy    healthyCmd    `cmd:"" help:"Say whether the bot that runs here works: for a container's health check."`
	Manifest   manifestCmd   `cmd:"" help:"Print the Slack app manifest to paste."`
	Version    versionCmd    `cmd:"" help:"Print the version."`
}

// env is what a subcommand has of the world.
type env struct {
	ctx    context.Context
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	log    *slog.Logger
}

func main() { os.Exit(run()) }

// run is main with its exit code: 0 done, 1 failed, 80 wrong use.
func run() int {
	e := &env{ctx: untilSignaled(), stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}
	e.log = slog.New(slog.NewTextHandler(e.stderr, nil))
	slog.SetDefault(e.log) // what libraries log has the same form
	return execute(e, os.Args[1:])
}

// untilSignaled is a context that ends with the first signal to end. By then a second
// one has its usual effect: who asks twice does not want to wait.
func untilSignaled() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		s := <-signals
		signal.Stop(signals)
		cancel(&signaled{s})
	}()
	return ctx
}

// signaled is the context.Canceled of what was told to end.
type signaled struct{ by os.Signal }

func (s *signaled) Error() string { return s.by.String() + " signal received" }
func (s *signaled) Unwrap() error { return context.Canceled }

// execute runs a subcommand. What it prints is fit for a terminal.
func execute(e *env, args []string) int {
	calm := *e
	e = &calm
	e.stdout, e.stderr = &screen{to: e.stdout}, &screen{to: e.stderr}
	code := -1
	parser, err := kong.New(&cli{}, kong.Name("tocsin"), kong.UsageOnError(),
		kong.Description("Incident response in Slack, for teams whose product depends on AI models."),
		kong.Writers(e.stdout, e.stderr), kong.Exit(func(c int) { code = c }),
		kong.Vars{"addr": "127.0.0.1:8080"})
	if err != nil {
		panic(err) // the tags above are wrong: the first test that runs says so
	}
	k, err := parser.Parse(args)
	if code >= 0 { // --help
		return code
	}
	if err != nil {
		fmt.Fprintf(e.stderr, "tocsin: %v\n", err)
		return 80
	}
	if err := k.Run(e); err != nil && !errors.Is(err, context.Canceled) {
		if !errors.Is(err, errTold) {
			fmt.Fprintf(e.stderr, "tocsin: %v\n", withBackup(err, backupsFor(k)))
		}
		return 1
	}
	return 0
}

// errTold is the error of a subcommand that has printed all there is to say.
var errTold = errors.New("what is wrong is told above")

type versionCmd struct{}

func (versionCmd) Run(e *env) error {
	_, err := fmt.Fprintln(e.stdout, "tocsin", version)
	return err
}
