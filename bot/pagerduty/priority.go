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
// one of the name that the team says; where it says none, P1 to P4, also “SEV-1”.
func (c *Client) priority(ctx context.Context, s incident.Severity) (*reference, error) {
	all, err := c.allPriorities(ctx)
	if err != nil {
		return nil, err
	}
	if said := c.team().Priorities(); said != nil {
		return prioritized(all, said[s]), nil
	}
	if p := prioritized(all, usual[s]); p != nil {
		return p, nil
	}
	for _, p := range all {
		if v, err := incident.ParseSeverity(first(p.Summary)); err == nil && v == s {
			return &p, nil
		}
	}
	return nil, nil
}

// prioritized is the priority of a name, or whose first word it is, as in “P1 - Critical”;
// nil if there is none.
func prioritized(all []reference, name string) *reference {
	for _, fits := range []func(string) bool{
		func(n string) bool { return strings.EqualFold(n, name) },
		func(n string) bool { return strings.EqualFold(first(n), name) },
	} {
		for _, p := range all {
			if name != "" && fits(p.Summary) {
				return &p
			}
		}
	}
	return nil
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
