package pagerduty

import (
	"cmp"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
)

// reference is PagerDuty's way of naming a thing.
type reference struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Summary string `json:"summary"`
	HTMLURL string `json:"html_url"`
}

// event is what we read of a V3 webhook. Its data is an incident, or something
// that names its incident.
type event struct {
	ID         string     `json:"id"`
	Type       string     `json:"event_type"`
	OccurredAt time.Time  `json:"occurred_at"`
	Agent      *reference `json:"agent"`
	Data       struct {
		reference
		Title     string      `json:"title"`
		Urgency   string      `json:"urgency"`
		Priority  *reference  `json:"priority"`
		Service   *reference  `json:"service"`
		Assignees []reference `json:"assignees"`
		Incident  *reference  `json:"incident"`
		Content   string      `json:"content"`
		Message   string      `json:"message"`
		State     string      `json:"state"`
		User      *reference  `json:"user"`
	} `json:"data"`
}

func parse(body []byte) (bot.Signal, error) {
	var envelope struct {
		Event *event `json:"event"`
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		return bot.Signal{}, err
	}
	e := envelope.Event
	if e == nil || e.Type == "" {
		return bot.Signal{}, errors.New(`it has no "event" with an "event_type": is this a V3 webhook?`)
	}
	s := e.signal()
	if s.Key == "" && (s.State == incident.StateFiring || s.State == incident.StateAcknowledged || s.State == incident.StateResolved) {
		return bot.Signal{}, errors.New("it names no incident: data.id is missing")
	}
	return s, nil
}

func (e *event) signal() bot.Signal {
	s := bot.Signal{ID: e.ID, At: e.OccurredAt, By: e.by(), Severity: e.severity()}
	s.Source, s.Event = "pagerduty", e.Type
	s.State, s.Text = e.state()
	ref := e.Data.reference
	if e.Data.Incident != nil {
		ref = *e.Data.Incident
	} else if e.Data.Type != "incident" {
		return s // about a service, a ping: about no incident
	}
	s.Key, s.Link = ref.ID, ref.HTMLURL
	s.Title = cmp.Or(e.Data.Title, ref.Summary)
	s.Urgency = e.Data.Urgency
	if e.Data.Service != nil {
		s.Service = e.Data.Service.Summary
	}
	return s
}

// by is who did it: a person as PagerDuty knows them, or PagerDuty.
func (e *event) by() incident.Actor {
	name := "PagerDuty"
	if e.Agent != nil && strings.HasPrefix(e.Agent.Type, "user") && e.Agent.Summary != "" {
		name = e.Agent.Summary
	}
	return incident.Actor{Person: incident.Person{Name: name}, Via: "pagerduty"}
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

// news tells an event that changes no state, after the name of who did it; ""
// for an event that we do not know.
func (e *event) news() string {
	d := e.Data
	switch e.Type {
	case "incident.unacknowledged":
		return "let the acknowledgement in PagerDuty lapse"
	case "incident.escalated":
		return "escalated it in PagerDuty" + to(d.Assignees)
	case "incident.delegated":
		return "delegated it in PagerDuty" + to(d.Assignees)
	case "incident.reassigned":
		return "reassigned it in PagerDuty" + to(d.Assignees)
	case "incident.priority_updated":
		if d.Priority == nil {
			return "removed the priority in PagerDuty"
		}
		return "set the priority in PagerDuty to " + d.Priority.Summary
	case "incident.annotated":
		return "noted in PagerDuty: " + d.Content
	case "incident.status_update_published":
		return "sent a status update from PagerDuty: " + d.Message
	case "incident.responder.added":
		return "asked for a responder in PagerDuty" + whom(d.User)
	case "incident.responder.replied":
		return "heard back from a responder in PagerDuty" + whom(d.User) + ": " + cmp.Or(d.State, "replied")
	}
	return ""
}

func to(people []reference) string {
	var names []string
	for _, p := range people {
		names = append(names, p.Summary)
	}
	if len(names) == 0 {
		return ""
	}
	return " to " + strings.Join(names, ", ")
}

func whom(user *reference) string {
	if user == nil || user.Summary == "" {
		return ""
	}
	return " (" + user.Summary + ")"
}

// severity is what PagerDuty's priority comes to, or else its urgency. Priority
// names are an account's own; the usual ones begin with P or SEV and a digit.
func (e *event) severity() incident.Severity {
	if p := e.Data.Priority; p != nil {
		name, _, _ := strings.Cut(p.Summary, " ")
		if name == "P5" {
			return incident.SEV4
		}
		if s, err := incident.ParseSeverity(name); err == nil {
			return s
		}
	}
	if e.Data.Urgency == "low" {
		return incident.SEV3
	}
	return incident.SEV2
}
