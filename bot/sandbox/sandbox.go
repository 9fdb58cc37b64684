// Package sandbox is a Slack-compatible workspace in memory: the server's side of the Web API,
// of Socket Mode and of signed HTTP delivery, with people in it who can be made to act.
//
// The model: a [Workspace] is one mutex around one world. The world is plain data (people,
// channels, messages, views, files); its methods decide what a Slack call or a person's act does to
// it, never lock, and put what the app must hear into an outgoing queue. The Workspace locks, lets
// the world act, delivers the queue over Socket Mode links or signed HTTP requests, and shows the
// outcome on /sandbox/state and /sandbox/events.
//
// Beside it there is a PagerDuty account of the same four people: its REST API and Events API v2 below
// /pagerduty/, and a webhook subscription that tells the app of every change to an incident, delivered
// as PagerDuty does, with its order, its second attempts and its patience. [Workspace.Storm] is what
// monitors send when a model provider is down.
//
// It is strict: what Slack or PagerDuty refuses, it refuses with their own error codes. It knows their
// wire formats and nothing about the app that it serves. Faults (rate limits, lost answers, late
// effects, dropped links) are switched on with [Workspace.Fault], Slack's real rate limits with
// [Options].Limits.
//
// Time is the time package, so that the whole workspace runs in a testing/synctest bubble when it is
// reached through [Workspace.Client]; Socket Mode needs real sockets and stays outside. Every timer
// and goroutine ends with [Workspace.Close].
package sandbox

import (
	"cmp"
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Options configure a [Workspace]. The zero value is a Socket Mode workspace with the default
// tokens and the command /incident.
type Options struct {
	// Log receives what goes wrong in delivery; nil discards.
	Log *slog.Logger
	// Seed drives the faults' chance: the same seed and order of calls give the same outcome.
	Seed uint64

	BotToken      string // default xoxb-sandbox
	AppToken      string // default xapp-sandbox
	SigningSecret string // default sandbox-signing-secret

	// RequestURL, if set, turns Socket Mode off: commands, interactions and events are POSTed, signed,
	// to /slack/command, /slack/interaction and /slack/event below it. Each of the three URLs can be set
	// by itself, because a bolt app has one endpoint for all.
	RequestURL                           string
	CommandURL, InteractionURL, EventURL string

	PagerDutyURL       string // where PagerDuty's webhooks go; empty: nowhere
	PagerDutySecret    string // signs them
	PagerDutyToken     string // key of the REST API below /pagerduty/; default [PagerDutyToken]
	PagerDutyReadToken string // read-only key; default [PagerDutyReadToken]
	// PagerDutyPriorities are the names of the account's priorities, the gravest first; nil: P1 to P5.
	PagerDutyPriorities []string
	// PagerDutyScopes are what the OAuth token [PagerDutyOAuthToken] was granted: "incidents.read"; nil: all.
	PagerDutyScopes []string

	AlertURL   string // where alerts go that are not PagerDuty's: an Alertmanager receiver
	AlertToken string // their bearer token

	// Scopes are what the app was granted; nil: all that there are. Methods that need another are
	// refused, and so are posts in channels that the bot is not in without chat:write.public.
	Scopes []string

	// Limits enforces Slack's rate limits as they are documented: 429 to what is over. The fault "limits"
	// does the same while it is on.
	Limits bool

	// Commands are hints for the composer; the slash commands are their distinct first words.
	Commands  []CommandHint
	Shortcuts []Shortcut

	// Guests are the ids of people who are guests of the workspace, not members.
	Guests []string

	// PublicURL is the base of upload_url, response_url, permalinks and the Socket Mode address. Empty
	// means the Host of the latest API request.
	PublicURL string

	// HTTP sends the workspace's own requests (commands, events, webhooks); nil means a client of its
	// own. Tests give [InProcess] clients.
	HTTP *http.Client
	// EventRetries is how long after a failed delivery an event is sent again; nil means Slack's
	// schedule: at once, after one minute, after five.
	EventRetries []time.Duration
	// AckWindow is how long the app may take to answer; 0 means Slack's three seconds.
	AckWindow time.Duration
}

// CommandHint teaches the composer one form of a slash command.
type CommandHint struct {
	Text string `json:"text"` // "/incident note TEXT [at 14:02]"
	Help string `json:"help"` // "put a note on the timeline"
}

// Shortcut is an entry in the message menu ("message") or in the global menu ("global").
type Shortcut struct {
	CallbackID string `json:"callback_id"`
	Name       string `json:"name"`
	Type       string `json:"type"`
}

// Workspace is a Slack workspace in memory. Make one with [New] and end it with [Workspace.Close].
type Workspace struct {
	opt     Options
	log     *slog.Logger
	http    *http.Client
	methods map[string]method
	scopes  []string // of the bot

	life  context.Context // ends with Close
	stop  context.CancelFunc
	tasks sync.WaitGroup

	mu     sync.Mutex // guards all below
	closed bool
	world  *world
	calls  callLog
	faults faultBoard
	post   postOffice
	pages  pagerDuty
	limits limiter
	counts counter
	storm  stormState

	revoked []string               // tokens of the bot from before it was installed again
	viewer  map[chan struct{}]bool // who listens to /sandbox/events
}

// New makes a workspace with four people, three channels and the app installed.
func New(opt Options) *Workspace {
	opt = withDefaults(opt)
	life, stop := context.WithCancel(context.Background())
	ws := &Workspace{
		opt: opt, log: opt.Log, http: opt.HTTP, life: life, stop: stop,
		world:  newWorld(opt.PublicURL, opt.Guests...),
		faults: faultBoard{rng: rand.New(rand.NewPCG(opt.Seed, 0x70c51))},
		post:   newPostOffice(),
		pages:  newPagerDuty(time.Now(), opt.PagerDutyURL, opt.PagerDutyPriorities),
		limits: newLimiter(), counts: newCounter(),
		viewer: map[chan struct{}]bool{},
	}
	ws.methods = ws.methodTable()
	if ws.scopes = opt.Scopes; ws.scopes == nil {
		ws.scopes = scopesOf(ws.methods)
	}
	ws.world.writesAnywhere = slices.Contains(ws.scopes, "chat:write.public")
	return ws
}

func withDefaults(opt Options) Options {
	set := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.HTTP == nil {
		opt.HTTP = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	}
	set(&opt.BotToken, "xoxb-sandbox")
	set(&opt.AppToken, "xapp-sandbox")
	set(&opt.SigningSecret, "sandbox-signing-secret")
	set(&opt.PagerDutyToken, PagerDutyToken)
	set(&opt.PagerDutyReadToken, PagerDutyReadToken)
	if opt.RequestURL != "" {
		set(&opt.CommandURL, opt.RequestURL+"/slack/command")
		set(&opt.InteractionURL, opt.RequestURL+"/slack/interaction")
		set(&opt.EventURL, opt.RequestURL+"/slack/event")
	}
	if opt.Commands == nil {
		opt.Commands = []CommandHint{{Text: "/incident", Help: "the app's command"}}
	}
	opt.AckWindow = cmp.Or(opt.AckWindow, defaultAckWindow)
	if opt.EventRetries == nil {
		opt.EventRetries = []time.Duration{0, time.Minute, 5 * time.Minute}
	}
	return opt
}

// Hush ends every delivery under way and makes no more. The workspace answers still.
func (ws *Workspace) Hush() {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.closed = true
	ws.stop()
}

// Close drops all links, ends every delivery under way and waits for them.
func (ws *Workspace) Close() {
	ws.Hush()
	ws.mu.Lock()
	for _, link := range ws.post.links {
		link.end()
	}
	ws.mu.Unlock()
	ws.tasks.Wait()
}

// act lets fn change the world under the lock, then delivers what the app must hear of it.
func (ws *Workspace) act(fn func(*world)) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	fn(ws.world)
	ws.dispatch()
	ws.changed()
}

// start runs task in a goroutine that Close waits for. The lock must be held.
func (ws *Workspace) start(task func()) {
	if !ws.closed {
		ws.tasks.Go(task)
	}
}

// sleep waits for d, or less if ctx or the workspace ends; it tells whether d passed.
func (ws *Workspace) sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil && ws.life.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
	case <-ws.life.Done():
	}
	return false
}

// changed tells everyone at /sandbox/events that there is something new. The lock must be held.
func (ws *Workspace) changed() {
	for viewer := range ws.viewer {
		select {
		case viewer <- struct{}{}:
		default:
		}
	}
}
