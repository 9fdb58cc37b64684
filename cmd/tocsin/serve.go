package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tocsin/bot/alert"
	"tocsin/bot/inbound"
	"tocsin/bot/pagerduty"
	"tocsin/bot/slack"
)

// slackFlags are how to reach the workspace.
type slackFlags struct {
	BotToken      string `env:"SLACK_BOT_TOKEN" placeholder:"xoxb-…" help:"The Slack app's bot token."`
	AppToken      string `env:"SLACK_APP_TOKEN" placeholder:"xapp-…" help:"The Slack app's app-level token: set, Slack is reached by Socket Mode; not set, by HTTP."`
	SigningSecret string `env:"SLACK_SIGNING_SECRET" placeholder:"…" help:"The Slack app's signing secret, for HTTP."`
	APIURL        string `env:"SLACK_API_URL" name:"slack-api-url" help:"Where Slack's API is, if not at slack.com."`
	Announce      string `env:"TOCSIN_ANNOUNCE" default:"incidents" help:"The channel where incidents are announced."`
}

func (f slackFlags) config() slack.Config {
	return slack.Config{
		BotToken: strings.TrimSpace(f.BotToken), AppToken: strings.TrimSpace(f.AppToken), SigningSecret: strings.TrimSpace(f.SigningSecret),
		APIURL: f.APIURL, Announce: f.Announce,
	}
}

// alertFlags are what proves alert sources. Without its secret a source is not
// served.
type alertFlags struct {
	Token        string `env:"TOCSIN_WEBHOOK_TOKEN" name:"webhook-token" placeholder:"…" help:"The token that Alertmanager, Grafana, Datadog and other monitors send, as bearer or as the password of basic authentication; several with commas while it is rotated."`
	SentrySecret string `env:"TOCSIN_SENTRY_SECRET" name:"sentry-secret" placeholder:"…" help:"The client secret of Sentry's internal integration; several with commas while it is rotated."`
	Topics       string `env:"TOCSIN_SNS_TOPICS" name:"sns-topics" placeholder:"arn:aws:sns:…" help:"The ARNs of the SNS topics by which CloudWatch's alarms come, with commas."`
}

// config reads them, and notes everything that is wrong.
func (f alertFlags) config(note func(error)) alert.Config {
	var c alert.Config
	var err error
	c.Token, err = inbound.Secrets("TOCSIN_WEBHOOK_TOKEN", f.Token)
	note(err)
	c.Sentry, err = inbound.Secrets("TOCSIN_SENTRY_SECRET", f.SentrySecret)
	note(err)
	c.Topics, err = alert.Topics(f.Topics)
	note(err)
	return c
}

// leastToken is how long a token has to be, in bytes, so that nobody guesses it.
const leastToken = 16

// doubts are what works and is hardly meant.
func (f alertFlags) doubts(c alert.Config) (list []string) {
	for _, token := range c.Token {
		if len(token) < leastToken {
			list = append(list, fmt.Sprintf("TOCSIN_WEBHOOK_TOKEN has a token of %d bytes, and whoever guesses it opens incidents: make one of %d or more, such as openssl rand -hex 32 prints", len(token), leastToken))
		}
	}
	return list
}

type serveCmd struct {
	storeFlags
	contentFlags
	slackFlags
	WebhookSecret string `env:"PAGERDUTY_WEBHOOK_SECRET" name:"pagerduty-webhook-secret" placeholder:"…" help:"The secret of PagerDuty's V3 webhook; several with commas while it is rotated. Without one there is no webhook."`
	alertFlags
	pagerFlags
	tlsFlags
	keepFlags
	Addr string `env:"TOCSIN_ADDR" default:"${addr}" help:"Where to listen for HTTP."`
	URL  string `env:"TOCSIN_URL" help:"How people reach that address, for links to guides: https://tocsin.example.com"`
	calmFlags
}

// calmFlags are how long things take where Slack is not the real one: for tests.
type calmFlags struct {
	Quiet   time.Duration `env:"TOCSIN_QUIET" default:"15s" hidden:""`
	Timeout time.Duration `env:"TOCSIN_TIMEOUT" default:"10s" hidden:""` // of one call
	Pace    float64       `env:"TOCSIN_PACE" default:"1" hidden:""`      // what the windows of Slack's limits are multiplied by
}

func (f calmFlags) check() error {
	if f.Quiet <= 0 || f.Timeout <= 0 {
		return errors.New("TOCSIN_QUIET and TOCSIN_TIMEOUT have to be longer than 0")
	}
	return nil
}

// slackPatience is how long the start waits for a Slack that does not answer, before
// webhooks and the shell are served without it.
const slackPatience = 2 * time.Second

// Run serves until it is told to stop.
func (c *serveCmd) Run(e *env) error {
	garbageLater()
	s, wrong := c.settings()
	if len(wrong) > 0 {
		return errors.New("this cannot start yet:\n      - " + strings.Join(wrong, "\n      - "))
	}
	ln, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return fmt.Errorf("TOCSIN_ADDR %s cannot be listened on: %w", c.Addr, err)
	}
	s.slack.Patience, s.alone, s.counts = slackPatience, true, newCounts()
	return (&host{settings: s, log: e.log, door: lender{Listener: ln}}).run(e.ctx)
}

// settings reads the configuration and tells everything that is missing or
// wrong, not only the first thing.
func (c *serveCmd) settings() (settings, []string) {
	var s settings
	var wrong []string
	note := func(err error) {
		if err != nil {
			wrong = append(wrong, err.Error())
		}
	}
	var err error
	s.slack = c.slackFlags.config()
	wrong = append(wrong, s.slack.Missing()...)
	s.storePath, err = c.path()
	note(err)
	s.content, err = c.load()
	note(err)
	s.secrets, err = pagerduty.Secrets(c.WebhookSecret)
	note(err)
	s.alerts = c.alertFlags.config(note)
	s.pager = c.pagerFlags.config(note)
	s.doubts = append(c.alertFlags.doubts(s.alerts), c.pagerFlags.doubts()...)
	s.pair, err = c.tlsFlags.pair()
	note(err)
	s.keeping = c.keepFlags.config(note)
	note(checkURL(c.URL))
	note(checkAddr(c.Addr))
	note(c.calmFlags.check())
	s.url, s.addr, s.quiet = c.URL, c.Addr, c.Quiet
	s.slack.Timeout, s.slack.Pace = c.Timeout, c.Pace
	if s.pager != nil {
		s.pager.Timeout = c.Timeout
	}
	if s.pager != nil && s.url != "" {
		s.pager.WebhookURL = address(s, "pagerduty")
	}
	return s, wrong
}

// checkURL refuses what no link can begin with. Empty is nowhere.
func checkURL(s string) error {
	if u, err := url.Parse(s); s != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
		return fmt.Errorf("TOCSIN_URL is %q: it has to be an address such as https://tocsin.example.com", s)
	}
	return nil
}

// checkAddr refuses what cannot be listened on, whatever the machine.
func checkAddr(s string) error {
	_, port, err := net.SplitHostPort(s)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err == nil {
		return nil
	}
	like := "8080"
	if _, err := strconv.ParseUint(s, 10, 16); err == nil {
		like = s
	}
	return fmt.Errorf("TOCSIN_ADDR is %q: it has to be HOST:PORT, such as 127.0.0.1:%s, or :%s for every address of this machine", s, like, like)
}
