package web

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"tocsin/runbooks"
)

func get(p Pages, path string) *httptest.ResponseRecorder { return ask(handler(p), path) }

func handler(p Pages) http.Handler {
	mux := http.NewServeMux()
	p.Routes(mux)
	return mux
}

func ask(h http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w
}

func pages(t testing.TB) Pages {
	t.Helper()
	lib, problems := embedded()
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return Pages{Guides: lib}
}

// embedded is loaded once: no test changes it.
var embedded = sync.OnceValues(func() (*runbooks.Library, []runbooks.Problem) { return runbooks.Load(runbooks.Embedded()) })

// own is a library of guides that a team wrote: each front matter less its id
// and what every guide has, by id, and one body for all.
func own(t *testing.T, text string, fronts map[string]string) Pages {
	t.Helper()
	files := fstest.MapFS{}
	for id, front := range fronts {
		var src strings.Builder
		src.WriteString("---\nid: " + id + "\nlast_reviewed: 2026-11-22\n" + front + "\n---\n\n# A title\n")
		for _, s := range runbooks.Titles() {
			src.WriteString("\n## " + s + "\n\n" + text + "\n")
		}
		files[id+".md"] = &fstest.MapFile{Data: []byte(src.String())}
	}
	lib, problems := runbooks.Load(files)
	if len(lib.Guides()) != len(fronts) {
		t.Fatal(problems)
	}
	return Pages{Guides: lib}
}

// TestListIsOnePage: with or without the slash.
func TestListIsOnePage(t *testing.T) {
	w := get(pages(t), "/guides")
	if w.Code != http.StatusFound || w.Header().Get("Location") != "/guides/" {
		t.Errorf("%d to %q", w.Code, w.Header().Get("Location"))
	}
	if to := get(pages(t), "/guides?q=a+b").Header().Get("Location"); to != "/guides/?q=a+b" {
		t.Errorf("the question is lost: %q", to)
	}
}

// TestNoSuchGuide: what was asked for is not repeated, so it cannot script.
func TestNoSuchGuide(t *testing.T) {
	for _, path := range []string{"/guides/none", "/guides/%3Cscript%3Ealert(1)%3C%2Fscript%3E", "/guides/..%2F..%2Fetc%2Fpasswd"} {
		w := get(pages(t), path)
		if w.Code != http.StatusNotFound || strings.Contains(w.Body.String(), "alert(1)") || strings.Contains(w.Body.String(), "passwd") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
		if !strings.Contains(w.Body.String(), `href="./"`) || !strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s leads nowhere, or anywhere: %v %s", path, w.Header(), w.Body)
		}
	}
	if w := get(pages(t), "/guides/a/b"); w.Code != http.StatusNotFound {
		t.Errorf("%d", w.Code)
	}
}

// TestHostileGuide: a guide is text; a team's own may hold examples of attacks.
func TestHostileGuide(t *testing.T) {
	const attack = `<script>alert(1)</script><img src=x onerror=alert(1)> [x](javascript:alert(1))`
	p := own(t, attack, map[string]string{"own": "title: '" + attack + "'\nsummary: '" + attack + "'\nsymptoms: [invalid-inference]\nowner: '" + attack + "'\nmatch: {phrases: ['" + attack + "']}"})
	bodies := map[string]string{}
	for _, path := range []string{"/guides/", "/guides/own", "/guides/?q=alert(1)", "/guides/?q=script+alert&symptom=invalid-inference"} {
		bodies[path] = get(p, path).Body.String()
	}
	for name, src := range p.Files() {
		bodies[name] = string(src)
	}
	for path, body := range bodies {
		for _, bad := range []string{"<script>alert", "<img", `href="javascript:`} {
			if strings.Contains(body, bad) {
				t.Errorf("%s holds %s", path, bad)
			}
		}
		if !strings.Contains(body, "&lt;script&gt;") {
			t.Errorf("%s does not show the text as it is", path)
		}
	}
}

// TestTitlesAreText: titles and summaries are no Markdown.
func TestTitlesAreText(t *testing.T) {
	p := own(t, "x", map[string]string{"own": "title: 'a *b* c'\nsummary: 'd *e* f'\nsymptoms: [invalid-inference]\nowner: g"})
	for _, path := range []string{"/guides/", "/guides/own"} {
		body := get(p, path).Body.String()
		if !strings.Contains(body, "a *b* c") || !strings.Contains(body, "d *e* f") {
			t.Errorf("%s: %s", path, body)
		}
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

// TestUnchangedPagesAreNotSentAgain: a phone that has a page asks cheaply, and
// gets it anew once the library has changed.
func TestUnchangedPagesAreNotSentAgain(t *testing.T) {
	p := own(t, "one", map[string]string{"own": "title: T\nsymptoms: [invalid-inference]\nowner: g"})
	h := handler(p)
	again := func(path, etag string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("If-None-Match", etag)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	etags := map[string]string{"/guides/": "", "/guides/own": "", "/guides/?q=one": ""}
	for path := range etags {
		w := ask(h, path)
		etags[path] = w.Header().Get("ETag")
		if w.Header().Get("Cache-Control") != "no-cache" || etags[path] == "" {
			t.Errorf("%s: %v", path, w.Header())
		}
		if w := again(path, etags[path]); w.Code != http.StatusNotModified || w.Body.Len() > 0 {
			t.Errorf("%s again: %d with %d bytes", path, w.Code, w.Body.Len())
		}
	}
	p.Guides.Replace(own(t, "two", map[string]string{
		"own": "title: U\nsummary: one\nsymptoms: [invalid-inference]\nowner: g", "new": "title: V\nsymptoms: [invalid-inference]\nowner: g",
	}).Guides)
	for path, etag := range etags {
		if w := again(path, etag); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "U") {
			t.Errorf("%s is not the new one: %d %s", path, w.Code, w.Body)
		}
	}
	if w := ask(h, "/guides/new"); w.Code != http.StatusOK {
		t.Errorf("a guide that came later: %d", w.Code)
	}
}

// TestPagesMayAskNobody: what a page may do stands in its header and in itself.
func TestPagesMayAskNobody(t *testing.T) {
	p := pages(t)
	h := handler(p)
	for path, form := range map[string]string{"/guides/": "'self'", "/guides/?q=x": "'self'", "/guides/provider-outage": "'none'"} {
		w := ask(h, path)
		policy := w.Header().Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; ") || !strings.HasSuffix(policy, "; frame-ancestors 'none'") || !strings.Contains(policy, "form-action "+form) {
			t.Errorf("%s: %s", path, policy)
		}
		if w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %v", path, w.Header())
		}
		if within := html.UnescapeString(w.Body.String()); !strings.Contains(within, strings.TrimSuffix(policy, "; frame-ancestors 'none'")) {
			t.Errorf("%s says another policy than its header", path)
		}
		selfContained(t, path, w.Body.String(), policy)
	}
	for name, src := range p.Files() {
		selfContained(t, name, string(src), html.UnescapeString(string(src)))
	}
}

var (
	fetches  = regexp.MustCompile(`<(link|img|iframe|object|embed|audio|video|base)\b|@import|url\(|\ssrc=|\son\w+=|\sstyle=|ZgotmplZ|fetch\(|XMLHttpRequest|import\(`)
	scripted = regexp.MustCompile(`(?s)<script>(.*?)</script>`)
)

// selfContained fails if a page fetches anything, or runs what policy does not
// name by its hash.
func selfContained(t *testing.T, name, page, policy string) {
	t.Helper()
	if bad := fetches.FindString(page); bad != "" {
		t.Errorf("%s holds %q", name, bad)
	}
	scripts := scripted.FindAllStringSubmatch(page, -1)
	if n := strings.Count(strings.ToLower(page), "<script"); n != len(scripts) || strings.Count(policy, "'sha256-") != n {
		t.Errorf("%s has %d scripts, %d of them its own, and allows %s", name, n, len(scripts), policy)
	}
	for _, s := range scripts {
		sum := sha256.Sum256([]byte(s[1]))
		if want := "script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(policy, want) {
			t.Errorf("%s does not allow its script: want %s", name, want)
		}
	}
}
