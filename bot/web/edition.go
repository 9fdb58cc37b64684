package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"net/http"
	"net/url"
	"sync"
	"time"

	"tocsin/bot/markdown"
	"tocsin/runbooks"
)

//go:embed *.html
var sources embed.FS

var templates = template.Must(template.ParseFS(sources, "*.html"))

//go:embed guides.css
var style string

// edition is every page of one state of the library, each made when it is first
// asked for.
type edition struct {
	names
	guides []*runbooks.Guide
	list   func() page
	pages  map[string]func() page // of guides, by id
	texts  func() []text          // of guides, in their order
}

func newEdition(guides []*runbooks.Guide, n names) *edition {
	e := &edition{names: n, guides: guides, pages: map[string]func() page{}}
	e.list = sync.OnceValue(e.listPage)
	e.texts = sync.OnceValue(func() []text { return textsOf(guides) })
	for _, g := range guides {
		e.pages[g.ID] = sync.OnceValue(func() page { return e.guidePage(g) })
	}
	return e
}

// guide finds a guide of this edition.
func (e *edition) guide(id string) (*runbooks.Guide, bool) {
	for _, g := range e.guides {
		if g.ID == id {
			return g, true
		}
	}
	return nil, false
}

// names are what pages call each other: paths beside each other, or files.
type names struct {
	file   bool
	home   string // the list
	ending string // of guides
}

var (
	served = names{home: "./"}
	filed  = names{file: true, home: "index.html", ending: ".html"}
)

func (n names) to(id string) string { return url.PathEscape(id) + n.ending }

// Files are all pages as files that need no server, by name: "index.html" is the
// list, and "<id>.html" each guide. They lead to each other in whatever folder
// they stand together. The list filters itself while one types, if scripts may
// run; there is no search. A guide called index gives way to the list.
func (p Pages) Files() map[string][]byte {
	e := newEdition(p.Guides.Guides(), filed)
	files := map[string][]byte{}
	for id, page := range e.pages {
		files[id+filed.ending] = page().body
	}
	files[filed.home] = e.list().body
	return files
}

// page is one page, made.
type page struct {
	body   []byte
	policy string
	etag   string
}

// makePage fills a template and makes a page of it.
func makePage(s markdown.Sheet, name string, data any) page {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name, data); err != nil { // the templates and their data are this package's own
		panic("web: " + name + ": " + err.Error())
	}
	s.Style, s.Body = template.CSS(style), template.HTML(b.String())
	body := s.Bytes()
	sum := sha256.Sum256(body)
	return page{body: body, policy: s.Policy(), etag: `"` + hex.EncodeToString(sum[:12]) + `"`}
}

// serve answers with the page, or with 304 if the reader has it.
func (p page) serve(w http.ResponseWriter, r *http.Request) {
	p.headers(w)
	w.Header().Set("ETag", p.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(p.body))
}

// refuse answers with the page where another was asked for.
func (p page) refuse(w http.ResponseWriter, status int) {
	p.headers(w)
	w.WriteHeader(status)
	w.Write(p.body)
}

func (p page) headers(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", p.policy+"; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-cache")
}
