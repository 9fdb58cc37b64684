package pagerduty

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/PagerDuty/go-pagerduty"

	"tocsin/bot/inbound"
)

// Config is how to reach PagerDuty. A REST token does everything; with a routing
// key alone people can be paged, and what they were paged for be resolved.
type Config struct {
	// Token is of the REST API (PAGERDUTY_API_TOKEN): an API access key, or the OAuth
	// access token of an app (OAuth).
	Token      string
	RoutingKey string // of an Events API v2 integration (PAGERDUTY_ROUTING_KEY)
	// From is the e-mail of the PagerDuty user in whose name tocsin acts
	// (PAGERDUTY_FROM). A user's own token needs none.
	From string
	// APIURL and EventsURL are where PagerDuty is; "" is PagerDuty's own, and for
	// EventsURL what goes with APIURL.
	APIURL, EventsURL string
	HTTP              *http.Client
	// Timeout is how long one call may take; 0: 10 s. HTTP has its own.
	Timeout time.Duration
	// WebhookURL is where PagerDuty sends its webhooks; "" is any address that ends in
	// /webhook/pagerduty.
	WebhookURL string
	// Now is our clock, for where PagerDuty does not say its own time; nil: time.Now.
	Now func() time.Time
	// Team is what the team says of its services; nil: nothing.
	Team Catalogue
}

const (
	apiURL    = "https://api.pagerduty.com"
	eventsURL = "https://events.pagerduty.com"
	// callTimeout is how long one call may take. bot.Config.Quiet has to be longer.
	callTimeout = 10 * time.Second
	// maxAnswer bounds what is read of one answer, in bytes. A page of 100
	// incidents is below 1 MB.
	maxAnswer = 8 << 20
)

// Missing tells what is not configured, or cannot be right, each with what to do.
func (c Config) Missing() []string {
	var missing []string
	if c.Token == "" && c.RoutingKey == "" {
		missing = append(missing, "neither PAGERDUTY_API_TOKEN (an API access key with write access) nor PAGERDUTY_ROUTING_KEY (the integration key of an Events API v2 integration) is set: set one of them, or both")
	}
	if c.RoutingKey != "" && len(c.RoutingKey) != 32 {
		missing = append(missing, "PAGERDUTY_ROUTING_KEY is not 32 characters long: take the integration key of an “Events API v2” integration, under the service's “Integrations”")
	}
	if c.From != "" && !strings.Contains(c.From, "@") {
		missing = append(missing, "PAGERDUTY_FROM is no e-mail address: give the one of the PagerDuty user in whose name tocsin acts")
	}
	for _, s := range []string{c.APIURL, c.EventsURL} {
		if u, err := url.Parse(s); s != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
			missing = append(missing, "PAGERDUTY_API_URL is no address: leave it out, or give one like https://api.eu.pagerduty.com")
		}
	}
	return missing
}

// Client talks to PagerDuty.
//
// Of go-pagerduty v1.8.0 it takes the headers that a request needs, and the form
// of errors and of events. The requests are its own, because that version's
// methods
//   - send no From header with CreateIncidentNote, which PagerDuty refuses;
//   - send "priority":null with CreateIncident, where an object is wanted;
//   - cannot change an incident's urgency;
//   - send events to PagerDuty's own address whatever is configured, if the
//     package's ManageEvent is used; NewOAuthClient ignores its options likewise;
//   - read errors only from answers that call themselves application/json;
//   - lose what went wrong with the connection, the headers of a 429, and so how
//     long to wait; follow redirects with the token; read answers of any size.
type Client struct {
	config      Config
	api, events string
	pd          *pagerduty.Client
	rest, queue bucket
	dir         directory
	duties      duties

	// Who finds people for Changes; nil: they have names only.
	Who Who

	mu           sync.Mutex
	own          user // in whose name we act, once known
	priorities   []reference
	prioritiesAt time.Time
}

// Dial makes a client. It calls nobody, so that tocsin starts while PagerDuty is
// away; Check tells whether all is well. The error tells what is not configured.
func Dial(_ context.Context, c Config) (*Client, error) {
	if missing := c.Missing(); len(missing) > 0 {
		return nil, errors.New(strings.Join(missing, "\n        "))
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	client := http.Client{Timeout: cmp.Or(c.Timeout, callTimeout)}
	if c.HTTP != nil {
		client = *c.HTTP
	}
	client.CheckRedirect = inbound.NoRedirect
	var options []pagerduty.ClientOptions
	if c.OAuth() {
		options = append(options, pagerduty.WithOAuth())
	}
	pd := pagerduty.NewClient(c.Token, options...)
	pd.HTTPClient = &client
	return &Client{
		config: c, pd: pd,
		api:    strings.TrimSuffix(cmp.Or(c.APIURL, apiURL), "/"),
		events: strings.TrimSuffix(cmp.Or(c.EventsURL, beside(c.APIURL), eventsURL), "/"),
	}, nil
}

// beside is where events go when the REST API is at api: PagerDuty's regions have
// two hosts each, anything else one for both.
func beside(api string) string {
	u, err := url.Parse(api)
	if err != nil || !strings.HasSuffix(u.Host, ".pagerduty.com") {
		return api
	}
	u.Host = "events" + strings.TrimPrefix(u.Host, "api")
	return u.String()
}
