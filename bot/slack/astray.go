package slack

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// slackDomains are those whose hosts are Slack's.
var slackDomains = []string{"slack.com", "slack-gov.com"}

// slacks tells whether an address is at Slack. Its scheme is for the caller to look at.
func slacks(u *url.URL) bool {
	host := strings.ToLower(u.Hostname())
	return u.Port() == "" && slices.ContainsFunc(slackDomains, func(domain string) bool {
		return host == domain || strings.HasSuffix(host, "."+domain)
	})
}

// astray is the error of an address that is not Slack's, so that nothing was sent there.
// The rest of the address, which may let anybody in, is not in it.
type astray struct{ host string }

func (e *astray) Error() string {
	return fmt.Sprintf("it leads to the host %q, which is neither Slack's nor SLACK_API_URL's: nothing was sent there", e.host)
}

// stays refuses an address that is neither the API's own host's nor, encrypted, Slack's.
func (m *meter) stays(u *url.URL) error {
	scheme := map[string]string{"ws": "http", "wss": "https"}[u.Scheme]
	if scheme == "" {
		scheme = u.Scheme
	}
	if scheme == m.api.Scheme && u.Host == m.api.Host || scheme == "https" && slacks(u) {
		return nil
	}
	return &astray{u.Host}
}

// named refuses the answer to a call that names an address elsewhere, to which slack-go
// would go next. It is read as slack-go reads it.
func (m *meter) named(method string, answer []byte) error {
	a, _ := decode[struct { // what cannot be read slack-go refuses
		Upload string `json:"upload_url"`
		Link   string `json:"url"`
	}](answer)
	to := map[string]string{"files.getUploadURLExternal": a.Upload, "apps.connections.open": a.Link}[method]
	if to == "" {
		return nil
	}
	u, err := url.Parse(to)
	if err != nil {
		return &astray{}
	}
	return m.stays(u)
}
