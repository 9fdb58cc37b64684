package slack

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"tocsin/bot/inbound"
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
	if own(m.api, &url.URL{Scheme: scheme, Host: u.Host}) || scheme == "https" && slacks(u) {
		return nil
	}
	return &astray{u.Host}
}

// own tells whether an address is on the host that was set: that may be anywhere.
func own(api, u *url.URL) bool { return u.Host == api.Host && u.Scheme == api.Scheme }

// dialer reaches links: the host that was set wherever it is, Slack's only where their
// names lead outside. It is slack-go's own in all else.
func (f *Face) dialer() *websocket.Dialer {
	outside, api := inbound.Transport(callTimeout), f.ownHost()
	return &websocket.Dialer{
		Proxy: outside.Proxy, HandshakeTimeout: handshake, WriteBufferSize: linkBuffer,
		NetDialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if address == api {
				return (&net.Dialer{}).DialContext(ctx, network, address)
			}
			return outside.DialContext(ctx, network, address)
		},
	}
}

// What slack-go has where it dials by itself: an answer of 20 KB is one frame.
const (
	handshake  = 45 * time.Second
	linkBuffer = 32 << 10
)

// ownHost is the host and port of the API address that was set; "" if none was.
func (f *Face) ownHost() string {
	u, err := url.Parse(f.APIURL)
	if err != nil || f.APIURL == "" {
		return ""
	}
	port := map[string]string{"http": "80", "https": "443"}[u.Scheme]
	return net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), port))
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
