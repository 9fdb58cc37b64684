package runbooks

import (
	"maps"
	"slices"
	"strings"
	"unicode"
)

// providerLabels are the names of labels that tell a model provider, the surest
// first. The last two are OpenTelemetry's.
var providerLabels = []string{"model_provider", "llm_provider", "provider", "vendor", "gen_ai.provider.name", "gen_ai.system"}

// Provider is the id of the model provider that an alert is about: what a label
// says, else the only one of the service (nil: none that is described), else the
// first that the text names as a word. "" if none is known.
func (s *Services) Provider(service *Service, text string, labels map[string]string) string {
	names := s.providerNames()
	for _, l := range providerLabels {
		if v, ok := label(labels, l); ok && strings.TrimSpace(v) != "" {
			return names.canonical(v)
		}
	}
	if service != nil && service.Provider != "" {
		return names.canonical(service.Provider)
	}
	return names.first(text)
}

// providerNames are the ways to say a provider: runs of words, and the id.
type providerNames map[string]string

// providerNames are those of the defaults, and the ids that services name.
func (s *Services) providerNames() providerNames {
	c, out := s.held(), providerNames{}
	for _, v := range c.list {
		if v.Provider != "" {
			out[run(v.Provider)] = strings.ToLower(strings.TrimSpace(v.Provider))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c.defaults.Providers)) {
		for _, name := range append([]string{id}, c.defaults.Providers[id]...) {
			out[run(name)] = id
		}
	}
	delete(out, "")
	return out
}

// canonical is the id of a provider that is called so, or the name itself.
func (n providerNames) canonical(name string) string {
	if id, ok := n[run(name)]; ok {
		return id
	}
	return strings.ToLower(strings.TrimSpace(name))
}

// longestName is of how many words a provider's name is at most.
const longestName = 4

// first is the provider that a text names first; of two at one place, the one
// with the longer name: "Azure OpenAI" is not OpenAI.
func (n providerNames) first(text string) string {
	words := letters(text)
	for i := range words {
		for size := min(longestName, len(words)-i); size > 0; size-- {
			if id, ok := n[strings.Join(words[i:i+size], " ")]; ok {
				return id
			}
		}
	}
	return ""
}

// run is a name as its words, in lower case, with single spaces.
func run(name string) string { return strings.Join(letters(name), " ") }

// letters are the words of a text, of letters and digits alone.
func letters(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
