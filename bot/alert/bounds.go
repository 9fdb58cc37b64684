package alert

import (
	"encoding/json"

	"tocsin/bot"
	"tocsin/bot/inbound"
	"tocsin/bot/incident"
)

// maxDelivery is what the signals of a delivery have together, in bytes as they
// are stored: less than the store takes at once.
const maxDelivery = 650_000

// firstLink is the first that is one.
func firstLink(all ...string) string {
	for _, s := range all {
		if l := inbound.Link(s); l != "" {
			return l
		}
	}
	return ""
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
