package runbooks

import (
	"cmp"
	"strings"
)

// Context is what is known besides the words. All of it is optional.
type Context struct {
	Service  string   // the service that the report is about
	Has      []string // what the service is known to be made of: "retrieval", "features", "gpus", "agents" …; nil: not known
	Provider string   // the only model provider it uses, or ""
	Guides   []string // the service's guides of first choice
	Others   []string // other services in trouble now that use the same provider
	Changes  []Change // what changed in the last half hour
}

// Change is a change that somebody made to a running system.
type Change struct {
	Kind string // "config", "model", "prompt", "index", "data", "deploy"
	What string // in words
}

// The worth of what is known besides the words, on the scale of a score, where a
// word-for-word phrase is worth about 5: enough to decide between two, not
// enough to serve a guide that no word points to.
const (
	lacks  = -4.0 // the service has no such part
	single = 0.3  // the service stands on one provider
	choice = 0.3  // the service names it as one to try first
	shared = 1.5  // others with its provider are in trouble too
	recent = 1.0  // something of the kind has just changed
)

// prior is what the context is worth for a guide.
func (c Context) prior(g *Guide) float64 {
	score := 0.0
	if c.missing(g) {
		score += lacks
	}
	if g.Shared && c.Provider != "" {
		score += single
		if len(c.Others) > 0 {
			score += shared
		}
	}
	if contains(c.Guides, g.ID) {
		score += choice
	}
	if _, ok := c.change(g); ok {
		score += recent
	}
	return score
}

// missing tells whether the service lacks what a guide is about.
func (c Context) missing(g *Guide) bool {
	if c.Has == nil {
		return false
	}
	for _, part := range g.Needs {
		if !contains(c.Has, part) {
			return true
		}
	}
	return false
}

func (c Context) change(g *Guide) (Change, bool) {
	for _, ch := range c.Changes {
		if contains(g.Changes, ch.Kind) {
			return ch, true
		}
	}
	return Change{}, false
}

// why tells what in the context speaks for a guide.
func (c Context) why(g *Guide) []string {
	var why []string
	if g.Shared && c.Provider != "" {
		if len(c.Others) > 0 {
			why = append(why, "is one of several services in trouble with "+c.Provider+" ("+strings.Join(c.Others, ", ")+")")
		} else {
			why = append(why, "is about "+cmp.Or(c.Service, "a service")+", which uses one provider")
		}
	}
	if contains(c.Guides, g.ID) {
		why = append(why, "is a first choice for "+cmp.Or(c.Service, "the service"))
	}
	if ch, ok := c.change(g); ok {
		why = append(why, "follows a change of half an hour at most: "+ch.What)
	}
	return why
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if strings.EqualFold(x, s) {
			return true
		}
	}
	return false
}
