package pagerduty

import (
	"cmp"
	"strings"

	"tocsin/bot"
	"tocsin/bot/inbound"
	"tocsin/bot/incident"
)

// signal is what the event tells us.
func (e *event) signal(who Who) bot.Signal {
	s := bot.Signal{ID: e.ID, At: e.OccurredAt.Time, By: e.by(who)}
	s.Source, s.Event = source, e.Type
	s.State, s.Text = e.state()
	s.Echo = e.echo()
	d := &e.Data
	if about := d.about(); about != nil { // a service and a ping are about no incident
		s.Key, s.Link, s.Title = about.ID, about.HTMLURL, cmp.Or(d.Title, about.Summary)
		s.Service = summary(d.Service)
		if about == &d.reference {
			s.Urgency, s.Since, s.Labels = d.urgency(), d.CreatedAt.Time, d.labels()
		}
		s.People = d.people(who)
	}
	inbound.Tidy(&s)
	return s
}

// maxPeople is how many people of an event are brought in, and maxName how long a name
// of PagerDuty's may be, in characters.
const (
	maxPeople = 50
	maxName   = 100
)

// people are those whom PagerDuty has on it: who it is assigned to, and the
// responder who accepted.
func (d *data) people(who Who) []incident.Person {
	var people []incident.Person
	if d.Type == "incident" {
		for _, r := range d.Assignees[:min(len(d.Assignees), maxPeople)] {
			people = append(people, person(&r, who))
		}
	}
	if d.User != nil && d.State == "accepted" {
		people = append(people, person(d.User, who))
	}
	return people
}

// person is one of PagerDuty's users.
func person(r *reference, who Who) incident.Person {
	name := incident.Cut(incident.Line(r.Summary), maxName)
	if who == nil {
		return incident.Person{Name: name}
	}
	return who(r.ID, name)
}

// about is the incident that it is about, nil for none.
func (d *data) about() *reference {
	switch {
	case d.Incident != nil:
		return d.Incident
	case len(d.Roles) > 0:
		return d.Roles[0].Incident
	case d.Type == "incident":
		return &d.reference
	}
	return nil
}

// urgency is PagerDuty's word for how bad it is: the first of the priority's name,
// since those are an account's own ("P1 - Critical"), else high or low.
func (d *data) urgency() string {
	return cmp.Or(first(summary(d.Priority)), d.Urgency)
}

func (d *data) labels() map[string]string {
	labels := map[string]string{}
	add := func(name, value string) {
		if value != "" {
			labels[name] = value
		}
	}
	add(labelPriority, summary(d.Priority))
	add(labelPolicy, summary(d.EscalationPolicy))
	add(labelTeams, names(d.Teams))
	if d.Service != nil {
		add(labelService, d.Service.ID)
	}
	if id, ok := Owner(d.IncidentKey); ok {
		add(incident.LabelMade, string(id))
		add(labelKey, d.IncidentKey)
	}
	return labels
}

// echo tells whether the event is what tocsin did there itself: what it wrote
// bears its mark, what it made has its key, what it sent its name. Who acted does
// not tell: PAGERDUTY_FROM may be somebody who acts in PagerDuty too. A reply
// quotes what it answers, so it is none.
func (e *event) echo() bool {
	if e.Type == "incident.responder.replied" {
		return false
	}
	if marked(e.Data.Content) || marked(e.Data.Message) || e.Client != nil && e.Client.Name == client {
		return true
	}
	_, ours := Owner(e.Data.IncidentKey)
	return ours && e.Type == "incident.triggered"
}

// by is who did it: a person as PagerDuty knows them, or PagerDuty.
func (e *event) by(who Who) incident.Actor {
	if e.Agent != nil && strings.HasPrefix(e.Agent.Type, "user") && e.Agent.Summary != "" {
		return incident.Actor{Person: person(e.Agent, who), Via: source}
	}
	return incident.Actor{Person: incident.Person{Name: "PagerDuty"}, Via: source}
}

// state is what an event comes to, and what to say of it where it is no alert.
func (e *event) state() (state, text string) {
	switch e.Type {
	case "incident.triggered", "incident.reopened":
		return incident.StateFiring, ""
	case "incident.acknowledged":
		return incident.StateAcknowledged, ""
	case "incident.resolved":
		return incident.StateResolved, ""
	}
	if text := e.news(); text != "" {
		return incident.StateInfo, text
	}
	return incident.StateUnknown, ""
}

// summary is what a thing is called, "" for no thing.
func summary(r *reference) string {
	if r == nil {
		return ""
	}
	return r.Summary
}

// names are what things are called, in one line.
func names(all []reference) string {
	var names []string
	for _, r := range all {
		if r.Summary != "" {
			names = append(names, r.Summary)
		}
	}
	return strings.Join(names, ", ")
}
