package bot_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot/sandbox"
	"tocsin/store"
	"tocsin/store/mem"
)

// A backup may be from any moment of an incident's opening. What waited in it was
// performed since, and what followed from that too; after it is restored nothing is
// in Slack twice, and nothing is missing there.
func TestRestoredFromAnyMoment(t *testing.T) {
	waited := 0
	for n := range 30 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1)
				defer w.close()
				if err := w.ws.Fault(sandbox.Fault{Kind: "slow", DelayMS: 120}); err != nil {
					t.Fatal(err)
				}
				w.say("open", "C0GENERAL", "open sev2 Answers cut off mid-sentence")
				w.say("note", "", "INC-1 note the first observation")
				<-time.After(time.Duration(n) * 40 * time.Millisecond)
				backup := w.pairs()
				w.settle()
				before := w.shown()
				<-time.After(5 * time.Minute)
				w.restore(backup)
				waited += w.waiting()
				w.start()
				w.settle()
				if after := w.shown(); !slices.Equal(before, after) {
					t.Errorf("in Slack there was\n%v\nand after the restore there is\n%v", before, after)
				}
				w.say("after", "", "INC-1 note after the restore")
				w.settle()
				if n := w.said(w.room().ID, "after the restore"); n != 1 {
					t.Errorf("what was said after the restore is there %d times", n)
				}
			})
		})
	}
	if waited < 20 {
		t.Errorf("only %d effects waited in all backups: they show little", waited)
	}
}

func (w *world) pairs() []store.Pair {
	pairs, err := w.kv.Scan(context.Background(), "", "", 0)
	if err != nil {
		w.t.Fatal(err)
	}
	return pairs
}

// restore puts a backup in the place of the store, with no bot running.
func (w *world) restore(backup []store.Pair) {
	w.run()
	<-w.done
	w.kv = mem.New()
	for part := range slices.Chunk(backup, store.MaxOps) {
		if err := w.kv.Commit(context.Background(), store.Tx{Put: part}); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := store.NewJournal(w.kv).Restored(context.Background(), time.Now()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) waiting() int {
	items, err := store.NewJournal(w.kv).Outbox(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	return len(items)
}

// shown is what there is once of each in Slack: messages by their keys, and in words
// those that Slack wrote, bookmarks, people.
func (w *world) shown() []string {
	room := w.room()
	list := append(w.keys(room.ID), w.keys("incidents")...)
	for _, m := range w.ws.Messages(room.ID) {
		if m.Metadata == nil {
			list = append(list, m.Text)
		}
	}
	for _, b := range room.Bookmarks {
		list = append(list, b.Title)
	}
	return append(list, room.Members...)
}
