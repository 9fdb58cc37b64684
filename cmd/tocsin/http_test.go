package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot/inbound"
)

// pipes is a listener whose connections are pipes, for a bubble of time.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func newPipes() pipes { return pipes{make(chan net.Conn), make(chan struct{})} }

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error {
	select {
	case <-p.done:
	default:
		close(p.done)
	}
	return nil
}

func (pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

func (p pipes) dial() net.Conn {
	ours, theirs := net.Pipe()
	p.conns <- theirs
	return ours
}

// TestNobodyHoldsTheDoorOpen: whoever sends or reads slowly, or no more, is cut off,
// each at the time that is set for it.
func TestNobodyHoldsTheDoorOpen(t *testing.T) {
	for _, test := range []struct {
		name, sends string
		trickle     string // then again and again
		after       time.Duration
		answer      string // what comes before the end
	}{
		{"sends nothing", "", "", headersIn, ""},
		{"half a header", "POST /in HTTP/1.1\r\nHost: x\r\nX-", "", headersIn, "400 Bad Request"},
		{"a header for ever", "POST /in HTTP/1.1\r\nHost: x\r\nX-Slow: ", "a", headersIn, ""},
		{"half a body", "POST /in HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc", "", requestIn, "400 Bad Request"},
		{"a body for ever", "POST /in HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n", requestIn, "400 Bad Request"},
		{"reads nothing", "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n", "", longestAnswer, "unread"},
		{"idle", "GET /short HTTP/1.1\r\nHost: x\r\n\r\n", "", idle, "200 OK"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ended := make(chan time.Duration, 1)
				begun := time.Now()
				mux := http.NewServeMux()
				mux.HandleFunc("/short", func(http.ResponseWriter, *http.Request) {})
				mux.HandleFunc("/in", func(w http.ResponseWriter, r *http.Request) { inbound.Read(w, r, slog.New(slog.DiscardHandler)) })
				mux.HandleFunc("/endless", func(w http.ResponseWriter, _ *http.Request) {
					for err := error(nil); err == nil; {
						_, err = w.Write(make([]byte, 1<<10))
					}
					ended <- time.Since(begun)
				})
				ctx, stop := context.WithCancel(t.Context())
				ln, served := newPipes(), make(chan error)
				go func() {
					served <- door{log: slog.New(slog.DiscardHandler), answer: longestAnswer}.serve(ctx, ln, mux)
				}()
				conn := ln.dial()
				var sending sync.WaitGroup
				sending.Go(func() {
					io.WriteString(conn, test.sends)
					for test.trickle != "" {
						if _, err := io.WriteString(conn, test.trickle); err != nil {
							return
						}
						<-time.After(time.Second)
					}
				})
				if test.answer == "unread" {
					if got := <-ended; got != test.after {
						t.Errorf("cut off after %v, want %v", got, test.after)
					}
				} else {
					text, _ := io.ReadAll(conn)
					if got := time.Since(begun); got < test.after || got > test.after+2*time.Second {
						t.Errorf("cut off after %v, want %v", got, test.after)
					}
					if !strings.Contains(string(text), test.answer) {
						t.Errorf("answered %q, want %q", text, test.answer)
					}
				}
				conn.Close()
				sending.Wait()
				stop()
				if err := <-served; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestAPanicHarmsNobodyElse: it is on record without what the request said, and the
// next request is answered.
func TestAPanicHarmsNobodyElse(t *testing.T) {
	for name, p := range map[string]any{
		"its own":     errors.New("cannot read marked-secret"),
		"Go's":        nil,
		"of a string": "marked-secret",
	} {
		t.Run(name, func(t *testing.T) {
			var log journal
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			served := make(chan error)
			mux := http.NewServeMux()
			mux.HandleFunc("/ok", func(http.ResponseWriter, *http.Request) {})
			mux.HandleFunc("/panic", func(_ http.ResponseWriter, r *http.Request) {
				if p == nil {
					var none []string
					p = none[len(r.Method)]
				}
				panic(p)
			})
			go func() { served <- door{log: slog.New(slog.NewTextHandler(&log, nil))}.serve(ctx, ln, mux) }()
			r, _ := http.NewRequest("POST", "http://"+ln.Addr().String()+"/panic?token=marked-secret", strings.NewReader("marked-secret"))
			r.Header.Set("Authorization", "Bearer marked-secret")
			resp, err := http.DefaultClient.Do(r)
			if err != nil || resp.StatusCode != http.StatusInternalServerError {
				t.Fatalf("%+v %v", resp, err)
			}
			said, _ := io.ReadAll(resp.Body)
			if resp, err := http.Get("http://" + ln.Addr().String() + "/ok"); err != nil || resp.StatusCode != 200 {
				t.Errorf("the next request: %+v %v", resp, err)
			}
			stop()
			if err := <-served; err != nil {
				t.Error(err)
			}
			if !strings.Contains(log.String(), "path=/panic") || !strings.Contains(log.String(), "http_test.go") {
				t.Errorf("not on record: %s", log.String())
			}
			if strings.Contains(log.String()+string(said), "marked-secret") {
				t.Errorf("a secret is told:\n%s\n%s", said, log.String())
			}
		})
	}
}

// TestHeaderBombs: many or long headers are refused before anything is read.
func TestHeaderBombs(t *testing.T) {
	s := doorFor(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "reached") })
	for name, headers := range map[string]string{
		"one long": "X-A: " + strings.Repeat("a", 100_000) + "\r\n",
		"many":     strings.Repeat("X-A: a\r\n", 20_000),
	} {
		conn, err := net.Dial("tcp", s)
		if err != nil {
			t.Fatal(err)
		}
		go io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\n"+headers+"\r\n")
		answer, _ := bufio.NewReader(conn).ReadString('\n')
		if !strings.Contains(answer, "431") {
			t.Errorf("%s: %q", name, answer)
		}
		conn.Close()
	}
}

// doorFor serves a handler until the test ends, and gives its address.
func doorFor(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- door{log: slog.New(slog.DiscardHandler)}.serve(ctx, ln, handler) }()
	t.Cleanup(func() { stop(); <-served })
	return ln.Addr().String()
}
