package store_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/bot/incident"
	"tocsin/store"
	"tocsin/store/mem"
)

// FuzzRecord: whatever stands under a key, with a checksum that fits or none, reading
// it gives an error that names the damage, or what can be used; it never ends the
// program.
func FuzzRecord(f *testing.F) {
	keys := []string{"head/INC-1", "log/INC-1/00000001", "outbox/INC-1/00000001.00", "alert/a/b", "arrival/1", "handle/x", "mark/rooms-held", "change/20261120T120000.000000000/x", "seen/mark/x"}
	for i := range keys {
		for _, v := range []string{"", "{}", "null", `{"id":"INC-1","seq":1}`, `"x"`, "[]", `{"fact":{"type":"zzz"}}`} {
			f.Add(keys[i], []byte(v), true)
			f.Add(keys[i], []byte(v), false)
		}
	}
	f.Fuzz(func(t *testing.T, key string, value []byte, sealed bool) {
		kv := mem.New()
		p := store.Pair{Key: key, Value: value}
		if sealed {
			p = store.SealedPair(key, value)
		}
		if err := kv.Commit(t.Context(), store.Tx{Put: []store.Pair{p}}); err != nil {
			return
		}
		j := store.NewJournal(kv)
		var errs []error
		note := func(err error) { errs = append(errs, err) }
		_, err := j.Heads(t.Context())
		note(err)
		_, _, err = j.Load(t.Context(), "INC-1")
		note(err)
		_, err = j.Outbox(t.Context())
		note(err)
		_, err = j.Alerts(t.Context())
		note(err)
		_, err = j.Arrivals(t.Context(), store.Arrival{}, 10)
		note(err)
		_, err = j.Handles(t.Context())
		note(err)
		_, err = j.Changes(t.Context(), time.Time{})
		note(err)
		_, err = j.Marked(t.Context(), "rooms-held")
		note(err)
		_, err = j.Forget(t.Context(), noon)
		note(err)
		for _, err := range errs {
			if _, named := errors.AsType[*store.CorruptError](err); err != nil && !named && !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%q: %v", key, err)
			}
		}
	})
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
