package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"tocsin/bot/alert"
	"tocsin/bot/command"
	"tocsin/bot/inbound"
	"tocsin/bot/pagerduty"
	"tocsin/bot/sandbox"
	"tocsin/bot/slack"
)

type sandboxCmd struct {
	contentFlags
	Addr  string `env:"TOCSIN_ADDR" default:"${addr}" help:"Where the page, the workspace and the bot listen."`
	Store string `placeholder:"bolt:FILE" help:"Keep the record in this file. By default it goes when the sandbox ends, as the workspace does."`
	Play  string `placeholder:"STORY" enum:",provider-outage,alert-storm" default:"" help:"Play a whole incident: provider-outage, or alert-storm, where two hundred alerts come at once."`
	Once  bool   `help:"With --play: at full speed, with no browser; print the record and the postmortem, and fail if a step does not happen."`
	NoBot bool   `name:"no-bot" help:"The workspace and its PagerDuty alone, for any Slack client library."`
	HTTP  bool   `name:"http" help:"Reach the bot by signed HTTP requests instead of Socket Mode."`
	Seed  uint64 `help:"Seed of the faults' chance."`

	look       time.Duration // how often the content is looked at; 0: as with a real workspace
	priorities []string      // of the PagerDuty account; nil: P1 to P5
	pace       float64       // what the windows of Slack's limits are multiplied by; 0: as with a real workspace
}

// The sandbox's own secrets protect nothing: everything is on this machine.
const (
	sandboxBotToken      = "xoxb-sandbox"
	sandboxAppToken      = "xapp-sandbox"
	sandboxSigningSecret = "sandbox-signing-secret"
	sandboxPagerSecret   = "sandbox-pagerduty-secret"
	sandboxWebhookToken  = "sandbox-webhook-token" // of all alert sources, and Sentry's secret
)

// Faults are to be seen, not waited for: calls and the quiet time after a lost
// one are shorter than with a real workspace.
const (
	sandboxTimeout = 4 * time.Second
	sandboxQuiet   = 5 * time.Second
)

// fullSpeed is the pace where nobody reads along: the sandbox has no limits.
const fullSpeed = 0.001

// Run runs the sandbox until it is told to stop, or the play is over.
func (c *sandboxCmd) Run(e *env) error {
	if c.Once && c.Play == "" {
		return errors.New("--once goes with --play: for example tocsin sandbox --play provider-outage --once")
	}
	if c.Once {
		c.Addr, c.pace = "127.0.0.1:0", fullSpeed
		e.log = slog.New(slog.NewTextHandler(e.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	s, err := startSandbox(e, c)
	if err != nil {
		return err
	}
	defer s.close()
	switch {
	case c.Once:
		return s.playOnce(e, c.Play)
	case c.NoBot:
		fmt.Fprintf(e.stdout, "\n  The workspace is at %s/\n  Web API %s/api/ · bot token %s · app token %s\n  PagerDuty %s/pagerduty · API token %s · From ada@example.com\n\n  Nothing of it is kept. Ctrl-C ends it.\n\n",
			s.url, s.url, sandboxBotToken, sandboxAppToken, s.url, sandbox.PagerDutyToken)
	case c.Play != "":
		fmt.Fprintf(e.stdout, "\n  tocsin is ready: open %s/?follow=1&user=%s\n\n  The play begins when the page is open.\n  Ctrl-C ends it.\n\n", s.url, dina)
	default:
		fmt.Fprintf(e.stdout, "\n  tocsin is ready: open %s/\n\n  Type  /incident sev2 Answers cut off mid-sentence  as any of four people.\n  Ctrl-C ends it.\n\n", s.url)
	}
	if c.Play != "" {
		go func() {
			if err := s.play(s.ctx, c.Play, readingPace); err != nil && s.ctx.Err() == nil {
				fmt.Fprintf(e.stderr, "tocsin: the play stopped: %v\n", err)
			}
		}()
	}
	return s.wait()
}

// sandboxRun is a sandbox that runs: a workspace, the bot and one HTTP server.
type sandboxRun struct {
	workspace *sandbox.Workspace
	app       *app // nil with --no-bot
	url       string
	ctx       context.Context
	stop      context.CancelFunc
	done      chan struct{}
	err       error
	dir       string // to be removed
}

// startSandbox starts everything; the caller closes it.
func startSandbox(e *env, c *sandboxCmd) (*sandboxRun, error) {
	garbageLater()
	ln, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be listened on: %w. Choose another address with --addr 127.0.0.1:8081", c.Addr, err)
	}
	s := &sandboxRun{url: "http://" + ln.Addr().String(), done: make(chan struct{})}
	s.ctx, s.stop = context.WithCancel(e.ctx)
	s.workspace = sandbox.New(c.options(e.log, s.url))
	mux := http.NewServeMux()
	mux.Handle("/", s.workspace.Handler())
	// The workspace outlasts the bot, which has things to finish there.
	open, shut := context.WithCancel(context.WithoutCancel(s.ctx))
	served := make(chan error, 1)
	go func() { served <- door{log: e.log}.serve(open, ln, mux) }() // its page and links are streams
	if c.NoBot {
		context.AfterFunc(s.ctx, shut)
		go s.finish(func() error { return <-served })
		return s, nil
	}
	if err := s.startBot(e, c); err != nil {
		shut()
		<-served
		s.cleanUp()
		return nil, err
	}
	s.app.routes(mux)
	none, err := net.Listen("tcp", "127.0.0.1:0") // the app's own server has nothing to serve here
	if err != nil {
		s.app.close()
		shut()
		return nil, err
	}
	go s.finish(func() error {
		err := s.app.run(s.ctx, none, http.NotFoundHandler())
		s.stop()
		shut()
		return errors.Join(err, <-served)
	})
	return s, nil
}

// options are the workspace's.
func (c *sandboxCmd) options(log *slog.Logger, url string) sandbox.Options {
	o := sandbox.Options{
		Log: log, Seed: c.Seed, BotToken: sandboxBotToken, AppToken: sandboxAppToken, SigningSecret: sandboxSigningSecret,
		PagerDutyURL: url + "/webhook/pagerduty", PagerDutySecret: sandboxPagerSecret, PublicURL: url,
		AlertURL: url + "/webhook/alertmanager", AlertToken: sandboxWebhookToken, PagerDutyPriorities: c.priorities,
	}
	if c.HTTP {
		o.RequestURL = url
	}
	for _, h := range command.Hints() {
		o.Commands = append(o.Commands, sandbox.CommandHint{Text: "/incident " + h.Text, Help: h.Help})
	}
	for _, sc := range slack.Shortcuts() {
		o.Shortcuts = append(o.Shortcuts, sandbox.Shortcut{
			CallbackID: sc["callback_id"].(string), Name: sc["name"].(string), Type: sc["type"].(string),
		})
	}
	return o
}

// services describes what runs in the sandbox's company, as a team would.
//
//go:embed services/*.md
var services embed.FS

func (s *sandboxRun) startBot(e *env, c *sandboxCmd) error {
	if c.Content == "" {
		c.contentFlags.services, _ = fs.Sub(services, "services") // the path is right
	}
	content, err := c.load()
	if err != nil {
		return err
	}
	if c.Store == "" {
		if s.dir, err = os.MkdirTemp("", "tocsin"); err != nil {
			return err
		}
		c.Store = "bolt:" + filepath.Join(s.dir, "tocsin.db")
	}
	path, err := storeFlags{c.Store}.path()
	if err != nil {
		return err
	}
	set := sandboxSettings(s.url, path, content, c.pace)
	set.look = c.look
	if c.HTTP {
		set.slack.AppToken, set.slack.SigningSecret = "", sandboxSigningSecret
	}
	s.app, err = newApp(s.ctx, set, e.log)
	return err
}

// sandboxSettings are those of a bot that works in a sandbox at url.
func sandboxSettings(url, store string, content content, pace float64) settings {
	return settings{
		storePath: store, content: content, url: url, secrets: []string{sandboxPagerSecret}, alerts: sandboxAlerts(), quiet: sandboxQuiet,
		pager: &pagerduty.Config{
			Token: sandbox.PagerDutyToken, RoutingKey: sandbox.RoutingKey, From: "ada@example.com",
			APIURL: url + "/pagerduty", WebhookURL: url + "/webhook/pagerduty",
		},
		slack: slack.Config{
			BotToken: sandboxBotToken, AppToken: sandboxAppToken, APIURL: url + "/api/", Announce: "incidents",
			HTTP: &http.Client{Timeout: sandboxTimeout}, Pace: pace,
		},
	}
}

// sandboxAlerts serves all alert sources but CloudWatch, for which SNS itself would
// have to sign.
func sandboxAlerts() alert.Config {
	return alert.Config{Token: inbound.Token{sandboxWebhookToken}, Sentry: []string{sandboxWebhookToken}}
}

func (s *sandboxRun) finish(run func() error) {
	s.err = run()
	close(s.done)
}

// wait returns when the sandbox has ended.
func (s *sandboxRun) wait() error {
	<-s.done
	return s.err
}

// close ends the sandbox and removes what it made: first what reaches the bot, then
// the bot, then what the bot reaches.
func (s *sandboxRun) close() {
	s.workspace.Hush()
	s.stop()
	<-s.done
	s.cleanUp()
}

func (s *sandboxRun) cleanUp() {
	s.workspace.Close()
	if s.dir != "" {
		os.RemoveAll(s.dir)
	}
}
