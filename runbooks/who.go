package runbooks

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"tocsin/bot/incident"
)

// Who says which people may do something in an incident.
type Who struct {
	Roles    []incident.Role // who holds one of these
	Declarer bool            // who opened the incident
	Room     bool            // everybody in its channel
	People   []incident.User
}

// Includes tells whether p is among them in inc. Only a user of the chat is anybody: a
// name can be taken by others.
func (w Who) Includes(p incident.Person, inc incident.Incident) bool {
	is := func(q incident.Person) bool { return p.User != "" && q.User == p.User }
	holds := func(r incident.Role) bool { return is(inc.Holder(r)) }
	return slices.ContainsFunc(w.Roles, holds) || w.Declarer && is(inc.Declarer.Person) || w.Room && slices.ContainsFunc(inc.People, is) ||
		p.User != "" && slices.Contains(w.People, p.User)
}

// only reads who may use which verb of the command grammar, and whether guests of the
// workspace may use any.
func (p *serviceParser) only(v *Service) {
	fm := &p.front
	all := func(said bool, field string) {
		p.bad(!said || v.ID == defaultID, field, "", field+" holds for all services", "move it to services/"+defaultID+".md")
	}
	all(fm.Only != nil, "only")
	all(fm.Guests != "", "guests")
	p.bad(fm.Guests == "" || fm.Guests == "refuse" || fm.Guests == "allow", "guests", "", fmt.Sprintf("guests is %q", fm.Guests), "write refuse or allow")
	v.Guests = fm.Guests
	for _, verb := range slices.Sorted(maps.Keys(fm.Only)) {
		if v.Only == nil {
			v.Only = map[string]Who{}
		}
		v.Only[strings.ToLower(verb)] = p.who(verb, fm.Only[verb])
	}
}

// who reads a list of people: roles, “declarer”, “room”, and Slack's user ids.
func (p *serviceParser) who(verb string, said oneOrMore) (w Who) {
	p.bad(len(said) > 0, "only", verb, "nobody may "+verb, "name a role, declarer, room, or a Slack user id; leave the line out for everybody")
	for _, s := range said {
		role, err := incident.ParseRole(s)
		switch {
		case s == "declarer":
			w.Declarer = true
		case s == "room":
			w.Room = true
		case slackUser.MatchString(s):
			w.People = append(w.People, incident.User(s))
		case err == nil:
			w.Roles = append(w.Roles, role)
		default:
			p.bad(false, "only", s, fmt.Sprintf("%q is nobody that may %s", s, verb), "use commander, tech, comms, scribe, declarer, room, or a Slack user id such as U0ADA")
		}
	}
	return w
}
