package main

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/inbound"
	"tocsin/bot/incident"
	"tocsin/store"
)

// metrics tells monitors how tocsin is, at GET /metrics: metrics_help.go says
// what each number means and what to do about it. It knows of no person and of no
// private incident, and its labels come from lists of our own: whatever is sent,
// there are only so many.
type metrics struct {
	*counts
	sources
	bot      *bot.Bot
	began    time.Time
	registry *prometheus.Registry
}

// sources tell what the bot does not know; each may be nil.
type sources struct {
	buckets  func() []bot.Bucket // how much of what Slack takes is used up
	links    func() int          // Socket Mode links that are up
	backedUp func() time.Time    // when the last backup was made; zero: none was
	damaged  func() int          // records that the examination of the store found damaged
}

// senders and outcomes are the labels of deliveries; anything else is other.
var (
	senders  = []string{"pagerduty", "alertmanager", "grafana", "datadog", "generic", "sentry", "cloudwatch", "slack", other}
	outcomes = []string{inbound.Accepted, inbound.Known, inbound.Refused, inbound.Unreadable, inbound.TooLarge, inbound.Failed, other}
)

// other stands for what a list does not have.
const other = "other"

// oneOf is a label out of a list.
func oneOf(list []string, label string) string {
	if slices.Contains(list, label) {
		return label
	}
	return other
}

// newMetrics tells how a bot is.
func newMetrics(b *bot.Bot, c *counts, s sources) *metrics {
	m := &metrics{counts: c, sources: s, bot: b, began: b.Now(), registry: prometheus.NewRegistry()}
	m.registry.MustRegister(m, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.registry.MustRegister(c.all()...)
	return m
}

// count notes what became of a delivery, as inbound.Hook.Count is told. A source
// with names of its own below it counts as one.
func (c *counts) count(source, outcome string) {
	source, _, _ = strings.Cut(source, "/")
	c.deliveries.WithLabelValues(oneOf(senders, source), oneOf(outcomes, outcome)).Inc()
}

// maxScrapes is how many may look at once.
const maxScrapes = 4

// handler serves the numbers in Prometheus' form.
func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: maxScrapes})
}

// Describe implements prometheus.Collector.
func (m *metrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		descUp, descLeads, descBuild, descBegan, descArrivals, descKept, descEffects, descOldest, descUsed, descLimit, descWaiting, descPaused, descLinks, descHeld,
		descStorm, descDue, descOverdue, descClock, descBackup, descDamaged, descIncidents,
	} {
		ch <- d
	}
}

// Collect implements prometheus.Collector: it asks the bot how things are now.
func (m *metrics) Collect(ch chan<- prometheus.Metric) {
	tell := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	_, storm := m.bot.Storm()
	tell(descUp, one(m.bot.Err() == nil))
	tell(descLeads, one(m.bot.Leads()))
	tell(descBuild, 1, version)
	tell(descBegan, float64(m.began.UnixMilli())/1000)
	tell(descArrivals, float64(m.bot.Arriving()))
	tell(descKept, float64(m.bot.Kept()))
	tell(descHeld, one(!m.bot.Holding().IsZero()))
	tell(descStorm, one(storm))
	m.backlog(tell)
	m.limits(tell)
	m.reminders(tell)
	m.record(tell)
	m.incidents(tell)
}

// one is 1 for yes.
func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// teller tells one number.
type teller func(d *prometheus.Desc, v float64, labels ...string)

// backlog tells what waits to be done. Every effect has its number, 0 too, and beside
// it the kind of its lane: to sum by either.
func (m *metrics) backlog(tell teller) {
	back := m.bot.Backlog()
	for _, name := range effect.Effects.Names() {
		e, _ := effect.Effects.Zero(name)
		lane := effect.LaneKind(e)
		tell(descEffects, float64(back.ByEffect[name]), lane, name)
		tell(descOldest, m.since(back.OldestOf[name]), lane, name)
	}
}

// since is how many seconds ago a time was; 0 for none.
func (m *metrics) since(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return max(0, m.bot.Now().Sub(t).Seconds())
}

// reminders tell what people owe, and whether the clock still goes.
func (m *metrics) reminders(tell teller) {
	saw := m.bot.Reminders()
	tell(descDue, float64(saw.Updates), "updates")
	tell(descDue, float64(saw.Pages), "pages")
	tell(descDue, float64(saw.Actions), "follow-ups")
	tell(descOverdue, float64(saw.Overdue))
	tell(descClock, m.since(saw.Looked))
}

// record tells how safe the record is, where somebody knows.
func (m *metrics) record(tell teller) {
	if m.backedUp != nil {
		at := 0.0
		if t := m.backedUp(); !t.IsZero() {
			at = float64(t.Unix())
		}
		tell(descBackup, at)
	}
	if m.damaged != nil {
		tell(descDamaged, float64(m.damaged()))
	}
}

// limits tells how much of what Slack takes is used up.
func (m *metrics) limits(tell teller) {
	if m.links != nil {
		tell(descLinks, float64(m.links()))
	}
	if m.buckets == nil {
		return
	}
	now := m.bot.Now()
	for _, b := range m.buckets() {
		tell(descUsed, float64(b.Used), b.Name)
		tell(descLimit, float64(b.Limit), b.Name)
		tell(descWaiting, float64(b.Waiting), b.Name)
		tell(descPaused, max(0, b.PausedUntil.Sub(now).Seconds()), b.Name)
	}
}

// statuses are the labels of incidents, beside incident.Severities.
var statuses = []incident.Status{incident.Investigating, incident.Contained, incident.Over, incident.Shut}

// readingHeads is how long a look at the record may take.
const readingHeads = 5 * time.Second

// incidents counts what is on record; a record that cannot be read has no number.
func (m *metrics) incidents(tell teller) {
	ctx, cancel := context.WithTimeout(context.Background(), readingHeads)
	defer cancel()
	heads, err := store.NewJournal(m.bot.Store).Heads(ctx)
	if err != nil {
		return
	}
	type label struct {
		incident.Status
		incident.Severity
	}
	n := map[label]int{}
	for _, h := range heads {
		if !h.Private {
			n[label{h.Status, h.Severity}]++
		}
	}
	for _, status := range statuses {
		for _, severity := range incident.Severities {
			tell(descIncidents, float64(n[label{status, severity}]), string(status), string(severity))
		}
	}
}
