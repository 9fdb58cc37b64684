package bot

import (
	"context"

	"tocsin/store"
)

// learn takes an incident's lesson, or takes it back.
func (b *Bot) learn(h store.Head) { b.past.Learn(string(h.ID), h.Report, h.Guide) }

// recall learns all lessons that are on record, and has in memory what people
// work on: alerts are told by it where they belong.
func (b *Bot) recall(ctx context.Context) error {
	heads, err := b.journal.Heads(ctx)
	if damaged(err) {
		for _, err := range store.Each(err) {
			b.Log.Error("an incident cannot be read, and is left out", "incident", store.About(err), "error", err)
		}
		err = nil
	}
	if err != nil {
		return err
	}
	for _, h := range heads {
		b.learn(h)
		if h.Active() {
			_, err := b.load(ctx, h.ID)
			if damaged(err) {
				b.Log.Error("an incident cannot be read", "incident", h.ID, "error", err)
			} else if err != nil {
				return err
			}
		}
	}
	if b.restored, err = b.journal.Marked(ctx, store.MarkRestored); err != nil {
		return err
	}
	return b.recallHold(ctx)
}
