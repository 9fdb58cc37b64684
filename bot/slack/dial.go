package slack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"tocsin/bot"
)

// Config is how to reach a workspace.
type Config struct {
	BotToken, AppToken, SigningSecret string
	APIURL                            string // "" is Slack's own
	Announce                          string // name or ID of the announcement channel
	HTTP                              *http.Client
	// Patience is how long Dial tries again while Slack does not answer; 0: it
	// tries once.
	Patience time.Duration
	// Pace multiplies the windows of Slack's limits, for where there are none; 0
	// means 1.
	Pace float64
	// Jitter is some time up to the given one, to spread what was refused; nil: none.
	Jitter func(atMost time.Duration) time.Duration
	// Log hears what Dial waits for; nil: nobody.
	Log *slog.Logger
}

// callTimeout is how long one call to Slack may take. bot.Config.Quiet has to be
// longer.
const callTimeout = 10 * time.Second

// Missing tells what is not configured, each with what to do.
func (c Config) Missing() []string {
	var missing []string
	switch {
	case c.BotToken == "":
		missing = append(missing, "SLACK_BOT_TOKEN is not set: it begins with xoxb- and stands in your Slack app under “OAuth & Permissions”")
	case !strings.HasPrefix(c.BotToken, "xoxb-"):
		missing = append(missing, "SLACK_BOT_TOKEN does not begin with xoxb-: take the bot token from “OAuth & Permissions”, not another one")
	}
	switch {
	case c.AppToken == "" && c.SigningSecret == "":
		missing = append(missing, "neither SLACK_APP_TOKEN (for Socket Mode: nothing to open to the internet) nor SLACK_SIGNING_SECRET (for HTTP) is set: set one of them, both stand under “Basic Information”")
	case c.AppToken != "" && !strings.HasPrefix(c.AppToken, "xapp-"):
		missing = append(missing, "SLACK_APP_TOKEN does not begin with xapp-: make an app-level token with the scope connections:write under “Basic Information”")
	}
	return missing
}

// Connection is a workspace that answered.
type Connection struct {
	Me        Identity
	Team      string
	Performer *Performer
	granted   []string // scopes of the bot token, as Slack tells them
	config    Config
	api       *slack.Client
	pacer     *Pacer
}

// Pacer paces the calls of this workspace.
func (c *Connection) Pacer() *Pacer { return c.pacer }

// Dial asks Slack who the bot is, and with Socket Mode whether the app token is
// good: slack-go would try a wrong one for ever. While Slack does not answer it
// tries again, for as long as c.Patience; only a refusal is about a token.
func Dial(ctx context.Context, c Config) (*Connection, error) {
	if missing := c.Missing(); len(missing) > 0 {
		return nil, errors.New(strings.Join(missing, "\n        "))
	}
	if c.HTTP == nil {
		c.HTTP = &http.Client{Timeout: callTimeout, CheckRedirect: noRedirect}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	pacer := newPacer(c)
	api, err := c.client(pacer)
	if err != nil {
		return nil, err
	}
	var auth *slack.AuthTestResponse
	err = c.insist(ctx, "SLACK_BOT_TOKEN", func() (err error) {
		auth, err = api.AuthTestContext(ctx)
		return err
	})
	if err == nil && c.AppToken != "" {
		err = c.insist(ctx, "SLACK_APP_TOKEN", func() error {
			_, _, err := api.StartSocketModeContext(ctx)
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	me := Identity{User: auth.UserID, Team: auth.TeamID, URL: strings.TrimSuffix(auth.URL, "/") + "/"}
	granted := strings.FieldsFunc(auth.Header.Get("X-Oauth-Scopes"), func(r rune) bool { return r == ',' || r == ' ' })
	return &Connection{
		Me: me, Team: auth.Team, granted: granted, Performer: NewPerformer(api, me, c.Announce), config: c, api: api, pacer: pacer,
	}, nil
}

// client calls Slack, and has pacer know of each call.
func (c Config) client(pacer *Pacer) (*slack.Client, error) {
	url := slack.APIURL
	if c.APIURL != "" {
		url = strings.TrimSuffix(c.APIURL, "/") + "/"
	}
	client, err := metered(c.HTTP, pacer, url)
	if err != nil {
		return nil, fmt.Errorf("SLACK_API_URL is %q, which is no address: %w", c.APIURL, err)
	}
	return slack.New(c.BotToken, slack.OptionHTTPClient(client), slack.OptionAppLevelToken(c.AppToken), slack.OptionAPIURL(url)), nil
}

// noRedirect keeps tokens from following a redirect to elsewhere.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Face makes the face of this workspace.
func (c *Connection) Face(handle func(context.Context, bot.Request) (bot.Answer, error), hold func(context.Context) (context.Context, func()), log *slog.Logger) *Face {
	return &Face{
		API: c.api, Performer: c.Performer, Handle: handle, Hold: hold, HTTP: c.config.HTTP,
		APIURL: c.config.APIURL, SigningSecret: c.config.SigningSecret, Log: log,
	}
}

// Check tells what keeps the bot from working in full; nil when nothing does.
func (c *Connection) Check(ctx context.Context) []string {
	var problems []string
	for _, s := range scopes {
		if len(c.granted) > 0 && !slices.Contains(c.granted, s) {
			problems = append(problems, fmt.Sprintf("the app lacks the scope %s: add it in the app's settings (tocsin manifest has all), and install the app again", s))
		}
	}
	if _, err := c.Performer.announcementChannel(ctx); err != nil {
		problems = append(problems, "the announcement channel: "+classify(err).Error())
	}
	return problems
}
