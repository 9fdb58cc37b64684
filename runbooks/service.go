package runbooks

import (
	"bytes"
	"cmp"
	"embed"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/bot/incident"
	"tocsin/bot/markdown"
)

// Service is what a team says of a service: a file of services/, <id>.md, whose
// text is for people. All but the ID is optional. It is not to be changed.
type Service struct {
	ID         string   // as alerts and people call it
	Title      string   // a name for people
	Also       []string // other names by which monitors call it
	PagerDuty  string   // PagerDuty's id of it, or its name there; of the defaults: the service that pages go under where none fits
	Provider   string   // the only model provider it uses, or ""
	Model      string   // the model it serves with
	Region     string   // where it runs
	Stage      string   // one of Stages, or ""
	Owners     []string // Slack user ids: who is invited to its rooms
	Escalation string   // PagerDuty's escalation policy for it, by name or id; of the defaults: for what has none there
	DependsOn  []string // ids of services that it needs
	Fallback   []string // what to serve with instead, the best first, in words
	Guides     []string // ids of its guides of first choice
	Has        []string // what it is made of: Parts; nil: not known
	Body       string   // Markdown

	// Severity is what sources' words for how bad it is come to, in lower case; Unrated is
	// for any other, and for none.
	Severity map[string]incident.Severity
	Alerts   []Rule // what alerts do; the first that fits decides

	RoomsPerHour   int                 // that its alerts may open by themselves; 0: as the defaults
	RoomsPerMinute int                 // the same of all services; of the defaults alone
	Window         time.Duration       // how long alerts belong together; of the defaults alone
	Providers      map[string][]string // model providers by id, with other words for them; of the defaults alone
	// Priorities are what PagerDuty's priorities for severities are called; nil: not said.
	// A severity without one has none there. Of the defaults alone.
	Priorities map[incident.Severity]string

	// Only says who may use a verb of the command grammar, by the verb; one that is not
	// named is everybody's. Guests is "allow" if guests of the workspace may use any, or
	// "refuse". Both are of the defaults alone.
	Only   map[string]Who
	Guests string

	src      []byte
	problems []Problem // what does not keep it from being used
}

// Parts are what a service can have, and what guides need.
var Parts = []string{"retrieval", "features", "gpus", "agents"}

// Stages are how far along a service is: seen by few, or by everybody.
var Stages = []string{"preview", "ga"}

// defaultID is the id of the file that holds for every service, and is none.
const defaultID = "default"

//go:embed services/*.md
var embeddedServices embed.FS

// EmbeddedServices returns what comes with tocsin, default.md at its root: the
// first layer for LoadServices.
func EmbeddedServices() fs.FS {
	services, err := fs.Sub(embeddedServices, "services")
	if err != nil { // "services" is a valid path
		panic(err)
	}
	return services
}

// builtIn are the embedded defaults.
var builtIn = sync.OnceValue(func() *Service {
	src, err := embeddedServices.ReadFile("services/" + defaultID + ".md")
	if err != nil {
		panic(err)
	}
	s, err := parseService(defaultID+".md", src)
	if err != nil { // a test asks for it
		panic(err)
	}
	return s
})

// over is v with what it does not say taken from other defaults.
func (v *Service) over(d *Service) *Service {
	out := *v
	out.Severity, out.Providers = maps.Clone(d.Severity), maps.Clone(d.Providers)
	maps.Copy(out.Severity, v.Severity)
	maps.Copy(out.Providers, v.Providers)
	if v.Alerts == nil {
		out.Alerts = d.Alerts
	}
	if v.RoomsPerHour == 0 {
		out.RoomsPerHour = d.RoomsPerHour
	}
	if v.RoomsPerMinute == 0 {
		out.RoomsPerMinute = d.RoomsPerMinute
	}
	if v.Window == 0 {
		out.Window = d.Window
	}
	if v.Only == nil {
		out.Only = d.Only
	}
	if v.Priorities == nil {
		out.Priorities = d.Priorities
	}
	out.PagerDuty, out.Escalation = cmp.Or(v.PagerDuty, d.PagerDuty), cmp.Or(v.Escalation, d.Escalation)
	out.Guests = cmp.Or(v.Guests, d.Guests)
	return &out
}

// Services are the services that a team has described, and the defaults for all.
// The zero Services, and nil, have the embedded defaults and describe none.
// Replace changes them as a whole, under their readers.
type Services struct{ now atomic.Pointer[catalogue] }

// catalogue is what Services hold at a time; it does not change.
type catalogue struct {
	list     []*Service // by id
	defaults *Service
	unread   string // why the defaults are not the team's own
}

// LoadServices reads services from layered folders, each holding <id>.md, and
// default.md, which goes over the embedded one field by field. A file that is no
// usable service is left out and reported, and the layer beneath serves in its
// place; a slip that harms little is reported and the file serves all the same.
func LoadServices(layers ...fs.FS) (*Services, []Problem) {
	list, problems := markdown.Overlay(layers, parseService)
	c := &catalogue{defaults: builtIn()}
	for _, v := range list {
		problems = append(problems, v.problems...)
		if v.ID == defaultID {
			c.defaults = v.over(builtIn())
		} else {
			c.list = append(c.list, v)
		}
	}
	c.unread = c.instead(problems)
	s := &Services{}
	s.now.Store(c)
	return s, append(problems, c.check()...)
}

// instead tells why the built-in defaults serve in the place of a team's own.
func (c *catalogue) instead(problems []Problem) string {
	i := slices.IndexFunc(problems, func(p Problem) bool { return p.File == defaultID+".md" && p.Out || p.File == "." })
	if i < 0 || !bytes.Equal(c.defaults.src, builtIn().src) {
		return ""
	}
	return problems[i].String()
}

// Replace puts newer services in the place of s's own.
func (s *Services) Replace(newer *Services) { s.now.Store(newer.held()) }

// held is what s holds now.
func (s *Services) held() *catalogue {
	if s != nil {
		if c := s.now.Load(); c != nil {
			return c
		}
	}
	return &catalogue{defaults: builtIn()}
}

// All are the services by id, without the defaults.
func (s *Services) All() []*Service { return slices.Clone(s.held().list) }

// Defaults is what holds for every service that does not say otherwise:
// default.md. It is never nil.
func (s *Services) Defaults() *Service { return s.held().defaults }

// Unread is why a team's own defaults cannot be used, where none of before serve in
// their place: then nobody knows who may do what. "" if they can, or there are none.
func (s *Services) Unread() string { return s.held().unread }

// Context is what is known of the service that is called name, or that a text
// names.
func (s *Services) Context(name, text string) Context {
	v, ok := s.Find(name, text)
	if !ok {
		return Context{Service: name}
	}
	return Context{Service: v.ID, Has: v.Has, Provider: v.Provider, Guides: v.Guides}
}

// Dependents are the services that need the one with an id, directly or through
// others, by id and without itself: who is hurt when it fails.
func (s *Services) Dependents(id string) []*Service {
	all := s.held().list
	hurt := map[string]bool{id: true}
	for grown := true; grown; {
		grown = false
		for _, v := range all {
			if !hurt[v.ID] && slices.ContainsFunc(v.DependsOn, func(d string) bool { return hurt[d] }) {
				hurt[v.ID], grown = true, true
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(v *Service) bool { return v.ID == id || !hurt[v.ID] })
}
