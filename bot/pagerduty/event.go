package pagerduty

import (
	"encoding/json"
	"errors"
	"time"

	"tocsin/bot"
	"tocsin/bot/inbound"
	"tocsin/bot/incident"
)

const (
	// source is the source of all signals from here.
	source = "pagerduty"
	// client is what tocsin calls itself in events that it sends.
	client = "tocsin"
)

// The labels of signals that come with the incident itself.
const (
	labelPriority = "priority"          // its whole name: "P1 - Critical"
	labelService  = "pagerduty_service" // the id
	labelPolicy   = "escalation_policy"
	labelTeams    = "teams"
	labelKey      = "incident_key" // by which tocsin made it
)

// Who finds the person that PagerDuty's user with an id and a name is.
type Who func(id, name string) incident.Person

// reference is PagerDuty's way of naming a thing.
type reference struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Summary string `json:"summary,omitempty"`
	HTMLURL string `json:"html_url,omitempty"`
}

// event is what we read of a V3 webhook. Its data is an incident, or something
// that names its incident.
type event struct {
	ID         string     `json:"id"`
	Type       string     `json:"event_type"`
	OccurredAt stamp      `json:"occurred_at"`
	Agent      *reference `json:"agent"`
	Client     *struct {
		Name string `json:"name"`
	} `json:"client"`
	Data data `json:"data"`
}

// data has the fields of all kinds of events together.
type data struct {
	reference
	Incident *reference `json:"incident"` // of what is no incident itself

	// an incident's own
	Title            string      `json:"title"`
	Urgency          string      `json:"urgency"`
	IncidentKey      string      `json:"incident_key"`
	CreatedAt        stamp       `json:"created_at"`
	Priority         *reference  `json:"priority"`
	Service          *reference  `json:"service"`
	EscalationPolicy *reference  `json:"escalation_policy"`
	Teams            []reference `json:"teams"`
	Assignees        []reference `json:"assignees"`
	IncidentType     struct {
		Name string `json:"name"`
	} `json:"incident_type"`

	// of what else there is
	Content  string     `json:"content"`
	Message  string     `json:"message"`
	State    string     `json:"state"`
	User     *reference `json:"user"`
	Name     string     `json:"name"`
	Status   string     `json:"status"`
	Action   *reference `json:"action"`
	Workflow *reference `json:"incident_workflow"`
	Roles    []role     `json:"incident_role_assignments"`
	Fields   []field    `json:"custom_fields"`
	Changed  []field    `json:"changed_custom_fields"` // as they were before
	URL      string     `json:"conference_url"`
	Numbers  []struct {
		Number string `json:"number"`
	} `json:"conference_numbers"`
}

type role struct {
	Assignee *reference `json:"assignee"`
	Old      *reference `json:"old_assignee"`
	Incident *reference `json:"incident"`
	Role     reference  `json:"role"`
}

type field struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Value any    `json:"value"`
}

// parse makes a signal of a webhook. who may be nil: then people have names only.
func parse(body []byte, who Who) (bot.Signal, error) {
	var envelope struct {
		Event *event `json:"event"`
	}
	if err := inbound.Lenient(body, &envelope); err != nil { // refusing it for one odd field would lose all of it
		return bot.Signal{}, err
	}
	e := envelope.Event
	if e == nil || incident.Line(e.Type) == "" {
		return bot.Signal{}, errors.New(`"event" has to be an object with an "event_type", which is a text: is this a V3 webhook?`)
	}
	s := e.signal(who)
	if s.Key == "" && (s.State == incident.StateFiring || s.State == incident.StateAcknowledged || s.State == incident.StateResolved) {
		return bot.Signal{}, errors.New("it names no incident: data.id is missing")
	}
	return s, nil
}

// stamp is a time that an event tells; zero where it cannot be read, since an event
// without its time is still an event.
type stamp struct{ time.Time }

// UnmarshalJSON reads a time as PagerDuty writes it, RFC 3339.
func (s *stamp) UnmarshalJSON(body []byte) error {
	var text string
	if json.Unmarshal(body, &text) == nil {
		s.Time, _ = time.Parse(time.RFC3339, text)
	}
	return nil
}
