package bot

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"tocsin/bot/incident"
	"tocsin/runbooks"
)

// groups are the incidents that an alert of something new may belong to: those
// that people work on, with what each is about.
type groups struct {
	bot  *Bot
	seen map[incident.ID]*group
	list []*group // the same, the oldest first
}

// group is what an incident is about, as far as alerts can tell.
type group struct {
	events   int // on the timeline when this was found out
	id       incident.ID
	services []string
	symptom  string // "" while nobody knows
	guide    string
	provider string
	shared   bool      // its guide is about what several services share
	last     time.Time // when somebody last said something of it
	gone     bool      // it takes in no alert any more
}

// about is what an alert is about.
type about struct {
	service  *runbooks.Service // nil: not described
	name     string            // of the service, "" if not said
	symptom  string
	guide    string
	provider string
	named    bool // its own words or labels name the provider
	shared   bool
}

// service is the described service that a signal is of.
func (b *Bot) service(s incident.Signaled) (*runbooks.Service, string) {
	name := cmp.Or(s.Service, s.Labels["service"])
	if v, ok := b.Services.Find(name, ""); ok {
		return v, v.ID
	}
	if v, ok := b.Services.Find(s.Labels["pagerduty_service"], ""); ok {
		return v, v.ID
	}
	if name == "" {
		if v, ok := b.Services.Find("", s.Title); ok {
			return v, v.ID
		}
	}
	return nil, strings.ToLower(name)
}

// about finds out what a signal is about.
func (b *Bot) about(s incident.Signaled) about {
	text := s.Title + "\n" + s.Text
	v, name := b.service(s)
	a := about{service: v, name: name, provider: b.Services.Provider(v, text, s.Labels)}
	a.named = a.provider != "" && b.Services.Provider(nil, text, s.Labels) == a.provider
	m := b.FindGuide(runbooks.Query{Text: text, Context: b.Services.Context(name, "")})
	a.guide = m.Guide
	if g, ok := b.Guides.Guide(m.Guide); ok && g.ID != incident.Triage {
		a.symptom, a.shared = first(g.Symptoms), g.Shared
	}
	return a
}

// group finds out what an incident is about.
func (b *Bot) group(inc *incident.Incident) *group {
	g := &group{
		events: inc.Last(), id: inc.ID, symptom: known(inc.Symptom), guide: inc.Guide.Guide, last: lastActivity(inc),
	}
	for _, name := range append([]string{inc.Service}, inc.Tally.Services...) {
		if v, ok := b.Services.Find(name, ""); ok {
			name = v.ID
		}
		if name = strings.ToLower(name); name != "" && !slices.Contains(g.services, name) {
			g.services = append(g.services, name)
		}
	}
	if v, ok := b.Services.Find("", inc.Report()); ok && !slices.Contains(g.services, v.ID) {
		g.services = append(g.services, v.ID)
	}
	if guide, ok := b.Guides.Guide(inc.Guide.Guide); ok && guide.ID != incident.Triage {
		g.symptom, g.shared = cmp.Or(g.symptom, first(guide.Symptoms)), guide.Shared
	}
	var labels map[string]string
	for _, s := range inc.Alerts() {
		labels = s.Labels
		break
	}
	var v *runbooks.Service
	if len(g.services) > 0 {
		v, _ = b.Services.Find(g.services[0], "")
	}
	g.provider = b.Services.Provider(v, inc.Report(), labels)
	return g
}

// lastActivity is when a person or a source last said something of an incident.
func lastActivity(inc *incident.Incident) time.Time {
	for _, e := range slices.Backward(inc.Timeline) {
		if _, signal := e.Fact.(incident.Signaled); signal || e.By.Human() {
			return e.Logged
		}
	}
	return inc.Declared
}

// active are the groups that may take in an alert now, the oldest first.
func (g *groups) active() []*group {
	for _, inc := range g.changed() {
		now := g.bot.group(inc)
		if known := g.seen[inc.ID]; known != nil {
			*known = *now
			continue
		}
		g.seen[inc.ID] = now
		i, _ := slices.BinarySearchFunc(g.list, inc.ID.Number(), func(o *group, n int) int { return cmp.Compare(o.id.Number(), n) })
		g.list = slices.Insert(g.list, i, now)
	}
	return g.list
}

// changed are the incidents that may take in an alert and changed since they were
// last looked at; those that may no longer are let go. There may be thousands in
// memory, and this is asked for each alert: none is copied.
func (g *groups) changed() (list []*incident.Incident) {
	if g.seen == nil {
		g.seen = map[incident.ID]*group{}
	}
	some := false
	g.bot.mu.Lock()
	for id, l := range g.bot.live {
		inc, known := l.inc.Load(), g.seen[id]
		switch {
		case takes(inc) && (known == nil || known.events != inc.Last()):
			list = append(list, inc)
		case known != nil && !takes(inc):
			known.gone, some = true, true
			delete(g.seen, id)
		}
	}
	for id, known := range g.seen {
		if g.bot.live[id] == nil { // over, and forgotten
			known.gone, some = true, true
			delete(g.seen, id)
		}
	}
	g.bot.mu.Unlock()
	if some {
		g.list = slices.DeleteFunc(g.list, func(o *group) bool { return o.gone })
	}
	return list
}

// takes tells whether an incident may take in an alert by itself. A private one
// never does: what belongs there would show that it exists.
func takes(inc *incident.Incident) bool {
	return inc.Last() > 0 && inc.Active() && !inc.Private && !inc.Storm
}

// inMemory are the incidents in memory: those that people work on are.
func (b *Bot) inMemory() []incident.Incident {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := make([]incident.Incident, 0, len(b.live))
	for _, l := range b.live {
		if inc := *l.inc.Load(); inc.Last() > 0 {
			list = append(list, inc)
		}
	}
	return list
}

// fits tells why an alert belongs to a group; "" if it does not.
func (g *group) fits(a about) string {
	if a.name != "" && slices.Contains(g.services, a.name) && (a.symptom == g.symptom || a.symptom == "" || g.symptom == "") {
		if a.symptom == "" || g.symptom == "" {
			return "because it is of the same service"
		}
		return "because it is of the same service and symptom"
	}
	if a.provider != "" && a.provider == g.provider && (a.shared || a.named && g.shared || a.symptom != "" && a.symptom == g.symptom) {
		return "because it depends on " + a.provider + ", too"
	}
	if a.name == "" && len(g.services) == 0 && a.guide != "" && a.guide == g.guide && a.guide != incident.Triage {
		return "because it says the same, of no service in particular"
	}
	return ""
}

// near finds the group that an alert belongs to, among those where something
// happened within the window: the same service before the same provider, the
// oldest first.
func (g *groups) near(a about, apart []incident.ID, now time.Time) (id incident.ID, why string) {
	window := g.bot.Services.Window()
	for _, group := range g.active() {
		if now.Sub(group.last) > window || slices.Contains(apart, group.id) {
			continue
		}
		reason := group.fits(a)
		if reason == "" {
			continue
		}
		if a.name != "" && slices.Contains(group.services, a.name) {
			return group.id, reason
		}
		if id == "" {
			id, why = group.id, reason
		}
	}
	return id, why
}
