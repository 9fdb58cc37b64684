package runbooks

import (
	"slices"
	"strings"
	"unicode"
)

// Find is the service that is called name, by id, title, another name or
// PagerDuty's; or whose id or other name a text has as a word. ok is false if
// there is none. Upper and lower case are alike.
func (s *Services) Find(name, text string) (*Service, bool) {
	all := s.held().list
	if v, ok := called(all, name); ok {
		return v, true
	}
	words := idWords(text)
	for _, names := range []func(*Service) []string{(*Service).ids, (*Service).names} {
		for _, v := range all {
			if slices.ContainsFunc(names(v), func(n string) bool { return words[strings.ToLower(n)] }) {
				return v, true
			}
		}
	}
	return nil, false
}

// called is the service with a name. An id goes before other names.
func called(all []*Service, name string) (*Service, bool) {
	name = strings.TrimSpace(name)
	if name == "" {
		return nil, false
	}
	for _, names := range []func(*Service) []string{(*Service).ids, (*Service).handles} {
		for _, v := range all {
			if contains(names(v), name) {
				return v, true
			}
		}
	}
	return nil, false
}

func (v *Service) ids() []string     { return []string{v.ID} }
func (v *Service) names() []string   { return v.Also }
func (v *Service) handles() []string { return append([]string{v.Title, v.PagerDuty}, v.Also...) }

// idWords are the words of a text, in lower case, as ids are written.
func idWords(text string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_' && r != '.'
	}) {
		out[strings.Trim(w, ".-_")] = true
	}
	delete(out, "")
	return out
}
