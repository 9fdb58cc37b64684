package runbooks

import (
	"strings"
	"testing"
	"testing/fstest"

	"tocsin/bot/incident"
	"tocsin/bot/markdown"
)

// FuzzParse: no bytes make the parser panic, and what it accepts can be shown
// and asked.
func FuzzParse(f *testing.F) {
	sections := "## " + strings.Join(Titles(), "\n\nText.\n\n## ") + "\n\nText.\n"
	front := "---\nid: a\ntitle: T\nlast_reviewed: 2026-01-31\n---\n"
	for _, seed := range []string{
		"", "---", "---\n---\n", "---\nid: [\n---\n", front, front + sections,
		front + strings.Replace(sections, "## Decide\n", "## Decide\n\n### Q?\n\n- **Yes**: [M](#m)\n- **No**: [Q?](#q)\n  more\n", 1),
		front + strings.Replace(sections, "## Decide\n", "## Decide\n\nQ?\n---\n\n- ****: x\n* **é**. ```\n", 1),
		front + strings.Replace(sections, "## Mitigate\n", "## Mitigate\n\n### M\n\nKind: rollback. Kind: none.\n", 1),
		strings.Replace(front, "title: T", "title: T\nmatch: {patterns: [{weight: 3, re: 'a{2,}|(b?)+', not: '\\b'}], phrases: [it is slow], not: [x]}", 1) + sections,
		"\uFEFF" + strings.ReplaceAll(front+sections, "\n", "\r\n"),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		g, err := parse("a.md", src)
		if err != nil {
			if len(markdown.AsProblems(err)) == 0 || err.Error() == "" {
				t.Error("it is refused without a reason")
			}
			return
		}
		markdown.HTML(g.Body)
		g.Summary()
		for _, q := range g.Questions {
			if again, ok := g.Question(q.ID); !ok || again.ID != q.ID {
				t.Errorf("the question %q is not found", q.ID)
			}
			for _, a := range q.Answers {
				if _, ok := g.Question(a.Question); a.Question != "" && !ok {
					t.Errorf("an answer leads to %q, which is no question", a.Question)
				}
				for _, id := range a.Mitigations {
					if _, ok := g.Mitigation(id); !ok {
						t.Errorf("an answer leads to %q, which is no mitigation", id)
					}
				}
			}
		}
		for _, p := range g.problems {
			if p.Line < 1 || p.Line > strings.Count(string(src), "\n")+1 || p.What == "" || p.Do == "" {
				t.Errorf("a problem that does not help: %s", p)
			}
		}
		newIndex([]*Guide{g})
	})
}

// FuzzSaid: whatever a team writes beside a guide, the guide serves, a problem helps, and what
// is heard is reports of one line each, to which there is an answer.
func FuzzSaid(f *testing.F) {
	for _, seed := range []string{
		"", "\n#\n", "the parrot is mute\n", "# what we say\n\n  the kettle whistles  \n#the anvil drops\r\n", "\uFEFFbees in the attic", "\xff\xfe\x00", "a\rb\u2028c\u0085d",
		"a a a a a a a a a", "[firing", strings.Repeat("é", 9000), strings.Repeat("x y\n", 500), "not", "*", "_ ` <!here> @here",
	} {
		f.Add([]byte(seed), "the kettle whistles again")
	}
	sections := "## " + strings.Join(Titles(), "\n\nText.\n\n## ") + "\n\nText.\n"
	guide := &fstest.MapFile{Data: []byte("---\nid: a\ntitle: T\nlast_reviewed: 2026-01-31\n---\n" + sections)}
	f.Fuzz(func(t *testing.T, said []byte, text string) {
		lib, problems := Load(fstest.MapFS{"a.md": guide, "said/a.txt": {Data: said}})
		for _, p := range problems {
			if p.What == "" || p.Do == "" {
				t.Errorf("a problem that does not help: %s", p)
			}
		}
		g, ok := lib.Guide("a")
		if !ok {
			t.Fatal("the guide does not serve")
		}
		for _, line := range g.match.said {
			if line == "" || strings.ContainsAny(line, "\n") || strings.HasPrefix(line, "#") {
				t.Errorf("%q is heard", line)
			}
			found(t, lib, line)
		}
		found(t, lib, text)
	})
}

// found wants an answer to a report that can be shown.
func found(t *testing.T, lib *Library, text string) {
	t.Helper()
	m := lib.Match(Query{Text: text})
	if m.Guide != "" && m.Guide != "a" || m.Confidence < 0 || m.Confidence > 1 || m.Why == "" || (m.Guide == "") != (m.Confidence == 0) {
		t.Errorf("%q leads to %q with confidence %v: it %s", text, m.Guide, m.Confidence, m.Why)
	}
}

// hostile are texts that are made to cost time or to break something.
func hostile(t testing.TB) map[string]string {
	t.Helper()
	return map[string]string{
		"one letter":         "a",
		"one short word":     "no ",
		"what patterns need": strings.Join(literals(t), " "),
		"long words":         strings.Repeat("antidisestablishmentarianism", 2) + " ",
		"capitals":           "XidErrorXIDError",
		"invalid UTF-8":      "\xff\xfe\xc3 ",
		"Kelvin and İ":       "\u212A\u0130\u017F 429 ",
		"brackets":           "[firing, firing, [triggered on {a:b",
		"digits":             "429 503 ",
	}
}

// literals are what the embedded patterns look for.
func literals(t testing.TB) []string {
	t.Helper()
	var out []string
	var collect func(n *need)
	collect = func(n *need) {
		if n == nil {
			return
		}
		out = append(out, n.texts...)
		for _, sub := range append(n.all, n.one...) {
			collect(sub)
		}
	}
	lib, _ := Ours()
	for _, g := range lib.Guides() {
		for _, p := range g.match.patterns {
			collect(p.needs)
		}
	}
	return out
}

func FuzzMatch(f *testing.F) {
	f.Add("answers are slow", "performance-degradation")
	f.Add(strings.Repeat("é", LongestText), "")
	for _, text := range hostile(f) {
		f.Add(fill(text, LongestText+1), "no-such-symptom")
	}
	lib, _ := Ours()
	f.Fuzz(func(t *testing.T, text, symptom string) {
		m := lib.Match(Query{Text: text, Symptom: symptom})
		if _, ok := lib.Guide(m.Guide); m.Guide != "" && !ok {
			t.Errorf("%q is no guide", m.Guide)
		}
		if m.Confidence < 0 || m.Confidence > 1 || (m.Guide == "") != (m.Confidence == 0) || m.Why == "" {
			t.Errorf("%q with confidence %v: it %s", m.Guide, m.Confidence, m.Why)
		}
		if m.Guide != "" && m.Candidates[0].Guide != m.Guide || len(m.Candidates) > maxCandidates {
			t.Errorf("%q of %+v", m.Guide, m.Candidates)
		}
	})
}

// fill repeats a text up to a size in bytes.
func fill(text string, size int) string { return strings.Repeat(text, size/len(text)+1)[:size] }

// TestHostileTextsCostLittle: twice the text makes at most about twice the work
// that can be counted. What cannot is in BenchmarkMatchHostile.
func TestHostileTextsCostLittle(t *testing.T) {
	if race {
		t.Skip("with -race, pools are emptied at random: allocations cannot be counted")
	}
	lib, _ := Ours()
	for name, text := range hostile(t) {
		cost := func(size int) float64 {
			q := Query{Text: fill(text, size), Symptom: incident.Symptoms[0].ID}
			return testing.AllocsPerRun(1, func() { lib.Match(q) })
		}
		half, whole, more := cost(LongestText/2), cost(LongestText), cost(2*LongestText)
		if whole > 2.5*half+200 {
			t.Errorf("%s: %.0f allocations for 8 KiB, %.0f for 16", name, half, whole)
		}
		if more > whole+50 {
			t.Errorf("%s: %.0f allocations for 16 KiB, %.0f for 32: more is read than LongestText", name, whole, more)
		}
	}
}
