package sandbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"time"
)

// StormSpec is an alert storm: one cause, a model provider that is overloaded, and what every monitor of
// every service makes of it.
type StormSpec struct {
	Alerts   int           `json:"alerts"`   // default 200
	Services int           `json:"services"` // of the account; default and at most 14
	Over     time.Duration `json:"-"`        // 0: all at once
	OverMS   int           `json:"over_ms"`  // Over in milliseconds, for the HTTP API
	// Source is "pagerduty" or "alertmanager"; default both in turn.
	Source string `json:"source"`
}

// Stormed is what the receiver answered to a storm.
type Stormed struct {
	Sent     int         `json:"sent"`
	OK       int         `json:"ok"` // answered 2xx
	Failed   int         `json:"failed"`
	Statuses map[int]int `json:"statuses"` // HTTP; 0: no answer
	MS       float64     `json:"ms"`
	SlowMS   float64     `json:"slowest_ms"` // the slowest answer
	Running  bool        `json:"running"`
	Alerts   int         `json:"alerts"` // to be sent
}

// stormState is the latest storm, for the page. Guarded by the Workspace's lock.
type stormState struct{ Stormed }

// Storm sends the alerts, evenly over the time, each without waiting for the one before, and returns
// when all are answered. One storm at a time.
func (ws *Workspace) Storm(ctx context.Context, spec StormSpec) (Stormed, error) {
	spec, err := ws.checkStorm(spec)
	if err != nil {
		return Stormed{}, err
	}
	began := time.Now()
	answers := make(chan Alerted, spec.Alerts)
	for i := range spec.Alerts {
		if !ws.sleepUntil(ctx, began.Add(spec.Over*time.Duration(i)/time.Duration(spec.Alerts))) {
			break
		}
		ws.mu.Lock()
		ws.storm.Sent++
		ws.start(func() { answers <- ws.sendStorm(ctx, spec, i) })
		ws.mu.Unlock()
	}
	return ws.endStorm(began, answers), nil
}

// checkStorm fills in what the spec leaves out and marks the storm as begun.
func (ws *Workspace) checkStorm(spec StormSpec) (StormSpec, error) {
	most := len(pdServiceNames())
	spec.Alerts, spec.Services = cmp.Or(spec.Alerts, 200), cmp.Or(spec.Services, most)
	spec.Over = cmp.Or(spec.Over, time.Duration(spec.OverMS)*time.Millisecond)
	switch {
	case spec.Alerts < 1 || spec.Alerts > 100_000:
		return spec, fmt.Errorf("alerts is %d; give 1 to 100000", spec.Alerts)
	case spec.Services < 1 || spec.Services > most:
		return spec, fmt.Errorf("services is %d; give 1 to %d", spec.Services, most)
	case spec.Over < 0 || spec.Over > time.Hour:
		return spec, fmt.Errorf("the storm lasts %v; give 0 to an hour", spec.Over)
	}
	var err error
	if spec.Source, err = ws.stormSource(spec.Source); err != nil {
		return spec, err
	}
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.storm.Running {
		return spec, errors.New("a storm is under way; wait until it is over")
	}
	ws.storm = stormState{Stormed{Running: true, Alerts: spec.Alerts, Statuses: map[int]int{}}}
	ws.changed()
	return spec, nil
}

// stormSource is the source that was asked for, or the only one with a receiver; empty for both.
func (ws *Workspace) stormSource(asked string) (string, error) {
	receivers := map[string]string{"pagerduty": ws.opt.PagerDutyURL, "alertmanager": ws.opt.AlertURL}
	address, known := receivers[asked]
	switch {
	case asked != "" && !known:
		return "", fmt.Errorf("no source %q; use pagerduty, alertmanager, or none for both", asked)
	case asked != "" && address != "":
		return asked, nil
	case asked == "" && ws.opt.PagerDutyURL != "" && ws.opt.AlertURL != "":
		return "", nil
	case asked == "" && ws.opt.PagerDutyURL != "":
		return "pagerduty", nil
	case asked == "" && ws.opt.AlertURL != "":
		return "alertmanager", nil
	}
	return "", errors.New("no receiver: the sandbox was started without a webhook URL for these alerts")
}

// sleepUntil waits for a moment; false if ctx or the workspace ends before.
func (ws *Workspace) sleepUntil(ctx context.Context, at time.Time) bool {
	return ctx.Err() == nil && ws.life.Err() == nil && (!at.After(time.Now()) || ws.sleep(ctx, time.Until(at)))
}

// endStorm counts the answers as they come.
func (ws *Workspace) endStorm(began time.Time, answers chan Alerted) Stormed {
	ws.mu.Lock()
	sent := ws.storm.Sent
	ws.mu.Unlock()
	for range sent {
		select {
		case <-answers:
		case <-ws.life.Done():
		}
	}
	ws.mu.Lock()
	defer ws.mu.Unlock()
	defer ws.changed()
	ws.storm.Running = false
	ws.storm.MS = float64(time.Since(began).Microseconds()) / 1000
	return ws.storm.copy()
}

func (s stormState) copy() Stormed {
	out := s.Stormed
	out.Statuses = maps.Clone(s.Statuses)
	return out
}

// sendStorm sends alert number i and counts its answer.
func (ws *Workspace) sendStorm(ctx context.Context, spec StormSpec, i int) Alerted {
	began := time.Now()
	a := ws.sendStormAlert(ctx, spec, i)
	ws.mu.Lock()
	defer ws.mu.Unlock()
	defer ws.changed()
	ws.storm.Statuses[a.Status]++
	ws.storm.SlowMS = max(ws.storm.SlowMS, float64(time.Since(began).Microseconds())/1000)
	if a.OK {
		ws.storm.OK++
	} else {
		ws.storm.Failed++
	}
	return a
}

func (ws *Workspace) sendStormAlert(ctx context.Context, spec StormSpec, i int) Alerted {
	service, round := pdServiceNames()[i%spec.Services], i/spec.Services
	source := spec.Source
	if source == "" {
		source = []string{"pagerduty", "alertmanager"}[(i+round)%2] // every service has both
	}
	words := stormWords(service, round, i)
	if source == "alertmanager" {
		return ws.postAlert(ctx, ws.opt.AlertURL, words.alertmanager(time.Now()))
	}
	ws.mu.Lock()
	event, _ := ws.pages.webhook(Page{Title: words.title, Service: service, Urgency: words.urgency})
	ws.mu.Unlock()
	var result Paged
	ws.postPage(ctx, event, ws.opt.PagerDutySecret, &result)
	return Alerted{OK: result.OK, Status: result.Status, Response: result.Response, Error: result.Error}
}
