package bot

import (
	"context"
	"time"

	"tocsin/bot/incident"
	"tocsin/store"
)

const (
	// remembered is how long a delivery that was worked on is known: PagerDuty sends
	// again for two days at most.
	remembered = 7 * 24 * time.Hour
	// kept is how long an alert is kept that nobody works on.
	kept = 30 * 24 * time.Hour
)

// tidy drops what nobody will ask for: deliveries from long ago, and alerts that
// have been quiet for long and whose incident is over.
func (b *Bot) tidy(ctx context.Context, now time.Time) {
	seen, err := b.journal.Forget(ctx, now.Add(-remembered))
	if err != nil {
		b.Log.Error("old deliveries cannot be dropped", "error", err)
		return
	}
	active := map[incident.ID]bool{}
	for _, inc := range b.inMemory() {
		active[inc.ID] = inc.Active()
	}
	alerts, err := b.journal.Prune(ctx, func(a store.Alert) bool { return now.Sub(a.Last) < kept || active[a.Incident] })
	if err != nil {
		b.Log.Error("old alerts cannot be dropped", "error", err)
		return
	}
	b.Log.Debug("tidied", "deliveries", seen, "alerts", alerts)
}
