package inbound

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestPublic: what an address from outside may lead to, and what not.
func TestPublic(t *testing.T) {
	for address, want := range map[string]bool{
		"8.8.8.8": true, "52.1.2.3": true, "2600:1f18::1": true, "172.15.0.1": true, "172.32.0.1": true, "100.63.0.1": true, "100.128.0.1": true,
		"127.0.0.1": false, "127.9.9.9": false, "::1": false, "0.0.0.0": false, "::": false, "0.1.2.3": false,
		"10.0.0.1": false, "172.16.0.1": false, "172.31.255.255": false, "192.168.1.1": false, "fd00::1": false, "fc00::1": false,
		"169.254.169.254": false, "fe80::1": false, "fe80::1%eth0": false, "fd00:ec2::254": false, "fec0::1": false,
		"100.64.0.1": false, "100.100.100.200": false, "198.18.0.1": false, "192.0.0.192": false, "224.0.0.1": false, "255.255.255.255": false, "ff02::1": false,
		"::ffff:127.0.0.1": false, "::ffff:169.254.169.254": false, "::ffff:8.8.8.8": true, "64:ff9b::7f00:1": false, "64:ff9b::a00:1": false, "64:ff9b::808:808": true, "2002:7f00:1::": false, "::127.0.0.1": false,
	} {
		if got := public(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %v, want %v", address, got, want)
		}
	}
}

// TestClientStaysOutside: by whatever name somebody calls this machine, nothing
// arrives there.
func TestClientStaysOutside(t *testing.T) {
	reached := false
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer s.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(s.URL, "http://"), ":")
	for _, host := range []string{"127.0.0.1", "localhost", "127.1", "[::1]", "0.0.0.0", "[::ffff:127.0.0.1]", "2130706433", "0x7f000001"} {
		resp, err := Client(2 * time.Second).Get("http://" + host + ":" + port + "/")
		if err == nil {
			resp.Body.Close()
		}
		if err == nil || reached {
			t.Errorf("%s was reached", host)
		}
	}
	if _, err := Client(time.Second).Get(s.URL); !errors.Is(err, ErrPrivate) {
		t.Errorf("it is not said why: %v", err)
	}
}

// TestOperatorsProxy: it may stand in a network of their own, and nothing beside it.
func TestOperatorsProxy(t *testing.T) {
	for _, test := range []struct{ proxy, dialed string }{
		{"http://127.0.0.1:3128", "127.0.0.1:3128"}, {"http://proxy.corp", "proxy.corp:80"}, {"https://proxy.corp", "proxy.corp:443"}, {"socks5://10.0.0.1", "10.0.0.1:1080"},
	} {
		u, err := url.Parse(test.proxy)
		if err != nil || withPort(u) != test.dialed {
			t.Errorf("%s is dialed as %s: %v", test.proxy, test.dialed, err)
		}
	}
	var p proxies
	p.known.Store("127.0.0.1:3128", true)
	if !p.has("127.0.0.1:3128") || p.has("127.0.0.1:80") {
		t.Error("a proxy is not told from what stands beside it")
	}
}
