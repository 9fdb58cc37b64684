package alert

import (
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"

	"tocsin/bot/incident"
	"tocsin/bot/markdown"
)

// Senders are the generic sources with forms of their own: a file alerts/NAME.md
// of a team's content says where in NAME's bodies what is, and they are taken at
// /webhook/generic/NAME. It can be replaced while it is used.
type Senders struct {
	now atomic.Pointer[map[string]form]
}

// LoadSenders reads layered folders of senders. What is wrong with a file leaves
// it out and is told.
func LoadSenders(layers ...fs.FS) (*Senders, []markdown.Problem) {
	forms, problems := markdown.Overlay(layers, parseSender)
	byName := map[string]form{}
	for _, f := range forms {
		byName[f.name] = f
	}
	out := new(Senders)
	out.now.Store(&byName)
	return out, problems
}

// Replace puts newer in the place of what serves.
func (s *Senders) Replace(newer *Senders) { s.now.Store(newer.now.Load()) }

// Names are those that are served.
func (s *Senders) Names() []string { return slices.Sorted(maps.Keys(*s.now.Load())) }

// decode reads a request to /webhook/generic/NAME.
func (s *Senders) decode(r *http.Request, body []byte) (batch, error) {
	name := r.PathValue("name")
	f, ok := (*s.now.Load())[name]
	if !ok {
		return batch{}, fmt.Errorf("there is no sender %q: describe its form in alerts/%s.md of TOCSIN_CONTENT", incident.Cut(name, 40), incident.Cut(name, 40))
	}
	b, err := f.decode(r, body)
	b.source = "generic/" + name
	return b, err
}

// sender is the front matter of alerts/NAME.md.
type sender struct {
	Name   string              `yaml:"name"`
	Each   string              `yaml:"each"`
	Fields Fields              `yaml:"fields"`
	States map[string][]string `yaml:"states"`
}

var senderName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// parseSender reads a file. Its states are asked for before the usual words.
func parseSender(file string, src []byte) (form, error) {
	var meta sender
	if _, _, err := markdown.Split(src, &meta); err != nil {
		return form{}, err
	}
	var wrong markdown.Problems
	note := func(what, do string) { wrong = append(wrong, markdown.Problem{Line: 1, What: what, Do: do}) }
	name := strings.TrimSuffix(file, ".md")
	if meta.Name != name || !senderName.MatchString(name) {
		note(fmt.Sprintf("the name is %q", meta.Name), "give it the file's name, in a-z, 0-9 and -: name: "+name)
	}
	if meta.Fields.Key == "" || meta.Fields.State == "" {
		note("fields.key or fields.state is missing", "name the paths of what tells alerts apart and of their state")
	}
	known := []string{incident.StateFiring, incident.StateResolved, incident.StateAcknowledged, incident.StateNoData, incident.StateInfo}
	for _, state := range slices.Sorted(maps.Keys(meta.States)) {
		if !slices.Contains(known, state) {
			note(fmt.Sprintf("there is no state %q", state), "use one of "+strings.Join(known, ", "))
		}
	}
	if len(wrong) > 0 {
		return form{}, wrong
	}
	f := form{name: name, each: meta.Each, fields: meta.Fields, states: maps.Clone(generic.states)}
	maps.Copy(f.states, states(meta.States))
	return f, nil
}
