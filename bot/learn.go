package bot

import (
	"context"

	"tocsin/store"
)

// learn takes an incident's lesson, or takes it back.
func (b *Bot) learn(h store.Head) { b.past.Learn(string(h.ID), h.Report, h.Guide) }

// recall learns all lessons that are on record.
func (b *Bot) recall(ctx context.Context) error {
	heads, err := b.journal.Heads(ctx)
	for _, h := range heads {
		b.learn(h)
	}
	return err
}
