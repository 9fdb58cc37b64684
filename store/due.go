package store

import (
	"context"
	"errors"
	"time"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

// Of an effect that leads to no fact, a message say, only the outbox tells that it waits.
// So it is kept twice, until it is done with: as it was asked for, under due/, which is
// far from out/ in the order of keys and so in another part of the file.

func dueKey(id incident.ID, key string) string { return "due/" + number(id) + "/" + key }

// untold tells whether an effect leads to no fact.
func untold(e effect.Effect) bool {
	switch e.(type) {
	case effect.Invite, effect.SetTopic, effect.Bookmark, effect.Say, effect.Mark, effect.SyncPager, effect.TellPager:
		return true
	}
	return false
}

// due is the second copy of an item, without its attempts.
func (i Item) due(id incident.ID) (Pair, error) {
	i.Tries, i.First, i.Last = 0, time.Time{}, time.Time{}
	value, err := i.encode()
	return sealedPair(dueKey(id, i.Key), value), err
}

// forgotten looks for what is kept as due, and does not wait although nothing tells that
// it is done with. An older tocsin kept nothing so.
func (v *visit) forgotten(ctx context.Context, due []Pair, w waiting) error {
	for _, p := range due {
		item, err := decodeItem(p)
		if err == nil && !item.fits(len(v.events)) {
			err = corrupt(p.Key, errors.New("it follows from nothing on the timeline"))
		}
		if _, damaged := errors.AsType[*CorruptError](err); damaged {
			f := v.stray(p, "what an effect was asked for as, "+p.Key+": "+detail(err))
			_, key, _ := parseOutKey(p.Key)
			_, waits := w.keys[outKey(v.id, key)]
			f.Incident, f.Derived = v.id, waits && !f.strayed
			v.found = append(v.found, f)
		}
		if err != nil { // what only a newer tocsin can do is told where it waits
			continue
		}
		if w.isOver(item) {
			v.derived(p.Key, "what an effect was asked for as, "+p.Key+": the timeline tells what came of it", func(ctx context.Context) (string, error) {
				return "put aside", v.putAside(ctx, p)
			})
			continue
		}
		key := outKey(v.id, item.Key)
		if _, there := w.keys[key]; there {
			continue
		}
		if _, err := v.kv.Get(ctx, p.Key); errors.Is(err, ErrNotFound) { // it was done meanwhile
			continue
		} else if err != nil {
			return err
		}
		v.derived(key, "nothing waits to "+item.Effect.Words()+", which was asked for", func(ctx context.Context) (string, error) {
			return v.ask(ctx, item)
		})
	}
	return nil
}
