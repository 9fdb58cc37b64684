package store_test

import (
	"testing"
	"time"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/store"
)

func TestNewItem(t *testing.T) {
	for _, c := range []struct {
		seq, n int
		effect effect.Effect
		key    string
	}{
		{1, 0, effect.Mark{}, "00000001.00"},
		{12, 3, say("hi"), "00000012.03"},
		{12, 4, effect.ShowCard{}, "card"}, // a projection's key is its lane
		{13, 0, effect.SetTopic{}, "topic"},
		{13, 1, effect.Announce{}, "announce"},
	} {
		want := store.Item{Incident: "INC-42", Key: c.key, Effect: c.effect, Seq: c.seq}
		wantSame(t, "NewItem", store.NewItem("INC-42", c.seq, c.n, c.effect), want)
	}
}

// An effect waits, is attempted, and is done with; each step is a transaction
// at the end of its timeline, with an event or without.
func TestLifeOfAnItem(t *testing.T) {
	onEach(t, func(t *testing.T, _ store.KV, j *store.Journal) {
		open, hello := store.NewItem("INC-1", 1, 0, effect.Mark{}), store.NewItem("INC-1", 1, 1, say("hello"))
		tip := begin(t, j, "INC-1", 1, store.Append{Put: []store.Item{open, hello}})
		outbox(t, j, open, hello)

		open.Tries, open.First, open.Last = 1, noon, noon.Add(time.Second)
		tip = add(t, j, tip, story("INC-1", 1), store.Append{Put: []store.Item{open}})
		outbox(t, j, open, hello)

		tip = add(t, j, tip, story("INC-1", 2), store.Append{Settled: []string{open.Key}})
		outbox(t, j, hello)

		tip = add(t, j, tip, story("INC-1", 2), store.Append{Settled: []string{hello.Key, "no such key"}})
		outbox(t, j)
		if loaded := load(t, j, "INC-1", story("INC-1", 2)); loaded != tip {
			t.Errorf("transactions without events moved the tip: %v, loaded %v", tip, loaded)
		}
	})
}

// However often the present state is to be shown, once is enough: the newest.
func TestANewerProjectionReplacesTheOlder(t *testing.T) {
	onEach(t, func(t *testing.T, _ store.KV, j *store.Journal) {
		tip := begin(t, j, "INC-1", 1, store.Append{Put: []store.Item{store.NewItem("INC-1", 1, 0, effect.ShowCard{}), store.NewItem("INC-1", 1, 1, effect.SetTopic{})}})
		card := store.NewItem("INC-1", 2, 0, effect.ShowCard{})
		add(t, j, tip, story("INC-1", 2), store.Append{Put: []store.Item{card}})
		outbox(t, j, card, store.NewItem("INC-1", 1, 1, effect.SetTopic{}))
	})
}

// The items of one incident come in the order of the events they follow from.
func TestOutboxOrder(t *testing.T) {
	onEach(t, func(t *testing.T, _ store.KV, j *store.Journal) {
		var want []store.Item
		for _, n := range []int{2, 10} {
			id := incident.NewID(n)
			items := []store.Item{
				store.NewItem(id, 2, 0, say("a")), store.NewItem(id, 2, 9, say("b")), store.NewItem(id, 2, 10, say("c")),
				store.NewItem(id, 10, 0, say("d")), store.NewItem(id, 11, 0, effect.ShowCard{}),
			}
			want = append(want, items...)
			backwards := []store.Item{items[4], items[3], items[2], items[1], items[0]}
			begin(t, j, id, 1, store.Append{Put: backwards})
		}
		outbox(t, j, want...)
	})
}

func TestAnEffectThatIsNotListedIsNotStored(t *testing.T) {
	onEach(t, func(t *testing.T, kv store.KV, j *store.Journal) {
		item := store.NewItem("INC-1", 1, 0, &effect.Mark{}) // a pointer to one is none
		if _, err := j.Append(t.Context(), store.Tip{ID: "INC-1"}, store.Append{Events: story("INC-1", 1), Put: []store.Item{item}}); err == nil {
			t.Error("stored, and could not be read back")
		}
		wantSame(t, "the store", dump(t, kv), "")
	})
}

func TestHandles(t *testing.T) {
	onEach(t, func(t *testing.T, _ store.KV, j *store.Journal) {
		begin(t, j, "INC-1", 1, store.Append{Handles: []string{"pagerduty/P1", "channel/C1"}})
		begin(t, j, "INC-2", 1, store.Append{Handles: []string{"pagerduty/P11"}})
		for name, want := range map[string]incident.ID{"pagerduty/P1": "INC-1", "channel/C1": "INC-1", "pagerduty/P11": "INC-2", "pagerduty/P": "", "pagerduty": ""} {
			if id, ok, err := j.Lookup(t.Context(), name); id != want || ok != (want != "") || err != nil {
				t.Errorf("Lookup(%q) = %q, %v, %v, want %q", name, id, ok, err, want)
			}
		}
		all, err := j.Handles(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		wantSame(t, "Handles", all, map[string]incident.ID{"pagerduty/P1": "INC-1", "channel/C1": "INC-1", "pagerduty/P11": "INC-2"})
	})
}

// A store that fails is no reason to say that nothing is there.
func TestFailuresAreNotAbsence(t *testing.T) {
	onEach(t, func(t *testing.T, kv store.KV, j *store.Journal) {
		kv.Close()
		_, _, load := j.Load(t.Context(), "INC-1")
		_, next := j.Next(t.Context())
		_, heads := j.Heads(t.Context())
		_, out := j.Outbox(t.Context())
		_, found, lookup := j.Lookup(t.Context(), "channel/C1")
		_, handles := j.Handles(t.Context())
		first, arrive := j.Arrive(t.Context(), delivery("pagerduty", "E1"))
		_, arrivals := j.Arrivals(t.Context(), store.Arrival{}, 0)
		_, has, alert := j.Alert(t.Context(), "pagerduty", "P1")
		_, alerts := j.Alerts(t.Context())
		_, marked := j.Marked(t.Context(), "rooms-held")
		_, forget := j.Forget(t.Context(), noon)
		for what, err := range map[string]error{
			"Load": load, "Next": next, "Heads": heads, "Outbox": out, "Lookup": lookup, "Handles": handles,
			"Arrive": arrive, "Arrivals": arrivals, "Alert": alert, "Alerts": alerts, "Marked": marked, "Forget": forget,
			"Retire":    j.Retire(t.Context(), []store.Arrival{delivery("pagerduty", "E1")}),
			"PutAlerts": j.PutAlerts(t.Context(), []store.Alert{alertOf("pagerduty", "P1")}),
			"Mark":      j.Mark(t.Context(), "rooms-held", noon),
		} {
			if err != store.ErrClosed {
				t.Errorf("%s on a closed store: %v, want ErrClosed", what, err)
			}
		}
		if found || first || has {
			t.Errorf("found %v, first %v, has %v on a closed store", found, first, has)
		}
	})
}
