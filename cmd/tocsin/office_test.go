package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tocsin/bot/sandbox"
)

// premises are a workspace for processes, reached at url.
type premises struct {
	*sandbox.Workspace
	url   string
	hangs atomic.Bool // calls of the Web API are taken and never answered
}

// office opens premises.
func office(t testing.TB) *premises {
	t.Helper()
	p := &premises{}
	over := make(chan struct{})
	srv := httptest.NewUnstartedServer(nil)
	p.url = "http://" + srv.Listener.Addr().String()
	p.Workspace = sandbox.New((&sandboxCmd{}).options(nil, p.url))
	handler := p.Handler()
	srv.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.hangs.Load() && strings.HasPrefix(r.URL.Path, "/api/") {
			select {
			case <-r.Context().Done():
			case <-over:
			}
			return
		}
		handler.ServeHTTP(w, r)
	})
	srv.Start()
	t.Cleanup(func() {
		close(over)
		p.Close()
		srv.CloseClientConnections()
		srv.Close()
	})
	return p
}

// serve starts tocsin serve by Socket Mode on a data file, and waits until it is ready;
// it is killed with the test.
func (o *premises) serve(t testing.TB, store string, more ...string) *process {
	t.Helper()
	p, err := launch(context.Background(), environment(o.url, store, append([]string{bySocket}, more...)...), "tocsin", "serve")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.kill() })
	if err = p.up(t.Context()); err == nil {
		err = p.await(t.Context(), func() bool {
			status, _, err := p.get(t.Context(), "/readyz")
			return err == nil && status == http.StatusOK
		})
	}
	if err != nil {
		t.Fatalf("it is not ready: %v\n%s", err, p.log.String())
	}
	return p
}

// ends has a process end, and tells how long that took.
func ends(t testing.TB, p *process, sig syscall.Signal, within time.Duration) time.Duration {
	t.Helper()
	took, err := p.end(sig, within)
	if err != nil {
		t.Fatal(err)
	}
	return took
}

// settle waits until no delivery and no effect waits any more.
func settle(t testing.TB, p *process) {
	t.Helper()
	idle := func() bool { n, err := p.waits(t.Context()); return err == nil && n == 0 }
	if err := p.await(t.Context(), idle); err != nil {
		t.Fatalf("something still waits: %v\n%s", err, p.log.String())
	}
}
