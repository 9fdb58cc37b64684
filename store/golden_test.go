package store_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/store"
	"tocsin/store/bolt"
)

var makeGolden = flag.Bool("golden", false, "write a data file of today beside those in testdata, which stay as they are")

// The data files of format 1, each with every fact, effect, alert state and other value
// that there was when it was written, and what is read from it. They are kept as they are
// for ever: what is new since goes into another one, v1-3.db after v1-2.db.
var goldenFiles = filepath.Join("testdata", "v1*.db")

// TestDataFileOfFormat1 opens the data files of the first format as an operator would
// after an upgrade: each has in it what it had, is sound, and people go on with it.
func TestDataFileOfFormat1(t *testing.T) {
	files, err := filepath.Glob(goldenFiles)
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	if *makeGolden {
		fresh := filepath.Join("testdata", fmt.Sprintf("v1-%d.db", len(files)+1))
		writeGolden(t, fresh)
		files = append(files, fresh)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) { opensFor(t, file) })
	}
}

// TestNewestDataFileHasEverything: what is new since it was written, be it a fact, an effect
// or a kind of key, asks for another one (go test ./store -run TestDataFileOfFormat1 -golden).
func TestNewestDataFileHasEverything(t *testing.T) {
	files, err := filepath.Glob(goldenFiles)
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	newest := filepath.Join("testdata", fmt.Sprintf("v1-%d.db", len(files)))
	db, err := bolt.Open(copyOf(t, newest))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	pairs, err := db.Scan(t.Context(), "", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	has := map[string]bool{}
	for _, p := range pairs {
		kind, _, _ := strings.Cut(p.Key, "/")
		has[kind] = true
	}
	j := store.NewJournal(db)
	for _, id := range []incident.ID{"INC-1", "INC-2"} {
		events, _, err := j.Load(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			has[incident.Facts.Name(e.Fact)] = true
		}
	}
	items, err := j.Outbox(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range items {
		has[effect.Effects.Name(i.Effect)] = true
	}
	for _, name := range slices.Concat(keyKinds(t), incident.Facts.Names(), effect.Effects.Names()) {
		if !has[name] {
			t.Errorf("%s has no %s: write another data file", newest, name)
		}
	}
}

// keyKinds are the kinds of keys, of the package's comment. A record of version 1 has no format.
func keyKinds(t *testing.T) (kinds []string) {
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range regexp.MustCompile(`(?m)^//\t([a-z]+)/`).FindAllStringSubmatch(string(text), -1) {
		kinds = append(kinds, found[1])
	}
	if len(kinds) < 12 {
		t.Fatalf("doc.go lists only %v", kinds)
	}
	return kinds
}

// copyOf is the path of a copy of a file.
func copyOf(t *testing.T, file string) string {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "tocsin.db")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// opensFor opens a copy of a data file, and works with it.
func opensFor(t *testing.T, file string) {
	db, err := bolt.Open(copyOf(t, file))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	j := store.NewJournal(db)
	got, reads := summary(t, j), strings.TrimSuffix(file, ".db")+".txt"
	want, err := os.ReadFile(reads)
	if *makeGolden && errors.Is(err, os.ErrNotExist) {
		want, err = []byte(got), os.WriteFile(reads, []byte(got), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, "what is read from "+file, strings.Split(got, "\n"), strings.Split(string(want), "\n"))
	if r := examined(t, j); len(r.Findings) > 0 {
		t.Errorf("it is not sound: %v", r.Findings)
	}
	events, tip, err := j.Load(t.Context(), "INC-2")
	if err != nil {
		t.Fatal(err)
	}
	events = append(events, incident.Event{Seq: len(events) + 1, At: noon, Logged: noon, Fact: incident.Noted{Text: "after the upgrade"}})
	add(t, j, tip, events, store.Append{})
	for _, known := range []store.Arrival{delivery("pagerduty", "E1"), delivery("grafana", "E3")} { // one waits, one was worked on
		if first, err := j.Arrive(t.Context(), known); first || err != nil {
			t.Errorf("%s of %s is taken for new: %v", known.ID, known.Source, err)
		}
	}
	if first, err := j.Arrive(t.Context(), delivery("grafana", "E4")); !first || err != nil {
		t.Errorf("what is new is taken for known: %v", err)
	}
	if n, err := j.Next(t.Context()); n != 8 || err != nil {
		t.Errorf("the next incident is %d, %v", n, err)
	}
}

// writeGolden writes the data file: an incident of every fact, one of every effect, and
// one of everything else.
func writeGolden(t *testing.T, file string) {
	path := filepath.Join(t.TempDir(), "tocsin.db")
	db, err := bolt.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	j := store.NewJournal(db)
	facts := goldenLines[incident.Event](t, "../bot/incident/testdata/facts.golden.jsonl")
	lost := slices.IndexFunc(facts, func(e incident.Event) bool { _, is := e.Fact.(incident.Lost); return is })
	f := facts[lost].Fact.(incident.Lost)
	f.Seal = strings.Repeat("5e", 32) // what comes after it follows this
	facts[lost].Fact = f
	add(t, j, store.Tip{ID: "INC-1"}, facts[:lost+1], store.Append{Handles: []string{store.CauseHandle(facts[0].Cause), store.ChannelHandle("C0INC1"), "merged/INC-8", store.PrivateHandle("INC-7")}})
	_, tip, err := j.Load(t.Context(), "INC-1")
	if err != nil {
		t.Fatal(err)
	}
	add(t, j, tip, facts, store.Append{})
	var items []store.Item
	for n, l := range goldenLines[struct {
		Kind string
		Data json.RawMessage
	}](t, "../bot/effect/testdata/effects.golden.jsonl") {
		e, ok, err := effect.Effects.Decode(l.Kind, l.Data)
		if !ok || err != nil {
			t.Fatal(l.Kind, err)
		}
		item := store.NewItem("INC-2", 2, n, e)
		if n%2 == 0 {
			item.Tries, item.First, item.Last = n+1, noon, noon.Add(1)
		}
		items = append(items, item)
	}
	whole := story("INC-2", 3)
	add(t, j, store.Tip{ID: "INC-2"}, whole, store.Append{Handles: []string{store.CauseHandle(whole[0].Cause)}, Put: items})
	for n, state := range []string{
		incident.StateFiring, incident.StateAcknowledged, incident.StateResolved, incident.StateNoData, incident.StateInfo, incident.StateUnknown,
	} {
		a := alertOf("generic/queue", state)
		a.State, a.Private, a.Incident = state, n == 1, []incident.ID{"INC-1", "INC-2", ""}[n%3]
		a.Apart = nil
		putAlerts(t, j, a)
	}
	arrive(t, j, delivery("pagerduty", "E1"), delivery("generic/queue", strings.Repeat("long", 100)), delivery("grafana", "E3"))
	retire(t, j, delivery("grafana", "E3"))
	if err := db.Commit(t.Context(), store.Tx{Put: []store.Pair{{Key: "alert/grafana/A", Value: []byte("rubbish")}}}); err != nil {
		t.Fatal(err)
	}
	if done, left, err := j.Repair(t.Context(), noon); len(done) != 1 || len(left.Findings) > 0 || err != nil { // puts that aside
		t.Fatalf("repaired %q, left %v, %v", done, left.Findings, err)
	}
	if err := errors.Join(
		j.Remember(t.Context(), "pace", map[string]int{"chat.postMessage": 7}),
		j.Mark(t.Context(), "rooms-held", noon), j.Mark(t.Context(), store.MarkRestored, noon),
		j.Changed(t.Context(), "slack/1", store.Change{At: noon, By: "Ada Okafor", Kind: "config", What: "beam width 4", Service: "chat-api"}),
		j.Intend(t.Context(), asked),
		j.Bury(t.Context(), []store.Gone{{ID: "INC-7", At: noon, Why: "exported", Where: "/x/INC-7.jsonl"}}),
		db.Close(),
	); err != nil {
		t.Fatal(err)
	}
	if _, _, err := bolt.Compact(path, func(*bolt.DB) error { return nil }); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(file, data, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// goldenLines reads a file of JSON lines.
func goldenLines[T any](t *testing.T, path string) (list []T) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		var v T
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatal(err)
		}
		list = append(list, v)
	}
	return list
}

// summary is what a Journal reads, as lines.
func summary(t *testing.T, j *store.Journal) string {
	t.Helper()
	var s strings.Builder
	tell := func(what string, v any, err error) {
		t.Helper()
		data, failed := json.Marshal(v)
		if err := errors.Join(err, failed); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		fmt.Fprintf(&s, "%s\t%s\n", what, data)
	}
	heads, err := j.Heads(t.Context())
	for _, h := range heads {
		tell("head", h, err)
		events, _, err := j.Load(t.Context(), h.ID)
		for _, e := range events {
			tell("event", e, err)
		}
		inc := incident.Fold(h.ID, events)
		tell("folded", []any{inc.Worst, inc.Symptom, inc.Channel, inc.Roles, inc.People, inc.Posts, inc.Tally, inc.Pages, inc.Drafts, inc.Original}, nil)
	}
	items, err := j.Outbox(t.Context())
	for _, i := range items {
		tell("effect", []any{i.Incident, i.Key, effect.Effects.Name(i.Effect), i.Effect, i.Seq, i.Tries, i.First, i.Last}, err)
	}
	handles, err := j.Handles(t.Context())
	tell("handles", handles, err)
	alerts, err := j.Alerts(t.Context())
	for _, a := range alerts {
		tell("alert", a, err)
	}
	arrivals, err := j.Arrivals(t.Context(), store.Arrival{}, 0)
	for _, a := range arrivals {
		tell("arrival", a, err)
	}
	for _, name := range []string{"rooms-held", store.MarkRestored} {
		at, err := j.Marked(t.Context(), name)
		tell("mark "+name, at, err)
	}
	var pace map[string]int
	_, err = j.Recall(t.Context(), "pace", &pace)
	tell("known pace", pace, err)
	tell("aside", examined(t, j).Aside, nil)
	changes, err := j.Changes(t.Context(), noon.AddDate(-1, 0, 0))
	tell("changes", changes, err)
	intents, err := j.Intents(t.Context())
	if len(intents) > 0 || err != nil { // v1.db has none
		tell("intents", intents, err)
	}
	gone, err := j.Gone(t.Context())
	tell("gone", gone, err)
	return s.String()
}
