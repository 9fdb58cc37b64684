package store_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/store"
	"tocsin/store/mem"
)

var pinned = incident.Message{Channel: "CINC-1", ID: "1.000100"}

// told is an incident of these facts, as the bot would tell of it.
func told(facts ...incident.Fact) []incident.Event {
	events := story("INC-1", 1)
	for _, f := range facts {
		at := noon.Add(time.Duration(len(events)) * time.Minute)
		events = append(events, incident.Event{Seq: len(events) + 1, At: at, Logged: at, By: incident.Bot, Fact: f})
	}
	return events
}

// kept is a record of one incident with its handles, and with nothing that waits.
func kept(t *testing.T, events []incident.Event) (*mem.DB, *store.Journal) {
	t.Helper()
	kv := mem.New()
	j := store.NewJournal(kv)
	handles := []string{store.CauseHandle(events[0].Cause)}
	for _, e := range events {
		switch f := e.Fact.(type) {
		case incident.Linked:
			handles = append(handles, store.ChannelHandle(f.Channel))
		case incident.Merged:
			handles = append(handles, store.MergedHandle(f.From))
		}
	}
	add(t, j, store.Tip{ID: "INC-1"}, events, store.Append{Handles: handles})
	return kv, j
}

// gaveUp is how the bot tells that an effect failed for good.
func gaveUp(e effect.Effect) incident.Fact {
	data, _ := json.Marshal(e)
	return incident.Failed{Effect: effect.Effects.Name(e), What: e.Words(), Why: "it is gone", Data: data}
}

// What a timeline asked for and tells no end of must wait; what it tells the end of, or
// that was given up or dropped, need not. What is not there is put into the outbox as it
// was, by a repair.
func TestWhatMustWait(t *testing.T) {
	linked, card := incident.Linked{Channel: "CINC-1", Name: "inc"}, incident.Posted{What: incident.PostedCard}
	announced, drafted := incident.Posted{What: incident.PostedAnnouncement}, incident.Posted{What: incident.PostedPostmortem}
	served, asked, pin := incident.GuideServed{Guide: "g"}, incident.PostmortemAsked{}, incident.Pinned{Message: pinned}
	held, quiet, wanted := incident.RoomHeld{Why: "a storm"}, incident.RoomHeld{Why: "a storm", Quiet: true}, incident.RoomWanted{}
	page := incident.PageAsked{N: 1}
	of := func(facts ...incident.Fact) []incident.Fact { return facts }
	room := func(facts ...incident.Fact) []incident.Fact { return append(of(linked, card, announced), facts...) }
	for name, c := range map[string]struct {
		facts []incident.Fact
		want  []string // keys
	}{
		"a declaration":                      {nil, []string{"channel"}},
		"a room":                             {of(linked), []string{"announce", "card"}},
		"a room with all":                    {room(), nil},
		"the announcement was given up":      {of(linked, card, gaveUp(effect.Announce{})), nil},
		"a guide":                            {room(served), []string{"guide/5"}},
		"a guide before there is a room":     {of(served), []string{"channel", "guide/2"}},
		"a guide that is shown":              {room(served, incident.Posted{What: incident.PostedGuide + "5"}), nil},
		"a guide that cannot be shown":       {room(served, gaveUp(effect.ShowGuide{Seq: 5})), nil},
		"two guides":                         {room(served, served), []string{"guide/5", "guide/6"}},
		"a draft":                            {room(asked), []string{"00000005.00"}},
		"a draft that is posted":             {room(asked, drafted), nil},
		"the second draft":                   {room(asked, drafted, asked), []string{"00000007.00"}},
		"a draft that was given up":          {room(asked, gaveUp(effect.Draft{Through: 5, N: 1})), nil},
		"one draft given up, one not":        {room(asked, asked, gaveUp(effect.Draft{Through: 5, N: 1})), []string{"00000006.00"}},
		"a draft after the end":              {room(incident.Resolved{}, asked), []string{"00000006.00"}},
		"a pinned message":                   {room(pin), []string{"00000005.00"}},
		"a pinned message that was read":     {room(pin, incident.Quoted{Quote: incident.Quote{Message: pinned}}), nil},
		"a pinned message that is gone":      {room(pin, gaveUp(effect.Fetch{Message: pinned})), nil},
		"a failure without its effect":       {room(pin, incident.Failed{Effect: incident.FailedFetch, Why: "x"}), nil},
		"tried again, which nobody can tell": {room(pin, gaveUp(effect.Fetch{Message: pinned}), incident.Resynced{}), nil},
		"a page":                             {room(page), []string{"00000005.00"}},
		"a page that went out":               {room(page, incident.Paged{N: 1, Key: "P1"}), nil},
		"a page that was given up":           {room(page, gaveUp(effect.Page{N: 1})), nil},
		"a page, tried again":                {room(page, gaveUp(effect.Page{N: 1}), incident.Resynced{}), []string{"00000005.00"}},
		"a held room":                        {of(held), []string{"announce"}},
		"a held room that nobody is asked":   {of(quiet), nil},
		"held: what needs a room is dropped": {of(asked, served, held, announced, asked, served, pin), []string{"00000008.00"}},
		"a room that is wanted after all":    {of(served, quiet, wanted), []string{"announce", "channel", "guide/2"}},
		"a room opened while it was held":    {of(served, quiet, linked, card, announced, asked), []string{"00000007.00"}},
		"an event is lost":                   {room(asked, pin, served, incident.Lost{Seal: fmt.Sprintf("%064d", 0)}), nil},
		"an event of a newer tocsin":         {room(asked, pin, served, incident.Unknown{Kind: "zzz", Raw: json.RawMessage("{}")}), nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, j := kept(t, told(c.facts...))
			var found []string
			for _, f := range examined(t, j).Findings {
				found = append(found, strings.TrimPrefix(f.Key, "out/00000001/"))
			}
			slices.Sort(found)
			wantSame(t, "missing", found, c.want)
			if _, left, err := j.Repair(t.Context(), noon); err != nil || len(left.Findings) > 0 {
				t.Fatalf("after the repair: %v, %v", left.Findings, err)
			}
			items, err := j.Outbox(t.Context())
			if err != nil || len(items) != len(c.want) {
				t.Fatalf("in the outbox: %+v, %v", items, err)
			}
			for _, i := range items {
				if !slices.Contains(c.want, i.Key) || i.Tries != 1 || i.First.After(noon) {
					t.Errorf("it waits as %+v", i)
				}
			}
		})
	}
}

// A private incident is announced nowhere.
func TestAPrivateIncidentNeedNotBeAnnounced(t *testing.T) {
	events := told(incident.Linked{Channel: "CINC-1"}, incident.Posted{What: incident.PostedCard})
	events[0].Fact = incident.Declared{Title: "A leak", Severity: incident.SEV2, Private: true}
	if _, j := kept(t, events); len(examined(t, j).Findings) > 0 {
		t.Error(examined(t, j).Findings)
	}
}

// The handle of a duplicate leads to who took in its alerts first: it is made again where
// that is certain, and one that no timeline speaks of is put aside.
func TestTheHandleOfADuplicate(t *testing.T) {
	closed := func(of incident.ID) incident.Fact { return incident.Closed{Reason: "duplicate", Of: of} }
	merge := incident.Merged{From: "INC-2", Alerts: 1}
	name := store.MergedHandle("INC-2")
	for what, c := range map[string]struct {
		of    []incident.Fact // how the duplicate was closed
		leads incident.ID     // where its handle leads, "" if it is lost
		facts []incident.Fact // of INC-1
		found bool
		want  incident.ID // after a repair
	}{
		"as it should be":       {[]incident.Fact{closed("INC-1")}, "INC-1", []incident.Fact{merge}, false, "INC-1"},
		"lost":                  {[]incident.Fact{closed("INC-1")}, "", []incident.Fact{merge}, true, "INC-1"},
		"lost, not closed yet":  {nil, "", []incident.Fact{merge}, true, "INC-1"},
		"another had it before": {[]incident.Fact{closed("INC-3"), incident.Reopened{}, closed("INC-1")}, "", []incident.Fact{merge}, false, ""},
		"never merged":          {nil, "INC-1", nil, true, ""},
		"that event is lost":    {nil, "INC-1", []incident.Fact{incident.Lost{Seal: fmt.Sprintf("%064d", 0)}}, false, "INC-1"},
	} {
		t.Run(what, func(t *testing.T) {
			j := store.NewJournal(mem.New())
			save := func(id incident.ID, facts []incident.Fact, handles ...string) {
				events := told(append([]incident.Fact{incident.RoomHeld{Why: "a storm", Quiet: true}}, facts...)...)
				events[0].Cause = string(id)
				add(t, j, store.Tip{ID: id}, events, store.Append{Handles: append(handles, store.CauseHandle(string(id)))})
			}
			var handles []string
			if c.leads != "" {
				handles = []string{name}
			}
			save("INC-1", c.facts, handles...)
			save("INC-2", c.of)
			if r := examined(t, j); len(r.Findings) > 0 != c.found {
				t.Errorf("found %v", r.Findings)
			}
			if _, left, err := j.Repair(t.Context(), noon); err != nil || len(left.Findings) > 0 {
				t.Errorf("left %v, %v", left.Findings, err)
			}
			if id, _, err := j.Lookup(t.Context(), name); id != c.want || err != nil {
				t.Errorf("it leads to %q, %v, want %q", id, err, c.want)
			}
		})
	}
}

// Of an incident that was merged into two, the handle leads to the first, also where that
// is not the one with the lower number.
func TestADuplicateOfTwo(t *testing.T) {
	j := store.NewJournal(mem.New())
	for _, id := range []incident.ID{"INC-1", "INC-2"} {
		events := told(incident.RoomHeld{Why: "a storm", Quiet: true}, incident.Merged{From: "INC-3"})
		events[0].Cause = string(id)
		handles := []string{store.CauseHandle(string(id))}
		if id == "INC-2" {
			handles = append(handles, store.MergedHandle("INC-3"))
		}
		add(t, j, store.Tip{ID: id}, events, store.Append{Handles: handles})
	}
	if r := examined(t, j); len(r.Findings) > 0 {
		t.Error(r.Findings)
	}
}

// What stands under the key of an effect that must wait, and only a newer tocsin can
// perform, stays there.
func TestWhatIsNewerIsNotWrittenOver(t *testing.T) {
	kv, j := kept(t, told(incident.RoomHeld{Why: "a storm", Quiet: true}, incident.Pinned{Message: pinned}))
	p := store.SealedPair("out/00000001/00000003.00", []byte(`{"kind":"send-pigeon","data":{},"seq":3}`))
	if err := kv.Commit(t.Context(), store.Tx{Put: []store.Pair{p}}); err != nil {
		t.Fatal(err)
	}
	if done, _, err := j.Repair(t.Context(), noon); len(done) > 0 || err != nil {
		t.Errorf("repaired %q, %v", done, err)
	}
	if value, err := kv.Get(t.Context(), p.Key); string(value) != string(p.Value) || err != nil {
		t.Errorf("now there is %q, %v", value, err)
	}
}
