package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/bot/incident"
	"tocsin/store"
	"tocsin/store/bolt"
)

// trials is how often each kind of damage is done: TOCSIN_CORRUPTIONS=all does a
// thousand of each, which takes some ten seconds.
func trials() int {
	if os.Getenv("TOCSIN_CORRUPTIONS") == "all" {
		return 1000
	}
	return 150
}

// A disk may change a byte, lose a page, or lose the end of the data file, anywhere. Of
// most of it bbolt notices nothing, and the rest it does not survive. Whatever is
// damaged: the file is refused, or what is read from it is what was written or is
// refused by name.
func TestDamageToTheDataFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tocsin.db")
	whole, truth := dataFile(t, path)
	pages := len(whole) / os.Getpagesize()
	for name, damage := range map[string]func(rng *rand.Rand, data []byte) []byte{
		"a changed byte": func(rng *rand.Rand, data []byte) []byte {
			other := byte(1) << rng.IntN(8) // of every second one, a single bit
			if rng.IntN(2) == 0 {
				other = byte(1 + rng.IntN(255))
			}
			data[rng.IntN(len(data))] ^= other
			return data
		},
		"a zeroed page": func(rng *rand.Rand, data []byte) []byte {
			at := rng.IntN(pages) * os.Getpagesize()
			clear(data[at : at+os.Getpagesize()])
			return data
		},
		"a cut file": func(rng *rand.Rand, data []byte) []byte { return data[:rng.IntN(len(data))] },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(4, uint64(len(name))))
			damaged := filepath.Join(t.TempDir(), "tocsin.db")
			refused, partly := 0, 0
			for n := range trials() {
				data := damage(rng, bytes.Clone(whole))
				if err := os.WriteFile(damaged, data, 0o600); err != nil {
					t.Fatal(err)
				}
				file, values := served(t, fmt.Sprintf("%s, trial %d", name, n), damaged, truth)
				refused += file
				partly += values
			}
			t.Logf("%d times %s: the file refused %d times, a part of it by name %d times, no harm %d times; nothing untrue was served",
				trials(), name, refused, partly, trials()-refused-partly)
			if refused+partly == 0 {
				t.Error("none did any harm: they miss what is in use")
			}
		})
	}
}

// served reads all there is in a damaged file, and wants it to be true or refused. It
// tells which: 1, 0 for the file, 0, 1 for a part of it.
func served(t *testing.T, what, path string, truth map[string]any) (file, values int) {
	t.Helper()
	var corrupt *store.CorruptError
	db, err := bolt.Open(path)
	if errors.As(err, &corrupt) {
		if !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, which does not name the file", what, err)
		}
		return 1, 0
	}
	if err != nil {
		t.Errorf("%s: %v, want a *CorruptError", what, err)
		return 1, 0
	}
	defer db.Close()
	j := store.NewJournal(db)
	if err := j.Check(t.Context()); err != nil {
		if r, failed := j.Examine(t.Context(), nil); !errors.As(err, &corrupt) || failed != nil || len(r.Findings) == 0 {
			t.Errorf("%s: %v, want a *CorruptError; examined: %+v, %v", what, err, r, failed)
		}
		return 0, 1
	}
	told, errs := contents(t, j)
	for asked, want := range truth {
		switch err := errs[asked]; {
		case err != nil && !errors.As(err, &corrupt):
			t.Errorf("%s: %s: %v, want a *CorruptError", what, asked, err)
		case err == nil && untrue(asked, told[asked], want):
			t.Errorf("%s: %s: %+v, which is not what was written", what, asked, told[asked])
		}
	}
	r, err := j.Examine(t.Context(), nil)
	if err != nil && !errors.As(err, &corrupt) || err == nil && len(errs) > 0 && len(r.Findings) == 0 {
		t.Errorf("%s: examined: %+v, %v, and reading it gives %v", what, r, err, errs)
	}
	if len(errs) > 0 || len(r.Findings) > 0 || err != nil {
		return 0, 1
	}
	return 0, 0
}

// dataFile writes a record of every kind of value, over many pages, and tells all that
// a Journal reads from it. What it returns of the file is what is in use.
func dataFile(t *testing.T, path string) ([]byte, map[string]any) {
	t.Helper()
	db, err := bolt.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	j := store.NewJournal(db)
	for _, id := range []incident.ID{"INC-1", "INC-2"} {
		sound(t, j, id, 40)
	}
	for n := range 30 {
		a := alertOf("grafana", fmt.Sprint("alert ", n))
		a.Incident, a.Signal.Text = "INC-1", strings.Repeat("words ", 100*(n%8))
		putAlerts(t, j, a)
		arrive(t, j, delivery("pagerduty", fmt.Sprint("E", n)))
	}
	if err := errors.Join(
		j.PutAlerts(t.Context(), []store.Alert{}), j.Mark(t.Context(), "rooms-held", noon), rest(t, j),
	); err != nil {
		t.Fatal(err)
	}
	truth, errs := contents(t, j)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if r, err := j.Examine(t.Context(), nil); err != nil || len(r.Findings) > 0 {
		t.Fatalf("what is whole is examined as %+v, %v", r, err)
	}
	var used bytes.Buffer
	if _, err := db.Snapshot(&used); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return whole[:used.Len()], truth
}
