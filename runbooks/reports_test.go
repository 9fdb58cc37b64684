package runbooks_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tocsin/runbooks"
)

// testReports are worded unlike the guides, by somebody who had not read them.
const testReports = "testdata/reports.jsonl"

func reports(t testing.TB, file string) []runbooks.Report {
	t.Helper()
	var out []runbooks.Report
	for line := range strings.Lines(read(t, file)) {
		var r runbooks.Report
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%s: %v: %s", file, err, line)
		}
		out = append(out, r)
	}
	return out
}

func TestReportsFindTheirGuide(t *testing.T) {
	all := reports(t, testReports)
	if len(all) != 130 {
		t.Errorf("%d reports, want 130", len(all))
	}
	judged(t, all)
}

func TestReferenceReportsFindTheirGuide(t *testing.T) {
	dir := os.Getenv("TOCSIN_ORACLE")
	if dir == "" {
		t.Skip("set TOCSIN_ORACLE to a folder beside which domain/alerts_dev.jsonl lies, to run this")
	}
	judged(t, reports(t, filepath.Join(filepath.Dir(filepath.Clean(dir)), "domain", "alerts_dev.jsonl")))
}

// judged asks for what a library must come to with reports that it has not seen:
// a wrong guide is far worse than none.
func judged(t *testing.T, all []runbooks.Report) {
	t.Helper()
	got := runbooks.Evaluate(library(t), all)
	words, pressed := got.Words.All, got.Pressed.All
	for _, is := range []struct {
		what  string
		n, of int
		ok    bool
	}{
		{"accepted, at least 80 %", words.Accepted, words.N, 100*words.Accepted >= 80*words.N},
		{"confidently wrong, at most 3 %", words.Wrong, words.N, 100*words.Wrong <= 3*words.N},
		{"accepted with the symptom pressed, at least 90 %", pressed.Accepted, pressed.N, 100*pressed.Accepted >= 90*pressed.N},
		{"among the first three with the symptom pressed, at least 97 %", pressed.Top3, pressed.N, 100*pressed.Top3 >= 97*pressed.N},
	} {
		if t.Logf("%d of %d %s", is.n, is.of, is.what); !is.ok || is.of == 0 {
			t.Errorf("%d of %d %s", is.n, is.of, is.what)
		}
	}
	for _, m := range append(got.Words.Mistakes, got.Pressed.Mistakes...) {
		t.Logf("wrong: %s for %s: %s", m.Match.Guide, m.Report.Guide, m.Report.Text)
	}
}

// TestReportsAreNotLearnedByHeart: a report that a guide has nearly word for word
// would prove nothing.
func TestReportsAreNotLearnedByHeart(t *testing.T) {
	var learned []set
	for _, g := range library(t).Guides() {
		said := strings.Split(read(t, "guides/said/"+g.ID+".txt"), "\n")
		for _, line := range append(said, g.Phrases...) {
			learned = append(learned, wordsOf(line))
		}
	}
	for _, r := range reports(t, testReports) {
		report := wordsOf(r.Text)
		for _, l := range learned {
			if like := report.like(l); like >= 0.8 {
				t.Errorf("%.2f of %q is in the guides: %v", like, r.Text, l)
			}
		}
	}
}

type set map[string]bool

func wordsOf(text string) set {
	out := set{}
	for _, w := range regexp.MustCompile(`[\pL\pN]+`).FindAllString(strings.ToLower(text), -1) {
		out[w] = true
	}
	return out
}

// like is Jaccard's measure: the share of words that two sets have in common.
func (s set) like(other set) float64 {
	both := 0
	for w := range s {
		if other[w] {
			both++
		}
	}
	return float64(both) / float64(max(len(s)+len(other)-both, 1))
}
