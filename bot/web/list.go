package web

import (
	_ "embed"
	"html/template"
	"strings"
	"unicode"

	"tocsin/bot/incident"
	"tocsin/bot/markdown"
	"tocsin/runbooks"
)

//go:embed filter.js
var filter string

// triage is the guide for when nobody knows yet.
const triage = "generic-triage"

// entry is a guide in a list.
type entry struct {
	Href     string
	Title    string
	Severity string // "SEV2", or ""
	Private  bool
	Summary  string
	Why      string // after "it …", or ""
	Words    string // that find it besides what is shown
}

func (e *edition) entry(g *runbooks.Guide) entry {
	return entry{
		Href: e.to(g.ID), Title: g.Title, Severity: incident.Severity(g.Severity).Title(),
		Private: g.Security, Summary: g.Summary(), Words: e.words(g),
	}
}

// words are what a list without a server behind it can be searched for: the
// words of the guide's phrases, each once.
func (e *edition) words(g *runbooks.Guide) string {
	if !e.file {
		return ""
	}
	seen := map[string]bool{}
	var out []string
	for _, w := range strings.FieldsFunc(strings.ToLower(strings.Join(g.Phrases, " ")), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) {
		if !seen[w] {
			seen[w], out = true, append(out, w)
		}
	}
	return strings.Join(out, " ")
}

// group is the guides of one symptom.
type group struct {
	incident.Term
	Guides []entry
}

// listView is what list.html shows.
type listView struct {
	form
	Triage *entry // nil: there is none
	Groups []group
}

// form is where one asks.
type form struct {
	File bool   // no server answers
	Home string // address of the list
	Q    string // what was asked
}

func (e *edition) listPage() page {
	v := listView{form: form{File: e.file, Home: e.home}, Groups: e.groups()}
	if g, ok := e.guide(triage); ok {
		first := e.entry(g)
		v.Triage = &first
	}
	return makePage(markdown.Sheet{Title: "Guides", Script: template.JS(filter), Form: !e.file}, "list.html", v)
}

// groups puts each guide under its first symptom, and what has none that is
// known under the last. Triage stands by itself.
func (e *edition) groups() []group {
	bySymptom := map[string][]entry{}
	for _, g := range e.guides {
		if g.ID != triage {
			s := firstSymptom(g)
			bySymptom[s] = append(bySymptom[s], e.entry(g))
		}
	}
	var out []group
	for _, t := range incident.Symptoms {
		if guides := bySymptom[t.ID]; len(guides) > 0 {
			out = append(out, group{t, guides})
		}
	}
	return out
}

func firstSymptom(g *runbooks.Guide) string {
	if len(g.Symptoms) > 0 {
		if t, ok := incident.Find(incident.Symptoms, g.Symptoms[0]); ok {
			return t.ID
		}
	}
	return incident.Unclassified
}
