package bot

import (
	"cmp"
	"slices"
	"time"

	"tocsin/store"
)

// lane holds the effects that keep their order, the first of them next.
type lane struct {
	items   []store.Item // by key
	retry   time.Time    // not before
	running bool
}

// put adds an item, or replaces the one with its key, in order.
func (l *lane) put(item store.Item) {
	i, ok := l.find(item.Key)
	if ok {
		l.items[i] = item
		return
	}
	l.items = slices.Insert(l.items, i, item)
}

func (l *lane) find(key string) (int, bool) {
	return slices.BinarySearchFunc(l.items, key, func(i store.Item, key string) int { return cmp.Compare(i.Key, key) })
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
