package slack

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// shared is a log that is read while others write it.
type shared struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *shared) Write(line []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(line)
}

func (s *shared) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// TestPanicsOfTheirOwn: what panics beside a request, while it is asked who somebody is or
// on a link, is on record and is tried again; nobody else notices. A client that there is
// not is one that panics.
func TestPanicsOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged shared
		log := slog.New(slog.NewTextHandler(&logged, nil))
		panics := func(want int) {
			t.Helper()
			synctest.Wait()
			if got := strings.Count(logged.String(), "msg=panic in=slack"); got != want {
				t.Errorf("%d panics are on record, want %d:\n%.2000s", got, want, logged.String())
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
