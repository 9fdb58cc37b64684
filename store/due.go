package store

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

// Of a message that waits only the outbox tells: that it was said leads to no fact. So what
// is in the outbox is kept twice until it is done with: as it was asked for, under due/,
// which is far from out/ in the order of keys and so in another part of the file.

func dueKey(id incident.ID, key string) string { return "due/" + number(id) + "/" + key }

// told tells whether an effect always leads to a fact: then the timeline tells that it waits.
func told(e effect.Effect) bool {
	switch e.(type) {
	case effect.Fetch, effect.Draft, effect.Page:
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

// keepDue adds to tx the second copies of what a asks for that is new, of an incident that
// had so many events before, as far as there is room; and takes out those of what is done
// with. Without room for that they go first: what has no second copy is sound.
func (j *Journal) keepDue(ctx context.Context, id incident.ID, before int, a Append, tx *Tx) error {
	over := make([]string, len(a.Settled))
	for i, key := range a.Settled {
		over[i] = dueKey(id, key)
	}
	if ops, _ := tx.size(); ops+len(over) <= MaxOps {
		tx.Delete = append(tx.Delete, over...)
	} else {
		for some := range slices.Chunk(over, MaxOps-len(tx.Absent)) {
			if err := j.kv.Commit(ctx, Tx{Absent: tx.Absent, Delete: some}); err != nil {
				return err
			}
		}
	}
	ops, bytes := tx.size()
	for _, item := range a.Put {
		if item.Seq <= before || told(item.Effect) {
			continue
		}
		p, err := item.due(id)
		if err != nil {
			return err
		}
		if ops, bytes = ops+1, bytes+len(p.Key)+len(p.Value); ops > MaxOps || bytes > MaxBytes {
			return nil
		}
		tx.Put = append(tx.Put, p)
	}
	return nil
}

// dueOf are the items of second copies that can be read, by the keys that they wait under.
func dueOf(due []Pair) map[string]Item {
	items := map[string]Item{}
	for _, p := range due {
		if item, err := decodeItem(p); err == nil {
			items[outKey(item.Incident, item.Key)] = item
		}
	}
	return items
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
		now, err := v.kv.Get(ctx, p.Key)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if !bytes.Equal(now, p.Value) { // it was done meanwhile
			continue
		}
		v.derived(key, "nothing waits to "+item.Effect.Words()+", which was asked for", func(ctx context.Context) (string, error) {
			return v.ask(ctx, item)
		})
	}
	return nil
}
