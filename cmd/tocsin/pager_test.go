package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
)

// TestLostWebhooks: what PagerDuty told while tocsin was away opens its room at the
// start, also if somebody has acknowledged it since; what is told in vain later is
// found when it is asked for again, which it is from time to time, and PagerDuty then
// sends again if it had stopped. So it is whatever our clock shows, and after it was set.
func TestLostWebhooks(t *testing.T) {
	const day = 24 * time.Hour
	for name, clock := range map[string][2]time.Duration{ // off by so much, at the start and later
		"right":          {},
		"a day ahead":    {day, day},
		"a day behind":   {-day, -day},
		"set back a day": {day, 0},
	} {
		t.Run(name, func(t *testing.T) { lostWebhooks(t, clock[0], clock[1]) })
	}
}

func lostWebhooks(t *testing.T, first, later time.Duration) {
	ctx, cancel := context.WithCancel(t.Context())
	var log journal
	e := &env{ctx: ctx, stdout: io.Discard, stderr: io.Discard, log: slog.New(slog.NewTextHandler(&log, nil))}
	c := &sandboxCmd{Addr: "127.0.0.1:0", NoBot: true, pace: fullSpeed}
	run, err := startSandbox(e, c)
	if err != nil {
		t.Fatal(err)
	}
	defer run.close()
	lost := func(title, service string) string {
		page, err := run.workspace.PagerDuty(ctx, sandbox.Page{Title: title, Service: service, Urgency: "high"})
		if err != nil || page.OK {
			t.Fatalf("%+v %v: a bot answered", page, err)
		}
		return page.IncidentID
	}
	id := lost("Errors while tocsin was away", "chat-api")
	if r, err := run.workspace.PagerAct(ctx, sandbox.PagerAct{User: "ben@example.com", Incident: id, Act: "acknowledge"}); err != nil || !r.OK {
		t.Fatalf("%+v %v", r, err)
	}
	content, err := contentFlags{}.load()
	if err != nil {
		t.Fatal(err)
	}
	s := sandboxSettings(run.url, filepath.Join(t.TempDir(), "tocsin.db"), content, c.pace)
	s.askEach = 20 * time.Millisecond
	var off atomic.Int64
	off.Store(int64(first))
	s.now = func() time.Time { return time.Now().Add(time.Duration(off.Load())) }
	app, err := newApp(ctx, s, e.log)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- app.run(ctx, ln, http.NotFoundHandler()) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	titled := func(id incident.ID, title string) {
		t.Helper()
		err := until(ctx, func() bool {
			inc, err := app.bot.Incident(ctx, id)
			return err == nil && strings.Contains(inc.Title, title) && inc.Channel.Channel != ""
		})
		if err != nil {
			t.Fatalf("%s does not open: %v", id, err)
		}
	}
	titled("INC-1", "Errors while tocsin was away")
	if inc, err := app.bot.Incident(ctx, "INC-1"); err != nil || !inc.Knows(incident.Person{User: ben}) {
		t.Errorf("Ben, who acknowledged it, is not in the room: %v %v", inc.People, err)
	}
	off.Store(int64(later))
	lost("The index is empty, and nobody was told", "evals")
	titled("INC-2", "The index is empty")
	for range 3 { // after which PagerDuty sends no more
		if r, err := run.workspace.PagerAct(ctx, sandbox.PagerAct{User: "ben@example.com", Incident: id, Act: "note", Note: "Looking"}); err != nil || !r.OK {
			t.Fatalf("%+v %v", r, err)
		}
	}
	if err := until(ctx, func() bool {
		return strings.Contains(log.String(), "had stopped sending webhooks, and sends them again")
	}); err != nil {
		t.Error("PagerDuty is not asked to send again")
	}
}
