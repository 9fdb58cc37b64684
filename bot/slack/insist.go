package slack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/slack-go/slack"
)

// The first and the longest wait before Slack is asked again: people wait with it.
// Once the waits grow no more, one try in tellEach is told.
const (
	firstAgain   = time.Second
	longestAgain = 5 * time.Second
	tellEach     = 12
)

// insist asks Slack whether it accepts a token, and while it does not answer
// asks again, with longer and longer waits, or as late as Slack says, until
// c.Patience is over.
func (c Config) insist(ctx context.Context, token string, ask func() error) error {
	end := time.Now().Add(c.Patience)
	for tries, wait := 1, firstAgain; ; tries, wait = tries+1, min(2*wait, longestAgain) {
		err := ask()
		if err == nil {
			return nil
		}
		again := wait
		if limited, ok := errors.AsType[*slack.RateLimitedError](err); ok {
			again = max(limited.RetryAfter, wait)
		}
		if refused(err) || ctx.Err() != nil || time.Now().Add(again).After(end) {
			return dialError(token, err)
		}
		if wait < longestAgain || tries%tellEach == 0 {
			c.Log.Warn("Slack does not answer yet", "tries", tries, "after", again, "error", safe(err))
		}
		if !pause(ctx, again) {
			return dialError(token, ctx.Err())
		}
	}
}

// pause waits; false if ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// refused tells whether Slack answered and meant it: asking again brings the
// same. A rate limit, a 5xx, a time-out, no connection and Slack's own internal
// errors pass.
func refused(err error) bool {
	if s, ok := errors.AsType[slack.StatusCodeError](err); ok {
		return s.Code < http.StatusInternalServerError && s.Code != http.StatusTooManyRequests
	}
	switch c := code(err); c {
	case "", "ratelimited", "rate_limited":
		return false
	default:
		return !ambiguous(c)
	}
}

// dialError says what to do when there is no connection; nil when there is one.
func dialError(token string, err error) error {
	if err == nil {
		return nil
	}
	if c := code(err); c != "" && refused(err) {
		return &refusedError{token, c}
	}
	return fmt.Errorf("Slack does not answer: %w. Check the network, and SLACK_API_URL if you set it. A tocsin that runs works meanwhile, and finds Slack by itself when it is back", safe(err))
}

// The tokens, as the operator knows them.
const (
	botToken = "SLACK_BOT_TOKEN"
	appToken = "SLACK_APP_TOKEN"
)

// refusedError is Slack's word that it does not take a token.
type refusedError struct{ token, code string }

func (e *refusedError) Error() string {
	return fmt.Sprintf("Slack does not accept %s (%s): check it, and that the app is installed in the workspace", e.token, e.code)
}
