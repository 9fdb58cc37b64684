package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/bot/incident"
	"tocsin/store"
	"tocsin/store/mem"
)

func alertOf(source, key string) store.Alert {
	return store.Alert{
		Source: source, Key: key, State: incident.StateFiring, Severity: incident.SEV2, At: noon, Count: 2, First: noon, Last: noon.Add(time.Minute),
		Signal:   incident.Signaled{Source: source, Key: key, State: incident.StateFiring, Title: "Answers are slow", Since: noon},
		Incident: "INC-42", Why: "because it is of the same service", Apart: []incident.ID{"INC-7"}, Heard: []string{"x"},
		Early: []json.RawMessage{json.RawMessage(`{"id":"E0"}`)},
	}
}

// hasAlerts wants these alerts to be all there are, in order, and each to be found.
func hasAlerts(t *testing.T, j *store.Journal, want ...store.Alert) {
	t.Helper()
	got, err := j.Alerts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, "alerts", got, append([]store.Alert{}, want...))
	for _, a := range want {
		found, ok, err := j.Alert(t.Context(), a.Source, a.Key)
		if !ok || err != nil {
			t.Fatalf("Alert(%s, %.40q) = %v, %v", a.Source, a.Key, ok, err)
		}
		wantSame(t, "alert", found, a)
	}
}

func putAlerts(t testing.TB, j *store.Journal, list ...store.Alert) {
	t.Helper()
	if err := j.PutAlerts(t.Context(), list); err != nil {
		t.Fatal(err)
	}
}

func TestAnAlertIsAsItWasPutLast(t *testing.T) {
	onEach(t, func(t *testing.T, _ store.KV, j *store.Journal) {
		putAlerts(t, j)
		hasAlerts(t, j)
		a, b := alertOf("grafana", "latency"), alertOf("pagerduty", "P1")
		putAlerts(t, j, b, a)
		hasAlerts(t, j, a, b)
		a.State, a.Count, a.Incident, a.Early = incident.StateResolved, 3, "", nil
		putAlerts(t, j, a)
		hasAlerts(t, j, a, b)
		for _, key := range []string{"lat", "latency/", "P1"} {
			if _, ok, err := j.Alert(t.Context(), "grafana", key); ok || err != nil {
				t.Errorf("Alert(grafana, %s) = %v, %v: there is none", key, ok, err)
			}
		}
	})
}

// Two keys are two alerts whatever they are, and whichever source's.
func TestAlertsOfAnyKey(t *testing.T) {
	long := strings.Repeat("/\x00🔥", 1500)
	list := []store.Alert{
		alertOf("s", long+"1"), alertOf("s", long+"2"), alertOf("s", "/"), alertOf("s", "\x00"),
		alertOf("generic", "queue/full"), alertOf("generic/queue", "full"),
	}
	onEach(t, func(t *testing.T, _ store.KV, j *store.Journal) {
		putAlerts(t, j, list...)
		all, err := j.Alerts(t.Context())
		if err != nil || len(all) != len(list) {
			t.Fatalf("%d alerts, %v, want %d", len(all), err, len(list))
		}
		putAlerts(t, j, all...) // as they were read, which must not make others
		hasAlerts(t, j, all...)
		for _, a := range []store.Alert{alertOf("s", ""), alertOf("", "k"), alertOf("s", "\xff")} {
			if err := j.PutAlerts(t.Context(), []store.Alert{a}); !errors.Is(err, store.ErrInvalid) {
				t.Errorf("PutAlerts(%q, %q): %v, want ErrInvalid", a.Source, a.Key, err)
			}
		}
		hasAlerts(t, j, all...)
	})
}

// However many and however long, alerts are put in transactions that every KV takes.
func TestPuttingManyAlerts(t *testing.T) {
	for name, c := range map[string]struct{ alerts, bytes, txs int }{
		"small":       {1000, 1, 8},
		"long":        {300, 25_000, 8}, // 41 of them fit
		"very long":   {3, 900_000, 3},
		"exactly one": {store.MaxOps, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			kv := mem.New()
			txs := 0
			kv.Fault = func(n int, _ store.Tx) mem.Outcome { txs = n; return mem.CarryOn }
			j := store.NewJournal(kv)
			var list []store.Alert
			for n := range c.alerts {
				a := alertOf("s", fmt.Sprintf("%04d", n))
				a.Signal.Text = strings.Repeat("x", c.bytes)
				list = append(list, a)
			}
			putAlerts(t, j, list...)
			hasAlerts(t, j, list...)
			if txs != c.txs {
				t.Errorf("%d transactions, want %d", txs, c.txs)
			}
		})
	}
}

// An alert that is too long for any transaction is told, and is not half of what
// is stored.
func TestAnAlertThatIsTooLong(t *testing.T) {
	kv := mem.New()
	j := store.NewJournal(kv)
	a := alertOf("s", "long")
	a.Signal.Text = strings.Repeat("x", store.MaxBytes)
	if err := j.PutAlerts(t.Context(), []store.Alert{a}); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("PutAlerts: %v, want ErrInvalid", err)
	}
	wantSame(t, "the store", dump(t, kv), "")
}

// Alerts of an incident and its timeline are stored together or not at all,
// whatever happens to the commit.
func TestAppendPutsAlertsInTheSameTransaction(t *testing.T) {
	for outcome, stored := range map[mem.Outcome]bool{mem.CarryOn: true, mem.FailBefore: false, mem.FailAfter: true} {
		kv := mem.New()
		kv.Fault = func(n int, _ store.Tx) mem.Outcome {
			if n == 1 {
				return outcome
			}
			t.Error("it is more than one transaction")
			return mem.CarryOn
		}
		j := store.NewJournal(kv)
		whole, alerts := story("INC-42", 2), []store.Alert{alertOf("grafana", "a"), alertOf("pagerduty", "P1")}
		head := store.HeadOf(incident.Fold("INC-42", whole))
		_, err := j.Append(t.Context(), store.Tip{ID: "INC-42"}, store.Append{Events: whole, Head: head, Alerts: alerts})
		if (err == nil) != (outcome == mem.CarryOn) {
			t.Fatalf("Append: %v", err)
		}
		if !stored {
			wantSame(t, "the store", dump(t, kv), "")
			continue
		}
		load(t, j, "INC-42", whole)
		hasAlerts(t, j, alerts...)
	}
	kv := mem.New()
	bad := store.Append{Events: story("INC-42", 1), Alerts: []store.Alert{alertOf("s", "k"), alertOf("s", "")}}
	if _, err := store.NewJournal(kv).Append(t.Context(), store.Tip{ID: "INC-42"}, bad); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("Append: %v, want ErrInvalid", err)
	}
	wantSame(t, "the store", dump(t, kv), "")
}

// An alert can change without an event: what is counted is no news.
func TestAppendPutsAlertsWithoutEvents(t *testing.T) {
	onEach(t, func(t *testing.T, _ store.KV, j *store.Journal) {
		tip := begin(t, j, "INC-42", 1, store.Append{Alerts: []store.Alert{alertOf("s", "k")}})
		more := alertOf("s", "k")
		more.Count = 3
		add(t, j, tip, story("INC-42", 1), store.Append{Alerts: []store.Alert{more}})
		hasAlerts(t, j, more)
		load(t, j, "INC-42", story("INC-42", 1))
	})
}

func TestACorruptAlertIsNamed(t *testing.T) {
	onEach(t, func(t *testing.T, kv store.KV, j *store.Journal) {
		putAlerts(t, j, alertOf("s", "a"), alertOf("s", "b"))
		value, err := kv.Get(t.Context(), "alert/s/a")
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []store.Pair{{Key: "alert/s/b", Value: value}, store.SealedPair("alert/s/b", []byte(`{"count":"many"}`))} {
			if err := kv.Commit(t.Context(), store.Tx{Put: []store.Pair{bad}}); err != nil {
				t.Fatal(err)
			}
			_, ok, one := j.Alert(t.Context(), "s", "b")
			list, all := j.Alerts(t.Context())
			for _, err := range []error{one, all} {
				if corrupt := new(store.CorruptError); !errors.As(err, &corrupt) || corrupt.Path != "alert/s/b" {
					t.Errorf("%v, want a *CorruptError that names alert/s/b", err)
				}
			}
			if ok || len(list) != 1 || list[0].Key != "a" { // the other is served
				t.Errorf("served %v, %v", ok, list)
			}
		}
	})
}

func TestMarks(t *testing.T) {
	onEach(t, func(t *testing.T, kv store.KV, j *store.Journal) {
		marked := func(name string, want time.Time) {
			t.Helper()
			if at, err := j.Marked(t.Context(), name); !at.Equal(want) || err != nil {
				t.Errorf("Marked(%s) = %v, %v, want %v", name, at, err, want)
			}
		}
		marked("swept", time.Time{})
		for _, at := range []time.Time{noon, noon.Add(time.Nanosecond).In(time.FixedZone("CET", 3600)), {}} {
			if err := j.Mark(t.Context(), "swept", at); err != nil {
				t.Fatal(err)
			}
			marked("swept", at)
			marked("swep", time.Time{})
		}
		for _, bad := range []store.Pair{{Key: "mark/swept", Value: []byte("noon")}, store.SealedPair("mark/swept", []byte("noon"))} {
			if err := kv.Commit(t.Context(), store.Tx{Put: []store.Pair{bad}}); err != nil {
				t.Fatal(err)
			}
			at, err := j.Marked(t.Context(), "swept")
			if corrupt := new(store.CorruptError); !at.IsZero() || !errors.As(err, &corrupt) || corrupt.Path != "mark/swept" {
				t.Errorf("%v, %v, want a *CorruptError that names mark/swept", at, err)
			}
		}
	})
}
