package inbound

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"tocsin/bot"
	"tocsin/bot/incident"
)

// The bounds of one signal, in characters, but for MaxLink in bytes.
const (
	MaxTitle  = 300
	MaxText   = 4000
	MaxLink   = 2000
	MaxLabels = 32
	maxLabel  = 200 // a label's name, and its value
	maxWord   = 200 // an event, a service, an urgency
)

// Tidy cleans a signal and brings it within its bounds: what any sender can put into
// one fits a transaction, however it is escaped. Its title is for people; as it was
// written it is Whole.
func Tidy(s *bot.Signal) {
	if s.Whole == "" {
		s.Whole = s.Title
	}
	s.Whole = incident.Cut(incident.Line(s.Whole), MaxTitle)
	s.Title = incident.Cut(incident.Line(BareTitle(s.Title)), MaxTitle)
	if s.Whole == s.Title {
		s.Whole = ""
	}
	s.Text = incident.Cut(incident.Block(s.Text), MaxText)
	s.Link, s.Image, s.Runbook = Link(s.Link), Link(s.Image), Link(s.Runbook)
	for _, word := range []*string{&s.Event, &s.Service, &s.Urgency, &s.By.Name} {
		*word = incident.Cut(incident.Line(*word), maxWord)
	}
	s.Labels = bounded(s.Labels)
}

// Link is an address that people may follow, or "".
func Link(s string) string {
	s = strings.TrimSpace(s)
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || len(s) > MaxLink || strings.ContainsAny(s, "<>|\"` ") {
		return ""
	}
	return s
}

// ServiceLabels are the labels that may name the service, the best first, as
// Folded writes them: "app.kubernetes.io/name" is appkubernetesioname. A job is
// last: it is often the name of the scraping, not of what is scraped.
var ServiceLabels = []string{
	"service", "servicename", "kubeservice", "app", "appname", "application", "appkubernetesioname", "component",
	"deployment", "functionname", "project", "projectslug", "job",
}

// UrgencyLabels are the labels that may tell how bad it is, the best first.
var UrgencyLabels = []string{"severity", "priority", "urgency", "criticality", "level"}

// Folded is a label's name without case, dots, dashes and the like.
func Folded(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

// bounded keeps MaxLabels labels that say something: first those that say what it
// is about, then in the order of their names.
func bounded(labels map[string]string) map[string]string {
	if len(labels) == 0 {
		return nil
	}
	out := make(map[string]string, min(len(labels), MaxLabels))
	for _, name := range ranked(labels) {
		n, v := incident.Cut(incident.Line(name), maxLabel), incident.Cut(incident.Line(labels[name]), maxLabel)
		if n != "" && v != "" && len(out) < MaxLabels {
			out[n] = v
		}
	}
	return out
}

// ranked are the names of labels, those that matter most first.
func ranked(labels map[string]string) []string {
	names := slices.Sorted(maps.Keys(labels))
	if len(names) <= MaxLabels {
		return names
	}
	slices.SortStableFunc(names, func(a, b string) int { return rank(a) - rank(b) })
	return names
}

func rank(name string) int {
	name = Folded(name)
	if slices.Contains(ServiceLabels, name) || slices.Contains(UrgencyLabels, name) || name == "alertname" {
		return 0
	}
	return 1
}
