package store

import (
	"fmt"
	"reflect"
	"slices"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

// waiting is the outbox of an incident as it is.
type waiting struct {
	effects []effect.Effect
	keys    map[string]bool // that are taken; false: by what cannot be read, or is newer
	over    map[string]bool // causes on the timeline
	due     map[string]Item // second copies, by the keys that they wait under
}

// DoneCause is the cause of what tells the end of an item.
func DoneCause(id incident.ID, key string) string { return fmt.Sprintf("%s/%s done", id, key) }

// isOver tells whether the timeline tells what came of an item. That of a projection may
// be asked for again.
func (w waiting) isOver(i Item) bool {
	return !effect.Projection(i.Effect) && w.over[DoneCause(i.Incident, i.Key)]
}

// isDue tells whether another item is known to wait under a key.
func (w waiting) isDue(key string) bool {
	_, due := w.due[key]
	return due
}

// missing is an item that must wait, if it does not: under a key that no other one has or
// had, for which of those that followed from its event it was is not known. What is under
// the key of a projection, or cannot be read, may be it.
func (w waiting) missing(i Item) (Item, bool) {
	if slices.ContainsFunc(w.effects, func(e effect.Effect) bool { return reflect.DeepEqual(e, i.Effect) }) {
		return i, false
	}
	key := outKey(i.Incident, i.Key)
	for n := 1; !effect.Projection(i.Effect) && (w.keys[key] || w.isOver(i) || w.isDue(key)); n++ {
		i = NewItem(i.Incident, i.Seq, n, i.Effect)
		key = outKey(i.Incident, i.Key)
	}
	if _, taken := w.keys[key]; taken {
		return i, false
	}
	w.keys[key] = true
	return i, true
}
