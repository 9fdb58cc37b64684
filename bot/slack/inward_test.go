package slack

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/bot/effect"
	"tocsin/bot/inbound"
)

// leads is the address that every name leads to; nil: each to its own.
var leads atomic.Pointer[net.IP]

// The resolver is changed before anything runs: a dial may outlive the test that began it.
func init() {
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		to := leads.Load()
		if to == nil {
			return new(net.Dialer).DialContext(ctx, network, address)
		}
		asks, here := net.Pipe()
		go tellAddress(here, *to)
		return asks, nil
	}}
}

// resolved has every name lead to an address, for the time of a test.
func resolved(t *testing.T, to net.IP) {
	leads.Store(&to)
	t.Cleanup(func() { leads.Store(nil) })
}

// tellAddress answers what is asked over DNS (RFC 1035) with one address.
func tellAddress(conn net.Conn, ip net.IP) {
	defer conn.Close()
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return
	}
	query := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, query); err != nil {
		return
	}
	question := query[12:]
	for n := 0; ; { // labels, each after its length
		if n += int(question[n]) + 1; question[n] == 0 {
			question = question[:n+5]
			break
		}
	}
	answer := append([]byte{query[0], query[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, question...)
	if question[len(question)-3] == 1 { // an A record is asked for
		answer[7] = 1
		answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4)
		answer = append(answer, ip.To4()...)
	}
	conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
}

// A name of Slack's that leads into a network of ours gets no file, and people are told why.
func TestAnUploadIsLedInward(t *testing.T) {
	s := newStage(t).open()
	conn := misled(t, "https://files.slack.com")
	resolved(t, net.IPv4(10, 0, 0, 1))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	_, err := conn.Performer.Perform(ctx, s.inc, first(effect.Draft{}))
	if known(err) != "final" || !strings.Contains(err.Error(), "10.0.0.1: it leads to this machine or into a network that is not public") {
		t.Errorf("%s: %v", known(err), err)
	}
}

// Nor does a link go there; the log says why.
func TestALinkIsLedInward(t *testing.T) {
	conn := misled(t, "https://wss-primary.slack.com")
	resolved(t, net.IPv4(10, 0, 0, 1))
	said := make(chan string, 10)
	f := conn.Face(nothing(t), func(ctx context.Context) (context.Context, func()) { return ctx, func() {} }, slog.New(slog.NewTextHandler(saying(said), nil)))
	f.wait = time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Connect(ctx) }()
	select {
	case line := <-said:
		if !strings.Contains(line, "no connection to Slack") || !strings.Contains(line, "10.0.0.1: it leads to this machine") || strings.Contains(line, "ticket") {
			t.Error(line)
		}
	case <-time.After(5 * time.Second):
		t.Error("nothing is said of it")
	}
	cancel()
	must(t, <-ended)
}

// The host that was set may be anywhere, by whatever name: there is a proxy of the
// operator's, or the sandbox.
func TestTheHostThatWasSetMayBeInside(t *testing.T) {
	resolved(t, net.IPv4(127, 0, 0, 1))
	for api, address := range map[string]string{
		"http://slack.corp/api/": "slack.corp:80", "https://slack.corp/api": "slack.corp:443", "http://[::1]:8080/api/": "[::1]:8080", "": "",
	} {
		f := &Face{APIURL: api}
		if got := f.ownHost(); got != address {
			t.Errorf("the host of %s is %s", api, got)
		}
	}
	server := leadingHere(t)
	f := &Face{APIURL: "http://slack.corp:" + server + "/api/"}
	for host, inside := range map[string]bool{"slack.corp": true, "wss-primary.slack.com": false} {
		conn, err := f.dialer().NetDialContext(t.Context(), "tcp", host+":"+server)
		if err == nil {
			conn.Close()
		}
		if (err == nil) != inside || !inside && !errors.Is(err, inbound.ErrPrivate) {
			t.Errorf("%s: %v", host, err)
		}
	}
	client, err := metered(&http.Client{}, nil, f.APIURL, nil, nil)
	must(t, err)
	resp, err := client.Post("http://slack.corp:"+server+"/upload", "text/plain", strings.NewReader("a draft"))
	must(t, err)
	resp.Body.Close()
}

// leadingHere is the port of a server on this machine.
func leadingHere(t *testing.T) (port string) {
	address, _ := leading(t)
	_, port, err := net.SplitHostPort(strings.TrimPrefix(address, "http://"))
	must(t, err)
	return port
}
