package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/bot/alert"
	"tocsin/bot/pagerduty"
)

// set says that a secret is there, and never what it is.
func set(secret string) string {
	return map[bool]string{true: "set", false: "not set"}[secret != ""]
}

// pagerDuty tells of both ways: what PagerDuty tells tocsin, and what tocsin may do
// there.
func (d *doctor) pagerDuty(ctx context.Context, s settings) {
	if len(s.secrets) > 0 {
		d.good("PagerDuty", fmt.Sprintf("webhook on at %s, %d secret(s)", address(s, "pagerduty"), len(s.secrets)))
	} else {
		d.good("PagerDuty", "webhook off: set PAGERDUTY_WEBHOOK_SECRET to the secret of a V3 webhook subscription")
	}
	if s.pager == nil {
		d.good("PagerDuty", "paging off: set PAGERDUTY_API_TOKEN to page people and keep incidents in step, or PAGERDUTY_ROUTING_KEY to page one service")
		return
	}
	token := set(s.pager.Token)
	if s.pager.OAuth() {
		token += ", an app's OAuth token, which PagerDuty takes for some weeks and where the app has the scopes " + pagerduty.Scopes
	}
	d.good("PagerDuty", fmt.Sprintf("API token %s, routing key %s, acts as %s", token, set(s.pager.RoutingKey), or(s.pager.From, "the token's own user")))
	if len(s.pager.Missing()) == 0 {
		s.pager.Team = catalogue{s.content.services}
		d.paging(ctx, *s.pager)
	}
}

// paging asks PagerDuty what works.
func (d *doctor) paging(ctx context.Context, c pagerduty.Config) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	client, err := pagerduty.Dial(ctx, c)
	if err != nil {
		d.bad("PagerDuty", err.Error())
		return
	}
	problems := client.Check(ctx)
	for _, p := range problems {
		d.bad("PagerDuty", p)
	}
	switch {
	case len(problems) > 0:
	case c.Token == "":
		d.good("PagerDuty", "whoever is on call for the routing key's service can be paged; for teams, people and who is on call, set PAGERDUTY_API_TOKEN")
	default:
		d.good("PagerDuty", "people can be paged, and its incidents are kept in step")
	}
}

// sources tells of each alert source whether it is served, or what to set.
func (d *doctor) sources(s settings) {
	s.alerts.Senders = s.content.senders
	var on []string
	for _, source := range alert.Sources(s.alerts) {
		on = append(on, source.Name)
	}
	for _, source := range []struct{ name, title, need string }{
		{"alertmanager", "Alertmanager", "TOCSIN_WEBHOOK_TOKEN to what it sends as bearer token"},
		{"grafana", "Grafana", "TOCSIN_WEBHOOK_TOKEN to what its contact point sends as bearer token"},
		{"datadog", "Datadog", "TOCSIN_WEBHOOK_TOKEN to what its webhook sends; “tocsin manifest --datadog” prints the payload"},
		{"generic", "any other", "TOCSIN_WEBHOOK_TOKEN to what it sends as bearer token"},
		{"sentry", "Sentry", "TOCSIN_SENTRY_SECRET to the client secret of an internal integration"},
		{"cloudwatch", "CloudWatch", "TOCSIN_SNS_TOPICS to the ARNs of the SNS topics"},
	} {
		if slices.Contains(on, source.name) {
			d.good(source.title, "on at "+address(s, source.name))
		} else {
			d.good(source.title, "off: set "+source.need)
		}
	}
	if s.content.senders != nil && slices.Contains(on, "generic/{name}") {
		for _, name := range s.content.senders.Names() {
			d.good(name, "on at "+address(s, "generic/"+name))
		}
	}
}

// address is where a source posts to.
func address(s settings, source string) string {
	return strings.TrimSuffix(s.url, "/") + "/webhook/" + source
}
