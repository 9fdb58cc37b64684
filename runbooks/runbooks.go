// Package runbooks loads, checks and matches guides.
//
// A guide answers "answers are slow: where do I look?": it leads from a symptom
// to what to look at and what to do first. It is one Markdown file, <id>.md,
// with front matter (who it is for, what finds it) and eight sections that
// every guide has, so that a reader knows where to look before reading. In
// three of them "### " headings can be led to: the questions of Decide, whose
// answers are list items, the looks of Investigate, the steps of Mitigate.
//
// A library is layered: a team's folder overlays the embedded one file by file,
// and a file that cannot be used is reported and replaced by the one beneath.
// said/<id>.txt holds what people said when they meant a guide: it teaches the
// matching. Services say what a service is made of, who is asked about it and
// what its alerts do; services/default.md says what holds for all.
//
// Matching needs nothing but the words of the report: no network and no model,
// for these may be what is down. Each guide gets a score: BM25 and Bayes over
// words, ideas (lexicon.go) and letters, the nearest phrases and counter-examples,
// patterns, lessons of what people chose before, and what is known besides the
// words. It would rather abstain than send someone the wrong way: generic-triage
// has phrases too, of what no guide is for.
package runbooks

import (
	"embed"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"tocsin/bot/markdown"
)

//go:embed guides/*.md guides/said/*.txt
var embedded embed.FS

// Embedded returns the guides that come with tocsin, as <id>.md at its root: the
// first layer for Load.
func Embedded() fs.FS {
	guides, err := fs.Sub(embedded, "guides")
	if err != nil { // "guides" is a valid path
		panic(err)
	}
	return guides
}

// Problem is something wrong with a guide.
type Problem = markdown.Problem

// Library is a set of guides that passed their checks. Replace changes it as a
// whole, under its readers.
type Library struct{ now atomic.Pointer[shelf] }

// shelf is what a library holds at a time; it does not change.
type shelf struct {
	guides []*Guide      // by id
	index  func() *index // made when it is first asked for: reading a timeline needs none
}

func newShelf(guides []*Guide) *shelf {
	return &shelf{guides: guides, index: sync.OnceValue(func() *index { return newIndex(guides) })}
}

// Load reads the guides of layered folders, each holding <id>.md; a later layer
// overlays the earlier ones file by file. A file that is no usable guide is left
// out and reported, and the layer beneath serves in its place. What is wrong
// with a guide's tree or its links is reported, and the guide served all the same.
func Load(layers ...fs.FS) (*Library, []Problem) {
	guides, problems := markdown.Overlay(layers, parse)
	problems = append(problems, heard(guides, layers)...)
	lib := &Library{}
	lib.now.Store(newShelf(guides))
	for _, g := range guides {
		problems = append(append(problems, g.problems...), lib.deadLinks(g)...)
	}
	return lib, problems
}

// Replace puts the guides of newer in the place of l's own.
func (l *Library) Replace(newer *Library) { l.now.Store(newer.now.Load()) }

// Warm makes ready what the first Match would otherwise wait for, some 100 ms.
func (l *Library) Warm() { l.now.Load().index() }

// Guides returns the guides by id.
func (l *Library) Guides() []*Guide { return slices.Clone(l.now.Load().guides) }

// Guide returns the guide with an id.
func (l *Library) Guide(id string) (*Guide, bool) {
	guides := l.now.Load().guides
	i, ok := slices.BinarySearchFunc(guides, id, func(g *Guide, id string) int { return strings.Compare(g.ID, id) })
	if !ok {
		return nil, false
	}
	return guides[i], true
}

func (l *Library) deadLinks(g *Guide) []Problem {
	var out []Problem
	for _, id := range g.pages {
		if _, ok := l.Guide(id); !ok {
			out = append(out, Problem{
				File: g.ID + ".md",
				Line: g.line + strings.Count(before(g.Body, id+".md"), "\n"),
				What: "links to " + id + ".md, which is no guide",
				Do:   "correct the link or add the guide",
			})
		}
	}
	return out
}

func before(s, sep string) string {
	head, _, _ := strings.Cut(s, sep)
	return head
}
