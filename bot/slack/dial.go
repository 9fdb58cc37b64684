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
}

// Dial asks Slack who the bot is, and with Socket Mode whether the app token is
// good: slack-go would try a wrong one for ever.
func Dial(ctx context.Context, c Config) (*Connection, error) {
	if missing := c.Missing(); len(missing) > 0 {
		return nil, errors.New(strings.Join(missing, "\n        "))
	}
	if c.HTTP == nil {
		c.HTTP = &http.Client{Timeout: callTimeout, CheckRedirect: noRedirect}
	}
	options := []slack.Option{slack.OptionHTTPClient(c.HTTP), slack.OptionAppLevelToken(c.AppToken)}
	if c.APIURL != "" {
		options = append(options, slack.OptionAPIURL(strings.TrimSuffix(c.APIURL, "/")+"/"))
	}
	api := slack.New(c.BotToken, options...)
	auth, err := api.AuthTestContext(ctx)
	if err != nil {
		return nil, dialError("SLACK_BOT_TOKEN", err)
	}
	if c.AppToken != "" {
		if _, _, err := api.StartSocketModeContext(ctx); err != nil {
			return nil, dialError("SLACK_APP_TOKEN", err)
		}
	}
	me := Identity{User: auth.UserID, Team: auth.TeamID, URL: strings.TrimSuffix(auth.URL, "/") + "/"}
	granted := strings.FieldsFunc(auth.Header.Get("X-Oauth-Scopes"), func(r rune) bool { return r == ',' || r == ' ' })
	return &Connection{Me: me, Team: auth.Team, granted: granted, Performer: NewPerformer(api, me, c.Announce), config: c, api: api}, nil
}

// noRedirect keeps tokens from following a redirect to elsewhere.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func dialError(name string, err error) error {
	if c := code(err); c != "" {
		return fmt.Errorf("Slack does not accept %s (%s): check it, and that the app is installed in the workspace", name, c)
	}
	return fmt.Errorf("Slack does not answer: %w. Check the network, and SLACK_API_URL if you set it", safe(err))
}

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
