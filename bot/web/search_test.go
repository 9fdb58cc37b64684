package web

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"tocsin/bot/incident"
	"tocsin/runbooks"
)

func search(p Pages, q, symptom string) string {
	return get(p, "/guides/?"+url.Values{"q": {q}, "symptom": {symptom}}.Encode()).Body.String()
}

// TestSearchSaysWhatTheMatchingSays: the guide and why, then the others and why;
// the question stands in the form.
func TestSearchSaysWhatTheMatchingSays(t *testing.T) {
	p := pages(t)
	const q = "answers cut off"
	m := p.Guides.Match(runbooks.Query{Text: q})
	if m.Guide == "" {
		t.Fatal("choose words for which there is a guide")
	}
	body := html.UnescapeString(search(p, q, ""))
	best, rest, _ := strings.Cut(body, "</section>")
	if !strings.Contains(best, `href="`+m.Guide+`"`) || !strings.Contains(best, "Because it "+m.Why+".") || !strings.Contains(best, `value="`+q+`"`) {
		t.Errorf("want %+v in %s", m, best)
	}
	for _, c := range m.Candidates[1:] {
		if !strings.Contains(rest, `href="`+c.Guide+`"`) || !strings.Contains(rest, "It "+c.Why+".") {
			t.Errorf("want %+v in %s", c, rest)
		}
	}
}

// TestSearchAsksForTheSymptom: unsure, it says so, and each of six links asks
// the same with a symptom.
func TestSearchAsksForTheSymptom(t *testing.T) {
	p := pages(t)
	h := handler(p)
	for _, q := range []string{"something is off & odd", "zzzz", "it is bad"} {
		if m := p.Guides.Match(runbooks.Query{Text: q}); m.Guide != "" {
			t.Fatalf("%q is clear enough: %+v", q, m)
		}
		body := search(p, q, "")
		if !strings.Contains(body, "not clear enough") || !strings.Contains(body, `href="generic-triage"`) {
			t.Errorf("%q: %s", q, body)
		}
		asked := 0
		for _, href := range all(hrefs, body) {
			u, _ := url.Parse(href)
			if u.Query().Get("symptom") == "" {
				continue
			}
			asked++
			if u.Query().Get("q") != q || ask(h, "/guides/"+strings.TrimPrefix(href, "./")).Code != 200 {
				t.Errorf("%q asks %s", q, href)
			}
		}
		if asked != len(incident.Symptoms)-1 {
			t.Errorf("%q: %d symptoms to choose from", q, asked)
		}
	}
}

// TestSearchWithSymptom: the symptom that a person chose decides, and can be
// taken back.
func TestSearchWithSymptom(t *testing.T) {
	p := pages(t)
	const q, slow = "everything is slow and bad since noon", "performance-degradation"
	m := p.Guides.Match(runbooks.Query{Text: q, Symptom: slow})
	if m.Guide == "" {
		t.Fatalf("choose other words: %+v", m)
	}
	best, _, _ := strings.Cut(search(p, q, slow), "</section>")
	if !strings.Contains(best, `href="`+m.Guide+`"`) || !strings.Contains(best, "“Slow”") || !strings.Contains(html.UnescapeString(best), `href="./?q=everything+is+slow+and+bad+since+noon"`) {
		t.Errorf("want %+v in %s", m, best)
	}
	if body := search(p, q, "no-such"); strings.Contains(body, "You chose") || strings.Contains(body, "no-such") {
		t.Errorf("a symptom that is none counts:\n%s", body)
	}
}

var (
	values = regexp.MustCompile(`="[^"]*"`)
	active = regexp.MustCompile(`<[a-z][^>]*\son\w+=`)
)

var marks = regexp.MustCompile(`</?mark>`)

// TestSearchFindsWords: guides that have every word, in whatever case, in title,
// summary, phrases or body, each with the line that has the most of them.
func TestSearchFindsWords(t *testing.T) {
	front := "title: Of %s\nsummary: Sum of %s\nsymptoms: [invalid-inference]\nowner: g\nmatch: {phrases: [said by %s]}"
	p := own(t, "first a quokka\n\nthen the *Quokka* sees a **wombat** [there](b.md)\n\n```\nquokka --wombat <now>\n```", map[string]string{
		"a": strings.ReplaceAll(front, "%s", "Anna"), "b": strings.ReplaceAll(front, "%s", "Bo"),
	})
	for _, tt := range []struct{ q, line string }{
		{"WOMBAT quokka", "then the <mark>Quokka</mark> sees a <mark>wombat</mark> there"},
		{"quokka --wombat", "<mark>quokka</mark> <mark>--wombat</mark> &lt;now&gt;"},
		{"  quokka   a  ", "first <mark>a</mark> <mark>quokka</mark>"},
		{"sum anna", "<mark>Sum</mark> of <mark>Anna</mark>"},
		{"SAID anna", "<mark>said</mark> by <mark>Anna</mark>"},
		{"of anna", "Sum <mark>of</mark> <mark>Anna</mark>"},
		{"(a|b)*", ""}, {"quokka absent", ""}, {"anna bo", ""},
	} {
		_, found, ok := strings.Cut(search(p, tt.q, ""), "have all of your words")
		if ok != (tt.line != "") || !strings.Contains(strings.ReplaceAll(found, "[there](b.md)", "there"), "<p>"+tt.line) && ok {
			t.Errorf("%q: want %q in %s", tt.q, tt.line, found)
		}
	}
	_, found, _ := strings.Cut(search(p, "wombat anna", ""), "have all of your words")
	if !strings.Contains(found, `href="a"`) || strings.Contains(found, `href="b"`) {
		t.Errorf("anna's wombat: %s", found)
	}
}

// TestWordsInOneLineComeFirst: a guide that has them here and there is meant less.
func TestWordsInOneLineComeFirst(t *testing.T) {
	front := "title: T\nsymptoms: [invalid-inference]\nowner: g\nmatch: {phrases: [%s]}"
	p := own(t, "x", map[string]string{
		"a": strings.ReplaceAll(front, "%s", "quokka, wombat"), "b": strings.ReplaceAll(front, "%s", "the wombat and the quokka"), "c": strings.ReplaceAll(front, "%s", "one quokka wombat"),
	})
	_, found, _ := strings.Cut(search(p, "quokka wombat", ""), "have all of your words")
	if order := strings.Join(all(hrefs, found), " "); order != "c b a" {
		t.Errorf("the order is %s", order)
	}
}

// TestSearchFindsCommands: what one copies out of a log or a dashboard is found
// letter by letter.
func TestSearchFindsCommands(t *testing.T) {
	_, found, _ := strings.Cut(search(pages(t), "vllm:num_requests_waiting", ""), "have all of your words")
	if !strings.Contains(found, `href="latency-saturation"`) || !strings.Contains(found, "<mark>vllm:num_requests_waiting</mark>") {
		t.Errorf("%s", found)
	}
}

// TestLongLineIsCut: around the word, on both sides.
func TestLongLineIsCut(t *testing.T) {
	line := strings.Repeat("é ", 300) + "Needle" + strings.Repeat(" ü", 300)
	var shown strings.Builder
	for _, p := range excerpt(line, []string{"needle"}) {
		if p.Mark != (p.Text == "Needle") {
			t.Errorf("%+v", p)
		}
		shown.WriteString(p.Text)
	}
	s := shown.String()
	if !strings.HasPrefix(s, "…") || !strings.HasSuffix(s, "…") || !strings.Contains(s, "é Needle ü") || len([]rune(s)) > 1+before+after {
		t.Errorf("%q", s)
	}
}

// TestHostileQuestion: what was asked is shown as text, and only its beginning
// is read.
func TestHostileQuestion(t *testing.T) {
	p := pages(t)
	for _, q := range []string{
		`"><script>alert(1)</script>`, `' onmouseover=alert(1) x='`, "javascript:alert(1)", "</mark><img src=x>", "{{.}}", "\x00\xff\u202e", "\\E(?i)[", "%", "#",
		"latency <b>", strings.Repeat("<i>", 3000), strings.Repeat("a b c ", 100000),
	} {
		for _, symptom := range []string{"", "cost-anomaly", `"><script>`} {
			w := get(p, "/guides/?"+url.Values{"q": {q}, "symptom": {symptom}}.Encode())
			body := w.Body.String()
			if w.Code != 200 || strings.Contains(body, "<script") || strings.Contains(body, "<img") || strings.Contains(body, "<i>") || strings.Contains(body, "\u202e") {
				t.Errorf("%.40q: %d %s", q, w.Code, body)
			}
			if bad := active.FindString(values.ReplaceAllString(body, `=""`)); bad != "" || strings.Contains(body, `href="javascript`) {
				t.Errorf("%.40q: %s", q, bad)
			}
		}
	}
	if body := search(p, strings.Repeat("é", longestQuestion)+"beyond", ""); strings.Contains(body, "beyond") {
		t.Error("more is read than the beginning")
	}
}

// TestEmptyQuestion: is none.
func TestEmptyQuestion(t *testing.T) {
	p := pages(t)
	for _, q := range []string{"?q=", "?q=+%0A", "?symptom=cost-anomaly"} {
		if w := get(p, "/guides/"+q); w.Code != 200 || !strings.Contains(w.Body.String(), "<h1>Guides</h1>") {
			t.Errorf("%s: %d %s", q, w.Code, w.Body)
		}
	}
	if body := search(p, "\u200b", ""); !strings.Contains(body, "not clear enough") || marks.MatchString(body) {
		t.Errorf("a question that nobody sees: %s", body)
	}
}
