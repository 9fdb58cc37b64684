package slack

import (
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// drift is how far this machine's clock is from Slack's, by the dates of Slack's answers.
// Nobody sees a wrong clock otherwise: what Slack sends by HTTP is refused as too old, as
// if the secret were wrong, and timelines have wrong times.
type drift struct {
	log *slog.Logger

	mu    sync.Mutex
	ahead time.Duration // of Slack's; below 0: behind
	told  bool          // the last word was that it is wrong
}

// A clock is wrong from driftAtMost on, and right again below driftMended: what is said
// of it does not change with every call.
const (
	driftAtMost = time.Minute
	driftMended = driftAtMost / 2
)

// heard takes the Date of an answer, and tells the operator when the clock turns out wrong,
// and when it is right again.
func (d *drift) heard(date string, asked, answered time.Time) {
	at, err := http.ParseTime(date)
	if err != nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ahead = aheadOf(at, asked, answered)
	switch off := d.ahead.Abs(); {
	case !d.told && off > driftAtMost:
		d.told = true
		d.log.Warn("the clock of this machine is wrong", "problem", d.words())
	case d.told && off < driftMended:
		d.told = false
		d.log.Info("the clock of this machine is right again")
	}
}

// aheadOf is how far our clock is ahead of one that said at, a whole second, between
// what ours said before and after: no more than is sure, however long an answer took.
func aheadOf(at, asked, answered time.Time) time.Duration {
	switch end := at.Add(time.Second); {
	case asked.After(end):
		return asked.Sub(end)
	case answered.Before(at):
		return answered.Sub(at)
	}
	return 0
}

// problem says that the clock is wrong, and what to do; "" while it is right.
func (d *drift) problem() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ahead.Abs() <= driftAtMost {
		return ""
	}
	return d.words()
}

// words are problem's. d.mu is held.
func (d *drift) words() string {
	side := "ahead of"
	if d.ahead < 0 {
		side = "behind"
	}
	return fmt.Sprintf("the clock of this machine is %v %s Slack's: have it set by NTP (timedatectl set-ntp true). Times on timelines are wrong, and from five minutes on what Slack sends by HTTP is refused",
		d.ahead.Abs().Round(time.Second), side)
}
