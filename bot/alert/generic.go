package alert

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"tocsin/bot"
	"tocsin/bot/inbound"
	"tocsin/bot/incident"
)

// Fields says where in a body what is: dotted paths such as "dedup.id" or
// "alerts.0.name". A path left empty is not looked for.
type Fields struct {
	Key     string `yaml:"key"`     // what tells alerts apart
	State   string `yaml:"state"`   // firing, resolved, or a word of the sender
	ID      string `yaml:"id"`      // of the event, if the sender has one
	Source  string `yaml:"source"`  // who found it
	Title   string `yaml:"title"`   // what is wrong, in a line
	Text    string `yaml:"text"`    // what else there is to say
	Service string `yaml:"service"` // what it is about
	Urgency string `yaml:"urgency"` // how bad it is
	Link    string `yaml:"link"`    // where to look
	Image   string `yaml:"image"`   // the address of a picture
	Runbook string `yaml:"runbook"` // the address of what to read
	Labels  string `yaml:"labels"`  // an object of names and values
	Since   string `yaml:"since"`   // when it began
	Ended   string `yaml:"ended"`   // when it was over
	At      string `yaml:"at"`      // when the event happened, if neither is it
}

// form is how the bodies of one generic sender are read.
type form struct {
	name   string // for people; "": what the body says
	each   string // the path of a list of alerts; "": the body is one, or a list
	fields Fields
	states map[string]string // by the sender's word, in lower case
}

// generic is the form of /webhook/generic.
var generic = form{
	fields: Fields{
		Key: "dedup_key", State: "status", ID: "id", Source: "source", Title: "title", Text: "description", Service: "service",
		Urgency: "severity", Link: "url", Image: "image_url", Runbook: "runbook_url", Labels: "labels",
		Since: "started_at", Ended: "ended_at", At: "at",
	},
	states: states(map[string][]string{
		incident.StateFiring:       {"firing", "triggered", "alerting", "alert", "alarm", "open", "down", "critical", "error", "problem", "failed", "failing"},
		incident.StateResolved:     {"resolved", "ok", "up", "closed", "recovered", "normal", "success", "passed", "passing"},
		incident.StateAcknowledged: {"acknowledged", "acked"},
		incident.StateNoData:       {"no-data", "no_data", "nodata", "no data"},
		incident.StateInfo:         {"info"},
	}),
}

// states turns words by state into states by word.
func states(words map[string][]string) map[string]string {
	out := map[string]string{}
	for state, all := range words {
		for _, w := range all {
			out[strings.ToLower(strings.TrimSpace(w))] = state
		}
	}
	return out
}

// decode reads one alert, or a list of alerts.
func (f form) decode(_ *http.Request, body []byte) (batch, error) {
	var root any
	if err := inbound.JSON(body, &root); err != nil {
		return batch{}, err
	}
	found := root
	if f.each != "" {
		found = at(root, f.each)
	}
	list, many := found.([]any)
	if f.each != "" && !many {
		return batch{}, fmt.Errorf("%s is missing, or no list", f.each)
	}
	if !many {
		list = []any{found}
	}
	var b batch
	for i, one := range list {
		s, err := f.signal(one)
		if err != nil && many {
			err = fmt.Errorf("%s[%d]: %w", cmp.Or(f.each, "alert"), i, err)
		}
		if err != nil {
			return batch{}, err
		}
		b.signals = append(b.signals, s)
	}
	return b, nil
}

// signal reads one alert.
func (f form) signal(one any) (bot.Signal, error) {
	if _, ok := one.(map[string]any); !ok {
		return bot.Signal{}, errors.New("an alert has to be an object, {…}")
	}
	get := func(path string) string { return asText(at(one, path)) }
	s := bot.Signal{}
	var err error
	if s.Key, s.Event = get(f.fields.Key), get(f.fields.State); s.Key == "" {
		return s, fmt.Errorf("%s is missing: it tells alerts apart, and stays the same until the alert is over", f.fields.Key)
	}
	if s.State, err = f.state(s.Event); err != nil {
		return s, err
	}
	s.Title, s.Text = cmp.Or(get(f.fields.Title), s.Key), get(f.fields.Text)
	if s.State == incident.StateInfo {
		s.Text = news(s.Event, get(f.fields.Title), s.Text)
	}
	s.Link, s.Image, s.Runbook = get(f.fields.Link), get(f.fields.Image), get(f.fields.Runbook)
	s.Labels = f.labels(one)
	s.Service = cmp.Or(get(f.fields.Service), pick(s.Labels, inbound.ServiceLabels))
	s.Urgency = cmp.Or(get(f.fields.Urgency), pick(s.Labels, inbound.UrgencyLabels))
	s.By = incident.Actor{Person: incident.Person{Name: cmp.Or(f.name, get(f.fields.Source), "A monitor")}, Via: "generic"}
	s.Since = when(get(f.fields.Since))
	s.At = when(get(f.fields.At))
	if at := when(get(f.fields.Ended)); s.State == incident.StateResolved && !at.IsZero() {
		s.At = at
	}
	s.ID = f.id(s, get(f.fields.ID))
	if s.State == incident.StateFiring {
		s.At = cmp.Or(s.At, s.Since) // no part of the id: what fires says it again and again
	}
	return s, nil
}

// id is the sender's own id of the event, told apart from that of its end, or one
// made of its time.
func (f form) id(s bot.Signal, own string) string {
	if own != "" {
		return s.Key + "/" + s.State + "/" + own
	}
	return eventID(s.Key, s.State, s.At)
}

func (f form) state(word string) (string, error) {
	if word == "" {
		return "", fmt.Errorf("%s is missing: it has to be firing or resolved", f.fields.State)
	}
	if state := f.states[strings.ToLower(strings.TrimSpace(word))]; state != "" {
		return state, nil
	}
	return "", fmt.Errorf("%s is %q: it has to be one of %s", f.fields.State, incident.Cut(word, 40), strings.Join(slices.Sorted(maps.Keys(f.states)), ", "))
}

// labels are the sender's, with who it is.
func (f form) labels(one any) map[string]string {
	out := map[string]string{}
	if source := asText(at(one, f.fields.Source)); source != "" {
		out["source"] = source
	}
	found, _ := at(one, f.fields.Labels).(map[string]any)
	for name, v := range found {
		out[name] = asText(v)
	}
	return out
}
