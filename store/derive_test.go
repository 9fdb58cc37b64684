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
		if f, ok := e.Fact.(incident.Linked); ok {
			handles = append(handles, store.ChannelHandle(f.Channel))
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
	page, again := incident.PageAsked{N: 1}, incident.Resynced{}
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
		"a pinned message, tried again":      {room(pin, gaveUp(effect.Fetch{Message: pinned}), again), []string{"00000007.00"}},
		"tried again, and read":              {room(pin, gaveUp(effect.Fetch{Message: pinned}), again, incident.Quoted{Quote: incident.Quote{Message: pinned}}), nil},
		"tried again in vain":                {room(pin, gaveUp(effect.Fetch{Message: pinned}), again, gaveUp(effect.Fetch{Message: pinned})), nil},
		"tried twice again":                  {room(pin, gaveUp(effect.Fetch{Message: pinned}), again, gaveUp(effect.Fetch{Message: pinned}), again), []string{"00000009.00"}},
		"a draft, tried again":               {room(asked, gaveUp(effect.Draft{Through: 5, N: 1}), again), []string{"00000007.00"}},
		"a draft, tried again and posted":    {room(asked, gaveUp(effect.Draft{Through: 5, N: 1}), again, drafted), nil},
		"two things, tried again":            {room(asked, gaveUp(effect.Draft{Through: 5, N: 1}), pin, gaveUp(effect.Fetch{Message: pinned}), again), []string{"00000009.00", "00000009.01"}},
		"tried again while one waits":        {room(asked, asked, gaveUp(effect.Draft{Through: 5, N: 1}), again, drafted), []string{"00000008.00"}},
		"tried again what nobody knows":      {room(pin, incident.Failed{Effect: incident.FailedFetch, Why: "x"}, again), nil},
		"a guide, tried again":               {room(served, gaveUp(effect.ShowGuide{Seq: 5}), again), []string{"guide/5"}},
		"an announcement, tried again":       {of(linked, card, gaveUp(effect.Announce{}), again), []string{"announce"}},
		"made anew with all there is":        {room(served, incident.Posted{What: incident.PostedGuide + "5"}, again), nil},
		"tried again where there is no room": {of(quiet, asked, pin, gaveUp(effect.Fetch{Message: pinned}), again), []string{"00000006.00"}},
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

// What is tried again waits beside all else that follows from the same event: it is missed
// also where others have the key that it is given, and takes none that another one had.
func TestWhatIsTriedAgainHasAKeyOfItsOwn(t *testing.T) {
	draft := effect.Draft{Through: 3, N: 1}
	events := told(incident.RoomHeld{Why: "a storm", Quiet: true}, incident.PostmortemAsked{}, incident.Linked{Channel: "CINC-1"},
		incident.Posted{What: incident.PostedCard}, incident.Posted{What: incident.PostedAnnouncement}, incident.Pinned{Message: pinned},
		gaveUp(effect.Fetch{Message: pinned}), incident.PostmortemAsked{}, gaveUp(draft), incident.Resynced{}, incident.Joined{})
	n := len(events)
	events[n-1].Cause = store.DoneCause("INC-1", "00000011.01") // a message that was sent
	kv, j := kept(t, events)
	said := store.NewItem("INC-1", 11, 0, say("hello"))
	other := store.NewItem("INC-1", 11, 2, effect.Fetch{Message: pinned})
	second := store.NewItem("INC-1", 9, 0, effect.Draft{Through: 9, N: 2})
	_, tip, err := j.Load(t.Context(), "INC-1")
	if err != nil {
		t.Fatal(err)
	}
	add(t, j, tip, events, store.Append{Put: []store.Item{said, other, second}})
	r := examined(t, j)
	if len(r.Findings) != 1 || r.Findings[0].Key != "out/00000001/00000011.03" || !r.Findings[0].Derived {
		t.Fatalf("found %v", r.Findings)
	}
	if _, left, err := j.Repair(t.Context(), noon); err != nil || len(left.Findings) > 0 {
		t.Fatalf("left %v, %v", left.Findings, err)
	}
	items, err := j.Outbox(t.Context())
	if err != nil || len(items) != 4 || items[3].Effect != effect.Effect(draft) {
		t.Errorf("in the outbox: %+v, %v\n%s", items, err, dump(t, kv))
	}
}

// What waits though the timeline tells what came of it is put aside: it would be done
// twice. What has the key of a lane may be asked for again.
func TestWhatWaitsAndWasDone(t *testing.T) {
	events := told(incident.Linked{Channel: "CINC-1"}, incident.Posted{What: incident.PostedCard}, incident.Posted{What: incident.PostedAnnouncement},
		incident.Pinned{Message: pinned}, incident.Quoted{Quote: incident.Quote{Message: pinned}}, incident.PostmortemAsked{}, incident.Posted{What: incident.PostedPostmortem})
	events[2].Cause = store.DoneCause("INC-1", "card")
	events[5].Cause = store.DoneCause("INC-1", "00000005.00")
	events[7].Cause = store.DoneCause("INC-1", "00000007.00")
	_, j := kept(t, events)
	_, tip, err := j.Load(t.Context(), "INC-1")
	if err != nil {
		t.Fatal(err)
	}
	waits := []store.Item{store.NewItem("INC-1", 7, 1, say("hello")), store.NewItem("INC-1", 7, 0, effect.ShowCard{})}
	done := []store.Item{store.NewItem("INC-1", 5, 0, effect.Fetch{Message: pinned}), store.NewItem("INC-1", 7, 0, effect.Draft{Through: 7, N: 1})}
	add(t, j, tip, events, store.Append{Put: append(done, waits...)})
	r := examined(t, j)
	if len(r.Findings) != len(done) || len(r.Lost()) > 0 {
		t.Fatalf("found %v", r.Findings)
	}
	if _, left, err := j.Repair(t.Context(), noon); err != nil || len(left.Findings) > 0 || left.Aside != len(done) {
		t.Fatalf("left %+v, %v", left, err)
	}
	if items, err := j.Outbox(t.Context()); err != nil || len(items) != len(waits) {
		t.Errorf("in the outbox: %+v, %v", items, err)
	}
}

// The handle of an incident that goes on in private is made again from what the private
// one says, or where an older tocsin declared that, from the request that moved it; one
// that no timeline speaks of is put aside.
func TestTheHandleOfAPrivateIncident(t *testing.T) {
	name := store.PrivateHandle("INC-1")
	private := func(from incident.ID) incident.Fact {
		return incident.Declared{Title: "A leak", Severity: incident.SEV2, Private: true, From: from}
	}
	lost := incident.Lost{Seal: fmt.Sprintf("%064d", 0)}
	for what, c := range map[string]struct {
		first incident.Fact // of INC-2
		at    int           // which of its events that is, from 0
		cause string        // of its first event
		moved string        // the cause by which INC-1 was closed, "" if it is open
		leads incident.ID   // where the handle leads, "" if it is lost
		found bool
		want  incident.ID // after a repair
	}{
		"as it should be":              {private("INC-1"), 0, "private/x", "moved/x", "INC-2", false, "INC-2"},
		"lost":                         {private("INC-1"), 0, "private/x", "moved/x", "", true, "INC-2"},
		"changed":                      {private("INC-1"), 0, "private/x", "moved/x", "INC-3", true, "INC-2"},
		"lost, not closed yet":         {private("INC-1"), 0, "private/x", "", "", true, "INC-2"},
		"lost, closed by the clock":    {private("INC-1"), 0, "private/x", "moved/INC-1", "", true, "INC-2"},
		"of an older tocsin":           {private(""), 0, "private/x", "moved/x", "INC-2", false, "INC-2"},
		"lost, of an older tocsin":     {private(""), 0, "private/x", "moved/x", "", true, "INC-2"},
		"changed, of an older tocsin":  {private(""), 0, "private/x", "moved/x", "INC-3", true, "INC-2"},
		"lost, of another request":     {private(""), 0, "private/y", "moved/x", "", false, ""},
		"from another one":             {private("INC-3"), 0, "private/x", "moved/x", "INC-2", true, ""},
		"never moved":                  {private(""), 0, "x", "", "INC-2", true, ""},
		"in the open":                  {incident.Declared{Title: "x", Severity: incident.SEV2}, 0, "private/x", "", "INC-2", true, ""},
		"an event is lost":             {lost, 2, "x", "", "INC-2", false, "INC-2"},
		"leads to what is not there":   {private("INC-1"), 0, "private/x", "moved/x", "INC-9", true, "INC-2"},
		"leads to where it comes from": {private("INC-1"), 0, "private/x", "moved/x", "INC-1", true, "INC-2"},
	} {
		t.Run(what, func(t *testing.T) {
			kv := mem.New()
			j := store.NewJournal(kv)
			save := func(id incident.ID, cause string, facts ...incident.Fact) {
				events := told(append([]incident.Fact{incident.RoomHeld{Why: "a storm", Quiet: true}}, facts...)...)
				var a store.Append
				if events[0].Cause = cause; cause != "" {
					a.Handles = append(a.Handles, store.CauseHandle(cause))
				}
				if id == "INC-2" {
					events[c.at].Fact = c.first
				}
				if f, is := c.first.(incident.Declared); is && id == "INC-2" && f.From == "INC-3" {
					a.Handles = append(a.Handles, store.PrivateHandle("INC-3"))
				}
				if id == "INC-1" && c.moved != "" {
					events[len(events)-1].Cause = c.moved
				}
				add(t, j, store.Tip{ID: id}, events, a)
			}
			if c.moved != "" {
				save("INC-1", "a", incident.Closed{Reason: "moved"})
			} else {
				save("INC-1", "a")
			}
			save("INC-2", c.cause, incident.Noted{Text: "hello"})
			save("INC-3", "b")
			if c.leads != "" {
				if err := kv.Commit(t.Context(), store.Tx{Put: []store.Pair{store.SealedPair("handle/"+name, []byte(c.leads))}}); err != nil {
					t.Fatal(err)
				}
			}
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
