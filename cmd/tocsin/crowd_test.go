package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// hall is a server with room for few, whose connections are pipes.
type hall struct {
	t  *testing.T
	ln pipes
	*crowd
	hook func(net.Conn, http.ConnState) // before the crowd hears of it; nil: none
	late func(net.Conn, http.ConnState) // after it; nil: none
	busy chan struct{}                  // /busy is answered once it is closed
}

// inHall runs a test in a bubble of time.
func inHall(t *testing.T, most int, test func(h *hall)) {
	synctest.Test(t, func(t *testing.T) {
		h := &hall{t: t, ln: newPipes(), crowd: newCrowd(most), busy: make(chan struct{})}
		mux := http.NewServeMux()
		mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.Copy(w, r.Body); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
			}
		})
		mux.HandleFunc("/busy", func(http.ResponseWriter, *http.Request) { <-h.busy })
		srv := door{log: slog.New(slog.DiscardHandler)}.server(t.Context(), mux)
		srv.ConnState = func(c net.Conn, s http.ConnState) {
			if h.hook != nil {
				h.hook(c, s)
			}
			h.heed(c, s)
			if h.late != nil {
				h.late(c, s)
			}
		}
		served := make(chan error, 1)
		go func() { served <- srv.Serve(h.ln) }()
		test(h)
		srv.Close()
		<-served
		synctest.Wait()
		if h.open != 0 || len(h.places) != 0 || h.idle.Len() != 0 || h.leaving.Len() != 0 {
			t.Errorf("when all are gone, %d are open, and %d have places", h.open, len(h.places))
		}
	})
}

// guest is somebody with one connection.
type guest struct {
	h *hall
	net.Conn
	in *bufio.Reader
}

func (h *hall) comes() *guest {
	conn := h.ln.dial()
	synctest.Wait()
	return &guest{h, conn, bufio.NewReader(conn)}
}

// asks asks for a path, and gives the status; 0: there is no answer.
func (g *guest) asks(path string) int {
	g.says("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n")
	return g.hears()
}

func (g *guest) says(text string) {
	io.WriteString(g, text)
	synctest.Wait()
}

func (g *guest) hears() int {
	defer synctest.Wait()
	resp, err := http.ReadResponse(g.in, nil)
	if err != nil {
		return 0
	}
	io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// gone is whether the connection has ended.
func (g *guest) gone() bool {
	g.SetReadDeadline(time.Now().Add(time.Millisecond))
	defer g.SetReadDeadline(time.Time{})
	_, err := g.in.Peek(1)
	return errors.Is(err, io.EOF)
}

// TestTheLongestIdleMakesRoom: one that is too many takes the place of the one that is idle
// longest, whoever came first; all others stay.
func TestTheLongestIdleMakesRoom(t *testing.T) {
	inHall(t, 3, func(h *hall) {
		one, two, three := h.comes(), h.comes(), h.comes()
		for _, g := range []*guest{one, two, three, one} {
			if got := g.asks("/"); got != 200 {
				t.Fatalf("answered %d", got)
			}
		}
		for n, left := range []*guest{two, three, one} {
			if got := h.comes().asks("/"); got != 200 {
				t.Errorf("newcomer %d: %d", n, got)
			}
			if !left.gone() {
				t.Errorf("newcomer %d: who is idle longest has not left", n)
			}
			for _, stays := range []*guest{two, three, one}[n+1:] {
				if stays.gone() {
					t.Errorf("newcomer %d: another leaves than the longest", n)
				}
			}
		}
	})
}

// TestTooManyConnections: where nobody is idle the new one is closed, also where they have
// not said anything yet; once somebody has gone, or is idle, there is room.
func TestTooManyConnections(t *testing.T) {
	inHall(t, 3, func(h *hall) {
		busy, other, silent := h.comes(), h.comes(), h.comes()
		busy.says("GET /busy HTTP/1.1\r\nHost: x\r\n\r\n")
		other.says("GET /busy HTTP/1.1\r\nHost: x\r\n\r\n")
		for range 5 {
			if !h.comes().gone() {
				t.Error("one that is too many stays")
			}
		}
		silent.Close()
		synctest.Wait()
		if got := h.comes().asks("/"); got != 200 {
			t.Errorf("when one has gone: %d", got)
		}
		for range 5 { // whose places are those of each other
			if got := h.comes().asks("/"); got != 200 {
				t.Errorf("while one is idle: %d", got)
			}
		}
		close(h.busy)
		if one, two := busy.hears(), other.hears(); one != 200 || two != 200 {
			t.Errorf("who was at work heard %d and %d", one, two)
		}
	})
}

// TestSilentNewcomersEnd: who has said nothing keeps a place for no longer than headers
// may take, in a full house, too.
func TestSilentNewcomersEnd(t *testing.T) {
	inHall(t, 3, func(h *hall) {
		for range 3 {
			h.comes()
		}
		begun := time.Now()
		if !h.comes().gone() {
			t.Error("there is room for a fourth")
		}
		<-time.After(headersIn + time.Millisecond)
		if got := h.comes().asks("/"); got != 200 {
			t.Errorf("%v later: %d", time.Since(begun), got)
		}
	})
}

// TestReadAndToldToLeave: who is told to leave in the moment between a request's headers
// and its handler is heard out and answered, and has as much time for the rest as anybody.
func TestReadAndToldToLeave(t *testing.T) {
	inHall(t, 1, func(h *hall) {
		g := h.comes()
		if got := g.asks("/"); got != 200 {
			t.Fatalf("answered %d", got)
		}
		h.hook = func(_ net.Conn, s http.ConnState) {
			if s == http.StateActive {
				h.hook = nil
				h.newcomer()
			}
		}
		g.says("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
		if h.hook != nil {
			t.Fatal("the moment did not come")
		}
		<-time.After(requestIn / 2)
		g.says("hello")
		if got := g.hears(); got != 200 {
			t.Errorf("a request that was read is answered %d", got)
		}
		h.heed(nil, http.StateClosed) // the newcomer
	})
}

// newcomer is another connection of which the crowd hears.
func (h *hall) newcomer() {
	ours, theirs := net.Pipe()
	h.t.Cleanup(func() { ours.Close(); theirs.Close() })
	h.heed(theirs, http.StateNew)
}

// TestToldTooEarly: who does not hear that they are to leave, because they were told just
// as they became idle, is told again when the next one comes.
func TestToldTooEarly(t *testing.T) {
	inHall(t, 1, func(h *hall) {
		g := h.comes()
		h.late = func(_ net.Conn, s http.ConnState) {
			if s == http.StateIdle {
				h.late = nil
				h.newcomer()
			}
		}
		if got := g.asks("/"); got != 200 {
			t.Fatalf("answered %d", got)
		}
		if g.gone() {
			t.Fatal("the moment did not come")
		}
		h.comes()
		if !g.gone() {
			t.Error("it stays for good, beyond the bound")
		}
		h.heed(nil, http.StateClosed) // the newcomer
	})
}

// TestNobodyIsCutOff: where many share few places, and each newcomer ends somebody's idle
// connection, whoever is heard is answered, by HTTP and by HTTPS.
func TestNobodyIsCutOff(t *testing.T) {
	for _, scheme := range []string{"http", "https"} {
		t.Run(scheme, func(t *testing.T) {
			var heard, answered, ended atomic.Int64
			c := newCrowd(8)
			srv := door{log: slog.New(slog.DiscardHandler)}.server(t.Context(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				heard.Add(1)
				io.Copy(w, r.Body)
			}))
			srv.ConnState = c.heed
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			must(t, err)
			trusted := x509.NewCertPool()
			dial := func() (net.Conn, error) { return net.Dial("tcp", ln.Addr().String()) }
			if scheme == "https" {
				p, err := issue(t, t.TempDir(), 1, trusted).pair()
				must(t, err)
				srv.TLSConfig = p.config(slog.New(slog.DiscardHandler))
				dial = func() (net.Conn, error) {
					return tls.Dial("tcp", ln.Addr().String(), &tls.Config{RootCAs: trusted})
				}
			}
			served := make(chan error, 1)
			go func() {
				if scheme == "https" {
					served <- srv.ServeTLS(ln, "", "")
				} else {
					served <- srv.Serve(ln)
				}
			}()
			var guests sync.WaitGroup
			for range 32 {
				guests.Go(func() {
					for range 50 {
						conn, err := dial()
						if err != nil {
							ended.Add(1) // as too many
							continue
						}
						in := bufio.NewReader(conn)
						for n := 0; ; n++ {
							body := fmt.Sprint("request ", n)
							fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", len(body))
							io.WriteString(conn, body)
							resp, err := http.ReadResponse(in, nil)
							if err != nil {
								ended.Add(1)
								break
							}
							if said, err := io.ReadAll(resp.Body); resp.StatusCode != 200 || string(said) != body || err != nil {
								t.Errorf("%d %q %v", resp.StatusCode, said, err)
							}
							answered.Add(1)
							if n == 20 {
								break
							}
						}
						conn.Close()
					}
				})
			}
			guests.Wait()
			srv.Close()
			<-served
			must(t, until(t.Context(), func() bool { c.mu.Lock(); defer c.mu.Unlock(); return c.open == 0 && len(c.places) == 0 }))
			if heard.Load() != answered.Load() || answered.Load() == 0 || ended.Load() == 0 {
				t.Errorf("%d were heard, and %d answered; %d ended", heard.Load(), answered.Load(), ended.Load())
			}
			t.Logf("%d answered, %d ended", answered.Load(), ended.Load())
		})
	}
}

// TestAFullHouseOfIdlers: whoever holds all connections that there are, idle, keeps nobody
// out: not a monitor, and nobody who asks for something.
func TestAFullHouseOfIdlers(t *testing.T) {
	t.Parallel()
	p := office(t).serve(t, filepath.Join(t.TempDir(), "tocsin.db"), byHTTP)
	var first net.Conn
	for n := range maxConns {
		conn, err := net.Dial("tcp", p.addr)
		if err != nil && strings.Contains(err.Error(), "too many open files") {
			t.Skipf("%d files are too few for this: ulimit -n 8192", n)
		}
		must(t, err)
		defer conn.Close()
		io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		must(t, err)
		io.Copy(io.Discard, resp.Body)
		if n == 0 {
			first = conn
		}
	}
	for n := range 20 {
		if status, said, err := p.alert(t.Context(), fmt.Sprint("a", n)); status != 202 || err != nil {
			t.Fatalf("an alert: %d %s %v", status, said, err)
		}
	}
	if status, said, err := p.command(t.Context(), "t1", "open sev2 Answers are wrong"); status != 200 || err != nil {
		t.Errorf("a command: %d %s %v", status, said, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	at, _ := ctx.Deadline()
	first.SetReadDeadline(at)
	if _, err := first.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the first has not left: %v", err)
	}
}

// TestRoomByHTTP2: connections of HTTP/2 make room as all others do, and whoever had to
// leave is served again by a new one.
func TestRoomByHTTP2(t *testing.T) {
	trusted := x509.NewCertPool()
	p, err := issue(t, t.TempDir(), 1, trusted).pair()
	must(t, err)
	c := newCrowd(2)
	srv := door{log: slog.New(slog.DiscardHandler)}.server(t.Context(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) }))
	srv.TLSConfig, srv.ConnState = p.config(slog.New(slog.DiscardHandler)), c.heed
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	served := make(chan error, 1)
	go func() { served <- srv.ServeTLS(ln, "", "") }()
	defer func() { srv.Close(); <-served }()
	var clients [3]http.Client
	for i := range clients {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}, ForceAttemptHTTP2: true}
		defer transport.CloseIdleConnections()
		clients[i].Transport = transport
	}
	for n := range 9 {
		resp, err := clients[n%3].Get("https://" + ln.Addr().String() + "/")
		must(t, err)
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if string(body) != "HTTP/2.0" || err != nil {
			t.Errorf("spoken: %s %v", body, err)
		}
		must(t, until(t.Context(), func() bool {
			c.mu.Lock()
			defer c.mu.Unlock()
			return c.idle.Len() == min(n+1, 2) && c.open == min(n+1, 2)
		}))
	}
}
