package store_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/store"
	"tocsin/store/mem"
)

// Whatever a store does to a value, a Journal serves what was written or says
// that it cannot be trusted.

const length = 5 // events of each incident in these tests

// written is what a journal of two incidents stores.
func written(t *testing.T) []store.Pair {
	t.Helper()
	kv := mem.New()
	j := store.NewJournal(kv)
	for _, id := range []incident.ID{"INC-1", "INC-2"} {
		begin(t, j, id, length, store.Append{
			Handles: []string{"channel/" + string(id)},
			Put:     []store.Item{store.NewItem(id, 1, 0, say("hello")), store.NewItem(id, 1, 1, effect.ShowCard{})},
		})
	}
	for _, id := range []string{"E1", "E2"} {
		arrive(t, j, delivery("pagerduty", id))
	}
	if err := errors.Join(
		j.PutAlerts(t.Context(), []store.Alert{alertOf("pagerduty", "P1"), alertOf("pagerduty", "P2")}),
		j.Mark(t.Context(), "rooms-held", noon), j.Mark(t.Context(), "swept", noon.Add(time.Hour)),
		rest(t, j),
	); err != nil {
		t.Fatal(err)
	}
	pairs, err := kv.Scan(t.Context(), "", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	return pairs
}

// rest writes what is neither of an incident nor of an alert that is there: a delivery that
// was worked on, changes, what was learned, and what is gone.
func rest(t *testing.T, j *store.Journal) error {
	t.Helper()
	arrive(t, j, delivery("grafana", "E9"))
	retire(t, j, delivery("grafana", "E9"))
	return errors.Join(
		j.Changed(t.Context(), "slack/1", store.Change{At: noon, By: "Ada Okafor", Kind: "config", What: "beam width 4", Service: "chat-api"}),
		j.Remember(t.Context(), "pace", map[string]int{"chat.postMessage": 7}),
		j.Bury(t.Context(), []store.Gone{{ID: "INC-3", At: noon, Why: "exported", Where: "/x/INC-3.jsonl"}}),
	)
}

// holding is a journal on a store that holds these pairs.
func holding(t *testing.T, pairs []store.Pair) *store.Journal {
	t.Helper()
	kv := mem.New()
	if err := kv.Commit(t.Context(), store.Tx{Put: pairs}); err != nil {
		t.Fatal(err)
	}
	return store.NewJournal(kv)
}

// contents is all that a Journal tells, by what was asked.
func contents(t *testing.T, j *store.Journal) (told map[string]any, errs map[string]error) {
	t.Helper()
	told, errs = map[string]any{}, map[string]error{}
	note := func(what string, v any, err error) {
		if told[what] = v; err != nil {
			errs[what] = err
		}
	}
	for _, id := range []incident.ID{"INC-1", "INC-2"} {
		events, _, err := j.Load(t.Context(), id)
		note("log of "+string(id), events, err)
		found, _, err := j.Lookup(t.Context(), "channel/"+string(id))
		note("lookup of "+string(id), found, err)
	}
	heads, err := j.Heads(t.Context())
	note("heads", heads, err)
	items, err := j.Outbox(t.Context())
	note("outbox", items, err)
	handles, err := j.Handles(t.Context())
	note("handles", handles, err)
	arrivals, err := j.Arrivals(t.Context(), store.Arrival{}, 0)
	note("arrivals", arrivals, err)
	alerts, err := j.Alerts(t.Context())
	note("alerts", alerts, err)
	for _, key := range []string{"P1", "P2"} {
		alert, _, err := j.Alert(t.Context(), "pagerduty", key)
		note("alert "+key, alert, err)
	}
	for _, name := range []string{"rooms-held", "swept"} {
		at, err := j.Marked(t.Context(), name)
		note("mark "+name, at, err)
	}
	changes, err := j.Changes(t.Context(), noon.AddDate(-1, 0, 0))
	note("changes", changes, err)
	gone, err := j.Gone(t.Context())
	note("gone", gone, err)
	_, _, err = j.Load(t.Context(), "INC-3")
	if left := (*store.GoneError)(nil); errors.As(err, &left) {
		note("where INC-3 is", left.Gone, nil)
	} else {
		note("where INC-3 is", store.Gone{}, err)
	}
	var pace map[string]int
	_, err = j.Recall(t.Context(), "pace", &pace)
	note("what was learned", pace, err)
	next, err := j.Next(t.Context())
	note("next", next, err)
	first, err := j.Arrive(t.Context(), delivery("grafana", "E9"))
	note("whether a delivery is new", first, err)
	return told, errs
}

// wantNoLie wants damage to be told: at least one answer is a CorruptError, and
// every other is true. Of a delivery that was worked on nobody reads more than that it is
// there, and nothing of the second copy of what waits: Examine tells of the rest.
func wantNoLie(t *testing.T, what string, truth map[string]any, j *store.Journal) {
	t.Helper()
	told, errs := contents(t, j)
	switch {
	case len(errs) > 0, strings.HasPrefix(what, "known/"): // what is not known is learned again
	case strings.HasPrefix(what, "seen/"), strings.HasPrefix(what, "due/"):
		if r, err := j.Examine(t.Context(), nil); err == nil && len(r.Findings) == 0 {
			t.Errorf("%s: not even Examine noticed", what)
		}
	default:
		t.Errorf("%s: nobody noticed", what)
	}
	for asked, want := range truth {
		var corrupt *store.CorruptError
		switch err := errs[asked]; {
		case err != nil && !errors.As(err, &corrupt):
			t.Errorf("%s: %s: %v, want a *CorruptError", what, asked, err)
		case err == nil && untrue(asked, told[asked], want):
			t.Errorf("%s: %s: %+v, which is not what was written", what, asked, told[asked])
		}
	}
}

// untrue tells whether an answer is a lie. The number of the next incident may skip one
// that damage seems to use; what was learned may be learned again.
func untrue(asked string, told, want any) bool {
	switch asked {
	case "next":
		return told.(int) < want.(int) || told.(int) > want.(int)+1
	case "what was learned":
		return len(told.(map[string]int)) > 0 && !reflect.DeepEqual(told, want)
	}
	return !reflect.DeepEqual(told, want)
}

func TestEveryFlippedBitIsNoticed(t *testing.T) {
	pairs := written(t)
	truth, _ := contents(t, holding(t, pairs))
	for i := range pairs {
		value := pairs[i].Value
		for at := range value {
			changed := slices.Clone(value)
			changed[at] ^= 1 << (at % 8)
			pairs[i].Value = changed
			wantNoLie(t, fmt.Sprintf("%s, bit %d of byte %d", pairs[i].Key, at%8, at), truth, holding(t, pairs))
		}
		for _, short := range [][]byte{nil, value[:1], value[:64], value[:65], value[:len(value)-1], append(slices.Clone(value), ' ')} {
			pairs[i].Value = short
			wantNoLie(t, fmt.Sprintf("%s, %d bytes of %d", pairs[i].Key, len(short), len(value)), truth, holding(t, pairs))
		}
		pairs[i].Value = value
	}
}

// A changed key hides its value from whoever asks for it.
func TestEveryFlippedBitOfAKeyIsNoticed(t *testing.T) {
	pairs := written(t)
	truth, _ := contents(t, holding(t, pairs))
	for i, p := range pairs {
		for at := range 8 * len(p.Key) {
			key := []byte(p.Key)
			key[at/8] ^= 1 << (at % 8)
			if slices.ContainsFunc(pairs, func(q store.Pair) bool { return q.Key == string(key) }) {
				continue // bbolt's keys ascend, so this file is refused
			}
			pairs[i].Key = string(key)
			j, what := holding(t, pairs), fmt.Sprintf("%s is %q", p.Key, key)
			var corrupt *store.CorruptError
			switch err := j.Check(t.Context()); {
			case err == nil:
				wantNoLie(t, what, truth, j)
			case !errors.As(err, &corrupt):
				t.Errorf("%s: %v, want a *CorruptError", what, err)
			}
		}
		pairs[i].Key = p.Key
	}
}

func TestEverySwappedValueIsNoticed(t *testing.T) {
	pairs := written(t)
	truth, _ := contents(t, holding(t, pairs))
	for i := range pairs {
		for j := range i {
			swapped := slices.Clone(pairs)
			swapped[i].Value, swapped[j].Value = pairs[j].Value, pairs[i].Value
			wantNoLie(t, fmt.Sprintf("%s and %s swapped", pairs[i].Key, pairs[j].Key), truth, holding(t, swapped))
			copied := slices.Clone(pairs)
			copied[i].Value = pairs[j].Value
			wantNoLie(t, fmt.Sprintf("%s is a copy of %s", pairs[i].Key, pairs[j].Key), truth, holding(t, copied))
		}
	}
}

// Of a timeline no event may be lost, at its end as little as elsewhere, and
// none may be there twice or under another number.
func TestEveryLostDoubledOrMovedEventIsNoticed(t *testing.T) {
	pairs := written(t)
	truth, _ := contents(t, holding(t, pairs))
	for i, p := range pairs {
		if !strings.HasPrefix(p.Key, "log/") {
			continue
		}
		for n := 1; i+n <= len(pairs) && strings.HasPrefix(pairs[i+n-1].Key, p.Key[:len("log/00000001/")]); n++ {
			wantNoLie(t, fmt.Sprintf("%d events lost from %s on", n, p.Key), truth, holding(t, slices.Delete(slices.Clone(pairs), i, i+n)))
		}
		for _, key := range []string{p.Key[:len(p.Key)-1] + fmt.Sprint(length+1), p.Key + "0", p.Key[:len(p.Key)-1]} {
			if slices.ContainsFunc(pairs, func(q store.Pair) bool { return q.Key == key }) {
				continue
			}
			more := append(slices.Clone(pairs), store.Pair{Key: key, Value: p.Value})
			wantNoLie(t, fmt.Sprintf("%s is there again as %s", p.Key, key), truth, holding(t, more))
			wantNoLie(t, fmt.Sprintf("%s is there as %s", p.Key, key), truth, holding(t, slices.Delete(more, i, i+1)))
		}
	}
}

// The whole of a timeline in the place of another one is no timeline of that.
func TestAnotherIncidentsTimelineIsNoticed(t *testing.T) {
	pairs := written(t)
	truth, _ := contents(t, holding(t, pairs))
	other := func(key string) string { return strings.Replace(key, "log/00000002/", "log/00000001/", 1) }
	var moved []store.Pair
	for _, p := range pairs {
		if strings.HasPrefix(p.Key, "log/00000002/") {
			moved = append(moved, p, store.Pair{Key: other(p.Key), Value: p.Value})
		} else if !strings.HasPrefix(p.Key, "log/") {
			moved = append(moved, p)
		}
	}
	wantNoLie(t, "INC-2's timeline as INC-1's", truth, holding(t, moved))
}

func TestCorruptErrorsSayWhereAndWhatToDo(t *testing.T) {
	kv := mem.New()
	j := store.NewJournal(kv)
	begin(t, j, "INC-1", 3, store.Append{})
	if err := kv.Commit(t.Context(), store.Tx{Delete: []string{"log/00000001/00000003"}}); err != nil {
		t.Fatal(err)
	}
	_, _, err := j.Load(t.Context(), "INC-1")
	const want = "store: INC-1 cannot be trusted: there are 2 events, and there were 3: " +
		"stop tocsin and run tocsin doctor --repair, which keeps the file as it was"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
