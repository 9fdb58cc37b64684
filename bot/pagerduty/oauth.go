package pagerduty

import (
	"net/http"
	"regexp"
	"strings"
)

// Scopes are what an app has to be granted for all that tocsin does.
const Scopes = "abilities.read escalation_policies.read incidents.read incidents.write oncalls.read priorities.read services.read users.read webhook_subscriptions.read webhook_subscriptions.write"

// oauth is the form of PagerDuty's OAuth access tokens, which begin with the region of
// the account: “pdus+_0XBPWQQ_dfd3c718-…”. API access keys look like “y_NbAkKc66ryYTWUXYEu”.
var oauth = regexp.MustCompile(`^pd[a-z]{2}\+`)

// OAuth tells whether Token is the OAuth access token of an app, by its form. PagerDuty
// takes it as a bearer token alone, and for some weeks alone.
func (c Config) OAuth() bool { return oauth.MatchString(c.Token) }

// scope is what an app needs for a request: it is named after what the path begins with.
func (c *Client) scope(r *http.Request) string {
	path, _ := strings.CutPrefix(r.URL.Scheme+"://"+r.URL.Host+r.URL.Path, c.api+"/")
	thing, _, _ := strings.Cut(path, "/")
	if r.Method == http.MethodGet {
		return thing + ".read"
	}
	return thing + ".write"
}
