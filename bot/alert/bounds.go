package alert

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"tocsin/bot"
	"tocsin/bot/incident"
)

// The bounds of one signal, in characters, but for maxLink in bytes.
const (
	maxTitle  = 300
	maxText   = 4000
	maxLink   = 2000
	maxLabels = 32
	maxLabel  = 200 // a label's name, and its value
	maxWord   = 200 // an event, a service, an urgency
)

// maxDelivery is what the signals of a delivery have together, in bytes as they
// are stored: less than the store takes at once.
const maxDelivery = 650_000

// tidy cleans a signal and brings it within its bounds.
func tidy(s *bot.Signal) {
	if s.Whole == "" {
		s.Whole = s.Title
	}
	s.Whole = incident.Cut(incident.Line(s.Whole), maxTitle)
	s.Title = incident.Cut(incident.Line(bareTitle(s.Title)), maxTitle)
	if s.Whole == s.Title {
		s.Whole = ""
	}
	s.Text = incident.Cut(incident.Block(s.Text), maxText)
	s.Link, s.Image, s.Runbook = link(s.Link), link(s.Image), link(s.Runbook)
	for _, word := range []*string{&s.Event, &s.Service, &s.Urgency, &s.By.Name} {
		*word = incident.Cut(incident.Line(*word), maxWord)
	}
	s.Labels = bounded(s.Labels)
}

// link is an address that people may follow, or "".
func link(s string) string {
	s = strings.TrimSpace(s)
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || len(s) > maxLink || strings.ContainsAny(s, "<>|\"` ") {
		return ""
	}
	return s
}

// firstLink is the first that is one.
func firstLink(all ...string) string {
	for _, s := range all {
		if l := link(s); l != "" {
			return l
		}
	}
	return ""
}

// bounded keeps maxLabels labels that say something: first those that say what it
// is about, then in the order of their names.
func bounded(labels map[string]string) map[string]string {
	if len(labels) == 0 {
		return nil
	}
	out := make(map[string]string, min(len(labels), maxLabels))
	for _, name := range ranked(labels) {
		n, v := incident.Cut(incident.Line(name), maxLabel), incident.Cut(incident.Line(labels[name]), maxLabel)
		if n != "" && v != "" && len(out) < maxLabels {
			out[n] = v
		}
	}
	return out
}

// ranked are the names of labels, those that matter most first.
func ranked(labels map[string]string) []string {
	names := sortedNames(labels)
	if len(names) <= maxLabels {
		return names
	}
	slices.SortStableFunc(names, func(a, b string) int { return rank(a) - rank(b) })
	return names
}

func rank(name string) int {
	name = folded(name)
	if slices.Contains(serviceLabels, name) || slices.Contains(urgencyLabels, name) || name == "alertname" {
		return 0
	}
	return 1
}

// diets are what a signal that is too large is made smaller by, one after the
// other: what people miss least goes first.
var diets = []func(*bot.Signal){
	func(s *bot.Signal) { s.Text = incident.Cut(s.Text, 1000) },
	func(s *bot.Signal) { s.Whole, s.Image = "", "" },
	func(s *bot.Signal) { s.Text = incident.Cut(s.Text, 200) },
	func(s *bot.Signal) { s.Labels = nil },
	func(s *bot.Signal) { s.Runbook = "" },
	func(s *bot.Signal) { s.Link = "" },
	func(s *bot.Signal) { s.Text, s.Title = "", incident.Cut(s.Title, 60) },
	func(s *bot.Signal) {
		s.Event, s.Service, s.Urgency = incident.Cut(s.Event, 20), incident.Cut(s.Service, 40), incident.Cut(s.Urgency, 20)
	},
}

// fit brings the signals of a delivery under maxDelivery, if they are not: those
// that are over an equal part are made smaller, until it is enough.
func fit(signals []bot.Signal) {
	sizes, all := make([]int, len(signals)), 0
	for i := range signals {
		sizes[i] = size(&signals[i])
		all += sizes[i]
	}
	for i := range signals {
		for _, diet := range diets {
			if all <= maxDelivery || sizes[i] <= maxDelivery/len(signals) {
				break
			}
			diet(&signals[i])
			smaller := size(&signals[i])
			all, sizes[i] = all-sizes[i]+smaller, smaller
		}
	}
}

func size(s *bot.Signal) int {
	b, _ := json.Marshal(s) // of texts, times and a map of texts: it cannot fail
	return len(b)
}
