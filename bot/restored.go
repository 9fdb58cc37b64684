package bot

import (
	"tocsin/bot/effect"
	"tocsin/store"
)

// unsure has an effect be looked for first that may have been performed before the
// record was put back to a backup: what had begun then follows again from it. Only
// what is the same however often it follows is looked for: the key of a message may
// be that of another one in the time that was lost, and it must not be swallowed.
func (b *Bot) unsure(item store.Item) store.Item {
	_, link := item.Effect.(effect.Bookmark)
	if b.restored.IsZero() || !link && !effect.Projection(item.Effect) || effect.ForPager(item.Effect) {
		return item
	}
	inc, ok := b.snapshot(item.Incident)
	if !ok {
		return item
	}
	for _, e := range inc.Timeline {
		if e.Logged.After(b.restored) {
			break
		}
		item.Tries, item.First, item.Last = 1, e.Logged, b.restored
	}
	return item
}
