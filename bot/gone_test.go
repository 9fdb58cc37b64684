package bot_test

import (
	"context"
	"testing"
	"time"

	"tocsin/bot/incident"
	"tocsin/store"
)

// leave takes an incident out of the record, as retention does.
func (w *world) leave(id incident.ID) {
	w.t.Helper()
	j := store.NewJournal(w.kv)
	_, tip, err := j.Load(context.Background(), id)
	if err == nil {
		err = j.Remove(context.Background(), tip, store.Gone{ID: id, At: time.Now().UTC(), Why: "exported"})
	}
	if err == nil {
		err = j.Sweep(context.Background())
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.restart()
}

// TestAlertsOfWhatLeftTheRecord: an incident left the record that alerts still name,
// because they were taken off it or it was a duplicate. They get their places, and
// keep no other waiting.
func TestAlertsOfWhatLeftTheRecord(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		w.fire("alertmanager", "A", "other", "Cache is broken", "critical")
		w.fire("alertmanager", "B", "nobody", "Disk is full", "critical")
		w.settle()
		w.say("merge", "", "INC-2 merge INC-1")
		w.settle()
		w.leave("INC-2")
		s := alert("pagerduty", "P1", "nobody", "Disk is full", "high", incident.StateFiring)
		s.Labels = map[string]string{"tocsin": "INC-2"}
		w.receive(s)
		w.fire("alertmanager", "C", "thing", "Queue is stuck", "critical")
		w.settle()
		if n := w.bot.Arriving(); n > 0 || len(w.heads()) < 2 {
			t.Errorf("%d deliveries wait, %d incidents", n, len(w.heads()))
		}
	})
	described(t)(t, func(t *testing.T, w *world) {
		w.say("open", "", "open sev2 A customer saw another customer's chat")
		w.fire("alertmanager", "A", "other", "Cache is broken", "critical")
		w.settle()
		a, _, err := store.NewJournal(w.kv).Alert(context.Background(), "alertmanager", "A")
		if err != nil {
			t.Fatal(err)
		}
		a.Incident, a.Apart, a.Private = "", []incident.ID{"INC-1"}, true
		if err := store.NewJournal(w.kv).PutAlerts(context.Background(), []store.Alert{a}); err != nil {
			t.Fatal(err)
		}
		w.say("over", "", "INC-1 resolve")
		w.settle()
		w.leave("INC-1")
		w.fire("alertmanager", "A", "other", "Cache is broken", "critical")
		w.fire("alertmanager", "C", "thing", "Queue is stuck", "critical")
		w.settle()
		if n := w.bot.Arriving(); n > 0 {
			t.Errorf("%d deliveries wait", n)
		}
		if got, _, _ := store.NewJournal(w.kv).Alert(context.Background(), "alertmanager", "C"); got.Incident == "" {
			t.Error("an alert waits for another that names what is gone")
		}
	})
}

// TestAlertsOfAnotherTime: PagerDuty tells of what was made for an incident of a number
// that a restored record has given again: it is not that one's.
func TestAlertsOfAnotherTime(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		w.say("open", "", "open sev3 The new one of its number")
		w.settle()
		early := w.inc("INC-1").Declared.Add(time.Second)
		for _, test := range []struct {
			key  string
			made time.Duration
			want bool
		}{{"POLD", -24 * time.Hour, false}, {"PNEW", time.Second, true}} {
			s := alert("pagerduty", test.key, "nobody", "INC-1 SEV1: Disk is full", "high", incident.StateFiring)
			s.Labels, s.Since = map[string]string{"tocsin": "INC-1"}, w.inc("INC-1").Declared.Add(test.made)
			w.receive(s)
			w.settle()
			if _, has := w.inc("INC-1").Alert("pagerduty", test.key); has != test.want {
				t.Errorf("%s: it has it: %v, want %v", test.key, has, test.want)
			}
		}
		w.wait(time.Hour)
		before := len(w.heads())
		w.say("private", "", "INC-1 private")
		w.settle()
		s := alert("pagerduty", "PLATE", "nobody", "INC-1 SEV1: Disk is full", "high", incident.StateFiring)
		s.Labels, s.Since = map[string]string{"tocsin": "INC-1"}, early
		w.receive(s)
		w.settle()
		if n := len(w.heads()); n != before+1 {
			t.Errorf("what was told late of a page of what is private now opened another incident: %d, and %d were there", n, before)
		}
	})
}
