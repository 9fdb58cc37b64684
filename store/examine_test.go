package store_test

import (
	"bytes"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/store"
	"tocsin/store/mem"
)

// sound is an incident of n events that is as the bot writes one: its handles lead to
// it, and what must wait does.
func sound(t testing.TB, j *store.Journal, id incident.ID, n int) []incident.Event {
	t.Helper()
	whole := story(id, n)
	whole[1].Fact = incident.Linked{Channel: "C" + string(id), Name: "inc"}
	tip := add(t, j, store.Tip{ID: id}, whole[:1], store.Append{
		Handles: []string{store.CauseHandle(whole[0].Cause)}, Put: []store.Item{store.NewItem(id, 1, 0, effect.OpenChannel{})},
	})
	tip = add(t, j, tip, whole[:2], store.Append{
		Handles: []string{store.ChannelHandle("C" + string(id))}, Settled: []string{"channel"},
		Put: []store.Item{store.NewItem(id, 2, 0, effect.ShowCard{}), store.NewItem(id, 2, 1, say("hello")), store.NewItem(id, 2, 2, effect.Announce{})},
	})
	for n-tip.Last > 100 {
		tip = add(t, j, tip, whole[:tip.Last+100], store.Append{})
	}
	add(t, j, tip, whole, store.Append{Put: []store.Item{store.NewItem(id, n, 0, say("the last"))}})
	return whole
}

// soundPairs are two incidents with everything there is beside them, in order.
func soundPairs(t testing.TB) []store.Pair {
	t.Helper()
	kv := mem.New()
	j := store.NewJournal(kv)
	sound(t, j, "INC-1", length)
	sound(t, j, "INC-2", length)
	a := alertOf("pagerduty", "P1")
	a.Incident = "INC-1"
	putAlerts(t, j, a)
	arrive(t, j, delivery("pagerduty", "E1"))
	for _, err := range []error{
		j.Mark(t.Context(), "rooms-held", noon),
		j.Bury(t.Context(), []store.Gone{{ID: "INC-3", At: noon, Why: "exported", Where: "/x/INC-3.jsonl"}}),
		j.Changed(t.Context(), "slack/1", store.Change{At: noon, What: "beam width 4"}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	pairs, err := kv.Scan(t.Context(), "", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	return pairs
}

func examined(t *testing.T, j *store.Journal) store.Report {
	t.Helper()
	r, err := j.Examine(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestWhatIsSoundHasNoFindings(t *testing.T) {
	r := examined(t, holding(t, soundPairs(t)))
	wantSame(t, "report", r, store.Report{
		Incidents: 2, Events: 2 * length, Effects: 8, Alerts: 1, Arrivals: 1, Gone: 1, Last: story("INC-2", length)[length-1].Logged,
	})
}

// Whatever single value is damaged, lost or another's: it is found, and after a repair
// nothing contradicts the timelines, the other incident is as it was, everything can be
// read, and what could not be is kept aside.
func TestEveryDamageIsFoundAndRepaired(t *testing.T) {
	pairs := soundPairs(t)
	for i, p := range pairs {
		flipped := slices.Clone(p.Value)
		flipped[len(flipped)/2] ^= 4
		other := pairs[(i+1)%len(pairs)].Value
		for how, bad := range map[string][]store.Pair{
			"flipped": {{Key: p.Key, Value: flipped}}, "lost": nil, "another's": {{Key: p.Key, Value: other}},
			"under no key of ours": {{Key: strings.Replace(p.Key, "/", "?", 1), Value: p.Value}},
		} {
			what := p.Key + " " + how
			j := holding(t, slices.Concat(pairs[:i], bad, pairs[i+1:]))
			r := examined(t, j)
			if len(r.Findings) == 0 && !harmlessLoss(p.Key, how) {
				t.Errorf("%s: not found", what)
			}
			done, left, err := j.Repair(t.Context(), noon)
			if err != nil || len(left.Findings) > 0 || len(r.Findings) > 0 && len(done) == 0 {
				t.Errorf("%s: repaired %q, left %v, %v", what, done, left.Findings, err)
			}
			wantReadable(t, what, j)
			wantOther(t, what, j, p.Key)
			if how == "flipped" && left.Aside == 0 && !strings.HasPrefix(p.Key, "head/") && !strings.HasPrefix(p.Key, "handle/") {
				t.Errorf("%s: it was thrown away", what)
			}
		}
	}
}

// A pair whose key has changed in one byte is put back, so that all is as it was; and
// meanwhile nobody takes its number or waits for ever.
func TestAChangedKeyIsPutBack(t *testing.T) {
	pairs := soundPairs(t)
	truth, _ := contents(t, holding(t, pairs))
	gone, err := holding(t, pairs).Gone(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range pairs {
		if strings.HasPrefix(p.Key, "lead/") {
			continue
		}
		for _, at := range []int{1, strings.Index(p.Key, "/") + 1, strings.LastIndex(p.Key, "/") + 1, len(p.Key) / 2, len(p.Key) - 1} {
			key := []byte(p.Key)
			if key[at] ^= 4; i%2 == 0 {
				key[at] = 0xff // behind all others
			}
			what := fmt.Sprintf("%s as %q", p.Key, key)
			if slices.ContainsFunc(pairs, func(q store.Pair) bool { return q.Key == string(key) }) {
				continue
			}
			changed := slices.Concat(pairs[:i], []store.Pair{{Key: string(key), Value: p.Value}}, pairs[i+1:])
			j := holding(t, changed)
			if n, err := j.Next(t.Context()); err == nil {
				begins := fmt.Sprintf("log/%08d/", n)
				if slices.ContainsFunc(changed, func(p store.Pair) bool { return strings.HasPrefix(p.Key, begins) }) {
					t.Errorf("%s: INC-%d is next, and has events", what, n)
				}
			}
			_, left, err := j.Repair(t.Context(), noon)
			if err != nil || len(left.Findings) > 0 {
				t.Errorf("%s: left %v, %v", what, left.Findings, err)
			}
			wantReadable(t, what, j)
			told, errs := contents(t, j)
			now, err := j.Gone(t.Context())
			if len(errs) > 0 || err != nil || !reflect.DeepEqual(told, truth) || !reflect.DeepEqual(gone, now) {
				t.Errorf("%s: now %+v, %v, gone %v, %v, want %+v", what, told, errs, now, err, truth)
			}
		}
	}
}

// harmlessLoss tells whether nothing else knows of a pair, or needs it: then its loss cannot
// be found.
func harmlessLoss(key, how string) bool {
	kind, _, _ := strings.Cut(key, "/")
	return how == "lost" && slices.Contains([]string{"alert", "in", "mark", "gone", "change", "seen", "due"}, kind)
}

// wantReadable wants everything that a start reads to be readable.
func wantReadable(t *testing.T, what string, j *store.Journal) {
	t.Helper()
	heads, err := j.Heads(t.Context())
	if err != nil {
		t.Errorf("%s: heads: %v", what, err)
	}
	for _, h := range heads {
		if _, _, err := j.Load(t.Context(), h.ID); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, out := j.Outbox(t.Context())
	_, handles := j.Handles(t.Context())
	_, alerts := j.Alerts(t.Context())
	_, arrivals := j.Arrivals(t.Context(), store.Arrival{}, 0)
	n, next := j.Next(t.Context())
	for _, err := range []error{out, handles, alerts, arrivals, next} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if n < 3 {
		t.Errorf("%s: the next incident is %d, whose number was used", what, n)
	}
}

// wantOther wants the incident that the key does not belong to, to be as it was.
func wantOther(t *testing.T, what string, j *store.Journal, key string) {
	t.Helper()
	for n, id := range map[string]incident.ID{"00000001": "INC-1", "00000002": "INC-2"} {
		if strings.Contains(key, n) {
			continue
		}
		want := story(id, length)
		want[1].Fact = incident.Linked{Channel: "C" + string(id), Name: "inc"}
		got, _, err := j.Load(t.Context(), id)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %s is another one: %v, %v", what, id, got, err)
		}
	}
}

// A timeline that is damaged in the middle keeps its beginning, and says that something
// is missing; people can go on with it.
func TestADamagedTimelineKeepsItsBeginning(t *testing.T) {
	pairs := soundPairs(t)
	i := slices.IndexFunc(pairs, func(p store.Pair) bool { return p.Key == "log/00000001/00000004" })
	pairs[i].Value = []byte("rubbish")
	j := holding(t, pairs)
	done, _, err := j.Repair(t.Context(), noon)
	if err != nil || len(done) != 1 || !strings.Contains(done[0], "INC-1: event 4: it is no record of ours: kept the first 3 events") {
		t.Fatalf("repaired %q, %v", done, err)
	}
	events, tip, err := j.Load(t.Context(), "INC-1")
	if err != nil || len(events) != 4 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	note, _ := events[3].Fact.(incident.Noted)
	if !strings.Contains(note.Text, "damaged after event 3") || events[3].By != incident.Bot {
		t.Errorf("the timeline says %+v", events[3])
	}
	more := append(events, incident.Event{Seq: 5, Fact: incident.Noted{Text: "on"}})
	add(t, j, tip, more, store.Append{})
	if r := examined(t, j); len(r.Findings) > 0 || r.Aside != 4 { // events 4 and 5, and what followed from 5, which is there twice
		t.Errorf("after going on: %+v", r)
	}
}

// One damaged event costs no other: if what it said is damaged, something stands in its
// place; if its seal is, nothing is lost at all. Of the last one nobody can tell.
func TestOneDamagedEventCostsNoOther(t *testing.T) {
	pairs := soundPairs(t)
	truth, _, err := holding(t, pairs).Load(t.Context(), "INC-1")
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n < length; n++ {
		i := slices.IndexFunc(pairs, func(p store.Pair) bool { return p.Key == fmt.Sprintf("log/00000001/%08d", n) })
		for at, lost := range map[int]bool{3: false, 70: true, len(pairs[i].Value) - 2: true} {
			what := fmt.Sprintf("event %d, byte %d", n, at)
			damaged := slices.Clone(pairs)
			damaged[i].Value = slices.Clone(pairs[i].Value)
			damaged[i].Value[at] ^= 1
			j := holding(t, damaged)
			done, left, err := j.Repair(t.Context(), noon)
			if err != nil || len(left.Findings) > 0 || left.Aside == 0 {
				t.Errorf("%s: repaired %q, left %+v, %v", what, done, left, err)
			}
			events, tip, err := j.Load(t.Context(), "INC-1")
			if err != nil || len(events) != len(truth) {
				t.Fatalf("%s: %d events, %v", what, len(events), err)
			}
			for k, e := range events {
				if _, is := e.Fact.(incident.Lost); is != (lost && k == n-1) || !is && !reflect.DeepEqual(e, truth[k]) {
					t.Errorf("%s: event %d is %+v", what, k+1, e)
				}
			}
			inc, whole := incident.Fold("INC-1", events), incident.Fold("INC-1", truth)
			if inc.Title != whole.Title || inc.Severity != whole.Severity || inc.Private != whole.Private || !inc.Declared.Equal(whole.Declared) {
				t.Errorf("%s: now it is %q, %s, private %v", what, inc.Title, inc.Severity, inc.Private)
			}
			var out bytes.Buffer
			if _, err := j.Export(t.Context(), "INC-1", nil, &out); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			if _, got, err := store.CheckExport(&out); err != nil || len(got) != len(events) {
				t.Errorf("%s: the export has %d events, %v", what, len(got), err)
			}
			add(t, j, tip, append(events, incident.Event{Seq: length + 1, Fact: incident.Noted{Text: "on"}}), store.Append{})
			if r := examined(t, j); len(r.Findings) > 0 {
				t.Errorf("%s, after going on: %+v", what, r)
			}
		}
	}
}

// Of an incident without a single whole event its number remains.
func TestNothingIsLeftOfAnIncident(t *testing.T) {
	pairs := soundPairs(t)
	i := slices.IndexFunc(pairs, func(p store.Pair) bool { return p.Key == "log/00000002/00000001" })
	pairs[i].Value = nil
	j := holding(t, pairs)
	if _, left, err := j.Repair(t.Context(), noon); err != nil || len(left.Findings) > 0 {
		t.Fatalf("left %v, %v", left.Findings, err)
	}
	_, _, err := j.Load(t.Context(), "INC-2")
	if err == nil || err.Error() != "INC-2 is not in this record any more: it was damaged, and put aside by a repair on 2026-11-20" {
		t.Errorf("Load: %v", err)
	}
	wantReadable(t, "INC-2 is gone", j)
}

// An effect that only a newer tocsin can perform is named, and nobody touches it.
func TestRepairLeavesWhatIsNewer(t *testing.T) {
	pairs := append(soundPairs(t), store.SealedPair("out/00000001/00000001.07", []byte(`{"kind":"send-pigeon","data":{},"seq":1}`)))
	j := holding(t, pairs)
	done, left, err := j.Repair(t.Context(), noon)
	if err != nil || len(done) > 0 || len(left.Findings) != 1 || !strings.Contains(left.Findings[0].String(), "INC-1: ") || !strings.Contains(left.Findings[0].What, "send-pigeon") {
		t.Errorf("repaired %q, left %v, %v", done, left.Findings, err)
	}
}

// While people write, what is half read is no finding.
func TestExaminingWhatIsInUse(t *testing.T) {
	onEach(t, func(t *testing.T, _ store.KV, j *store.Journal) {
		whole := sound(t, j, "INC-1", 5)
		stop, done := make(chan struct{}), make(chan error, 1)
		go func() {
			tip := load(t, j, "INC-1", whole)
			for {
				select {
				case <-stop:
					done <- nil
					return
				default:
				}
				e := incident.Event{Seq: tip.Last + 1, At: noon, Logged: noon, Fact: incident.Noted{Text: "more"}}
				whole = append(whole, e)
				next, err := j.Append(t.Context(), tip, store.Append{Events: []incident.Event{e}, Head: store.HeadOf(incident.Fold("INC-1", whole))})
				if err != nil {
					done <- err
					return
				}
				tip = next
			}
		}()
		for range 30 {
			if r := examined(t, j); len(r.Findings) > 0 {
				t.Error(r.Findings)
			}
		}
		close(stop)
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestFindingsAreSmall: a running bot examines its record each day, and what it finds is
// words, and not the timelines that they are about.
func TestFindingsAreSmall(t *testing.T) {
	const incidents, events = 40, 200
	kv := mem.New()
	j := store.NewJournal(kv)
	var heads store.Tx
	for n := range incidents {
		sound(t, j, incident.NewID(n+1), events)
		heads.Delete = append(heads.Delete, fmt.Sprintf("head/%08d", n+1))
	}
	if err := kv.Commit(t.Context(), heads); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	r := examined(t, j)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if len(r.Findings) != incidents {
		t.Fatalf("%d findings: this proves nothing", len(r.Findings))
	}
	if grew := int64(after.HeapAlloc) - int64(before.HeapAlloc); grew > incidents<<12 {
		t.Errorf("%d findings take %d KiB", incidents, grew>>10)
	}
	runtime.KeepAlive(r)
}
