package bot_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
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

// TestRestoredAndInDoubt: after a restore the record numbers its events anew. What is said
// then and in doubt is not taken for what had its number before, and is there once.
func TestRestoredAndInDoubt(t *testing.T) {
	for _, kind := range []string{"lost_request", "lost_answer"} {
		for method, line := range map[string]string{"chat.postMessage": "INC-1 note after the restore", "files.completeUploadExternal": "INC-1 postmortem"} {
			t.Run(kind+" of "+method, func(t *testing.T) {
				inBubble(t, func(t *testing.T, w *world) {
					w.say("open", "C0GENERAL", "open sev2 Answers cut off mid-sentence")
					w.settle()
					backup := w.pairs()
					w.say("before", "", strings.Replace(line, "after", "before", 1))
					w.settle()
					said, files := len(w.keys(w.room().ID)), w.files(w.room().ID)
					w.restore(backup)
					w.start()
					w.settle()
					w.fault(sandbox.Fault{Kind: kind, Method: method, Times: 1})
					w.say("after", "", line)
					w.settle()
					if got := len(w.keys(w.room().ID)) - said + w.files(w.room().ID) - files; got != 1 {
						t.Errorf("it is there %d times: %q", got, w.texts(w.room().ID))
					}
				})
			})
		}
	}
}
