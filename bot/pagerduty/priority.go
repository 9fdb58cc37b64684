package pagerduty

import (
	"context"
	"net/http"
	"strings"
	"time"

	"tocsin/bot/incident"
)

// usual are the names that priorities have in a new account.
var usual = map[incident.Severity]string{incident.SEV1: "P1", incident.SEV2: "P2", incident.SEV3: "P3", incident.SEV4: "P4"}

// priority is the account's priority for a severity, nil if it has none that fits:
// one of the configured name, or whose first word it is, as in “P1 - Critical”;
// where no names are configured, also “SEV-1”.
func (c *Client) priority(ctx context.Context, s incident.Severity) (*reference, error) {
	all, err := c.allPriorities(ctx)
	if err != nil {
		return nil, err
	}
	name := usual[s]
	if c.config.Priorities != nil {
		name = c.config.Priorities[s]
	}
	for _, fits := range []func(string) bool{
		func(n string) bool { return strings.EqualFold(n, name) },
		func(n string) bool { return strings.EqualFold(first(n), name) },
		func(n string) bool {
			v, err := incident.ParseSeverity(first(n))
			return c.config.Priorities == nil && err == nil && v == s
		},
	} {
		for _, p := range all {
			if name != "" && fits(p.Summary) {
				return &p, nil
			}
		}
	}
	return nil, nil
}

// allPriorities are the account's priorities. PagerDuty refuses to list them
// where they are switched off.
func (c *Client) allPriorities(ctx context.Context) ([]reference, error) {
	c.mu.Lock()
	all, at := c.priorities, c.prioritiesAt
	c.mu.Unlock()
	if !at.IsZero() && time.Since(at) < stale {
		return all, nil
	}
	all, err := list[reference](ctx, c, "/priorities", "priorities", nil, 100)
	if err != nil && !definite(err) && status(err) != http.StatusForbidden {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.priorities, c.prioritiesAt = all, time.Now()
	return all, nil
}

// first is the first word of s.
func first(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), " ")
	return s
}
