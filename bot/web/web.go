// Package web serves tocsin's pages: the guides, without login, so that they
// can be read when everything else is broken, and what a load balancer asks.
package web

import (
	"fmt"
	"net/http"
	"strings"

	"tocsin/bot/incident"
	"tocsin/bot/markdown"
	"tocsin/runbooks"
)

// Pages are what is served.
type Pages struct {
	Guides *runbooks.Library
	// Ready tells why requests cannot be stored now; nil when they can.
	Ready func() error
}

// Routes adds the pages to mux.
func (p Pages) Routes(mux *http.ServeMux) {
	// Guides link to each other as pages beside themselves, so the list is one too.
	mux.Handle("GET /guides", http.RedirectHandler("/guides/", http.StatusFound))
	mux.HandleFunc("GET /guides/{$}", p.list)
	mux.HandleFunc("GET /guides/{id}", p.guide)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", p.ready)
}

func (p Pages) list(w http.ResponseWriter, _ *http.Request) {
	var s strings.Builder
	s.WriteString("# Guides\n\nWhat do people see? Each guide says where to look, and what helps fastest.\n\n")
	for _, g := range p.Guides.Guides() {
		fmt.Fprintf(&s, "## [%s](%s.md)\n\n%s\n\n", incident.Escape(g.Title), g.ID, incident.Escape(g.Summary()))
	}
	page(w, http.StatusOK, "Guides", s.String())
}

func (p Pages) guide(w http.ResponseWriter, r *http.Request) {
	g, ok := p.Guides.Guide(r.PathValue("id"))
	if !ok {
		page(w, http.StatusNotFound, "No such guide", "# No such guide\n\nAll guides are at `/guides`.")
		return
	}
	note := fmt.Sprintf("\n\n---\n\n*Guide %s, version %s, last reviewed %s, kept by %s.*\n",
		incident.Escape(g.ID), incident.Escape(g.Version), incident.Escape(g.LastReviewed), incident.Escape(g.Owner))
	page(w, http.StatusOK, g.Title, g.Body+note)
}

func (p Pages) ready(w http.ResponseWriter, _ *http.Request) {
	if err := p.Ready(); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}

func page(w http.ResponseWriter, status int, title, md string) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(status)
	w.Write(markdown.Page(title, md))
}
