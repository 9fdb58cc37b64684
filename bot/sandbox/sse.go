package sandbox

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

const (
	settleTime = 30 * time.Millisecond // changes closer than this are shown as one
	heartbeat  = 15 * time.Second
	shownCalls = 50 // in each event
)

// serveEvents sends the whole state at once and after every change (Server-Sent Events).
func (ws *Workspace) serveEvents(rw http.ResponseWriter, r *http.Request) {
	news := ws.watch()
	defer ws.unwatch(news)
	rw.Header().Set("Content-Type", "text/event-stream")
	rw.Header().Set("Cache-Control", "no-store")
	out := http.NewResponseController(rw)
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		_, err := fmt.Fprintf(rw, "data: %s\n\n", toJSON(ws.snapshot(shownCalls)))
		if err != nil || out.Flush() != nil || !ws.sleep(r.Context(), settleTime) {
			return
		}
		if !ws.waitForNews(r.Context(), rw, out, news, beat.C) {
			return
		}
	}
}

// waitForNews keeps the connection alive until something changed.
func (ws *Workspace) waitForNews(ctx context.Context, rw http.ResponseWriter, out *http.ResponseController, news chan struct{}, beat <-chan time.Time) bool {
	for {
		select {
		case <-news:
			return true
		case <-beat:
			if _, err := fmt.Fprint(rw, ": still here\n\n"); err != nil || out.Flush() != nil {
				return false
			}
		case <-ctx.Done():
			return false
		case <-ws.life.Done():
			return false
		}
	}
}

func (ws *Workspace) watch() chan struct{} {
	news := make(chan struct{}, 1)
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.viewer[news] = true
	return news
}

func (ws *Workspace) unwatch(news chan struct{}) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	delete(ws.viewer, news)
}
