package web

import (
	"fmt"
	"html"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tocsin/bot/incident"
	"tocsin/runbooks"
)

var (
	hrefs = regexp.MustCompile(`\shref="([^"]*)"`)
	ids   = regexp.MustCompile(`\sid="([^"]*)"`)
)

func all(re *regexp.Regexp, page string) []string {
	var out []string
	for _, m := range re.FindAllStringSubmatch(page, -1) {
		out = append(out, html.UnescapeString(m[1]))
	}
	return out
}

// checkLinks fails if a page at an address has an id twice, or a link that leads
// to no page or to no place in one. page returns "" for what is not there.
func checkLinks(t *testing.T, at string, page func(path string) string) {
	t.Helper()
	here := page(at)
	seen := map[string]bool{}
	for _, id := range all(ids, here) {
		if seen[id] {
			t.Errorf("%s has the id %q twice", at, id)
		}
		seen[id] = true
	}
	for _, href := range all(hrefs, here) {
		u, err := url.Parse(href)
		if err != nil {
			t.Errorf("%s links to %q: %v", at, href, err)
			continue
		}
		if u.Scheme == "http" || u.Scheme == "https" || u.Scheme == "mailto" {
			continue
		}
		to := (&url.URL{Path: at}).ResolveReference(u)
		there := page(to.RequestURI())
		if there == "" || to.Fragment != "" && !slices.Contains(all(ids, there), to.Fragment) {
			t.Errorf("%s links to %q, which is not there", at, href)
		}
	}
}

// TestEveryLinkLeadsSomewhere: from the list, from each guide, and from what was
// found.
func TestEveryLinkLeadsSomewhere(t *testing.T) {
	p := pages(t)
	h := handler(p)
	known := map[string]string{}
	page := func(path string) string {
		if _, ok := known[path]; !ok {
			if w := ask(h, path); w.Code == 200 {
				known[path] = w.Body.String()
			}
		}
		return known[path]
	}
	for _, g := range p.Guides.Guides() {
		checkLinks(t, "/guides/"+g.ID, page)
	}
	for _, at := range []string{"/guides/", "/guides/?q=answers+cut+off", "/guides/?q=bad", "/guides/?q=it+is+bad&symptom=cost-anomaly"} {
		checkLinks(t, at, page)
	}
}

// TestFiles: the same pages, that lead to each other in whatever folder they are.
func TestFiles(t *testing.T) {
	p := pages(t)
	files := p.Files()
	for _, g := range p.Guides.Guides() {
		served, src := get(p, "/guides/"+g.ID).Body.String(), string(files[g.ID+".html"])
		if strings.ReplaceAll(strings.ReplaceAll(src, ".html", ""), `"index"`, `"./"`) != served {
			t.Errorf("%s.html is another page than the one that is served", g.ID)
		}
		if !strings.Contains(string(files["index.html"]), `href="`+g.ID+`.html"`) {
			t.Errorf("index.html does not lead to %s", g.ID)
		}
	}
	if want := len(p.Guides.Guides()) + 1; len(files) != want {
		t.Errorf("%d files, want %d", len(files), want)
	}
	for name, src := range files {
		if strings.Contains(string(src), "<form") {
			t.Errorf("%s has a form that nobody answers", name)
		}
		checkLinks(t, "/some/folder/"+name, func(at string) string {
			if path.Dir(at) != "/some/folder" {
				return ""
			}
			return string(files[path.Base(at)])
		})
	}
}

// TestGuideHeader: what one has to know before reading stands on top, and the
// contents lead to every section and to every question of Decide.
func TestGuideHeader(t *testing.T) {
	p := pages(t)
	h := handler(p)
	for _, g := range p.Guides.Guides() {
		body := ask(h, "/guides/"+g.ID).Body.String()
		top, rest, ok := strings.Cut(body, "<article>")
		if !ok || strings.Count(body, "<h1") != 1 {
			t.Fatalf("%s has %d titles", g.ID, strings.Count(body, "<h1"))
		}
		says := []string{"<h1>" + html.EscapeString(g.Title) + "</h1>", g.Version, g.Owner, g.LastReviewed, strings.Join(g.Classes, ", "),
			incident.Severity(g.Severity).Title(), html.EscapeString(incident.Label(incident.Symptoms, g.Symptoms[0])), `href="./"`}
		for _, q := range g.Questions {
			says = append(says, fmt.Sprintf("<a href=\"#%s\">%s</a>", q.ID, escaped(q.Title)))
		}
		for _, title := range runbooks.Titles() {
			says = append(says, ">"+title+"</a>")
			if !regexp.MustCompile(`<h2 id="[^"]+">` + regexp.QuoteMeta(title) + `</h2>`).MatchString(rest) {
				t.Errorf("%s has no heading %q", g.ID, title)
			}
		}
		for _, want := range says {
			if !strings.Contains(top, want) {
				t.Errorf("%s does not say %q before its text", g.ID, want)
			}
		}
		if strings.Contains(top, "Handle in private") != g.Security {
			t.Errorf("%s: in private is %v", g.ID, g.Security)
		}
	}
}

// escaped is text as html/template writes it.
func escaped(s string) string { return strings.ReplaceAll(html.EscapeString(s), "+", "&#43;") }

// TestHeadingsOfOneName: each has an id of its own, the title takes none, and
// links lead to the first that is there.
func TestHeadingsOfOneName(t *testing.T) {
	p := own(t, "### A title\n\n[there](#a-title) [up](#_contents)\n\n### Decide\n\n### Section\n\n### !", map[string]string{"own": "title: A title\nsymptoms: [invalid-inference]\nowner: g"})
	h := handler(p)
	checkLinks(t, "/guides/own", func(path string) string { return ask(h, path).Body.String() })
	body := ask(h, "/guides/own").Body.String()
	if !strings.Contains(body, `<h3 id="a-title">`) || strings.Count(body, "<h1") != 1 {
		t.Errorf("the first question has lost its anchor to the title:\n%s", body)
	}
}
