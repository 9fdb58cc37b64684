package bot_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
	"tocsin/store"
	"tocsin/store/mem"
)

// TestWhatABotStoresIsDerived: of what a bot has stored, every handle, head and effect that
// waits is missed when it is lost, and made again: also the handle to where an incident goes
// on in private, what is tried again, and what leads to no fact.
func TestWhatABotStoresIsDerived(t *testing.T) {
	kv := mem.New()
	b := aBot(t, kv, nil)
	ada := incident.Actor{Person: incident.Person{User: "U0ADA", Name: "Ada"}, Via: "slack"}
	inc, _, err := b.Declare(t.Context(), bot.Origin{By: ada, Cause: "1"}, incident.Declared{Title: "Answers are wrong"})
	noError(t, err)
	tell := func(cause string, facts ...incident.Fact) {
		t.Helper()
		_, err := b.Update(t.Context(), inc.ID, bot.Origin{By: ada, Cause: cause}, func(incident.Incident) ([]incident.Fact, error) { return facts, nil })
		noError(t, err)
	}
	pin, draft := effect.Fetch{Message: incident.Message{Channel: "C1", ID: "1.000100"}}, effect.Draft{Through: 0, N: 1}
	tell("INC-1/channel done", incident.Linked{Channel: "C1"})
	tell("2", incident.Pinned{Message: pin.Message}, incident.PostmortemAsked{})
	now, err := b.Incident(t.Context(), inc.ID)
	noError(t, err)
	draft.Through = now.Last()
	for _, e := range []effect.Effect{pin, draft} { // as the worker settles what it gives up
		items, err := store.NewJournal(kv).Outbox(t.Context())
		noError(t, err)
		i := slices.IndexFunc(items, func(i store.Item) bool { return i.Effect == e })
		data, _ := json.Marshal(e)
		tell(store.DoneCause(inc.ID, items[i].Key), incident.Failed{Effect: effect.Effects.Name(e), What: e.Words(), Why: "x", Data: data})
		noError(t, kv.Commit(t.Context(), store.Tx{Delete: []string{"out/00000001/" + items[i].Key}}))
	}
	noError(t, kv.Commit(t.Context(), store.Tx{Delete: []string{"out/00000001/channel", "due/00000001/channel"}}))
	tell("3", incident.Resynced{})
	private, err := b.GoPrivate(t.Context(), inc.ID, bot.Origin{By: ada, Cause: "4"})
	noError(t, err)
	if f := private.Timeline[0].Fact.(incident.Declared); f.From != inc.ID {
		t.Errorf("the private one goes on with %q", f.From) // which tells also if the process dies now
	}
	if r := examined(t, kv); len(r.Findings) > 0 {
		t.Fatalf("it is not sound as it is: %v", r.Findings)
	}
	all, err := kv.Scan(t.Context(), "", "", 0)
	noError(t, err)
	stored, told := map[string]int{}, map[string]int{}
	for _, p := range all {
		kind, _, _ := strings.Cut(p.Key, "/")
		if kind != "handle" && kind != "head" && kind != "out" {
			continue
		}
		stored[kind]++
		lost := mem.New()
		for _, q := range all {
			if q.Key != p.Key {
				noError(t, lost.Commit(t.Context(), store.Tx{Put: []store.Pair{q}}))
			}
		}
		r := examined(t, lost)
		if len(r.Findings) != 1 || !r.Findings[0].Derived {
			t.Errorf("%s is lost: found %v", p.Key, r.Findings)
			continue
		}
		told[kind]++
		_, left, err := store.NewJournal(lost).Repair(t.Context(), time.Now())
		if err != nil || len(left.Findings) > 0 {
			t.Errorf("%s is lost: left %v, %v", p.Key, left.Findings, err)
		}
		if kind != "out" { // which is in doubt now
			if value, err := lost.Get(t.Context(), p.Key); err != nil || string(value) != string(p.Value) {
				t.Errorf("%s is made again as %s, %v, and was %s", p.Key, value, err, p.Value)
			}
		}
	}
	// Two requests, a channel, a move; two heads; in the open a card, an announcement, a
	// guide, a draft and a message that lead to facts, in private the channel and a guide;
	// and whatever else is to be said or set.
	if told["handle"] != 4 || told["head"] != 2 || told["out"] < 12 || !maps.Equal(told, stored) {
		t.Errorf("derived: %v of %v", told, stored)
	}
}

// TestAnEndBearsItsEffect: what tells the end of an effect names it in its cause, so that
// the effect is known to be over.
func TestAnEndBearsItsEffect(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.say("1", "", "open sev2 Answers are wrong")
		w.settle()
		w.say("2", "", "INC-1 postmortem")
		w.settle()
		ends := map[string]string{}
		for _, e := range w.inc("INC-1").Timeline {
			switch f := e.Fact.(type) {
			case incident.Linked:
				ends["channel"] = e.Cause
			case incident.PostmortemAsked:
				ends["asked"] = store.DoneCause("INC-1", store.NewItem("INC-1", e.Seq, 0, effect.Draft{}).Key)
			case incident.Posted:
				ends[f.What] = e.Cause
			}
		}
		if ends["channel"] != store.DoneCause("INC-1", "channel") || ends["asked"] == "" || ends[incident.PostedPostmortem] != ends["asked"] {
			t.Errorf("the causes are %q", ends)
		}
	})
}

func examined(t *testing.T, kv store.KV) store.Report {
	t.Helper()
	r, err := store.NewJournal(kv).Examine(t.Context(), nil)
	noError(t, err)
	return r
}

// TestAMessageLostOnDisk: a message that waits, and whose place in the outbox is lost, is said
// once after a repair: also where Slack had it already, and its answer was lost.
func TestAMessageLostOnDisk(t *testing.T) {
	for _, fault := range []string{"lost_request", "lost_answer"} {
		t.Run(fault, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				w.say("1", "", "open sev2 Answers are wrong")
				w.settle()
				w.fault(sandbox.Fault{Kind: fault, Method: "chat.postMessage", Times: 1})
				w.say("2", "", "INC-1 note the new prompt cuts answers off")
				w.wait(time.Second)
				w.offline(func(*store.Journal) {
					out, err := w.kv.Scan(t.Context(), "out/", "", 0)
					noError(t, err)
					if len(out) != 1 || !strings.Contains(string(out[0].Value), "cuts answers off") {
						t.Fatalf("what waits is %q", out)
					}
					noError(t, w.kv.Commit(t.Context(), store.Tx{Delete: []string{out[0].Key}}))
				})
				w.settle()
				w.repaired()
				w.settle()
				if n := w.said(w.room().ID, "the new prompt cuts answers off"); n != 1 {
					t.Errorf("it is said %d times", n)
				}
			})
		})
	}
}
