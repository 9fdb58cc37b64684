package pagerduty

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tocsin/bot"
)

// record is an incident as the REST API tells it.
type record struct {
	reference
	Title       string       `json:"title"`
	Status      string       `json:"status"`
	Urgency     string       `json:"urgency"`
	Key         string       `json:"incident_key"`
	Created     time.Time    `json:"created_at"`
	Changed     time.Time    `json:"last_status_change_at"`
	ChangedBy   *reference   `json:"last_status_change_by"`
	Resolved    time.Time    `json:"resolved_at"`
	Service     *reference   `json:"service"`
	Policy      *reference   `json:"escalation_policy"`
	Teams       []reference  `json:"teams"`
	Priority    *reference   `json:"priority"`
	Assignments []assignment `json:"assignments"`
	Requests    []request    `json:"responder_requests"`
}

// over tells whether PagerDuty has done with it.
func (r record) over() bool { return r.Status == "resolved" }

// assignment and request are parts of incidents, both to read and to write.
type (
	assignment struct {
		Assignee reference `json:"assignee"`
	}
	request struct {
		Requested time.Time `json:"requested_at,omitzero"`
		Requester string    `json:"requester_id,omitempty"`
		Message   string    `json:"message"`
		Targets   []target  `json:"responder_request_targets"`
	}
	target struct {
		Target reference `json:"responder_request_target"`
	}
)

// refer is a reference as requests make them.
func refer(id, kind string) *reference { return &reference{ID: id, Type: kind + "_reference"} }

// incident reads one incident.
func (c *Client) incident(ctx context.Context, id string) (record, error) {
	var answer struct {
		Incident record `json:"incident"`
	}
	err := c.call(ctx, http.MethodGet, "/incidents/"+url.PathEscape(id), nil, &answer)
	return answer.Incident, err
}

// withKey finds the newest incident with an incident key; ok is false if there is
// none.
func (c *Client) withKey(ctx context.Context, key string) (r record, ok bool, err error) {
	query := url.Values{
		"incident_key": {key}, "date_range": {"all"}, "sort_by": {"created_at:desc"},
		"statuses[]": {"triggered", "acknowledged", "resolved"},
	}
	found, err := list[record](ctx, c, "/incidents", "incidents", query, 1)
	if err != nil || len(found) == 0 {
		return record{}, false, err
	}
	return found[0], true, nil
}

// from is the e-mail in whose name we act.
func (c *Client) from(ctx context.Context) (string, error) {
	if c.config.From != "" {
		return c.config.From, nil
	}
	u, err := c.me(ctx)
	return u.Email, err
}

// me is the user in whose name we act: the one that From names, or whose token
// it is.
func (c *Client) me(ctx context.Context) (user, error) {
	c.mu.Lock()
	own := c.own
	c.mu.Unlock()
	if own.ID != "" {
		return own, nil
	}
	own, err := c.whoami(ctx)
	if err == nil {
		c.mu.Lock()
		c.own = own
		c.mu.Unlock()
	}
	return own, err
}

func (c *Client) whoami(ctx context.Context) (user, error) {
	if c.config.From == "" {
		var answer struct {
			User user `json:"user"`
		}
		err := c.call(ctx, http.MethodGet, "/users/me", nil, &answer)
		if definite(err) {
			return user{}, &bot.Final{Why: "PAGERDUTY_FROM is not set, and the API token belongs to no user: set it to the e-mail of the PagerDuty user in whose name tocsin acts."}
		}
		return answer.User, err
	}
	found, err := list[user](ctx, c, "/users", "users", url.Values{"query": {c.config.From}}, 1000)
	if err != nil {
		return user{}, err
	}
	for _, u := range found {
		if strings.EqualFold(u.Email, c.config.From) {
			return u, nil
		}
	}
	return user{}, &bot.Final{Why: "PAGERDUTY_FROM is no user of the PagerDuty account: set it to the e-mail of one."}
}
