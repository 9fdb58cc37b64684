package runbooks

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"
	"unicode"

	"tocsin/bot/markdown"
)

// Service is what matching needs to know of a service: a file of services/,
// <id>.md, whose text is for people.
type Service struct {
	ID       string   // as alerts and people call it
	Title    string   // a name for people
	Provider string   // the only model provider it uses, or ""
	Has      []string // what it is made of: Parts
	Body     string   // Markdown
}

// Parts are what a service can have, and what guides need.
var Parts = []string{"retrieval", "features", "gpus", "agents"}

// Services are the services that a team has described. The zero Services are
// none. Replace changes them as a whole, under their readers.
type Services struct{ now atomic.Pointer[[]*Service] }

// LoadServices reads services from layered folders, each holding <id>.md. A file
// that is no usable service is left out and reported.
func LoadServices(layers ...fs.FS) (*Services, []Problem) {
	list, problems := markdown.Overlay(layers, parseService)
	s := &Services{}
	s.now.Store(&list)
	return s, problems
}

func parseService(name string, src []byte) (*Service, error) {
	var fm struct {
		ID       string   `yaml:"id"`
		Title    string   `yaml:"title"`
		Provider string   `yaml:"provider"`
		Has      []string `yaml:"has"`
	}
	body, _, err := markdown.Split(src, &fm)
	if err != nil {
		return nil, err
	}
	var problems []Problem
	if fm.ID+".md" != name {
		problems = append(problems, Problem{Line: 1, What: fmt.Sprintf("its id is %q", fm.ID), Do: "give file and id one name: <id>.md"})
	}
	for _, part := range fm.Has {
		if !slices.Contains(Parts, part) {
			problems = append(problems, Problem{Line: lineOf(src, part), What: fmt.Sprintf("%q is no part that guides know", part), Do: "use " + strings.Join(Parts, ", ")})
		}
	}
	if len(problems) > 0 {
		return nil, markdown.Problems(problems)
	}
	return &Service{ID: fm.ID, Title: fm.Title, Provider: fm.Provider, Has: fm.Has, Body: body}, nil
}

// Replace puts newer services in the place of s's own.
func (s *Services) Replace(newer *Services) { s.now.Store(newer.now.Load()) }

// All are the services by id.
func (s *Services) All() []*Service {
	if s == nil || s.now.Load() == nil {
		return nil
	}
	return slices.Clone(*s.now.Load())
}

// Find is the service that is called name, or whose id a text has as a word; ok is
// false if there is none.
func (s *Services) Find(name, text string) (*Service, bool) {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_' && r != '.'
	})
	for i := range words {
		words[i] = strings.Trim(words[i], ".-_")
	}
	all := s.All()
	for _, v := range all {
		if name != "" && (strings.EqualFold(v.ID, name) || strings.EqualFold(v.Title, name)) {
			return v, true
		}
	}
	for _, v := range all {
		if slices.Contains(words, strings.ToLower(v.ID)) {
			return v, true
		}
	}
	return nil, false
}

// Context is what is known of the service that is called name, or that a text
// names.
func (s *Services) Context(name, text string) Context {
	v, ok := s.Find(name, text)
	if !ok {
		return Context{Service: name}
	}
	return Context{Service: v.ID, Has: v.Has, Provider: v.Provider}
}
