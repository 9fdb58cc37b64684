package alert

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"time"

	"tocsin/bot"
	"tocsin/bot/inbound"
	"tocsin/bot/incident"
)

var errNotSentrys = errors.New("this is not signed by Sentry: check TOCSIN_SENTRY_SECRET, which has to be the integration's client secret")

// sentryHeaders refuses what has no signature.
func sentryHeaders(r *http.Request) error {
	if !inbound.SignatureForm(r.Header.Get("Sentry-Hook-Signature")) {
		return errNotSentrys
	}
	return nil
}

// sentryProof refuses what the integration's client secret did not sign.
func sentryProof(secrets []string) func(*http.Request, []byte) error {
	return func(r *http.Request, body []byte) error {
		if !inbound.Signed(secrets, body, r.Header.Get("Sentry-Hook-Signature")) {
			return errNotSentrys
		}
		return nil
	}
}

// sentry decodes issue alerts, metric alerts and what happens to issues. Of other
// webhooks there is nothing to tell.
func sentry(r *http.Request, body []byte) (batch, error) {
	var h hook
	if err := inbound.JSON(body, &h); err != nil {
		return batch{}, err
	}
	b := batch{id: r.Header.Get("Request-ID")}
	sent := when(r.Header.Get("Sentry-Hook-Timestamp"))
	var s bot.Signal
	var err error
	switch resource := h.resource(r); resource {
	case "event_alert":
		s, err = h.eventAlert()
	case "metric_alert":
		s, err = h.metricAlert(sent)
	case "issue":
		s, err = h.issue(sent)
	default:
		return b, nil
	}
	b.signals = []bot.Signal{s}
	return b, err
}

// resource is what the webhook is about: what its header says, or else what it has.
func (h *hook) resource(r *http.Request) string {
	switch said := r.Header.Get("Sentry-Hook-Resource"); {
	case said != "":
		return said
	case h.Data.Event != nil:
		return "event_alert"
	case h.Data.Metric != nil:
		return "metric_alert"
	case h.Data.Issue != nil:
		return "issue"
	}
	return ""
}

var (
	issueNumber = regexp.MustCompile(`/issues/(\d+)`)
	projectSlug = regexp.MustCompile(`/projects/[^/]+/([^/]+)/`)
)

// eventAlert tells of an event that met a rule. Its issue is what fires.
func (h *hook) eventAlert() (bot.Signal, error) {
	e := h.Data.Event
	if e == nil {
		return bot.Signal{}, errors.New("data.event is missing")
	}
	s := bot.Signal{At: e.Datetime.Time}
	if s.At.IsZero() {
		s.At = e.Timestamp.Time
	}
	if s.Key = cmp.Or(string(e.IssueID), found(issueNumber, e.IssueURL), found(issueNumber, e.WebURL)); s.Key == "" {
		return s, errors.New("data.event.issue_id is missing")
	}
	s.Event, s.State = "event_alert."+cmp.Or(h.Action, "triggered"), incident.StateFiring
	s.Title, s.Link, s.Urgency = string(cmp.Or(e.Title, e.Message)), e.WebURL, string(e.Level)
	s.Text = lines(string(e.Culprit), unless(string(e.Message), s.Title), named("rule", string(h.Data.Rule)))
	s.Labels = map[string]string{"environment": string(e.Environment), "release": string(e.Release)}
	maps.Copy(s.Labels, e.Tags)
	if slug := found(projectSlug, e.URL); slug != "" {
		s.Labels["project"] = slug
	}
	s.Service = pick(s.Labels, inbound.ServiceLabels)
	if e.EventID != "" {
		s.ID = s.Key + "/" + s.Event + "/" + string(e.EventID)
	}
	return s, nil
}

// metricAlert tells that a number crossed a threshold. Its rule is what fires: each
// time is an incident of Sentry's with a number of its own, within which it may go
// from warning to critical and back; when, only the time of sending tells.
func (h *hook) metricAlert(sent time.Time) (bot.Signal, error) {
	m := h.Data.Metric
	if m == nil || cmp.Or(m.Rule.ID, m.ID) == "" {
		return bot.Signal{}, errors.New("data.metric_alert.alert_rule.id is missing")
	}
	s := bot.Signal{At: sent}
	s.Key, s.Event = "metric/"+string(cmp.Or(m.Rule.ID, m.ID)), "metric_alert."+h.Action
	s.Since = m.Started.Time
	switch h.Action {
	case "critical", "warning":
		s.State, s.Urgency = incident.StateFiring, h.Action
		if sent.IsZero() {
			s.At = m.Started.Time
		}
	case "resolved":
		s.State, s.At = incident.StateResolved, m.Closed.Time
	default:
		return s, fmt.Errorf(`action is %q: of a metric_alert it has to be "critical", "warning" or "resolved"`, h.Action)
	}
	s.Title, s.Whole = string(cmp.Or(m.Rule.Name, m.Title, h.Data.Headline)), string(h.Data.Headline)
	s.Text = lines(string(h.Data.Description), named("measured", string(m.Rule.Aggregate)), named("of", string(m.Rule.Query)))
	s.Link = h.Data.WebURL
	s.Labels = map[string]string{"environment": string(m.Rule.Environment)}
	if len(m.Projects) > 0 {
		s.Labels["project"], s.Service = string(m.Projects[0]), string(m.Projects[0])
	}
	s.ID = eventID(s.Key, h.Action+"/"+string(m.ID), s.At)
	return s, nil
}

// issueStates are what happens to an issue; all else is a note.
var issueStates = map[string]string{
	"created": incident.StateFiring, "unresolved": incident.StateFiring, "resolved": incident.StateResolved,
}

// issue tells what happened to an issue. It says no time but when it was sent.
func (h *hook) issue(sent time.Time) (bot.Signal, error) {
	i := h.Data.Issue
	if i == nil || i.ID == "" {
		return bot.Signal{}, errors.New("data.issue.id is missing")
	}
	s := bot.Signal{At: sent}
	if h.Action == "created" && !i.FirstSeen.IsZero() {
		s.At = i.FirstSeen.Time
	}
	s.Key, s.Event = string(i.ID), "issue."+h.Action
	s.State, s.Since = cmp.Or(issueStates[h.Action], incident.StateInfo), i.FirstSeen.Time
	s.Title, s.Urgency = string(i.Title), string(i.Level)
	s.Link = firstLink(i.WebURL, i.Permalink)
	s.Text = lines(string(i.Culprit), named("issue", string(i.ShortID)), string(i.Substatus))
	if s.State == incident.StateInfo {
		s.Text = lines(cmp.Or(h.Action, "changed")+" the issue in Sentry", s.Text)
	}
	s.Labels = map[string]string{"project": string(i.Project.Slug)}
	s.Service = string(i.Project.Slug)
	if h.Actor.Type == "user" && h.Actor.Name != "" {
		s.By = incident.Actor{Person: incident.Person{Name: string(h.Actor.Name)}, Via: "sentry"}
	}
	s.ID = eventID(s.Key, s.Event, s.At)
	return s, nil
}

// found is the first group of re in s, or "".
func found(re *regexp.Regexp, s string) string {
	if m := re.FindStringSubmatch(s); m != nil {
		return m[1]
	}
	return ""
}

// unless is s if it says something else than other.
func unless(s, other string) string {
	if strings.TrimSpace(s) == strings.TrimSpace(other) {
		return ""
	}
	return s
}
