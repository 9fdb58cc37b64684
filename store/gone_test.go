package store_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"tocsin/bot/incident"
	"tocsin/store"
	"tocsin/store/mem"
)

var left = store.Gone{ID: "INC-1", At: noon, Why: "exported", Where: "/x/INC-1.jsonl"}

// An incident leaves at one moment: before it is whole, after it is gone, whatever
// commit fails; its number is never used again, and the others stay.
func TestAnIncidentLeaves(t *testing.T) {
	for n := 1; ; n++ {
		kv := mem.New()
		j := store.NewJournal(kv)
		whole := sound(t, j, "INC-1", 300)
		sound(t, j, "INC-2", 5)
		putAlerts(t, j, store.Alert{Source: "s", Key: "a", Incident: "INC-1"}, store.Alert{Source: "s", Key: "b", Incident: "INC-2"})
		tip := load(t, j, "INC-1", whole)
		kv = kv.Reopen()
		failed, count := false, 0
		kv.Fault = func(int, store.Tx) mem.Outcome {
			if count++; count == n {
				failed = true
				return []mem.Outcome{mem.FailBefore, mem.FailAfter}[n%2]
			}
			return mem.CarryOn
		}
		j = store.NewJournal(kv)
		err := j.Remove(t.Context(), tip, left)
		if err == nil {
			err = j.Sweep(t.Context())
		}
		if failed != errors.Is(err, mem.ErrFault) {
			t.Fatalf("commit %d: %v", n, err)
		}
		_, _, missing := j.Load(t.Context(), "INC-1")
		if missing == nil {
			load(t, j, "INC-1", whole)
			if err := j.Remove(t.Context(), tip, left); err != nil {
				t.Fatal(err)
			}
		} else if gone := new(store.GoneError); !errors.As(missing, &gone) || gone.Gone != left || !errors.Is(missing, store.ErrNotFound) {
			t.Fatalf("commit %d: Load: %v", n, missing)
		}
		if r := examined(t, j); len(r.Findings) > 0 {
			t.Errorf("commit %d: half gone: %v", n, r.Findings)
		}
		if err := j.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(dump(t, kv), "/00000001/") || strings.Contains(dump(t, kv), "INC-1-1") {
			t.Errorf("commit %d: it leaves\n%s", n, dump(t, kv))
		}
		r := examined(t, j)
		if next, err := j.Next(t.Context()); r.Incidents != 1 || r.Alerts != 1 || r.Gone != 1 || len(r.Findings) > 0 || next != 3 || err != nil {
			t.Errorf("commit %d: %+v, the next is %d, %v", n, r, next, err)
		}
		if !failed {
			if n < 5 {
				t.Errorf("only %d commits", n)
			}
			return
		}
	}
}

// Whoever goes on with an incident keeps it; when it is gone nobody does.
func TestLeavingIsBoundToTheTip(t *testing.T) {
	onEach(t, func(t *testing.T, _ store.KV, j *store.Journal) {
		whole := sound(t, j, "INC-1", 6)
		tip := load(t, j, "INC-1", whole)
		more := append(whole, incident.Event{Seq: 7, At: noon, Logged: noon, Fact: incident.Reopened{}})
		now := add(t, j, tip, more, store.Append{})
		if err := j.Remove(t.Context(), tip, left); !errors.Is(err, store.ErrConflict) {
			t.Fatalf("Remove at an old tip: %v", err)
		}
		load(t, j, "INC-1", more)
		if err := j.Remove(t.Context(), now, left); err != nil {
			t.Fatal(err)
		}
		late := incident.Event{Seq: 8, At: noon, Logged: noon, Fact: incident.Noted{Text: "late"}}
		if _, err := j.Append(t.Context(), now, store.Append{Events: []incident.Event{late}}); !errors.Is(err, store.ErrConflict) {
			t.Errorf("Append to what is gone: %v", err)
		}
	})
}

// An export has every byte as it was stored, and tells where it was changed.
func TestAnExportIsProof(t *testing.T) {
	j := holding(t, soundPairs(t))
	alerts, err := j.Alerts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	tip, err := j.Export(t.Context(), "INC-1", alerts, &out)
	if err != nil || tip.Last != length {
		t.Fatalf("Export = %v, %v", tip, err)
	}
	id, events, err := store.CheckExport(bytes.NewReader(out.Bytes()))
	if err != nil || id != "INC-1" {
		t.Fatalf("CheckExport = %s, %v", id, err)
	}
	whole, _, err := j.Load(t.Context(), "INC-1")
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, "events", events, whole)
	lines := bytes.SplitAfter(out.Bytes(), []byte("\n"))
	if _, _, err := store.CheckExport(bytes.NewReader(append(bytes.Clone(out.Bytes()), lines[0]...))); err == nil {
		t.Error("it is whole with a line behind its end")
	}
	for i := range len(lines) - 1 {
		short := bytes.Join(append(append([][]byte{}, lines[:i]...), lines[i+1:]...), nil)
		if _, _, err := store.CheckExport(bytes.NewReader(short)); err == nil {
			t.Errorf("it is whole without line %d: %s", i+1, lines[i])
		}
	}
	for at := range out.Len() {
		data := bytes.Clone(out.Bytes())
		data[at] ^= 1
		if _, _, err := store.CheckExport(bytes.NewReader(data)); err == nil {
			t.Errorf("byte %d changed, and nobody noticed: %q", at, data[max(0, at-20):min(len(data), at+20)])
		}
	}
}

// What waited when a backup was made is looked for from when it could first be done.
func TestAfterARestoreEverythingIsInDoubt(t *testing.T) {
	j := holding(t, soundPairs(t))
	before, err := j.Outbox(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	now := noon.AddDate(0, 0, 1)
	if err := j.Restored(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	items, err := j.Outbox(t.Context())
	if err != nil || len(items) != len(before) {
		t.Fatalf("%d effects, %v, want %d", len(items), err, len(before))
	}
	for i, item := range items {
		if item.Tries != 1 || !item.First.Equal(story(item.Incident, length)[item.Seq-1].Logged) || !item.Last.Equal(now) || item.Key != before[i].Key {
			t.Errorf("%+v", item)
		}
	}
	if at, err := j.Marked(t.Context(), store.MarkRestored); !at.Equal(now) || err != nil {
		t.Errorf("restored at %v, %v", at, err)
	}
}
