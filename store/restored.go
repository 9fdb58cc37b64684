package store

import (
	"context"
	"time"
)

// MarkRestored is the mark of when the record last went back to an earlier state, by a
// backup or by a repair: what is in it may have gone on in the world since.
const MarkRestored = "restored"

// Restored prepares the record of a backup to go on from, before it is used. Every
// effect that waits in it may have been performed since: each is taken for one that
// was attempted, so that it is looked for first.
func (j *Journal) Restored(ctx context.Context, now time.Time) error {
	items, err := j.Outbox(ctx)
	if err != nil {
		return err
	}
	for _, item := range items {
		events, _, err := j.Load(ctx, item.Incident)
		if err != nil {
			return err
		}
		item.doubt(events, now)
		value, err := item.encode()
		if err != nil {
			return err
		}
		if err := j.kv.Commit(ctx, Tx{Put: []Pair{sealedPair(outKey(item.Incident, item.Key), value)}}); err != nil {
			return err
		}
	}
	return j.Mark(ctx, MarkRestored, now)
}
