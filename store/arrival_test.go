package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/store"
	"tocsin/store/mem"
)

func delivery(source, id string) store.Arrival {
	return store.Arrival{Source: source, ID: id, At: noon, Body: []byte(`[{"id":"1"}]`)}
}

// arrive stores a delivery that was not there before.
func arrive(t testing.TB, j *store.Journal, list ...store.Arrival) {
	t.Helper()
	for _, a := range list {
		if first, err := j.Arrive(t.Context(), a); !first || err != nil {
			t.Fatalf("Arrive(%s %.40q) = %v, %v, want a first time", a.Source, a.ID, first, err)
		}
	}
}

// known wants deliveries to be stored already, worked on or not.
func known(t *testing.T, j *store.Journal, list ...store.Arrival) {
	t.Helper()
	for _, a := range list {
		if first, err := j.Arrive(t.Context(), a); first || err != nil {
			t.Errorf("Arrive(%s %.40q) again = %v, %v", a.Source, a.ID, first, err)
		}
	}
}

// waiting wants these deliveries to wait, in the order of their keys.
func waiting(t *testing.T, j *store.Journal, want ...store.Arrival) {
	t.Helper()
	got, err := j.Arrivals(t.Context(), store.Arrival{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, "arrivals", got, append([]store.Arrival{}, want...))
}

func retire(t *testing.T, j *store.Journal, done ...store.Arrival) {
	t.Helper()
	if err := j.Retire(t.Context(), done); err != nil {
		t.Fatal(err)
	}
}

// A delivery is new, waits, or was worked on; however often it comes, it is one.
func TestLifeOfADelivery(t *testing.T) {
	onEach(t, func(t *testing.T, _ store.KV, j *store.Journal) {
		one, two, other := delivery("pagerduty", "E1"), delivery("pagerduty", "E2"), delivery("grafana", "E1")
		arrive(t, j, one, two, other)
		known(t, j, one, two, other)
		waiting(t, j, other, one, two)
		again := one
		again.Body = []byte(`["other words"]`)
		known(t, j, again)
		waiting(t, j, other, one, two)
		renamed := delivery("pagerduty", "E1 by another name")
		renamed.Before = one.ID
		known(t, j, renamed)

		retire(t, j, one)
		known(t, j, one, again, renamed)
		waiting(t, j, other, two)
		retire(t, j, one, two, other) // a crash came before the router knew of the first time
		waiting(t, j)
		known(t, j, one, two, other)
	})
}

// What a source calls a delivery is no matter of ours, and two names are never
// taken for one.
func TestDeliveriesOfAnyName(t *testing.T) {
	long := strings.Repeat("long/", 2000)
	stands := keyOf(t, delivery("s", long))[len("in/s/"):] // as if somebody called a delivery by what stands for another
	list := []store.Arrival{
		delivery("s", long+"1"), delivery("s", long+"2"), delivery("s", long[:255]), delivery("s", long[:256]), delivery("s", long[:257]),
		delivery("s", stands), delivery("s", long), delivery("s", "/"), delivery("s", "//"), delivery("s", "\x00"), delivery("s", "a\x00"), delivery("s", "a"),
		delivery("s", "Ünïcode 🔥"), delivery("s", strings.Repeat("🔥", 2500)), delivery("s", " "), delivery("s", "%2F"),
		delivery("generic", "queue/7"), delivery("generic/queue", "7"), delivery("generic%2Fqueue", "7"),
	}
	onEach(t, func(t *testing.T, kv store.KV, j *store.Journal) {
		arrive(t, j, list...)
		known(t, j, list...)
		got, err := j.Arrivals(t.Context(), store.Arrival{}, 0)
		if err != nil || len(got) != len(list) {
			t.Fatalf("%d wait, %v, want %d", len(got), err, len(list))
		}
		retire(t, j, got...) // by what was read, as after a start
		waiting(t, j)
		known(t, j, list...)
		for line := range strings.Lines(dump(t, kv)) {
			if key, _, _ := strings.Cut(line, "\t"); len(key) > 300 {
				t.Errorf("a key of %d bytes", len(key))
			}
		}
	})
}

// keyOf is where a delivery that waits is.
func keyOf(t *testing.T, a store.Arrival) string {
	t.Helper()
	kv := mem.New()
	arrive(t, store.NewJournal(kv), a)
	key, _, _ := strings.Cut(dump(t, kv), "\t")
	return key
}

// What could not be stored, or would be read back under another name, is refused
// while the sender can still be told.
func TestDeliveriesThatCannotBeStored(t *testing.T) {
	onEach(t, func(t *testing.T, kv store.KV, j *store.Journal) {
		large := delivery("s", "large")
		large.Body = []byte(`"` + strings.Repeat("x", store.MaxBytes) + `"`)
		for _, a := range []store.Arrival{large, delivery("", "E1"), delivery("s", ""), delivery("s", "\xff"), delivery("\xff", "E1")} {
			if first, err := j.Arrive(t.Context(), a); first || !errors.Is(err, store.ErrInvalid) {
				t.Errorf("Arrive(%q %q) = %v, %v, want ErrInvalid", a.Source, a.ID, first, err)
			}
		}
		wantSame(t, "the store", dump(t, kv), "")
	})
}

// Of many who deliver the same at once, one is the first.
func TestOneOfManyDeliversFirst(t *testing.T) {
	onEach(t, func(t *testing.T, _ store.KV, j *store.Journal) {
		var firsts atomic.Int32
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				first, err := j.Arrive(t.Context(), delivery("pagerduty", "E1"))
				if err != nil {
					t.Error(err)
				}
				if first {
					firsts.Add(1)
				}
			})
		}
		all.Wait()
		if n := firsts.Load(); n != 1 {
			t.Errorf("%d were told that they are the first", n)
		}
		waiting(t, j, delivery("pagerduty", "E1"))
	})
}

// When the answer of a commit is lost, the sender delivers again and nothing is
// stored twice, or lost.
func TestDeliveringAgainAfterALostAnswer(t *testing.T) {
	for outcome, fresh := range map[mem.Outcome]bool{mem.FailBefore: true, mem.FailAfter: false} {
		kv := mem.New()
		kv.Fault = func(n int, _ store.Tx) mem.Outcome {
			if n == 1 {
				return outcome
			}
			return mem.CarryOn
		}
		j := store.NewJournal(kv)
		if first, err := j.Arrive(t.Context(), delivery("s", "E1")); first || !errors.Is(err, mem.ErrFault) {
			t.Fatalf("Arrive = %v, %v, want the fault", first, err)
		}
		if first, err := j.Arrive(t.Context(), delivery("s", "E1")); first != fresh || err != nil {
			t.Errorf("Arrive again = %v, %v, want %v", first, err, fresh)
		}
		waiting(t, j, delivery("s", "E1"))
	}
}

func TestArrivalsArePaged(t *testing.T) {
	onEach(t, func(t *testing.T, _ store.KV, j *store.Journal) {
		var want []store.Arrival
		for _, source := range []string{"generic/a", "generic/b", "grafana"} {
			for n := range 7 {
				want = append(want, delivery(source, fmt.Sprintf("%s%d", strings.Repeat("x", 400*(n%2)), n)))
			}
		}
		arrive(t, j, want...)
		all, err := j.Arrivals(t.Context(), store.Arrival{}, 0)
		if err != nil || len(all) != len(want) {
			t.Fatalf("%d arrivals, %v", len(all), err)
		}
		for size := 1; size <= len(want)+1; size++ {
			var got []store.Arrival
			var after store.Arrival
			for {
				page, err := j.Arrivals(t.Context(), after, size)
				if err != nil || len(page) > size {
					t.Fatalf("a page of %d, %v, want at most %d", len(page), err, size)
				}
				if len(page) == 0 {
					break
				}
				got, after = append(got, page...), page[len(page)-1]
			}
			wantSame(t, fmt.Sprintf("pages of %d", size), got, all)
		}
		retire(t, j, all[3]) // what was the end of a page may be gone when the next is asked for
		rest, err := j.Arrivals(t.Context(), all[3], 0)
		if err != nil {
			t.Fatal(err)
		}
		wantSame(t, "after one that is retired", rest, all[4:])
	})
}

// However many are retired together, in transactions that every KV takes; and the
// same twice is one.
func TestRetiringMany(t *testing.T) {
	kv := mem.New()
	most := 0
	kv.Fault = func(_ int, tx store.Tx) mem.Outcome {
		most = max(most, len(tx.Put)+len(tx.Delete)+len(tx.Absent)+len(tx.Present))
		return mem.CarryOn
	}
	j := store.NewJournal(kv)
	var list []store.Arrival
	for n := range 1000 {
		list = append(list, delivery("s", fmt.Sprint(strings.Repeat("x", n*2), n)))
	}
	arrive(t, j, list...)
	list = append(append(list, list[:100]...), list[999], list[999])
	retire(t, j, list...)
	waiting(t, j)
	known(t, j, list...)
	if most > store.MaxOps || most < store.MaxOps/2 {
		t.Errorf("the largest transaction has %d operations, of %d", most, store.MaxOps)
	}
}

// If it fails in the middle, what is retired is whole and the rest waits.
func TestRetiringHalf(t *testing.T) {
	kv := mem.New()
	kv.Fault = func(_ int, tx store.Tx) mem.Outcome {
		if len(tx.Delete) > 0 && tx.Delete[0] > "in/s/050" {
			return mem.FailBefore
		}
		return mem.CarryOn
	}
	j := store.NewJournal(kv)
	var list []store.Arrival
	for n := range 200 {
		list = append(list, delivery("s", fmt.Sprintf("%03d", n)))
	}
	arrive(t, j, list...)
	if err := j.Retire(t.Context(), list); !errors.Is(err, mem.ErrFault) {
		t.Fatal(err)
	}
	waiting(t, j, list[64:]...)
	known(t, j, list...)
}

// What remains of a delivery goes after a time; what waits stays, and so does what
// cannot be read.
func TestForget(t *testing.T) {
	onEach(t, func(t *testing.T, kv store.KV, j *store.Journal) {
		at := func(id string, days int) store.Arrival {
			a := delivery("s", id)
			a.At = noon.AddDate(0, 0, days)
			return a
		}
		var old []store.Arrival
		for n := range 700 { // more than are looked at together, and than fit into a transaction
			old = append(old, at(fmt.Sprintf("old %d", n), -31))
		}
		young, due, waits := at("young", -29), at("due", -30), at("waits", -300)
		var tx store.Tx
		for _, a := range old { // as Retire leaves them
			tx.Put = append(tx.Put, store.SealedPair("seen/s/"+a.ID, []byte(`{"at":"`+a.At.Format(time.RFC3339)+`"}`)))
			if len(tx.Put) == store.MaxOps || a.ID == old[len(old)-1].ID {
				if err := kv.Commit(t.Context(), tx); err != nil {
					t.Fatal(err)
				}
				tx = store.Tx{}
			}
		}
		known(t, j, old[0], old[699])
		arrive(t, j, young, due, waits)
		retire(t, j, young, due)
		damaged := store.Pair{Key: "seen/s/damaged", Value: []byte("?")}
		if err := kv.Commit(t.Context(), store.Tx{Put: []store.Pair{damaged}}); err != nil {
			t.Fatal(err)
		}
		for _, want := range []int{700, 0} {
			if n, err := j.Forget(t.Context(), noon.AddDate(0, 0, -30)); n != want || err != nil {
				t.Errorf("Forget = %d, %v, want %d", n, err, want)
			}
		}
		waiting(t, j, waits)
		known(t, j, young, due, waits, delivery("s", "damaged"))
		arrive(t, j, old[0], old[699])
	})
}

// A delivery that was changed on disk is named, and nothing is served in its place;
// the others are not kept back by it.
func TestACorruptDeliveryIsNamed(t *testing.T) {
	onEach(t, func(t *testing.T, kv store.KV, j *store.Journal) {
		arrive(t, j, delivery("s", "E1"), delivery("s", "E2"))
		value, err := kv.Get(t.Context(), "in/s/E2")
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []store.Pair{
			{Key: "in/s/E2", Value: bytes.Replace(value, []byte("E2"), []byte("E3"), 1)},
			store.SealedPair("in/s/E2", []byte(`{"id":2}`)),
		} {
			if err := kv.Commit(t.Context(), store.Tx{Put: []store.Pair{bad}}); err != nil {
				t.Fatal(err)
			}
			list, err := j.Arrivals(t.Context(), store.Arrival{}, 0)
			var corrupt *store.CorruptError
			if len(list) != 1 || list[0].ID != "E1" || !errors.As(err, &corrupt) || corrupt.Path != "in/s/E2" {
				t.Errorf("%v, %v, want E1 and a *CorruptError that names in/s/E2", list, err)
			}
			known(t, j, delivery("s", "E2"))
		}
	})
}

// What was carried out of a delivery is taken out of it; one that was retired meanwhile
// is not there again.
func TestLessOfADelivery(t *testing.T) {
	onEach(t, func(t *testing.T, _ store.KV, j *store.Journal) {
		one, two := delivery("s", "E1"), delivery("s", "E2")
		arrive(t, j, one, two)
		retire(t, j, two)
		one.Body, two.Body = []byte(`["less"]`), []byte(`["less"]`)
		if err := j.Lessen(t.Context(), []store.Arrival{two, one}); err != nil {
			t.Fatal(err)
		}
		waiting(t, j, one)
		known(t, j, one, two)
	})
}

// A page of deliveries of which none can be read does not hide those behind it.
func TestDamagedDeliveriesHideNone(t *testing.T) {
	onEach(t, func(t *testing.T, kv store.KV, j *store.Journal) {
		for n := range 5 {
			arrive(t, j, delivery("s", fmt.Sprint("E", n)))
			must(t, kv.Commit(t.Context(), store.Tx{Put: []store.Pair{{Key: fmt.Sprint("in/s/E", n), Value: []byte("?")}}}))
		}
		last := delivery("s", "F")
		arrive(t, j, last)
		got, err := j.Arrivals(t.Context(), store.Arrival{}, 2)
		if len(got) != 1 || got[0].ID != "F" || len(store.Each(err)) != 5 {
			t.Errorf("%v, %v, want F and five errors", got, err)
		}
	})
}
