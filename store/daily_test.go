package store_test

import (
	"strings"
	"testing"
	"time"

	"tocsin/store"
)

// TestDaily: what is done daily is done on the word of two looks a day apart, and of no
// clock that has just jumped, however often it is asked.
func TestDaily(t *testing.T) {
	const day, years = 24 * time.Hour, 4 * 365 * 24 * time.Hour
	type look struct {
		at   time.Duration // after noon
		want string        // due, wait, or doubt: an error
	}
	for name, looks := range map[string][]look{
		"every day":               {{0, "wait"}, {day, "due"}, {2*day + time.Minute, "due"}, {3 * day, "due"}},
		"often":                   {{0, "wait"}, {time.Hour, "wait"}, {day, "due"}, {day + time.Minute, "wait"}, {2*day - 2*time.Hour, "wait"}, {2 * day, "due"}},
		"off for a night":         {{0, "wait"}, {day, "due"}, {2*day + 12*time.Hour, "due"}},
		"off for a week":          {{0, "wait"}, {day, "due"}, {8 * day, "doubt"}, {8*day + time.Hour, "wait"}, {9 * day, "due"}},
		"ahead once":              {{0, "wait"}, {day, "due"}, {years, "doubt"}, {years + time.Minute, "wait"}, {2 * day, "doubt"}, {2*day + time.Hour, "wait"}, {3 * day, "due"}},
		"ahead for good":          {{0, "wait"}, {years, "doubt"}, {years + 20*time.Hour, "wait"}, {years + day, "due"}, {years + 2*day, "due"}},
		"ahead at the first look": {{years, "wait"}, {years + time.Hour, "wait"}, {0, "doubt"}, {day, "due"}},
		"there and back":          {{0, "wait"}, {years, "doubt"}, {0, "doubt"}, {years, "doubt"}, {0, "doubt"}, {day, "due"}},
		"back":                    {{0, "wait"}, {day, "due"}, {-years, "doubt"}, {-years + day, "due"}, {2 * day, "doubt"}, {3 * day, "due"}},
		"back by a little":        {{0, "wait"}, {-time.Minute, "wait"}, {day - time.Minute, "due"}},
	} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, kv store.KV, j *store.Journal) {
				for i, l := range looks {
					due, err := j.Daily(t.Context(), "tidied", noon.Add(l.at))
					got := map[bool]string{true: "due", false: "wait"}[due]
					if err != nil && !due {
						got = "doubt"
					}
					if got != l.want || err != nil && !strings.Contains(err.Error(), "the clock says") {
						t.Errorf("look %d is %s, want %s: %v", i+1, got, l.want, err)
					}
					if due, err := j.Daily(t.Context(), "tidied", noon.Add(l.at)); due || err != nil {
						t.Errorf("look %d again: %v, %v", i+1, due, err)
					}
				}
			})
		})
	}
}

// TestDailyEachByItself: one thing that is due keeps no other from being due; what cannot
// be read is due never.
func TestDailyEachByItself(t *testing.T) {
	onEach(t, func(t *testing.T, kv store.KV, j *store.Journal) {
		for _, name := range []string{"a", "b"} {
			for n, want := range []bool{false, true} {
				if due, err := j.Daily(t.Context(), name, noon.AddDate(0, 0, n)); due != want || err != nil {
					t.Errorf("%s: %v, %v", name, due, err)
				}
			}
		}
		if err := kv.Commit(t.Context(), store.Tx{Put: []store.Pair{{Key: "mark/a", Value: []byte("rubbish")}}}); err != nil {
			t.Fatal(err)
		}
		for n := range 3 {
			if due, err := j.Daily(t.Context(), "a", noon.AddDate(0, 0, n)); due || err == nil {
				t.Errorf("%v, %v by a mark that is damaged", due, err)
			}
		}
	})
}
