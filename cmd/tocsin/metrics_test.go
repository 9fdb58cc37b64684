package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"tocsin/bot"
	"tocsin/bot/alert"
	"tocsin/bot/inbound"
	"tocsin/bot/incident"
	"tocsin/bot/pagerduty"
	"tocsin/bot/slack"
	"tocsin/store"
	"tocsin/store/mem"
)

// metered is a bot that does not run, so what is asked of it waits, with its
// metrics and a clock of its own.
type metered struct {
	*metrics
	now time.Time
	kv  *mem.DB

	up, bad int // links, damaged records
	saved   time.Time
}

func newMetered(t *testing.T, buckets func() []bot.Bucket) *metered {
	t.Helper()
	c, err := contentFlags{}.load()
	if err != nil {
		t.Fatal(err)
	}
	m := &metered{now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), kv: mem.New()}
	b, err := bot.New(t.Context(), bot.Config{
		Store: m.kv, Now: func() time.Time { return m.now },
		Guides: c.guides, Services: c.services, Plays: c.plays, Templates: c.templates,
	})
	if err != nil {
		t.Fatal(err)
	}
	m.metrics = newMetrics(b, newCounts(), sources{
		buckets: buckets, links: func() int { return m.up }, backedUp: func() time.Time { return m.saved }, damaged: func() int { return m.bad },
	})
	return m
}

// declare has a person open an incident.
func (m *metered) declare(t *testing.T, d incident.Declared) {
	t.Helper()
	by := incident.Actor{Person: incident.Person{User: "U0ADA", Name: "Ada"}, Via: "slack"}
	if _, _, err := m.bot.Declare(t.Context(), bot.Origin{By: by, Cause: "slack/" + d.Title}, d); err != nil {
		t.Fatal(err)
	}
}

// alert has a monitor tell of one thing that fires.
func (m *metered) alert(t *testing.T, n int) {
	t.Helper()
	s := bot.Signal{ID: strconv.Itoa(n), At: m.now, Signaled: incident.Signaled{
		Source: "generic", Key: fmt.Sprint("key ", n), State: incident.StateFiring, Severity: incident.SEV2,
		Title: fmt.Sprintf("Queue %d is full", n), Service: fmt.Sprintf("service-%d", n),
	}}
	if _, err := m.bot.Accept(t.Context(), bot.Delivery{Source: "generic", ID: s.ID, Signals: []bot.Signal{s}}); err != nil {
		t.Fatal(err)
	}
}

// route has everything placed that has arrived.
func (m *metered) route(t *testing.T) {
	t.Helper()
	if err := m.bot.Routed(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// sample is a line of a scrape.
var sample = regexp.MustCompile(`(?m)^(tocsin_[^ ]+) (.+)$`)

// scrape is what a monitor reads, by name and labels.
func (m *metered) scrape(t *testing.T) map[string]string {
	t.Helper()
	w := httptest.NewRecorder()
	m.handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	read := map[string]string{}
	for _, line := range sample.FindAllStringSubmatch(w.Body.String(), -1) {
		read[line[1]] = line[2]
	}
	return read
}

// reads wants these numbers in a scrape.
func (m *metered) reads(t *testing.T, want map[string]string) {
	t.Helper()
	got := m.scrape(t)
	for name, v := range want {
		if got[name] != v {
			t.Errorf("%s is %q, want %q", name, got[name], v)
		}
	}
}

func TestMetricsOfABotWithNothingToDo(t *testing.T) {
	m := newMetered(t, nil)
	m.reads(t, map[string]string{
		"tocsin_up": "1", "tocsin_arrivals_waiting": "0", "tocsin_alerts_kept": "0", `tocsin_effects_oldest_seconds{effect="say",lane="room"}`: "0", "tocsin_rooms_held": "0", "tocsin_storm": "0",
		`tocsin_build_info{version="` + version + `"}`: "1", `tocsin_effects_waiting{effect="open-channel",lane="channel"}`: "0",
		`tocsin_deliveries_total{outcome="failed",source="pagerduty"}`: "0", `tocsin_incidents{severity="sev1",status="investigating"}`: "0",
	})
}

// What waits is told with how long it does; a private incident is not counted
// among those on record.
func TestMetricsTellWhatWaits(t *testing.T) {
	m := newMetered(t, nil)
	m.route(t) // what the store had
	m.declare(t, incident.Declared{Title: "Slow answers", Severity: incident.SEV2})
	m.now = m.now.Add(time.Minute)
	m.declare(t, incident.Declared{Title: "Leak", Severity: incident.SEV1, Private: true})
	m.alert(t, 1)
	m.now = m.now.Add(30 * time.Second)
	m.reads(t, map[string]string{
		`tocsin_effects_waiting{effect="open-channel",lane="channel"}`: "2", `tocsin_effects_oldest_seconds{effect="open-channel",lane="channel"}`: "90", "tocsin_arrivals_waiting": "1",
		`tocsin_incidents{severity="sev2",status="investigating"}`: "1", `tocsin_incidents{severity="sev1",status="investigating"}`: "0",
	})
	m.route(t)
	m.reads(t, map[string]string{"tocsin_arrivals_waiting": "0", "tocsin_start_time_seconds": "1.795176e+09"}) // before all that
}

func TestMetricsTellOfStormsAndRoomsOnHold(t *testing.T) {
	m := newMetered(t, nil)
	for n := range 20 {
		m.alert(t, n)
	}
	m.route(t)
	if _, err := m.bot.HoldRooms(t.Context(), bot.Origin{Cause: "slack/hold"}, true); err != nil {
		t.Fatal(err)
	}
	m.reads(t, map[string]string{"tocsin_storm": "1", "tocsin_rooms_held": "1"})
	m.now = m.now.Add(time.Hour)
	if _, err := m.bot.HoldRooms(t.Context(), bot.Origin{Cause: "slack/off"}, false); err != nil {
		t.Fatal(err)
	}
	m.reads(t, map[string]string{"tocsin_storm": "0", "tocsin_rooms_held": "0"})
}

func TestMetricsTellWhatSlackTakes(t *testing.T) {
	var m *metered
	m = newMetered(t, func() []bot.Bucket {
		return []bot.Bucket{
			{Name: "chat.postMessage", Used: 180, Limit: 200, Waiting: 7, PausedUntil: m.now.Add(30 * time.Second)},
			{Name: "chat.update", Used: 1, Limit: 50, PausedUntil: m.now.Add(-time.Second)},
		}
	})
	m.reads(t, map[string]string{
		`tocsin_slack_bucket_used{method="chat.postMessage"}`: "180", `tocsin_slack_bucket_limit{method="chat.postMessage"}`: "200",
		`tocsin_slack_bucket_waiting{method="chat.postMessage"}`: "7", `tocsin_slack_paused_seconds{method="chat.postMessage"}`: "30",
		`tocsin_slack_paused_seconds{method="chat.update"}`: "0",
	})
}

func TestMetricsTellOfLinksBackupsAndDamage(t *testing.T) {
	m := newMetered(t, nil)
	m.reads(t, map[string]string{"tocsin_slack_links": "0", "tocsin_last_backup_timestamp_seconds": "0", "tocsin_damaged_records": "0"})
	m.up, m.bad, m.saved = 2, 3, time.Unix(1795176000, 0)
	m.reads(t, map[string]string{"tocsin_slack_links": "2", "tocsin_last_backup_timestamp_seconds": "1.795176e+09", "tocsin_damaged_records": "3"})
}

// What is counted as it happens: calls, commits, lines, panics.
func TestMetricsCount(t *testing.T) {
	m := newMetered(t, nil)
	m.called("chat.postMessage", slack.Limited)
	log := slog.New(counted{slog.NewTextHandler(io.Discard, nil), m.counts}).With("incident", "INC-1")
	log.Error("panic", "in", "clock", "panic", "boom")
	log.Error("panic", "in", "a part nobody knows")
	log.Warn("in doubt")
	kv := timed{mem.New(), m.counts}
	tx := store.Tx{Absent: []string{"a"}, Put: []store.Pair{{Key: "a", Value: []byte("b")}}}
	kv.Commit(t.Context(), tx)
	kv.Commit(t.Context(), tx) // a conflict
	m.reads(t, map[string]string{
		`tocsin_slack_calls_total{method="chat.postMessage",outcome="limited"}`: "1",
		`tocsin_slack_calls_total{method="auth.test",outcome="refused"}`:        "0", `tocsin_slack_calls_total{method="apps.connections.open",outcome="refused"}`: "0",
		`tocsin_panics_total{in="clock"}`: "1", `tocsin_panics_total{in="other"}`: "1",
		`tocsin_log_lines_total{level="error"}`: "2", `tocsin_log_lines_total{level="warn"}`: "1",
		`tocsin_commit_seconds_count{outcome="committed"}`: "1", `tocsin_commit_seconds_count{outcome="refused"}`: "1",
	})
	if _, err := m.slackAway(); err != nil {
		t.Errorf("limited is no reason to think that Slack is away: %v", err)
	}
	m.called("chat.update", slack.Lost)
	if _, err := m.slackAway(); err == nil {
		t.Error("a call without an answer is not told")
	}
}

// A store that failed stops the bot; its metrics say so and are still to be had.
func TestMetricsOfABotThatStopped(t *testing.T) {
	m := newMetered(t, nil)
	m.kv.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := m.bot.Run(ctx); err == nil {
		t.Fatal("the bot runs on a closed store")
	}
	m.reads(t, map[string]string{"tocsin_up": "0"})
}

// Every source that is served has a label of its own, and nothing that is sent
// makes one.
func TestMetricsHaveBoundedLabels(t *testing.T) {
	m := newMetered(t, nil)
	before := slices.Sorted(maps.Keys(m.scrape(t)))
	served := slices.Concat((&pagerduty.Webhook{Secrets: []string{"s"}}).Sources(), alert.Sources(alert.Config{
		Token: inbound.Token{"t"}, Sentry: []string{"s"}, Topics: []string{"arn"}, Senders: new(alert.Senders),
	}))
	for _, s := range served {
		m.count(s.Name, inbound.Accepted)
		if oneOf(senders, strings.Split(s.Name, "/")[0]) == other {
			t.Errorf("%s is served and has no label: add it to senders", s.Name)
		}
	}
	for n := range 1000 {
		m.count(fmt.Sprintf("\xff source %d", n), fmt.Sprint("outcome ", n))
	}
	m.reads(t, map[string]string{
		`tocsin_deliveries_total{outcome="accepted",source="pagerduty"}`: "1",
		`tocsin_deliveries_total{outcome="accepted",source="generic"}`:   "2", // and those with names of their own
		`tocsin_deliveries_total{outcome="other",source="other"}`:        "1000",
	})
	if after := slices.Sorted(maps.Keys(m.scrape(t))); !slices.Equal(before, after) {
		t.Errorf("there were %d series, and are %d", len(before), len(after))
	}
}

// Names, units and help are as Prometheus asks for, and each help says more than
// the name does.
func TestMetricsAreWellFormed(t *testing.T) {
	m := newMetered(t, func() []bot.Bucket { return []bot.Bucket{{Name: "chat.update"}} })
	problems, err := testutil.GatherAndLint(m.registry)
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if strings.HasPrefix(f.GetName(), "tocsin_") && len(f.GetHelp()) < 30 {
			t.Errorf("%s: %q does not say what to do about it", f.GetName(), f.GetHelp())
		}
	}
}

// BenchmarkScrape is a scrape with 10,000 incidents on record.
func BenchmarkScrape(b *testing.B) {
	kv := mem.New()
	j := store.NewJournal(kv)
	for n := range 10_000 {
		id := incident.NewID(n + 1)
		e := incident.Event{Seq: 1, Fact: incident.Declared{Title: "Slow answers", Severity: incident.SEV2}}
		h := store.HeadOf(incident.Fold(id, []incident.Event{e}))
		h.Status = incident.Over
		if _, err := j.Append(b.Context(), store.Tip{ID: id}, store.Append{Events: []incident.Event{e}, Head: h}); err != nil {
			b.Fatal(err)
		}
	}
	c, _ := contentFlags{}.load()
	engine, err := bot.New(b.Context(), bot.Config{Store: kv, Guides: c.guides, Services: c.services, Plays: c.plays, Templates: c.templates})
	if err != nil {
		b.Fatal(err)
	}
	h := newMetrics(engine, newCounts(), sources{}).handler()
	for b.Loop() {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/metrics", nil))
	}
}
