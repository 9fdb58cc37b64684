package runbooks_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"tocsin/runbooks"
)

const (
	happened  = "the brass parrot in the lobby recites yesterday's menu"
	similar   = "our brass parrot recites an old menu again"
	unrelated = "the copier in the lobby jams on the second floor and wants toner and thick paper"
)

// found is the guide that a report leads to, for somebody who remembers.
func found(t *testing.T, past *runbooks.Memory, text string) (string, string) {
	t.Helper()
	m := library(t).Match(runbooks.Query{Text: text, Past: past})
	return m.Guide, m.Why
}

func TestMemoryTeaches(t *testing.T) {
	past := &runbooks.Memory{}
	before := map[string]string{}
	for _, text := range []string{happened, similar, unrelated} {
		if before[text], _ = found(t, past, text); before[text] == "rag-index" {
			t.Fatalf("the ground of this test: %q finds rag-index without a lesson", text)
		}
	}
	past.Learn("INC-7", happened, "rag-index")
	for _, text := range []string{happened, similar} {
		got, why := found(t, past, text)
		if got != "rag-index" || !strings.Contains(why, "is like a report for which people chose it (INC-7)") {
			t.Errorf("%q: got %q, it %s", text, got, why)
		}
	}
	q := runbooks.Query{Text: unrelated} // though it has a word of the lesson
	want := library(t).Match(q)
	q.Past = past
	if diff := cmp.Diff(want, library(t).Match(q)); diff != "" {
		t.Errorf("%q is answered otherwise:\n%s", unrelated, diff)
	}
	past.Learn("INC-7", happened, "")
	for text, want := range before {
		if got, why := found(t, past, text); got != want || strings.Contains(why, "INC-7") {
			t.Errorf("taken back, %q: got %q, want %q: it %s", text, got, want, why)
		}
	}
}

// TestMemoryTakesTheNewestWord: a lesson is replaced by the one of its name.
func TestMemoryTakesTheNewestWord(t *testing.T) {
	past := &runbooks.Memory{}
	past.Learn("INC-7", happened, "rag-index")
	past.Learn("INC-7", happened, "stale-features")
	if got, why := found(t, past, happened); got != "stale-features" {
		t.Errorf("another guide: got %q, it %s", got, why)
	}
	past.Learn("INC-7", unrelated, "stale-features")
	if got, why := found(t, past, happened); strings.Contains(why, "INC-7") {
		t.Errorf("another text: got %q, it %s", got, why)
	}
	past.Learn("INC-8", happened, "no-such-guide")
	if got, _ := found(t, past, happened); got == "no-such-guide" {
		t.Error("a guide that is gone is served")
	}
}

func TestMemoryKeepsTheNewest(t *testing.T) {
	past := &runbooks.Memory{}
	word := func(i int) string {
		return strings.Repeat(string(rune('a'+i/20)), 4) + strings.Repeat(string(rune('a'+i%20)), 4)
	}
	for i := range 201 {
		past.Learn(fmt.Sprintf("INC-%d", i), "the parrot says "+word(i)+" brass"+word(i), "rag-index")
	}
	for i, want := range map[int]bool{0: false, 1: true, 200: true} {
		_, why := found(t, past, word(i)+" brass"+word(i)+" is what the parrot says")
		if got := strings.Contains(why, fmt.Sprintf("(INC-%d)", i)); got != want {
			t.Errorf("lesson %d is kept: %v, want %v: it %s", i, got, want, why)
		}
	}
}

// TestMemoryIsSafe: run with -race.
func TestMemoryIsSafe(t *testing.T) {
	past, lib := &runbooks.Memory{}, words(t)
	var wg sync.WaitGroup
	for n := range 4 {
		wg.Go(func() {
			for i := range 100 {
				past.Learn(fmt.Sprintf("INC-%d", (i+n)%10), happened, []string{"a", "b", ""}[i%3])
			}
		})
		wg.Go(func() {
			for range 100 {
				lib.Match(runbooks.Query{Text: similar, Past: past})
			}
		})
	}
	wg.Wait()
}
