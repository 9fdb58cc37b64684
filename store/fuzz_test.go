package store_test

import (
	"errors"
	"testing"
	"time"

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
