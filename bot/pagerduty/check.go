package pagerduty

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/PagerDuty/go-pagerduty"

	"tocsin/bot"
)

// Check tells what keeps tocsin from working with PagerDuty in full; nil when
// nothing does. It changes nothing there.
func (c *Client) Check(ctx context.Context) []string {
	var problems []string
	add := func(about string, err error) bool {
		if err != nil {
			problems = append(problems, about+": "+plain(err))
		}
		return err == nil
	}
	if c.config.Token != "" && add("PAGERDUTY_API_TOKEN", c.call(ctx, http.MethodGet, "/abilities", nil, nil)) {
		_, err := c.me(ctx)
		if add("PAGERDUTY_FROM", err) {
			add("PAGERDUTY_API_TOKEN", c.checkWrite(ctx))
		}
		c.checkReads(ctx, add)
		if add("the directory", c.Refresh(ctx)) {
			problems = append(problems, c.checkTeam(ctx)...)
		}
		enabled, fix, err := c.Subscription(ctx)
		add("the webhook subscription", err)
		if err == nil && (!enabled || fix != nil) {
			problems = append(problems, "the webhook subscription: PagerDuty stopped delivering because tocsin refused or did not answer; a running tocsin makes it start again")
		}
	}
	if c.config.RoutingKey != "" {
		add("PAGERDUTY_ROUTING_KEY", c.checkKey(ctx))
	}
	return problems
}

// checkWrite tells whether the token may write: a change to an incident that does
// not exist is refused for its absence only to those who may.
func (c *Client) checkWrite(ctx context.Context) error {
	err := c.call(ctx, http.MethodPut, "/incidents/tocsin-check", map[string]any{"incident": change{Type: "incident"}}, nil)
	if definite(err) && !says(err, "requester") {
		return nil
	}
	return err
}

// checkReads tells what else the token may not read. An account without priorities
// refuses to list them: that a key may not is not told.
func (c *Client) checkReads(ctx context.Context, add func(string, error) bool) {
	add("who is on call", c.call(ctx, http.MethodGet, "/oncalls?limit=1", nil, nil))
	add("the incidents", c.call(ctx, http.MethodGet, "/incidents?limit=1", nil, nil))
	if c.config.OAuth() {
		add("the priorities", c.call(ctx, http.MethodGet, "/priorities?limit=1", nil, nil))
	}
}

// checkTeam tells what the team says of PagerDuty and is not there.
func (c *Client) checkTeam(ctx context.Context) []string {
	priorities, err := c.allPriorities(ctx)
	if err != nil {
		return []string{"the priorities: " + plain(err)}
	}
	return c.unknown(c.dir.current(), priorities)
}

// checkKey tells whether PagerDuty knows the routing key. It drops the resolving
// of an alert that it does not have.
func (c *Client) checkKey(ctx context.Context) error {
	return c.send(ctx, pagerduty.V2Event{Action: "resolve", DedupKey: keyed + "check"})
}

// plain is an error in words, without what is for the worker only.
func plain(err error) string {
	if r, ok := errors.AsType[*refusal](err); ok && (r.status == http.StatusUnauthorized || r.status == http.StatusForbidden) {
		return denied{r}.remedy()
	}
	err = classify(err)
	if later, ok := errors.AsType[*bot.Later](err); ok {
		err = later.Err
	}
	return strings.ReplaceAll(err.Error(), " Then use “Try again”.", "")
}
