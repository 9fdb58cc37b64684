package slack

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slack-go/slack"
)

// TestLinksComeBack: a link does not wait longer the longer Slack was away. slack-go
// itself would wait minutes after so many failures.
func TestLinksComeBack(t *testing.T) {
	const failures = 40
	var tries atomic.Int32
	back := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if tries.Add(1) == failures {
			close(back)
		}
		w.WriteHeader(http.StatusInternalServerError)
	}))
	defer server.Close()
	f := &Face{API: slack.New("xoxb-1", slack.OptionAppLevelToken("xapp-1"), slack.OptionAPIURL(server.URL+"/")), Log: slog.New(slog.DiscardHandler), wait: time.Millisecond}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- f.Connect(ctx) }()
	select {
	case <-back:
	case <-time.After(30 * time.Second):
		t.Errorf("tried %d times in 30 s", tries.Load())
	}
	cancel()
	if err := <-done; err != nil || f.Links() != 0 {
		t.Errorf("%v, %d links", err, f.Links())
	}
}
