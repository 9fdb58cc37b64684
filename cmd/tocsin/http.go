package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"tocsin/bot"
)

// door is how HTTP is served: nobody can hold it open, and what goes wrong with one
// request harms no other.
type door struct {
	log *slog.Logger
	// answer is how long an answer may take to be read; 0: for ever, for streams.
	answer time.Duration
	pair   *pair // serve HTTPS with it; nil: HTTP
}

// How long and large a request may be. Monitors and Slack send theirs at once.
const (
	headersIn     = 5 * time.Second
	requestIn     = 15 * time.Second
	longestAnswer = time.Minute
	idle          = 2 * time.Minute
	maxHeaders    = 64 << 10
)

// maxConns is how many connections are served at once: each takes some 20 KiB, whoever
// is at its other end. crowd says what becomes of one more.
const maxConns = 4096

// drain is how long requests that are under way may take at the end.
const drain = 3 * time.Second

// serve serves until ctx ends, then lets what is under way finish.
func (d door) serve(ctx context.Context, ln net.Listener, handler http.Handler) error {
	srv := d.server(ctx, handler)
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		grace, cancel := context.WithTimeout(context.Background(), drain)
		defer cancel()
		if srv.Shutdown(grace) != nil {
			srv.Close() // streams never finish by themselves
		}
	})
	err := d.listen(srv, ln)
	if !stop() {
		<-done
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func (d door) server(ctx context.Context, handler http.Handler) *http.Server {
	return &http.Server{
		Handler: d.survive(handler), ReadHeaderTimeout: headersIn, ReadTimeout: requestIn, WriteTimeout: d.answer,
		IdleTimeout: idle, MaxHeaderBytes: maxHeaders,
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
		ConnState:   newCrowd(maxConns).heed,
		ErrorLog:    slog.NewLogLogger(d.log.Handler(), slog.LevelDebug), // whoever knocks and goes away
	}
}

func (d door) listen(srv *http.Server, ln net.Listener) error {
	if d.pair == nil {
		return srv.Serve(ln)
	}
	srv.TLSConfig = d.pair.config(d.log)
	return srv.ServeTLS(ln, "", "")
}

// survive keeps a panic to the request that it happens in. Neither headers nor body
// are logged, nor the query, because there are secrets in them; nor a panic's value,
// which may quote them, unless it is Go's own.
func (d door) survive(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler {
				panic(p)
			}
			d.log.Error("panic", "in", "http", "method", r.Method, "path", r.URL.Path, "panic", bot.Harmless(p), "stack", string(debug.Stack()))
			http.Error(w, "something is wrong here, and on record; please send it again", http.StatusInternalServerError)
		}()
		next.ServeHTTP(w, r)
	})
}
