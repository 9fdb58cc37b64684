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

var metricName = regexp.MustCompile(`\btocsin_[a-z_]+`)

// Every number has a line in README, every alert rule too; and the rules ask for
// numbers that there are.
func TestAlertsAndReadmeTellOfEveryNumber(t *testing.T) {
	m := newMetered(t, func() []bot.Bucket { return []bot.Bucket{{Name: "chat.update", PausedUntil: time.Now()}} })
	there := families(t, m.registry)
	data, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	readme := string(data)
	for name := range there {
		if !strings.Contains(readme, "`"+name+"`") && !strings.Contains(readme, "`"+name+"{") {
			t.Errorf("README.md does not tell of %s", name)
		}
	}
	data, err = os.ReadFile("deploy/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var rules struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr string
				Annotations struct{ Do string }
			}
		}
	}
	if err := yaml.Unmarshal(data, &rules); err != nil {
		t.Fatal(err)
	}
	for _, r := range rules.Groups[0].Rules {
		if !strings.Contains(readme, "`"+r.Alert+"`") {
			t.Errorf("README.md does not tell of the alert %s", r.Alert)
		}
		if len(r.Annotations.Do) < 30 {
			t.Errorf("%s does not say what to do", r.Alert)
		}
		for _, name := range metricName.FindAllString(r.Expr, -1) {
			if !there[strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_count")] {
				t.Errorf("%s asks for %s, which there is not", r.Alert, name)
			}
		}
	}
}

// families are the names of tocsin's own metrics.
func families(t *testing.T, r *prometheus.Registry) map[string]bool {
	t.Helper()
	list, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, f := range list {
		if strings.HasPrefix(f.GetName(), "tocsin_") {
			names[f.GetName()] = true
		}
	}
	return names
}
