package slack

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestPanicsOfTheirOwn: what panics beside a request, while it is asked who somebody is or
// on a link, is on record and is tried again; nobody else notices. A client that there is
// not is one that panics.
func TestPanicsOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, logged := quiet()
		panics := func(want int) {
			t.Helper()
			synctest.Wait()
			if got := strings.Count(logged.String(), "msg=panic in=slack"); got != want {
				t.Errorf("%d panics are on record, want %d:\n%.2000s", got, want, logged)
			}
		}
		p := NewPerformer(nil, Identity{}, "incidents", log)
		for n := range 2 {
			if guest, stranger := p.guest(t.Context(), "U0ADA"); guest || !stranger {
				t.Errorf("guest %v, stranger %v", guest, stranger)
			}
			panics(n + 1)
		}
		f := &Face{Log: log}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- f.Connect(ctx) }()
		panics(2 + links)
		<-time.After(longestWait)
		panics(2 + 2*links)
		cancel()
		if err := <-ended; err != nil || f.Links() != 0 {
			t.Errorf("%v, %d links", err, f.Links())
		}
	})
}
