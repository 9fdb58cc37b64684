package alert

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
)

// told is what people are told of a signal.
type told struct{ key, state, title, service, link, urgency, at string }

// oracle is what each body of $TOCSIN_ORACLE/alerts comes to.
var oracle = map[string][]told{
	"alertmanager.v4.firing.1.json": {
		{"d9fc5b6b56cef6e6", incident.StateFiring, "5xx ratio above 5% on checkout", "checkout", "http://prom.example.com/graph?g0.expr=...", "critical", "2026-11-21T21:46:28Z"},
		{"c789a6225f888d35", incident.StateFiring, "5xx ratio above 5% on checkout", "checkout", "http://vm:9193", "critical", "2026-11-21T21:46:28Z"},
	},
	"alertmanager.v4.resolved.2.json": {
		{"d9fc5b6b56cef6e6", incident.StateResolved, "5xx ratio above 5% on checkout", "checkout", "http://vm:9193", "critical", "2026-11-21T21:46:33Z"},
		{"c789a6225f888d35", incident.StateResolved, "HighErrorRate", "checkout", "http://vm:9193", "critical", "2026-11-21T21:46:33Z"},
	},
	"grafana.v1.firing.json": {
		{"c6eadffa33fcdf37", incident.StateFiring, "High memory usage", "checkout", "https://play.grafana.org/alerting/1afz29v7z/edit", "critical", "2021-10-12T07:51:03.157076Z"},
		{"bc97ff14869b13e3", incident.StateFiring, "High CPU usage", "checkout", "https://play.grafana.org/alerting/1afz29v7z/edit", "critical", "2021-10-12T07:51:03.157076Z"},
	},
	"grafana.v1.resolved.json": {
		{"c6eadffa33fcdf37", incident.StateResolved, "High memory usage", "checkout", "https://play.grafana.org/alerting/1afz29v7z/edit", "critical", "2021-10-12T08:21:03.157076Z"},
		{"bc97ff14869b13e3", incident.StateResolved, "High CPU usage", "checkout", "https://play.grafana.org/alerting/1afz29v7z/edit", "critical", "2021-10-12T08:21:03.157076Z"},
	},
	"grafana.legacy.json": {
		{"org1/rule1", incident.StateFiring, "Panel Title alert", "", "http://localhost:3000/d/hZ7BuVbWz/test-dashboard?fullscreen&edit&tab=alert&panelId=2&orgId=1", "", ""},
	},
	"datadog.triggered.json": {
		{"15829174012345678901", incident.StateFiring, "Checkout 5xx", "checkout", "https://app.datadoghq.com/event/event?id=7654321098765432109", "P1", "2026-09-21T14:13:20Z"},
	},
	"datadog.recovered.json": {
		{"15829174012345678901", incident.StateResolved, "Checkout 5xx", "checkout", "https://app.datadoghq.com/event/event?id=7654321098765432109", "P1", "2026-09-21T14:23:20Z"},
	},
	"datadog.template.json": {
		{"15829174012345678901", incident.StateFiring, "Checkout 5xx", "checkout", "https://app.datadoghq.com/event/event?id=7", "P1", "2026-09-21T14:13:20Z"},
	},
	"datadog.default.json": {
		{"org11023/Checkout 5xx/service:checkout", incident.StateFiring, "Checkout 5xx", "checkout", "", "", "2026-09-21T14:13:20Z"},
	},
	"cloudwatch.sns.json": {
		{"123456789012/US East (N. Virginia)/checkout-5xx", incident.StateFiring, "checkout-5xx", "", "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#alarmsV2:alarm/checkout-5xx", "", "2026-11-21T21:00:00Z"},
	},
	"sentry.issue_alert.json": {
		{"1170820242", incident.StateFiring, "ReferenceError: heck is not defined", "", "https://sentry.io/organizations/acme/issues/1170820242/events/e4874d664c3540c1a32eab185f12c5ab/", "error", ""},
	},
	"generic.firing.json": {
		{"checkout-synthetic", incident.StateFiring, "Checkout canary failing", "checkout", "https://status.example.com/probe/42", "sev1", "2026-11-21T21:00:00Z"},
	},
	"generic.resolved.json": {
		{"checkout-synthetic", incident.StateResolved, "Checkout canary failing", "checkout", "", "sev1", "2026-11-21T21:30:00Z"},
	},
}

// datadogFills are Datadog's variables, filled in; the longest first, because some
// begin with others.
var datadogFills = strings.NewReplacer(
	"$ALERT_CYCLE_KEY", "15829174012345678901", "$ALERT_TRANSITION", "Triggered", "$ALERT_PRIORITY", "P1", "$ALERT_SCOPE", "service:checkout",
	"$ALERT_TITLE", "Checkout 5xx", "$ALERT_TYPE", "error", "$ALERT_ID", "1234", "$EVENT_TITLE", "[Triggered on {service:checkout}] Checkout 5xx",
	"$EVENT_TYPE", "query_alert_monitor", "$EVENT_MSG", "too many", "$LAST_UPDATED", "1790000000000", "$DATE", "1790000000000",
	"$LINK", "https://app.datadoghq.com/event/event?id=7", "$TAGS", "service:checkout", "$ORG_ID", "11023", "$ORG_NAME", "Acme", "$ID", "7",
)

// TestOracle: bodies that are not part of this repository come to what they say.
func TestOracle(t *testing.T) {
	dir := os.Getenv("TOCSIN_ORACLE")
	if dir == "" {
		t.Skip("set TOCSIN_ORACLE to the folder that holds alerts/*.json to run this")
	}
	files, err := filepath.Glob(filepath.Join(dir, "alerts", "*.json"))
	must(t, err)
	if len(files) < len(oracle) {
		t.Errorf("only %d files for %d expectations", len(files), len(oracle))
	}
	for _, path := range files {
		name := filepath.Base(path)
		body, err := os.ReadFile(path)
		must(t, err)
		want, ok := oracle[name]
		if !ok {
			t.Errorf("nothing is expected of %s", name)
		}
		kind, _, _ := strings.Cut(name, ".")
		d, err := sourceOf(t, every(t), kind).Decode(request(nil), []byte(datadogFills.Replace(string(body))))
		if err != nil || len(d.Signals) != len(want) {
			t.Errorf("%s: %d signals, %v", name, len(d.Signals), err)
			continue
		}
		for i, s := range d.Signals {
			if got := tellOf(s); got != want[i] {
				t.Errorf("%s[%d]:\n%+v, want\n%+v", name, i, got, want[i])
			}
		}
	}
}

func tellOf(s bot.Signal) told {
	at := ""
	if !s.At.IsZero() {
		at = s.At.Format(time.RFC3339Nano)
	}
	return told{s.Key, s.State, s.Title, s.Service, s.Link, s.Urgency, at}
}
