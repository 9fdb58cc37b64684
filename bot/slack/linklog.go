package slack

import (
	"sync"
	"time"
)

// tellAgain is how often the same is said of the links, at most: each of them is tried
// every few seconds, for as long as Slack is away.
const tellAgain = time.Minute

// told is what the operator was told of the links to Slack, and when.
type told struct {
	mu           sync.Mutex
	missing, all time.Time // that one is missing, that all are
	found        time.Time
	lost         bool // the last word was that something is missing
}

// missing tells that a link could not be had, and why.
func (f *Face) missing(err error) {
	f.told.mu.Lock()
	defer f.told.mu.Unlock()
	at, words := &f.told.all, "no connection to Slack"
	if f.Links() > 0 {
		at, words = &f.told.missing, "a link to Slack is missing, and the other one works"
	}
	f.told.lost = true
	if due(at) {
		f.Log.Warn(words, "error", safe(err))
	}
}

// found tells that a link is up: at the start, and after one was missing.
func (f *Face) found() {
	f.told.mu.Lock()
	defer f.told.mu.Unlock()
	if due(&f.told.found) || f.told.lost {
		f.told.found = time.Now()
		f.Log.Info("connected to Slack", "links", f.Links())
	}
	f.told.lost = false
}

// due tells whether it is time to say again what was last said at a time, which is now
// then.
func due(at *time.Time) bool {
	now := time.Now()
	if now.Sub(*at) < tellAgain {
		return false
	}
	*at = now
	return true
}
