package bot

import (
	"context"
	"time"

	"tocsin/bot/incident"
	"tocsin/store"
)

const (
	// Remembered is how long a delivery that was worked on is known: PagerDuty sends
	// again for two days at most.
	Remembered = 7 * 24 * time.Hour
	// quiet is how long an alert is on record that nobody works on.
	quiet = 30 * 24 * time.Hour
)

// markTidied is the mark of when the record was last tidied.
const markTidied = "tidied"

// tidy drops what nobody will ask for, once a day and not on the word of a clock that
// jumped.
func (b *Bot) tidy(ctx context.Context, now time.Time) {
	due, err := b.journal.Daily(ctx, markTidied, now)
	if err != nil {
		b.Log.Error("old deliveries and alerts stay in the record", "error", err)
	}
	if due {
		b.dropOld(ctx, now)
	}
}

// dropOld drops what remains of deliveries from long ago, and alerts that have been quiet for
// long and whose incident is over. A delivery that waits is never dropped, however old it is,
// nor is an alert for which one is kept: it knows where that belongs.
func (b *Bot) dropOld(ctx context.Context, now time.Time) {
	seen, err := b.journal.Forget(ctx, now.Add(-Remembered))
	if err != nil {
		b.Log.Error("old deliveries cannot be dropped", "error", err)
		return
	}
	active := map[incident.ID]bool{}
	for _, inc := range b.inMemory() {
		active[inc.ID] = inc.Active()
	}
	alerts, err := b.journal.Prune(ctx, func(a store.Alert) bool {
		return now.Sub(a.Last) < quiet || active[a.Incident] || b.router.kept.has(a.Source, a.Key)
	})
	if err != nil {
		b.Log.Error("old alerts cannot be dropped", "error", err)
		return
	}
	b.Log.Debug("tidied", "deliveries", seen, "alerts", alerts)
}
