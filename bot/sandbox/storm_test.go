package sandbox_test

import (
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot/sandbox"
)

// listener keeps every alert that it gets, of either kind.
type listener struct {
	status func(n int) int

	mu  sync.Mutex
	got []heard
}

type heard struct {
	at    time.Time
	path  string
	token string
	body  m
}

func (l *listener) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	data, _ := io.ReadAll(r.Body)
	body := m{}
	_ = json.Unmarshal(data, &body)
	l.mu.Lock()
	l.got = append(l.got, heard{time.Now(), r.URL.Path, r.Header.Get("Authorization"), body})
	n := len(l.got)
	l.mu.Unlock()
	rw.WriteHeader(l.status(n))
}

func stormy(t *testing.T, status func(int) int) (*sandbox.Workspace, *listener) {
	t.Helper()
	l := &listener{status: status}
	ws := sandbox.New(sandbox.Options{
		PagerDutyURL: "http://app.test/webhook/pagerduty", PagerDutySecret: "s3cret",
		AlertURL: "http://app.test/webhook/alertmanager", AlertToken: "t0ken", HTTP: sandbox.InProcess(l),
	})
	t.Cleanup(ws.Close)
	return ws, l
}

func accepted(int) int { return http.StatusAccepted }

// TestStorm: both kinds, every service, no two alike, one cause, evenly over the time.
func TestStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ws, l := stormy(t, accepted)
		began := time.Now()
		got, err := ws.Storm(ctx(t), sandbox.StormSpec{Alerts: 140, Over: 14 * time.Second})
		must(t, err)
		if got.Sent != 140 || got.OK != 140 || got.Failed != 0 || got.Statuses[202] != 140 || got.Running {
			t.Errorf("storm: %+v", got)
		}
		paths, services, ids, titles := map[string]int{}, map[string]map[string]bool{}, map[string]bool{}, map[string]bool{}
		for i, h := range l.got {
			if late := h.at.Sub(began) - time.Duration(i)*100*time.Millisecond; late < -time.Second || late > time.Second {
				t.Fatalf("alert %d came after %v", i, h.at.Sub(began))
			}
			paths[h.path]++
			var id, title, service string
			if event, ok := h.body["event"].(m); ok {
				data := event["data"].(m)
				id, title, service = text(data["id"]), text(data["title"]), text(data["service"].(m)["summary"])
			} else {
				alert := h.body["alerts"].([]any)[0].(m)
				id, title, service = text(alert["fingerprint"]), text(alert["annotations"].(m)["summary"]), text(alert["labels"].(m)["service"])
				if h.token != "Bearer t0ken" {
					t.Errorf("token %q", h.token)
				}
			}
			ids[id], titles[title] = true, true
			if services[service] == nil {
				services[service] = map[string]bool{}
			}
			services[service][h.path] = true
			if !strings.Contains(title, "anthropic") {
				t.Errorf("%q does not name the cause", title)
			}
		}
		if paths["/webhook/pagerduty"] != 70 || paths["/webhook/alertmanager"] != 70 || len(services) != 14 || len(ids) != 140 || len(titles) < 60 {
			t.Errorf("paths %v, %d services, %d ids, %d titles", paths, len(services), len(ids), len(titles))
		}
		for service, sources := range services {
			if len(sources) != 2 {
				t.Errorf("%s had alerts of %v only", service, sources)
			}
		}
		if open := ws.State().PagerDuty.Open; open != 70 {
			t.Errorf("%d incidents open in PagerDuty, want 70", open)
		}
	})
}

// TestStormCountsAnswers: what was refused and what was lost are told apart.
func TestStormCountsAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ws, _ := stormy(t, func(n int) int {
			switch n % 5 {
			case 0:
				return http.StatusServiceUnavailable
			case 1:
				panic(http.ErrAbortHandler)
			}
			return http.StatusAccepted
		})
		got, err := ws.Storm(ctx(t), sandbox.StormSpec{Alerts: 100, Services: 3, Source: "alertmanager"})
		must(t, err)
		if got.OK != 60 || got.Failed != 40 || got.Statuses[503] != 20 || got.Statuses[0] != 20 {
			t.Errorf("storm: %+v", got)
		}
	})
}

func TestStormRefuses(t *testing.T) {
	ws, _ := stormy(t, accepted)
	for _, spec := range []sandbox.StormSpec{{Alerts: -1}, {Services: 15}, {Over: 2 * time.Hour}, {Source: "carrier pigeon"}} {
		if _, err := ws.Storm(ctx(t), spec); err == nil {
			t.Errorf("%+v was taken", spec)
		}
	}
	if _, err := newBench(t, sandbox.Options{}).Storm(ctx(t), sandbox.StormSpec{}); err == nil || !strings.Contains(err.Error(), "no receiver") {
		t.Errorf("without a receiver: %v", err)
	}
}

// TestAlert posts any body, with the token.
func TestAlert(t *testing.T) {
	ws, l := stormy(t, accepted)
	got, err := ws.Alert(ctx(t), sandbox.Alert{Source: "grafana", Body: json.RawMessage(`{"title":"x"}`)})
	must(t, err)
	if !got.OK || l.got[0].path != "/webhook/grafana" || l.got[0].token != "Bearer t0ken" || l.got[0].body["title"] != "x" {
		t.Errorf("%+v: %+v", got, l.got)
	}
	for _, wrong := range []sandbox.Alert{{}, {Source: "grafana"}, {Body: json.RawMessage("{}")}} {
		if _, err := ws.Alert(ctx(t), wrong); err == nil {
			t.Errorf("%+v was taken", wrong)
		}
	}
}

// TestOracleAlertmanager: the storm's bodies have the fields of Alertmanager's.
func TestOracleAlertmanager(t *testing.T) {
	var want m
	load(t, filepath.Join(oracle(t), "alerts", "alertmanager.v4.firing.1.json"), &want)
	ws, l := stormy(t, accepted)
	_, err := ws.Storm(ctx(t), sandbox.StormSpec{Alerts: 1, Source: "alertmanager"})
	must(t, err)
	optional := map[string]bool{"runbook_url": true}
	for _, path := range missing("", want, l.got[0].body, optional) {
		t.Errorf("no %s", path)
	}
}
