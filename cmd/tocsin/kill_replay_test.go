package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
	"tocsin/store"
	"tocsin/store/mem"
)

// owed is what the record asks of the world: the effects that follow from its events.
type owed struct {
	must []store.Item    // what had to be done
	may  map[string]bool // the keys of that, and of what may have had to be done
}

// owes derives what a record asks for, by having a bot that performs nothing decide
// all of it again. The record does not say which signals were stored together, and a
// signal that is stored with a worse one is told another way: so the bot decides on
// each by itself, and on as many together as can be, and what is the same must be done.
func (k *killing) owes(r *kept) (owed, error) {
	o := owed{may: map[string]bool{}}
	alone, err := k.replay(r, 1)
	if err != nil {
		return o, err
	}
	together, err := k.replay(r, mostTogether)
	if err != nil {
		return o, err
	}
	both := map[string]bool{}
	for _, item := range together {
		both[jobKeyOf(item)] = true
	}
	for _, item := range alone {
		if both[jobKeyOf(item)] {
			o.must = append(o.must, item)
		}
	}
	for _, item := range slices.Concat(alone, together) {
		o.may[jobKeyOf(item)] = true
	}
	return o, nil
}

// mostTogether is how many signals the bot stores together.
const mostTogether = 25

// jobKeyOf is by what an effect is known in the world.
func jobKeyOf(item store.Item) string { return fmt.Sprintf("%s/%s", item.Incident, item.Key) }

// replay has a new bot record every timeline once more, so many signals at a time, and
// returns its outbox: nothing of it is done, so it is all that there ever was to do.
func (k *killing) replay(r *kept, signals int) ([]store.Item, error) {
	content, err := contentFlags{Content: filepath.Join(k.dir, "content")}.load()
	if err != nil {
		return nil, err
	}
	kv, now := mem.New(), time.Now()
	j := store.NewJournal(kv)
	rest := map[incident.ID][][]incident.Event{}
	for id, timeline := range r.timelines {
		list := transactions(timeline, signals)
		rest[id] = list[1:]
		// A declaration asks for a room, an announcement and a guide, and Resynced asks again.
		head := store.HeadOf(incident.Fold(id, list[0]))
		if _, err := j.Append(k.ctx, store.Tip{ID: id}, store.Append{Events: list[0], Head: head}); err != nil {
			return nil, err
		}
	}
	b, err := bot.New(k.ctx, bot.Config{
		Store: kv, Pager: nobody{}, Now: func() time.Time { return now }, URL: "http://" + k.addr,
		Guides: content.guides, Services: content.services, Plays: content.plays, Templates: content.templates,
	})
	if err != nil {
		return nil, err
	}
	for _, id := range slices.Sorted(maps.Keys(rest)) {
		for _, tx := range rest[id] {
			now = tx[0].Logged
			if err := again(k.ctx, b, id, tx); err != nil {
				return nil, fmt.Errorf("%s from event %d on: %w", id, tx[0].Seq, err)
			}
		}
	}
	return j.Outbox(k.ctx)
}

// again records events once more, in one transaction. An effect may lead to facts more
// than once by the same name, so the transaction has a name of its own.
func again(ctx context.Context, b *bot.Bot, id incident.ID, tx []incident.Event) error {
	o := bot.Origin{By: tx[0].By, Cause: fmt.Sprintf("%s from event %d", tx[0].Cause, tx[0].Seq), At: tx[0].At}
	inc, err := b.Update(ctx, id, o, func(incident.Incident) (facts []incident.Fact, err error) {
		for _, e := range tx {
			facts = append(facts, e.Fact)
		}
		return facts, nil
	})
	if last := tx[len(tx)-1].Seq; err == nil && inc.Last() != last {
		err = fmt.Errorf("there are %d events, and have to be %d", inc.Last(), last)
	}
	return err
}

// transactions are the events of a timeline that were stored together: those of one
// cause, and up to so many signals that came one after the other. The signals that an
// incident was declared with are apart, because what follows from them is owed.
func transactions(timeline []incident.Event, signals int) (list [][]incident.Event) {
	n := 0 // signals in the last transaction
	for i, e := range timeline {
		_, signal := e.Fact.(incident.Signaled)
		same := i > 0 && e.Cause == timeline[i-1].Cause && (!signal || n > 0 || len(list) > 1)
		if !same && (!signal || n == 0 || n >= signals) {
			list, n = append(list, nil), 0
		}
		if signal {
			n++
		}
		list[len(list)-1] = append(list[len(list)-1], e)
	}
	return list
}

// nobody performs nothing.
type nobody struct{}

func (nobody) Perform(context.Context, incident.Incident, bot.Job) ([]incident.Fact, error) {
	return nil, errors.New("nothing is to be performed")
}
