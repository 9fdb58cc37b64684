//go:build linux

package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// closedProc are the commands below which a process sees the /proc that the systemd unit
// shows it, in a namespace of its own. It skips the test where that cannot be had.
func closedProc(t *testing.T) []string {
	t.Helper()
	unit, options := text(t, "deploy/tocsin.service"), "hidepid=0"
	for setting, option := range map[string]string{`ProtectProc=(\w+)`: ",hidepid=", `ProcSubset=(pid)`: ",subset="} {
		if set := regexp.MustCompile(`(?m)^` + setting + `$`).FindStringSubmatch(unit); set != nil {
			options += option + set[1]
		}
	}
	script := "mount -t proc -o " + options + ` proc /proc && exec "$@"`
	why := ""
	for _, in := range namespaces {
		wrapper := append(append([]string{in[0], "--pid", "--fork"}, in[1:]...), "-c", script, "sh")
		out, err := exec.Command(wrapper[0], append(wrapper[1:], "true")...).CombinedOutput()
		if err == nil {
			return wrapper
		}
		why += fmt.Sprintf("\n%v: %v %s", wrapper, err, out)
	}
	t.Skip("/proc cannot be mounted here as the unit has it: get unshare with apt-get install util-linux, and run this as root, with CAP_SYS_ADMIN" + why)
	return nil
}

// Every number that an alert rule asks for is served by a process that systemd runs,
// which sees little of /proc: a rule about any other never fires.
func TestAlertsAskForWhatIsServed(t *testing.T) {
	ownProcess(t)
	wrapper := closedProc(t)
	t.Parallel()
	o, dir := office(t), t.TempDir()
	env := environment(o.url, filepath.Join(dir, "tocsin.db"), bySocket, "TOCSIN_BACKUP="+dir)
	p, err := launch(t.Context(), env, append(wrapper, "tocsin", "serve")...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.kill() })
	if err := p.up(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, p.log.String())
	}
	served := map[string]bool{}
	numbers, err := p.numbers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for series := range numbers {
		name, _, _ := strings.Cut(series, "{")
		served[name] = true
	}
	for _, r := range rules(t) {
		for _, name := range metricName.FindAllString(r.Expr, -1) {
			if !served[name] {
				t.Errorf("%s asks for %s, which is not served", r.Alert, name)
			}
		}
	}
}
