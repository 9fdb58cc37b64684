package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
)

// Whoever knocks while one server follows on another is answered, by the one or the other;
// at the very moment he may have to knock again.
func TestDoorIsLent(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	l := &lender{Listener: ln}
	ctx, cancel := context.WithCancel(t.Context())
	var servers sync.WaitGroup
	serve := func(ctx context.Context, ln net.Listener, name string) {
		d := door{log: slog.New(slog.DiscardHandler), answer: longestAnswer}
		if err := d.serve(ctx, ln, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, name) })); err != nil {
			t.Error(err)
		}
	}
	knock := func() string {
		resp, err := direct.Get("http://" + l.Addr().String())
		if errors.Is(err, io.EOF) {
			resp, err = direct.Get("http://" + l.Addr().String())
		}
		if err != nil {
			t.Error(err)
			return ""
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		return string(text)
	}
	servers.Go(func() { serve(ctx, l, "stays") })
	for n := range 5 {
		lent, end := context.WithCancel(ctx)
		to, name := l.lend(), fmt.Sprint("server ", n)
		servers.Go(func() { serve(lent, to, name) })
		if got := knock(); got != name {
			t.Errorf("%q answers, want %s", got, name)
		}
		var people sync.WaitGroup
		for range 20 {
			people.Go(func() {
				if got := knock(); got != name && got != "stays" {
					t.Errorf("%q answers", got)
				}
			})
		}
		end()
		people.Wait()
		to.Close()
		if got := knock(); got != "stays" {
			t.Errorf("%q answers, want the one that stays", got)
		}
	}
	cancel()
	servers.Wait()
}
