package web

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"tocsin/runbooks"
)

func get(p Pages, path string) *httptest.ResponseRecorder {
	mux := http.NewServeMux()
	p.Routes(mux)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w
}

func pages(t *testing.T) Pages {
	t.Helper()
	lib, problems := runbooks.Load(runbooks.Embedded())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return Pages{Guides: lib, Ready: func() error { return nil }}
}

var href = regexp.MustCompile(`href="([^"]*)"`)

// TestGuidePages: the list leads to every guide; every guide has its title,
// each of its sections and who keeps it; its links lead to pages that exist.
func TestGuidePages(t *testing.T) {
	p := pages(t)
	list := get(p, "/guides/")
	if list.Code != 200 || !strings.HasPrefix(list.Header().Get("Content-Type"), "text/html") {
		t.Fatalf("%d %s", list.Code, list.Header())
	}
	linked := map[string]bool{}
	for _, m := range href.FindAllStringSubmatch(list.Body.String(), -1) {
		linked[m[1]] = true
	}
	for _, g := range p.Guides.Guides() {
		if !linked[g.ID] && !linked["/guides/"+g.ID] {
			t.Errorf("the list does not lead to %s; it leads to %v", g.ID, linked)
		}
		w := get(p, "/guides/"+g.ID)
		body := w.Body.String()
		if w.Code != 200 || w.Header().Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(body, g.Version) || !strings.Contains(body, g.Owner) {
			t.Errorf("%s: %d, %v", g.ID, w.Code, w.Header())
		}
		for _, title := range append(runbooks.Titles(), g.Title) {
			if !regexp.MustCompile(`<h[1-6][^>]*>`+regexp.QuoteMeta(title)+`</h`).MatchString(body) && !strings.ContainsAny(title, "&<>'\"’") {
				t.Errorf("%s has no heading %q", g.ID, title)
			}
		}
		for _, m := range href.FindAllStringSubmatch(body, -1) {
			if target := m[1]; !strings.Contains(target, ":") && get(p, "/guides/"+strings.TrimPrefix(target, "/guides/")).Code != 200 {
				t.Errorf("%s links to %q, which is no page", g.ID, target)
			}
		}
	}
}

// TestListIsOnePage: with or without the slash.
func TestListIsOnePage(t *testing.T) {
	w := get(pages(t), "/guides")
	if w.Code != http.StatusFound || w.Header().Get("Location") != "/guides/" {
		t.Errorf("%d to %q", w.Code, w.Header().Get("Location"))
	}
}

// TestNoSuchGuide: what was asked for is not repeated, so it cannot script.
func TestNoSuchGuide(t *testing.T) {
	for _, path := range []string{"/guides/none", "/guides/%3Cscript%3Ealert(1)%3C%2Fscript%3E", "/guides/..%2F..%2Fetc%2Fpasswd"} {
		w := get(pages(t), path)
		if w.Code != http.StatusNotFound || strings.Contains(w.Body.String(), "alert(1)") || strings.Contains(w.Body.String(), "passwd") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	if w := get(pages(t), "/guides/a/b"); w.Code != http.StatusNotFound {
		t.Errorf("%d", w.Code)
	}
}

// TestHostileGuide: a guide is text; a team's own may hold examples of attacks.
func TestHostileGuide(t *testing.T) {
	const attack = `<script>alert(1)</script><img src=x onerror=alert(1)> [x](javascript:alert(1))`
	var src strings.Builder
	src.WriteString("---\nid: own\ntitle: '" + attack + "'\nsummary: '" + attack + "'\nsymptoms: [invalid-inference]\nowner: '" + attack + "'\nlast_reviewed: 2026-11-22\n---\n")
	for _, s := range runbooks.Titles() {
		src.WriteString("\n## " + s + "\n\n" + attack + "\n")
	}
	lib, problems := runbooks.Load(fstest.MapFS{"own.md": {Data: []byte(src.String())}})
	if len(lib.Guides()) != 1 {
		t.Fatal(problems)
	}
	p := Pages{Guides: lib, Ready: func() error { return nil }}
	for _, path := range []string{"/guides/", "/guides/own"} {
		body := get(p, path).Body.String()
		for _, bad := range []string{"<script>alert", "<img", `href="javascript:`} {
			if strings.Contains(body, bad) {
				t.Errorf("%s holds %s", path, bad)
			}
		}
		if !strings.Contains(body, "&lt;script&gt;alert(1)") {
			t.Errorf("%s does not show the text as it is", path)
		}
	}
}

// TestTitlesAreText: titles and summaries are no Markdown.
func TestTitlesAreText(t *testing.T) {
	var src strings.Builder
	src.WriteString("---\nid: own\ntitle: 'a *b* c'\nsummary: 'd *e* f'\nsymptoms: [invalid-inference]\nowner: g\nlast_reviewed: 2026-11-22\n---\n")
	for _, s := range runbooks.Titles() {
		src.WriteString("\n## " + s + "\n\nx\n")
	}
	lib, problems := runbooks.Load(fstest.MapFS{"own.md": {Data: []byte(src.String())}})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	body := get(Pages{Guides: lib}, "/guides/").Body.String()
	if !strings.Contains(body, "a *b* c") || !strings.Contains(body, "d *e* f") {
		t.Errorf("%s", body)
	}
}

// TestHealth: alive is not ready.
func TestHealth(t *testing.T) {
	p := pages(t)
	if w := get(p, "/readyz"); w.Code != 200 || w.Body.String() != "ready\n" {
		t.Errorf("ready: %d %q", w.Code, w.Body)
	}
	p.Ready = func() error { return errors.New("the store failed") }
	if w := get(p, "/readyz"); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "the store failed") {
		t.Errorf("not ready: %d %q", w.Code, w.Body)
	}
	if w := get(p, "/healthz"); w.Code != 200 {
		t.Errorf("alive: %d", w.Code)
	}
}

// TestOnlyReading: nothing can be changed here.
func TestOnlyReading(t *testing.T) {
	mux := http.NewServeMux()
	pages(t).Routes(mux)
	for _, method := range []string{"POST", "PUT", "DELETE"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(method, "/guides/generic-triage", nil))
		if w.Code != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", method, w.Code)
		}
	}
}
