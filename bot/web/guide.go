package web

import (
	"html/template"
	"strings"

	"tocsin/bot/incident"
	"tocsin/bot/markdown"
	"tocsin/runbooks"
)

// guideView is what guide.html shows.
type guideView struct {
	entry
	Home     string // address of the list
	Facts    []fact
	Contents []heading
	Body     template.HTML
}

// fact is one thing to know about a guide before reading it.
type fact struct{ Name, Value string }

// heading is a line of the contents.
type heading struct {
	ID, Title string
	Under     []heading
}

func (e *edition) guidePage(g *runbooks.Guide) page {
	return makePage(markdown.Sheet{Title: g.Title}, "guide.html", guideView{
		entry: e.entry(g), Home: e.home, Facts: facts(g), Contents: contents(g), Body: e.html(body(g)),
	})
}

func (e *edition) html(md string) template.HTML {
	if e.file {
		return markdown.FileHTML(md)
	}
	return markdown.HTML(md)
}

// facts leaves out what a guide does not say.
func facts(g *runbooks.Guide) []fact {
	var seen []string
	for _, s := range g.Symptoms {
		seen = append(seen, incident.Label(incident.Symptoms, s))
	}
	var out []fact
	for _, f := range []fact{
		{"Seen as", strings.Join(seen, ", ")},
		{"Fix tends to lie in", strings.Join(g.Classes, ", ")},
		{"Kept by", g.Owner},
		{"Last reviewed", g.LastReviewed},
		{"Version", g.Version},
	} {
		if f.Value != "" {
			out = append(out, f)
		}
	}
	return out
}

// contents are a guide's sections, and under Decide its questions.
func contents(g *runbooks.Guide) []heading {
	var out []heading
	for _, s := range g.Sections {
		h := heading{ID: markdown.Anchor(s.Title), Title: s.Title}
		if s.Title == "Decide" {
			for _, q := range g.Questions {
				h.Under = append(h.Under, heading{ID: q.ID, Title: q.Title})
			}
		}
		out = append(out, h)
	}
	return out
}

// body is a guide's text without its own title: the page's header shows that,
// and a question of the same words keeps its anchor.
func body(g *runbooks.Guide) string {
	first, rest, _ := strings.Cut(strings.TrimLeft(g.Body, "\n"), "\n")
	if title, ok := strings.CutPrefix(first, "# "); ok && markdown.Anchor(title) == markdown.Anchor(g.Title) {
		return rest
	}
	return g.Body
}

// missing is the page for a guide that is not there. It does not repeat what was
// asked for.
func (e *edition) missing() page {
	return makePage(markdown.Sheet{Title: "No such guide", Form: true}, "missing.html", form{Home: e.home})
}
