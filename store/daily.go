package store

import (
	"context"
	"fmt"
	"time"

	"tocsin/bot/incident"
)

const (
	day   = 24 * time.Hour
	early = time.Hour // by how much a look may come early, and a clock be set back unnoticed
	away  = 3 * day   // how long no look may come without doubt in the clock
)

// Daily tells whether what is done once a day at most, and cannot be undone, is due at
// now; name is the mark of when that was last looked at. A clock that jumped is not
// believed at once: where now is days after the last look, or before it, nothing is due
// until a look a day later agrees, and the error tells the operator so, once. At the first
// look of all nothing is due either. Who was away for days begins a day later by that.
func (j *Journal) Daily(ctx context.Context, name string, now time.Time) (due bool, err error) {
	last, err := j.Marked(ctx, name)
	if err != nil {
		return false, err
	}
	passed := now.Sub(last)
	if passed > -early && passed < day-early {
		return false, nil
	}
	if err := j.Mark(ctx, name, now); err != nil || last.IsZero() {
		return false, err
	}
	if passed < 0 || passed > away {
		return false, fmt.Errorf("the clock says %s, and said %s at the last look: nothing of this is done before %s; if the clock is wrong, set it right before then",
			incident.Clock(now), incident.Clock(last), incident.Clock(now.Add(day-early)))
	}
	return true, nil
}
