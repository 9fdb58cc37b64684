package store_test

import (
	"fmt"
	"strings"
	"testing"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/store"
	"tocsin/store/mem"
)

// lose deletes what waits under keys, and wants each to be missed, nothing to be lost by
// that, and all of it to wait again after a repair.
func lose(t *testing.T, kv store.KV, keys ...string) {
	t.Helper()
	j := store.NewJournal(kv)
	before, err := j.Outbox(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := kv.Commit(t.Context(), store.Tx{Present: keys, Delete: keys}); err != nil {
		t.Fatal(err)
	}
	r := examined(t, j)
	if len(r.Findings) != len(keys) || len(r.Lost()) > 0 {
		t.Errorf("of %q it finds %v", keys, r.Findings)
	}
	_, left, err := j.Repair(t.Context(), noon)
	if err != nil || len(left.Findings) > 0 {
		t.Errorf("left %v, %v", left.Findings, err)
	}
	after, err := j.Outbox(t.Context())
	if err != nil || len(after) != len(before) {
		t.Fatalf("%d of %d wait again: %v", len(after), len(before), err)
	}
	effects := func(items []store.Item) map[string]int {
		all := map[string]int{}
		for _, i := range items {
			all[fmt.Sprintf("%T %+v", i.Effect, i.Effect)]++
		}
		return all
	}
	wantSame(t, "what waits", effects(after), effects(before))
}

// TestALostEditIsMissed: that the card and the announcement are to be shown anew leads to no
// fact, for they are there.
func TestALostEditIsMissed(t *testing.T) {
	kv := mem.New()
	j := store.NewJournal(kv)
	whole := story("INC-1", 5)
	whole[1].Fact = incident.Linked{Channel: "C1", Name: "inc"}
	for i, what := range []string{incident.PostedCard, incident.PostedAnnouncement} {
		whole[2+i].Fact = incident.Posted{What: what, Message: incident.Message{Channel: "C1", ID: "1.1"}}
	}
	tip := add(t, j, store.Tip{ID: "INC-1"}, whole[:4], store.Append{
		Handles: []string{store.CauseHandle(whole[0].Cause), store.ChannelHandle("C1")},
	})
	add(t, j, tip, whole, store.Append{Put: []store.Item{
		store.NewItem("INC-1", 5, 0, effect.ShowCard{}), store.NewItem("INC-1", 5, 1, effect.Announce{}), store.NewItem("INC-1", 5, 2, say("hello")),
	}})
	lose(t, kv, "out/00000001/announce", "out/00000001/card", "out/00000001/00000005.02")
}

// TestTwoLostTogether: of two that are lost together none is taken for the other.
func TestTwoLostTogether(t *testing.T) {
	kv := mem.New()
	j := store.NewJournal(kv)
	whole := story("INC-1", 3)
	pinned := incident.Message{Channel: "C1", ID: "1.1"}
	whole[1].Fact = incident.Linked{Channel: "C1", Name: "inc"}
	whole[2].Fact = incident.Pinned{Message: pinned}
	add(t, j, store.Tip{ID: "INC-1"}, whole, store.Append{
		Handles: []string{store.CauseHandle(whole[0].Cause), store.ChannelHandle("C1")},
		Put: []store.Item{
			store.NewItem("INC-1", 2, 0, effect.ShowCard{}), store.NewItem("INC-1", 2, 1, effect.Announce{}),
			store.NewItem("INC-1", 3, 0, effect.TellPager{Text: "hello"}), store.NewItem("INC-1", 3, 1, effect.Fetch{Message: pinned}),
		},
	})
	lose(t, kv, "out/00000001/00000003.00", "out/00000001/00000003.01")
}

// TestRoomForTheSecondCopy: what fits into one transaction fits with second copies, too: they
// are made as far as there is room, and nothing is unsound without them.
func TestRoomForTheSecondCopy(t *testing.T) {
	onEach(t, func(t *testing.T, kv store.KV, j *store.Journal) {
		whole := sound(t, j, "INC-1", 5)
		tip := load(t, j, "INC-1", whole)
		for _, text := range []string{"hello", strings.Repeat("x", 9<<10)} { // many, and much
			a, keys := store.Append{}, []string(nil)
			for n := range 100 {
				item := store.NewItem("INC-1", len(whole)+1, n, say(text))
				a.Put, keys = append(a.Put, item), append(keys, item.Key)
			}
			whole = append(whole, incident.Event{Seq: len(whole) + 1, At: noon, Logged: noon, Fact: incident.Noted{Text: "more"}})
			tip = add(t, j, tip, whole, a)
			due, err := kv.Scan(t.Context(), "due/", "", 0)
			if r := examined(t, j); err != nil || len(r.Findings) > 0 || len(due) < 10 || len(due) > 60 {
				t.Errorf("found %v; %d second copies, %v", r.Findings, len(due), err)
			}
			tip = add(t, j, tip, whole, store.Append{Settled: keys})
			due, err = kv.Scan(t.Context(), "due/", "", 0)
			if r := examined(t, j); err != nil || len(r.Findings) > 0 || len(due) > 5 {
				t.Errorf("when they are done it found %v; %d second copies, %v", r.Findings, len(due), err)
			}
		}
	})
}
