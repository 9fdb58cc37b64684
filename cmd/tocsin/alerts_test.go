package main

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.yaml.in/yaml/v3"

	"tocsin/bot"
)

// promtool is Prometheus' own tool, where it is installed.
func promtool(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("promtool")
	switch {
	case err == nil:
		return path
	case os.Getenv("TOCSIN_PROMTOOL") == "required":
		t.Fatal("promtool is required and not installed: apt-get install prometheus")
	}
	t.Skip("promtool is not installed, so the alert rules are not checked: apt-get install prometheus")
	return ""
}

// The alert rules can be read, and are set off by what they say and not by what is well.
func TestAlertRules(t *testing.T) {
	tool := promtool(t)
	t.Parallel()
	for _, args := range [][]string{{"check", "rules", "alerts.yaml"}, {"test", "rules", "alerts_test.yaml"}} {
		cmd := exec.Command(tool, args...)
		cmd.Dir = "deploy"
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
}

var metricName = regexp.MustCompile(`\b(tocsin|process|go)_[a-z_]+`)

// Every number has a line in README and is asked for by a rule; and every rule is told
// of in README, says what to do, asks for numbers that there are, and is set off by a
// test of its own.
func TestAlertsAndReadmeTellOfEveryNumber(t *testing.T) {
	m := newMetered(t, func() []bot.Bucket { return []bot.Bucket{{Name: "chat.update", PausedUntil: time.Now()}} })
	there, asked := families(t, m.registry), map[string]bool{}
	readme, tests := text(t, "../../README.md"), text(t, "deploy/alerts_test.yaml")
	for _, r := range rules(t) {
		if !strings.Contains(readme, "`"+r.Alert+"`") {
			t.Errorf("README.md does not tell of the alert %s", r.Alert)
		}
		if !strings.Contains(tests, `alertname="`+r.Alert+`"`) && !strings.Contains(tests, "alertname: "+r.Alert) {
			t.Errorf("nothing in alerts_test.yaml sets %s off", r.Alert)
		}
		if len(r.Annotations.Do) < 30 {
			t.Errorf("%s does not say what to do", r.Alert)
		}
		for _, name := range metricName.FindAllString(r.Expr+r.Annotations.Do, -1) {
			name = strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_count")
			if asked[name] = true; !there[name] {
				t.Errorf("%s asks for %s, which there is not", r.Alert, name)
			}
		}
	}
	for name := range there {
		if !strings.HasPrefix(name, "tocsin_") {
			continue // Prometheus' own, of any process
		}
		if !strings.Contains(readme, "`"+name+"`") && !strings.Contains(readme, "`"+name+"{") {
			t.Errorf("README.md does not tell of %s", name)
		}
		if !asked[name] {
			t.Errorf("no rule in deploy/alerts.yaml asks for %s: who is told when it is bad?", name)
		}
	}
}

// rule is an alert rule.
type rule struct {
	Alert, Expr string
	Annotations struct{ Do string }
}

// rules are those that are shipped.
func rules(t *testing.T) (list []rule) {
	t.Helper()
	var file struct{ Groups []struct{ Rules []rule } }
	if err := yaml.Unmarshal([]byte(text(t, "deploy/alerts.yaml")), &file); err != nil {
		t.Fatal(err)
	}
	for _, g := range file.Groups {
		list = append(list, g.Rules...)
	}
	return list
}

// text is what a file has.
func text(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// families are the names of all metrics.
func families(t *testing.T, r *prometheus.Registry) map[string]bool {
	t.Helper()
	list, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, f := range list {
		names[f.GetName()] = true
	}
	return names
}
