package pagerduty

import (
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

	"tocsin/bot"
)

// bucket is one of PagerDuty's rate limits. Who runs into it has everybody wait:
// more calls would only make the wait longer.
type bucket struct {
	mu    sync.Mutex
	until time.Time
}

var errLimited = errors.New("PagerDuty's rate limit is used up")

// ready is nil, or the *bot.Later that says how long calls have to wait.
func (b *bucket) ready() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if left := time.Until(b.until); left > 0 {
		return &bot.Later{After: left, Err: errLimited}
	}
	return nil
}

// heed pauses when an answer says that the limit is used up.
func (b *bucket) heed(answer *http.Response) {
	if answer.StatusCode != http.StatusTooManyRequests && answer.Header.Get("ratelimit-remaining") != "0" {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if until := time.Now().Add(wait(answer.Header)); until.After(b.until) {
		b.until = until
	}
}

// wait is how long the headers say to wait, from a second to ten minutes; without
// a word of theirs ten seconds.
func wait(h http.Header) time.Duration {
	after := 10 * time.Second
	for _, name := range []string{"Retry-After", "ratelimit-reset"} { // seconds
		if s, err := strconv.ParseFloat(h.Get(name), 64); err == nil && s < 1e6 {
			after = time.Duration(s * float64(time.Second))
			break
		}
		if at, err := http.ParseTime(h.Get(name)); err == nil {
			after = time.Until(at)
			break
		}
	}
	return min(max(after, time.Second), 10*time.Minute)
}
