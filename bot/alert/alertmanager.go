package alert

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"tocsin/bot"
	"tocsin/bot/inbound"
	"tocsin/bot/incident"
)

// group is a notification of Alertmanager (version 4 of its webhook), or of
// Grafana, which has the same form and more fields
// (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config).
type group struct {
	Version           text              `json:"version"`
	GroupKey          string            `json:"groupKey"`
	ExternalURL       string            `json:"externalURL"`
	CommonAnnotations map[string]string `json:"commonAnnotations"`
	CommonLabels      map[string]string `json:"commonLabels"`
	Truncated         int               `json:"truncatedAlerts"`
	Alerts            []grouped         `json:"alerts"`
}

// grouped is one alert of a group.
type grouped struct {
	Status       string            `json:"status"`
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     moment            `json:"startsAt"`
	EndsAt       moment            `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL"`
	Fingerprint  string            `json:"fingerprint"`
	// Grafana's own.
	DashboardURL string          `json:"dashboardURL"`
	PanelURL     string          `json:"panelURL"`
	ImageURL     string          `json:"imageURL"`
	Values       map[string]text `json:"values"`
}

// alertmanager decodes a notification of Alertmanager.
func alertmanager(_ *http.Request, body []byte) (batch, error) {
	var g group
	if err := inbound.JSON(body, &g); err != nil {
		return batch{}, err
	}
	if g.Version != "4" {
		return batch{}, fmt.Errorf(`version is %q: it has to be "4", as Alertmanager sends since 0.11`, g.Version)
	}
	return g.batch()
}

// batch makes a signal of each alert. All are asked for what tells them apart
// before any is taken.
func (g *group) batch() (batch, error) {
	if g.Alerts == nil {
		return batch{}, fmt.Errorf("alerts is missing")
	}
	b := batch{about: g.GroupKey, missing: max(g.Truncated, 0)}
	for i := range g.Alerts {
		a := &g.Alerts[i]
		if err := a.check(i); err != nil {
			return batch{}, err
		}
		b.signals = append(b.signals, a.signal(g))
	}
	return b, nil
}

func (a *grouped) check(i int) error {
	if a.Fingerprint == "" {
		return fmt.Errorf("alerts[%d].fingerprint is missing", i)
	}
	if a.Status != "firing" && a.Status != "resolved" {
		return fmt.Errorf(`alerts[%d].status is %q: it has to be "firing" or "resolved"`, i, a.Status)
	}
	return nil
}

func (a *grouped) signal(g *group) bot.Signal {
	s := bot.Signal{At: a.StartsAt.Time}
	s.Key, s.Event, s.State, s.Since = a.Fingerprint, a.Status, a.state(), a.StartsAt.Time
	if a.Status == "resolved" { // what fires says the same again and again, and each time is an event
		s.At = cmp.Or(a.EndsAt.Time, s.At)
		s.ID = eventID(s.Key, a.Status, s.At)
	}
	s.Title, s.Text = a.words(g)
	s.Link = firstLink(a.GeneratorURL, a.PanelURL, a.DashboardURL, g.ExternalURL)
	s.Service = cmp.Or(pick(a.Labels, inbound.ServiceLabels), pick(g.CommonLabels, inbound.ServiceLabels))
	s.Urgency = cmp.Or(pick(a.Labels, inbound.UrgencyLabels), pick(g.CommonLabels, inbound.UrgencyLabels))
	s.Labels = a.Labels
	s.Runbook = firstLink(pick(a.Annotations, runbookNames), pick(g.CommonAnnotations, runbookNames))
	s.Image = a.ImageURL
	return s
}

// state is no-data where the rule itself got nothing to judge, which Grafana tells
// by an alert with a name of its own.
func (a *grouped) state() string {
	switch name := a.Labels["alertname"]; {
	case a.Status == "resolved":
		return incident.StateResolved
	case name == "DatasourceNoData" || name == "DatasourceError":
		return incident.StateNoData
	}
	return incident.StateFiring
}

// words are the title and the rest. A rule's name that has spaces was written for
// people; of another, the summary is. The name is said all the same: guides are
// found by it.
func (a *grouped) words(g *group) (title, rest string) {
	name := a.Labels["alertname"]
	if rule := a.Labels["rulename"]; rule != "" && a.state() != incident.StateFiring {
		name = rule // Grafana's rule behind DatasourceNoData
	}
	summary := cmp.Or(a.Annotations["summary"], a.Annotations["title"], g.CommonAnnotations["summary"])
	title = cmp.Or(summary, name)
	if strings.Contains(name, " ") {
		title = name
	}
	parts := []string{name, summary, a.Annotations["description"], a.Annotations["message"]}
	for _, n := range slices.Sorted(maps.Keys(a.Annotations)) {
		if !slices.Contains(said, n) && !strings.HasPrefix(n, "__") && !slices.Contains(runbookNames, inbound.Folded(n)) {
			parts = append(parts, named(n, a.Annotations[n]))
		}
	}
	parts = slices.DeleteFunc(append(parts, a.values()), func(p string) bool { return strings.TrimSpace(p) == title })
	return title, lines(parts...)
}

// said are the annotations that are told without their names.
var said = []string{"summary", "title", "description", "message"}

// values are what Grafana measured: "values: B 44.2, C 1".
func (a *grouped) values() string {
	names := make(map[string]string, len(a.Values))
	for name, v := range a.Values {
		names[name] = string(v)
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(names)) {
		out = append(out, name+" "+names[name])
	}
	if len(out) == 0 {
		return ""
	}
	return "values: " + strings.Join(out, ", ")
}
