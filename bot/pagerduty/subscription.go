package pagerduty

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"tocsin/bot"
)

// subscription is a webhook subscription.
type subscription struct {
	ID     string   `json:"id"`
	Active bool     `json:"active"`
	Events []string `json:"events"`
	Method struct {
		URL      string `json:"url"`
		Disabled bool   `json:"temporarily_disabled"`
	} `json:"delivery_method"`
}

// Subscription tells whether PagerDuty sends webhooks to tocsin. PagerDuty stops
// for a while when deliveries were refused three times in a row; then fix makes
// it start again. It is nil where nothing can be mended from here; err says so.
// Subscriptions of others, also of another tocsin where WebhookURL tells ours, are
// not looked at.
func (c *Client) Subscription(ctx context.Context) (enabled bool, fix func(context.Context) error, err error) {
	all, err := list[subscription](ctx, c, "/webhook_subscriptions", "webhook_subscriptions", nil, maxListed)
	if err != nil {
		return false, nil, classify(err)
	}
	var disabled, off bool
	for _, s := range all {
		switch {
		case !c.here(s.Method.URL):
		case !s.Active:
			off = true
		case s.Method.Disabled:
			disabled, fix = true, c.enable(s.ID)
		default:
			enabled = true
		}
	}
	switch {
	case enabled && !disabled:
		return true, nil, nil
	case disabled:
		return enabled, fix, nil
	case off:
		return false, nil, &bot.Final{Why: "PagerDuty's webhook subscription for tocsin is switched off: switch it on under Integrations, “Generic Webhooks (v3)”."}
	}
	address := "ends in " + hookPath
	if c.config.WebhookURL != "" {
		address = "is " + c.config.WebhookURL
	}
	return false, nil, &bot.Final{Why: "PagerDuty has no webhook subscription whose address " + address + ": add one under Integrations, “Generic Webhooks (v3)”, and give its secret as PAGERDUTY_WEBHOOK_SECRET."}
}

// hookPath is where webhooks of PagerDuty's arrive, wherever tocsin is.
const hookPath = "/webhook/" + source

// here tells whether webhooks to an address are for us.
func (c *Client) here(address string) bool {
	if c.config.WebhookURL == "" {
		return strings.HasSuffix(strings.TrimSuffix(address, "/"), hookPath)
	}
	return plainAddress(address) == plainAddress(c.config.WebhookURL)
}

// plainAddress is an address without what makes no difference: a slash at its end,
// and capitals in its host.
func plainAddress(address string) string {
	u, err := url.Parse(strings.TrimSuffix(address, "/"))
	if err != nil {
		return address
	}
	u.Host = strings.ToLower(u.Host)
	return u.String()
}

// enable makes PagerDuty deliver again.
func (c *Client) enable(id string) func(context.Context) error {
	return func(ctx context.Context) error {
		return classify(c.call(ctx, http.MethodPost, "/webhook_subscriptions/"+url.PathEscape(id)+"/enable", nil, nil))
	}
}
