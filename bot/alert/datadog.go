package alert

import (
	"cmp"
	_ "embed"
	"errors"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"tocsin/bot"
	"tocsin/bot/inbound"
	"tocsin/bot/incident"
)

// DatadogTemplate is the payload to give to Datadog's webhook, as JSON with
// Datadog's variables (https://docs.datadoghq.com/integrations/webhooks/).
// Datadog's own default payload is understood too, but it tells no alert from
// another of the same title.
//
//go:embed datadog.json
var DatadogTemplate string

// notice is DatadogTemplate filled in, or Datadog's default payload.
type notice struct {
	ID         variable `json:"id"`
	Title      variable `json:"title"`
	Body       variable `json:"body"`
	TextOnly   variable `json:"text_only_msg"`
	EventType  variable `json:"event_type"`
	AlertID    variable `json:"alert_id"`
	CycleKey   variable `json:"alert_cycle_key"`
	AggregKey  variable `json:"aggreg_key"`
	Metric     variable `json:"alert_metric"`
	Priority   variable `json:"alert_priority"`
	Query      variable `json:"alert_query"`
	Scope      variable `json:"alert_scope"`
	Status     variable `json:"alert_status"`
	AlertTitle variable `json:"alert_title"`
	Transition variable `json:"alert_transition"`
	AlertType  variable `json:"alert_type"`
	Date       variable `json:"date"`
	Updated    variable `json:"last_updated"`
	Hostname   variable `json:"hostname"`
	Link       variable `json:"link"`
	Tags       variable `json:"tags"`
	Snapshot   variable `json:"snapshot"`
	Org        struct {
		ID variable `json:"id"`
	} `json:"org"`
}

// variable is the value of one of Datadog's variables. One that Datadog did not
// fill in has none.
type variable string

var unfilled = regexp.MustCompile(`^\$[A-Z_]+$`)

// UnmarshalJSON takes any value.
func (v *variable) UnmarshalJSON(b []byte) error {
	var t text
	err := t.UnmarshalJSON(b)
	*v = variable(strings.TrimSpace(string(t)))
	if unfilled.MatchString(string(*v)) || *v == "null" || *v == "Null" || *v == "N/A" {
		*v = ""
	}
	return err
}

// datadog decodes a notification of a Datadog monitor.
func datadog(_ *http.Request, body []byte) (batch, error) {
	var n notice
	if err := inbound.JSON(body, &n); err != nil {
		return batch{}, err
	}
	s := bot.Signal{At: when(string(cmp.Or(n.Date, n.Updated)))}
	if s.Key = n.key(); s.Key == "" {
		return batch{}, errors.New("alert_cycle_key, alert_id and title are missing or not filled in: give Datadog's webhook tocsin's payload")
	}
	s.Event = string(cmp.Or(n.Transition, n.EventType, "event"))
	s.State, s.Urgency = n.state(), n.urgency()
	s.Title, s.Whole = string(cmp.Or(n.AlertTitle, n.Title)), string(n.Title)
	s.Text, s.Labels = n.text(), n.labels()
	if s.State == incident.StateInfo {
		s.Text = news(s.Event, s.Title, s.Text)
	}
	s.Service = pick(s.Labels, inbound.ServiceLabels)
	s.Link, s.Image = string(n.Link), string(n.Snapshot)
	if strings.EqualFold(string(n.Transition), "triggered") {
		s.Since = s.At
	}
	s.ID = eventID(s.Key, s.Event+"/"+string(n.ID), s.At)
	return batch{signals: []bot.Signal{s}}, nil
}

// key is the alert's cycle from its trigger to its recovery, or else its monitor
// and scope; of the default payload, its title without the state.
func (n *notice) key() string {
	switch {
	case n.CycleKey != "":
		return string(n.CycleKey)
	case n.AlertID != "":
		return string(n.AlertID) + "/" + string(n.Scope)
	case n.AggregKey != "":
		return string(n.AggregKey)
	case n.Title != "":
		return "org" + string(n.Org.ID) + "/" + inbound.BareTitle(string(n.Title)) + "/" + scopeOf(string(n.Title))
	}
	return ""
}

// titleState finds the state that Datadog puts into a title, and the scope after it.
var titleState = regexp.MustCompile(`(?i)\[(?:re-)?(triggered|warn|no data|renotify|recovered|warn recovered|no data recovered)(?: on \{([^{}]*)\})?\]`)

func scopeOf(title string) string {
	if m := titleState.FindStringSubmatch(title); m != nil {
		return m[2]
	}
	return ""
}

// state is what the transition comes to. The default payload tells it in the title
// only; what has none is an event that is no alert.
func (n *notice) state() string {
	word := string(n.Transition)
	if word == "" {
		if m := titleState.FindStringSubmatch(string(n.Title)); m != nil {
			word = m[1]
		}
	}
	switch word = strings.TrimPrefix(strings.ToLower(word), "re-"); {
	case strings.Contains(word, "recovered"), strings.HasPrefix(word, "renotify") && n.AlertType == "success":
		return incident.StateResolved
	case word == "no data":
		return incident.StateNoData
	case word == "triggered", word == "warn", strings.HasPrefix(word, "renotify"):
		return incident.StateFiring
	}
	return incident.StateInfo
}

// urgency is the monitor's priority; but a warning is a warning, whatever its
// alert would be.
func (n *notice) urgency() string {
	warns := strings.HasSuffix(strings.ToLower(string(n.Transition)), "warn")
	switch {
	case warns:
		return "warning"
	case n.Priority != "":
		return string(n.Priority)
	case n.AlertType != "success":
		return string(n.AlertType)
	}
	return ""
}

// webhookMention is how a monitor's message names the webhook itself.
var webhookMention = regexp.MustCompile(`@(webhook|slack|pagerduty|oncall|opsgenie)-\S+`)

func (n *notice) text() string {
	said := strings.TrimSpace(webhookMention.ReplaceAllString(strings.ReplaceAll(string(cmp.Or(n.TextOnly, n.Body)), "%%%", ""), ""))
	return lines(said, string(n.Status), string(n.Query))
}

// labels are the tags that have a value, and the scope's over them.
func (n *notice) labels() map[string]string {
	out := tags(string(n.Tags))
	maps.Copy(out, tags(cmp.Or(string(n.Scope), scopeOf(string(n.Title)))))
	for _, l := range [][2]string{{"host", string(n.Hostname)}, {"metric", string(n.Metric)}, {"monitor", string(n.AlertID)}} {
		if l[1] != "" {
			out[l[0]] = l[1]
		}
	}
	return out
}

// tags reads "service:checkout,env:prod". Of a tag said twice the first counts.
func tags(list string) map[string]string {
	out := map[string]string{}
	for _, tag := range slices.Backward(strings.Split(list, ",")) {
		if name, value, ok := strings.Cut(strings.TrimSpace(tag), ":"); ok && name != "" && value != "" {
			out[name] = value
		}
	}
	return out
}
