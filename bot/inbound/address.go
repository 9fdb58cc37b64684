package inbound

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"syscall"
	"time"
)

// ErrPrivate is the error of reaching for an address that is not the internet's.
var ErrPrivate = errors.New("it leads to this machine or into a network that is not public")

// Client reaches addresses that came from outside: where an answer is to be posted,
// the certificate that a message names. Whether the host is one of those expected is
// for the caller to say; whatever its name then leads to, this machine and the
// networks around it are not reached. It follows no redirect.
func Client(timeout time.Duration) *http.Client {
	return &http.Client{Timeout: timeout, Transport: Transport(timeout), CheckRedirect: NoRedirect}
}

// Transport is how a Client reaches the network, for what is more than one request: a
// client of its own, or a link. To connect takes no longer than timeout.
func Transport(timeout time.Duration) *http.Transport {
	var p proxies
	dialer := &net.Dialer{Timeout: timeout, Control: onlyPublic}
	free := &net.Dialer{Timeout: timeout}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = p.of
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if p.has(address) {
			return free.DialContext(ctx, network, address)
		}
		return dialer.DialContext(ctx, network, address)
	}
	return transport
}

// NoRedirect keeps a client where it was sent: what it carries is for that host.
func NoRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// proxies are those that the operator set (HTTPS_PROXY …): they may be anywhere.
type proxies struct{ known sync.Map }

func (p *proxies) of(r *http.Request) (*url.URL, error) {
	u, err := http.ProxyFromEnvironment(r)
	if err == nil && u != nil {
		p.known.Store(withPort(u), true)
	}
	return u, err
}

func (p *proxies) has(address string) bool {
	_, ok := p.known.Load(address)
	return ok
}

func withPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
	}
	if port == "" {
		port = "80"
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// onlyPublic is asked once a name was looked up, and before anything is sent.
func onlyPublic(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%q: %w", address, err)
	}
	if !public(at.Addr()) {
		return fmt.Errorf("%s: %w", at.Addr(), ErrPrivate)
	}
	return nil
}

// public tells whether an address is one of the internet's.
func public(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if translated.Contains(a) { // the gateway of a network of IPv6 alone
		b := a.As16()
		a = netip.AddrFrom4([4]byte(b[12:]))
	}
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// translated are the addresses by which IPv6 alone reaches IPv4 (RFC 6052): each is as
// public as the one in its last four bytes.
var translated = netip.MustParsePrefix("64:ff9b::/96")

// special are the networks that are no part of the internet besides those that
// net/netip knows (IANA's special-purpose registries), and those that lead into IPv4.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("fec0::/10"),
}
