package store_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tocsin/bot/incident"
	"tocsin/store"
	"tocsin/store/mem"
)

// asked is a request under way.
var asked = store.Intent{
	Cause: "slack/7", By: incident.Actor{Person: incident.Person{User: "U0ADA", Name: "Ada Okafor"}, Via: "slack"}, At: noon,
	Do: "merge", Incident: "INC-1", To: "INC-2", Alerts: []int{1, 3}, Text: "the same outage",
}

// TestIntents: what is intended is listed until it is fulfilled, once however often it is
// asked for, and whatever its cause is like.
func TestIntents(t *testing.T) {
	j := store.NewJournal(mem.New())
	long := asked
	long.Cause = strings.Repeat("c/", 500)
	for _, i := range []store.Intent{asked, long, asked} {
		if err := j.Intend(t.Context(), i); err != nil {
			t.Fatal(err)
		}
	}
	list := func(want ...store.Intent) {
		t.Helper()
		got, err := j.Intents(t.Context())
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("error %v (-want +got):\n%s", err, diff)
		}
	}
	list(long, asked)
	for range 2 {
		if err := j.Fulfilled(t.Context(), long.Cause); err != nil {
			t.Fatal(err)
		}
	}
	list(asked)
}

// TestDamagedIntent: one that cannot be read is named, keeps no other from being listed,
// and a repair puts it aside.
func TestDamagedIntent(t *testing.T) {
	kv := mem.New()
	j := store.NewJournal(kv)
	other := asked
	other.Cause = "slack/8"
	for _, i := range []store.Intent{asked, other} {
		if err := j.Intend(t.Context(), i); err != nil {
			t.Fatal(err)
		}
	}
	if err := kv.Commit(t.Context(), store.Tx{Put: []store.Pair{{Key: "intent/slack/7", Value: []byte("rubbish")}}}); err != nil {
		t.Fatal(err)
	}
	got, err := j.Intents(t.Context())
	if diff := cmp.Diff([]store.Intent{other}, got); diff != "" || err == nil || !strings.Contains(err.Error(), "intent/slack/7") {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	if _, left, err := j.Repair(t.Context(), noon); err != nil || len(left.Findings) > 0 {
		t.Errorf("left %v, %v", left.Findings, err)
	}
	if got, err := j.Intents(t.Context()); len(got) != 1 || err != nil {
		t.Errorf("%v, %v", got, err)
	}
}
