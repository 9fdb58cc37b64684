package slack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"tocsin/bot"
	"tocsin/bot/inbound"
)

// Config is how to reach a workspace.
type Config struct {
	BotToken, AppToken, SigningSecret string
	APIURL                            string // "" is Slack's own
	Announce                          string // name or ID of the announcement channel
	HTTP                              *http.Client
	// Timeout is how long one call may take; 0: 10 s. HTTP has its own.
	Timeout time.Duration
	// Patience is how long Dial tries again while Slack does not answer, before it goes
	// on without it; 0: it tries once, and fails.
	Patience time.Duration
	// Known is what Slack said of the bot token at an earlier start.
	Known Known
	// Pace multiplies the windows of Slack's limits, for where there are none; 0
	// means 1.
	Pace float64
	// Jitter is some time up to the given one, to spread what was refused; nil: none.
	Jitter func(atMost time.Duration) time.Duration
	// Called hears of each call, with its outcome; nil: nobody counts.
	Called func(method, outcome string)
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

// Connection is a workspace that answered, now or at an earlier start, or that will.
type Connection struct {
	Me        Identity // zero until Slack said who the bot is
	Team      string   // its name; "" until then
	Performer *Performer
	config    Config
	api       *slack.Client
	pacer     *Pacer
	drift     *drift

	mu      sync.Mutex
	granted []string      // scopes of the bot token, as Slack tells them
	away    error         // why Slack was not reached yet; nil: it was
	reached chan struct{} // closed when it was
}

// Pacer paces the calls of this workspace. None has its turn before Slack was reached.
func (c *Connection) Pacer() *Pacer { return c.pacer }

// Reached tells why Slack was not reached since the start; nil when it was.
func (c *Connection) Reached() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.away
}

// Dial asks Slack who the bot is, and with Socket Mode whether the app token is
// good: slack-go would try a wrong one for ever. While Slack does not answer it
// tries again, for as long as c.Patience, a call that hangs for as long again. A token
// that is refused is an error, but where Slack took it before: whoever starts tocsin
// made no mistake then, and what comes in is to be stored. Without Slack the Connection
// is that of the last start if the token is Known, or else nobody's, until Reach has
// found Slack.
func Dial(ctx context.Context, c Config) (*Connection, error) {
	conn, err := newConnection(c)
	if err != nil {
		return nil, err
	}
	soon := ctx
	if c.Patience > 0 {
		var cancel context.CancelFunc
		soon, cancel = context.WithTimeout(ctx, 2*c.Patience)
		defer cancel()
	}
	auth, err := conn.ask(soon, conn.config)
	denied, no := errors.AsType[*refusedError](err)
	switch {
	case err == nil:
		conn.be(identity(auth), auth.Team)
		conn.found(auth)
	case c.Patience == 0 || ctx.Err() != nil || no && !c.Known.took(c, denied.token):
		return nil, err
	case no:
		conn.unwelcome(denied)
	default:
		conn.without(err)
	}
	return conn, nil
}

// without goes on without Slack, because of err.
func (c *Connection) without(err error) {
	c.away = fmt.Errorf("Slack does not answer since the start: %w", errors.Unwrap(err))
	if c.config.Known.of(c.config.BotToken) {
		c.remain()
		c.config.Log.Warn("starting without Slack, as the bot that it was: what is for Slack waits", "workspace", c.Team, "bot", c.Me.User, "error", c.away)
		return
	}
	c.config.Log.Warn("starting without Slack, which never answered to this token: what is for Slack waits. Check SLACK_API_URL if you set it", "error", c.away)
}

// unwelcome goes on without Slack, which takes a token no more.
func (c *Connection) unwelcome(denied *refusedError) {
	c.away = denied
	c.remain()
	c.config.Log.Error("starting without Slack, as the bot that it was: what is for Slack waits until it takes the token again. A new token needs a restart", "workspace", c.Team, "bot", c.Me.User, "error", c.away)
}

// remain is who the bot was at the last start.
func (c *Connection) remain() {
	k := c.config.Known
	c.be(Identity{User: k.User, Bot: k.Bot, Team: k.Team, URL: k.URL}, k.Name)
}

// newConnection is a Connection to nobody yet.
func newConnection(c Config) (*Connection, error) {
	if missing := c.Missing(); len(missing) > 0 {
		return nil, errors.New(strings.Join(missing, "\n        "))
	}
	if c.HTTP == nil {
		c.HTTP = &http.Client{Timeout: cmp.Or(c.Timeout, callTimeout)}
	}
	stays := *c.HTTP
	stays.CheckRedirect = inbound.NoRedirect // a token follows no redirect to elsewhere
	c.HTTP = &stays
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	pacer := newPacer(c)
	clock := &drift{log: c.Log}
	api, err := c.client(pacer, clock)
	if err != nil {
		return nil, err
	}
	conn := &Connection{
		config: c, api: api, pacer: pacer, drift: clock, reached: make(chan struct{}), Performer: NewPerformer(api, Identity{}, c.Announce, c.Log),
	}
	pacer.reached = conn.reached
	return conn, nil
}

// ask asks Slack who the bot is and whether it takes the tokens, as patiently as c says.
func (c *Connection) ask(ctx context.Context, patient Config) (auth *slack.AuthTestResponse, err error) {
	err = patient.insist(ctx, botToken, func() (err error) {
		auth, err = c.api.AuthTestContext(ctx)
		return err
	})
	if err == nil && patient.AppToken != "" {
		err = patient.insist(ctx, appToken, func() error {
			_, _, err := c.api.StartSocketModeContext(ctx)
			return err
		})
	}
	return auth, err
}

// be makes it the connection of somebody in a workspace.
func (c *Connection) be(me Identity, team string) {
	c.Me, c.Team = me, team
	c.Performer.be(me, c.config.Known.before(me))
}

// found notes that Slack has answered: from now on effects have their turns.
func (c *Connection) found(auth *slack.AuthTestResponse) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.granted = strings.FieldsFunc(auth.Header.Get("X-Oauth-Scopes"), func(r rune) bool { return r == ',' || r == ' ' })
	c.away = nil
	close(c.reached)
}

// The first and the longest wait of Reach after Slack refused: only the operator can
// mend it, who may have to start tocsin anew with another token.
const (
	firstRefused = 2 * time.Second
	refusedAgain = time.Minute
)

// Reach goes on dialing where Dial went on without Slack, until it answers. It
// returns nil then, at once where Slack was reached already, and when ctx ends. What
// comes in is stored all the while, so a refused token is told and asked for again. The
// only error is that Slack answers for somebody else: all that was stored would be done
// in the wrong place.
func (c *Connection) Reach(ctx context.Context) error {
	patient := c.config
	patient.Patience = math.MaxInt64
	for wait := firstRefused; c.Reached() != nil; wait = min(2*wait, refusedAgain) {
		auth, err := c.ask(ctx, patient)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			c.turnedAway(err, wait)
			pause(ctx, wait)
		case c.Me == Identity{}:
			c.be(identity(auth), auth.Team)
			c.found(auth)
		case auth.UserID != c.Me.User || auth.TeamID != c.Me.Team:
			return fmt.Errorf("SLACK_BOT_TOKEN is that of %s in the workspace %s (%s) now; it was that of %s in %s (%s) at the last start. Nothing was done there. Check the token and SLACK_API_URL; if both are meant, start again",
				auth.UserID, auth.Team, auth.TeamID, c.Me.User, c.Team, c.Me.Team)
		default:
			c.found(auth)
		}
	}
	return nil
}

// turnedAway notes why Slack, which answers again, is still not reached.
func (c *Connection) turnedAway(err error, wait time.Duration) {
	c.config.Log.Error("Slack is not reached", "again in", wait, "error", err)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.away = err
}

// client calls Slack, and has pacer know of each call, and clock of each answer.
func (c Config) client(pacer *Pacer, clock *drift) (*slack.Client, error) {
	url := slack.APIURL
	if c.APIURL != "" {
		url = slashed(c.APIURL)
	}
	client, err := metered(c.HTTP, pacer, url, c.Called, clock)
	if err != nil {
		return nil, fmt.Errorf("SLACK_API_URL is %q, which is no address: %w", c.APIURL, err)
	}
	return slack.New(c.BotToken, slack.OptionHTTPClient(client), slack.OptionAppLevelToken(c.AppToken), slack.OptionAPIURL(url)), nil
}

// slashed is an address that ends in one slash.
func slashed(url string) string { return strings.TrimSuffix(url, "/") + "/" }

// Face makes the face of this workspace.
func (c *Connection) Face(handle func(context.Context, bot.Request) (bot.Answer, error), hold func(context.Context) (context.Context, func()), log *slog.Logger) *Face {
	return &Face{
		API: c.api, Performer: c.Performer, Handle: handle, Hold: hold, HTTP: c.config.HTTP, Outside: inbound.Client(callTimeout),
		APIURL: c.config.APIURL, SigningSecret: c.config.SigningSecret, Log: log,
	}
}

// Check tells what keeps the bot from working in full; nil when nothing does.
func (c *Connection) Check(ctx context.Context) []string {
	var problems []string
	c.mu.Lock()
	granted := c.granted
	c.mu.Unlock()
	for _, s := range scopes {
		if len(granted) > 0 && !slices.Contains(granted, s) {
			problems = append(problems, fmt.Sprintf("the app lacks the scope %s: add it in the app's settings (tocsin manifest has all), and install the app again", s))
		}
	}
	if _, err := c.Performer.announcementChannel(ctx); err != nil {
		problems = append(problems, "the announcement channel: "+classify(err).Error())
	}
	if p := c.drift.problem(); p != "" {
		problems = append(problems, p)
	}
	return problems
}
