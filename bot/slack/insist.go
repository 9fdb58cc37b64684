package slack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/slack-go/slack"
)

// The first and the longest wait before Slack is asked again.
const (
	firstAgain   = time.Second
	longestAgain = 15 * time.Second
)

// insist asks Slack whether it accepts a token, and while it does not answer
// asks again, with longer and longer waits, or as late as Slack says, until
// c.Patience is over.
func (c Config) insist(ctx context.Context, token string, ask func() error) error {
	end := time.Now().Add(c.Patience)
	for wait := firstAgain; ; wait = min(2*wait, longestAgain) {
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
		c.Log.Warn("Slack does not answer yet", "again in", again, "error", safe(err))
		timer := time.NewTimer(again)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return dialError(token, ctx.Err())
		}
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

// dialError says what to do when there is no connection.
func dialError(token string, err error) error {
	if c := code(err); c != "" && refused(err) {
		return fmt.Errorf("Slack does not accept %s (%s): check it, and that the app is installed in the workspace", token, c)
	}
	return fmt.Errorf("Slack does not answer: %w. Check the network, and SLACK_API_URL if you set it; if both are well, start again when Slack is", safe(err))
}
