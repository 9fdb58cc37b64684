package store_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/bot/incident"
	"tocsin/store"
	"tocsin/store/mem"
)

// FuzzRecord: whatever stands under a key, with a seal that fits or none, beside two
// incidents that are sound: reading it gives an error that names the damage, or what can
// be used; a repair ends with what it can read. Nothing ends the program.
func FuzzRecord(f *testing.F) {
	beside := soundPairs(f)
	for _, p := range beside {
		f.Add(p.Key, bodyOf(p), true)
		f.Add(p.Key, p.Value[1:], false)
		f.Add(p.Key, append(slices.Clone(p.Value[:len(p.Value)-1]), '?'), false)
		f.Add(p.Key[:len(p.Key)-1]+"?", p.Value, false)
	}
	for _, key := range fuzzedKeys {
		for _, v := range fuzzedValues {
			f.Add(key, []byte(v), true)
		}
	}
	f.Fuzz(func(t *testing.T, key string, value []byte, sealed bool) {
		p := store.Pair{Key: key, Value: value}
		if sealed {
			p = sealedAmong(beside, key, value)
		}
		kv := mem.New()
		if err := kv.Commit(t.Context(), store.Tx{Put: beside}); err != nil {
			t.Fatal(err)
		}
		if err := kv.Commit(t.Context(), store.Tx{Put: []store.Pair{p}}); err != nil {
			return
		}
		j := store.NewJournal(kv)
		wantNamed(t, key, readAll(t, kv, j))
		if _, err := j.Examine(t.Context(), nil); err != nil {
			t.Fatalf("%q: Examine: %v", key, err)
		}
		if _, _, err := j.Repair(t.Context(), noon); err != nil {
			t.Fatalf("%q: Repair: %v", key, err)
		}
		wantNamed(t, key, readAll(t, kv, j))
		if done, left, err := j.Repair(t.Context(), noon); len(done) > 0 || err != nil {
			t.Errorf("%q: the second repair did %q, left %v, %v", key, done, left.Findings, err)
		}
	})
}

// fuzzedKeys are those of every kind, of INC-1, of INC-2's neighbours and of nobody.
var fuzzedKeys = []string{
	"head/00000001", "head/00000009", "head/INC-1", "log/00000001/00000001", "log/00000001/00000002", "log/00000001/00000006", "log/00000009/00000001",
	"out/00000001/00000001.07", "out/00000001/channel", "out/00000001/card", "out/00000001/announce", "out/00000009/card",
	"in/pagerduty/E1", "in/generic%2Fqueue/x", "seen/pagerduty/E1", "seen/change/slack%2F1", "alert/pagerduty/P1", "alert/generic%2Fqueue/x",
	"handle/channel/CINC-1", "handle/cause/x", "handle/merged/INC-2", "handle/private/INC-2", "mark/rooms-held", "intent/slack/1", "known/pace",
	"change/20261120T120000.000000000/slack%2F1", "gone/00000001", "gone/00000009", "aside/20261120T120000.000000Z/log/00000001/00000002", "lead/1", "format", "",
}

// fuzzedValues are what may stand there: of every kind, and of none.
var fuzzedValues = []string{
	"", "{}", "null", "[]", "7", `"x"`, "INC-1", "INC-77", `"2026-11-20T12:00:00Z"`,
	`{"id":"INC-1","events":5}`, `{"id":"INC-1","events":9}`, `{"seq":2,"kind":"zzz","fact":{"a":1}}`, `{"seq":1,"kind":"declared","fact":{"severity":7}}`,
	`{"seq":6,"at":"2026-11-20T12:00:00Z","logged":"2026-11-20T12:00:00Z","kind":"noted","fact":{"text":"x"}}`, `{"seq":2,"kind":"lost","fact":{"seal":"x"}}`,
	`{"seq":6,"kind":"merged","fact":{"from":"INC-2"}}`, `{"seq":6,"kind":"page-asked","fact":{"n":-1}}`, `{"seq":6,"kind":"postmortem-asked","fact":{}}`,
	`{"kind":"say","data":{"message":{"body":"x"}},"seq":1}`, `{"kind":"say","data":7,"seq":1}`, `{"kind":"send-pigeon","data":{},"seq":1}`,
	`{"kind":"show-card","data":{},"seq":1,"tries":-1}`, `{"source":"pagerduty","id":"E1","body":[]}`, `{"source":"pagerduty","key":"P1","incident":"INC-77"}`,
	`{"cause":"slack/1","do":"merge","incident":"INC-1","to":"INC-2","alerts":[1]}`,
	`{"id":"INC-9","at":"2026-11-20T12:00:00Z","why":"exported"}`, `{"at":7}`, strings.Repeat("[", 200),
}

// bodyOf is what a pair says, without its seal.
func bodyOf(p store.Pair) []byte {
	_, body, _ := bytes.Cut(p.Value, []byte{' '})
	return body
}

// sealedAmong is a pair with the seal that fits it: for an event, after the one before it.
func sealedAmong(pairs []store.Pair, key string, body []byte) store.Pair {
	var id, seq int
	if n, _ := fmt.Sscanf(key, "log/%08d/%08d", &id, &seq); n < 2 {
		return store.SealedPair(key, body)
	}
	before := sha256.Sum256(append(make([]byte, sha256.Size), incident.NewID(id)...))
	for _, p := range pairs {
		if sum, _, _ := bytes.Cut(p.Value, []byte{' '}); p.Key == fmt.Sprintf("log/%08d/%08d", id, seq-1) {
			_, _ = hex.Decode(before[:], sum)
		}
	}
	return store.Pair{Key: key, Value: fmt.Appendf(nil, "%x %s", sha256.Sum256(append(before[:], body...)), body)}
}

// readAll reads all there is, and returns what each reading said, by what was read.
func readAll(t *testing.T, kv store.KV, j *store.Journal) map[string]error {
	errs := map[string]error{}
	note := func(what string, err error) { errs[what] = err }
	_, err := j.Heads(t.Context())
	note("heads", err)
	for _, id := range []incident.ID{"INC-1", "INC-2", "INC-9"} {
		events, _, err := j.Load(t.Context(), id)
		note(string(id), err)
		_ = incident.Fold(id, events)
	}
	_, err = j.Outbox(t.Context())
	note("outbox", err)
	_, err = j.Alerts(t.Context())
	note("alerts", err)
	_, err = j.Arrivals(t.Context(), store.Arrival{}, 10)
	note("arrivals", err)
	_, err = j.Handles(t.Context())
	note("handles", err)
	_, err = j.Changes(t.Context(), time.Time{})
	note("changes", err)
	_, err = j.Intents(t.Context())
	note("intents", err)
	_, err = j.Gone(t.Context())
	note("gone", err)
	_, err = j.Next(t.Context())
	note("next", err)
	_, err = j.Marked(t.Context(), "rooms-held")
	note("mark", err)
	_, err = j.Recall(t.Context(), "pace", &struct{}{})
	note("known", err)
	_, err = j.Forget(t.Context(), noon.AddDate(-1, 0, 0))
	note("forget", err)
	note("check", j.Check(t.Context()))
	note("format", store.CheckFormat(t.Context(), kv))
	return errs
}

// wantNamed wants each error to name damage, or to say that something is not there or is
// newer.
func wantNamed(t *testing.T, key string, errs map[string]error) {
	t.Helper()
	for what, err := range errs {
		_, damaged := errors.AsType[*store.CorruptError](err)
		_, newer := errors.AsType[*store.FormatError](err)
		if err != nil && !damaged && !newer && !errors.Is(err, store.ErrNotFound) && !strings.Contains(err.Error(), "use the newer one") {
			t.Errorf("%q: %s: %v", key, what, err)
		}
	}
}

// FuzzExport: whatever stands in a file, reading it as an export gives an error, or
// events that fold; and what is taken for an export is none without its last byte, or
// with a byte of it changed.
func FuzzExport(f *testing.F) {
	const head, alert = `{"incident":"INC-1","format":1}`, `{"alert":{"source":"grafana","key":"k"}}`
	declared := `{"seq":1,"at":"2026-11-20T12:00:00Z","logged":"2026-11-20T12:00:00Z","by":{"user":"U0ADA","name":"Ada","via":"slack"},"cause":"slack/1","kind":"declared","fact":{"title":"Answers are wrong","severity":"sev2"}}`
	for _, lines := range []string{
		"", head, head + "\n" + alert, head + "\n" + declared, head + "\n" + declared + "\n" + alert + "\n" + strings.Replace(declared, "declared", "unheard", 1),
		"{}\n" + head, `{"incident":"inc-1"}`, `{"incident":""}`, "null", "[]", head + "\nnull", head + "\n{}", head + "\n" + `{"end":"INC-1","events":-1}`, head + "\n" + `{"seal":"x","event":7}`,
		head + "\n" + `{"seq":1,"fact":null}`, head + "\n" + `{"kind":"declared","fact":{"severity":7}}`, strings.Repeat(head+"\n", 20), strings.Repeat("[", 20_000),
	} {
		f.Add([]byte(lines), true)
		f.Add([]byte(lines+"\n"), false)
	}
	f.Fuzz(func(t *testing.T, data []byte, made bool) {
		if made {
			data = exportOf(strings.Split(string(data), "\n"))
		}
		id, events, err := store.CheckExport(bytes.NewReader(data))
		if err != nil {
			return
		}
		_ = incident.Fold(id, events)
		if _, _, err := store.CheckExport(bytes.NewReader(data[:len(data)-1])); err == nil {
			t.Error("it is whole without its last byte")
		}
		changed := bytes.Clone(data)
		changed[len(changed)/3] ^= 1
		if _, _, err := store.CheckExport(bytes.NewReader(changed)); err == nil {
			t.Errorf("byte %d was changed, and nobody noticed: %q", len(changed)/3, data)
		}
	})
}

// exportOf makes an export of lines, as store.Journal.Export says: the first is what it is
// of, those with an alert are as they are, and the others are events.
func exportOf(lines []string) []byte {
	var out bytes.Buffer
	events, alerts := 0, 0
	before := sha256.Sum256(append(make([]byte, sha256.Size), "INC-1"...))
	for i, line := range lines {
		switch {
		case i == 0:
			fmt.Fprintln(&out, line)
		case strings.HasPrefix(line, `{"alert"`):
			alerts++
			fmt.Fprintln(&out, line)
		default:
			events++
			before = sha256.Sum256(append(before[:], line...))
			fmt.Fprintf(&out, `{"seal":"%x","event":%s}`+"\n", before, line)
		}
	}
	fmt.Fprintf(&out, `{"end":"INC-1","events":%d,"alerts":%d,"sha256":"%x"}`+"\n", events, alerts, sha256.Sum256(out.Bytes()))
	return out.Bytes()
}
