// Package web serves tocsin's pages: the guides, without login, so that they
// can be read when everything else is broken; and incidents, to whoever has a signed
// link that has not expired.
//
// A guide page and the list are made once for each state of the library (an
// edition) and carry an ETag, so that a phone that has one asks cheaply. Every
// page needs nothing but itself: no font, no picture, no script to be readable.
// The same pages can be had as files (Files), for the day the server is down.
package web

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"tocsin/bot/incident"
	"tocsin/runbooks"
)

// Pages are what is served.
type Pages struct {
	Guides *runbooks.Library
	// Links and Sheet are incidents' pages; nil: there are none. Now is the clock that
	// links expire by; nil: time.Now.
	Links *Links
	Sheet Sheet
	Now   func() time.Time
}

// Routes adds the pages to mux.
func (p Pages) Routes(mux *http.ServeMux) {
	d := &desk{library: p.Guides}
	// Guides link to each other as pages beside themselves, so the list is one too.
	mux.HandleFunc("GET /guides", toList)
	mux.HandleFunc("GET /guides/{$}", d.list)
	mux.HandleFunc("GET /guides/{id}", d.guide)
	if p.Links != nil && p.Sheet != nil {
		mux.HandleFunc("GET /incidents/{id}", p.incident)
	}
}

func toList(w http.ResponseWriter, r *http.Request) {
	to := "/guides/"
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	http.Redirect(w, r, to, http.StatusFound)
}

// desk hands out the newest edition.
type desk struct {
	library *runbooks.Library
	newest  atomic.Pointer[edition]
}

// edition is the one of the library as it is now. Two requests that find it
// changed may both make one; they are the same.
func (d *desk) edition() *edition {
	guides := d.library.Guides()
	e := d.newest.Load()
	if e == nil || !slices.Equal(e.guides, guides) {
		e = newEdition(guides, served)
		d.newest.Store(e)
	}
	return e
}

// list is all guides, or with ?q= and perhaps &symptom= those that fit.
func (d *desk) list(w http.ResponseWriter, r *http.Request) {
	e := d.edition()
	q := question{text: cut(r.URL.Query().Get("q"))}
	if q.text == "" {
		e.list().serve(w, r)
		return
	}
	if t, ok := incident.Find(symptoms(), r.URL.Query().Get("symptom")); ok {
		q.symptom = t.ID
	}
	e.answer(q, d.library.Match(runbooks.Query{Text: q.text, Symptom: q.symptom})).serve(w, r)
}

func (d *desk) guide(w http.ResponseWriter, r *http.Request) {
	e := d.edition()
	if page, ok := e.pages[r.PathValue("id")]; ok {
		page().serve(w, r)
		return
	}
	e.missing().refuse(w, http.StatusNotFound)
}

// longestQuestion is how many characters of a question are read.
const longestQuestion = 2000

// cut is the beginning of what was asked, as valid text.
func cut(q string) string {
	if utf8.RuneCountInString(q) > longestQuestion {
		q = string([]rune(q)[:longestQuestion])
	}
	return strings.TrimSpace(strings.ToValidUTF8(q, "\uFFFD"))
}

// symptoms are those that a person can tell.
func symptoms() []incident.Term {
	return slices.DeleteFunc(slices.Clone(incident.Symptoms), func(t incident.Term) bool { return t.ID == incident.Unclassified })
}
