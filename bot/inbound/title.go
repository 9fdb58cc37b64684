package inbound

import (
	"regexp"
	"strings"
	"unicode"
)

// The noise that sources put around a title: Alertmanager's and Grafana's
// "[FIRING:2]" and "[Alerting]", Datadog's "[P1] [Triggered on {service:x}]",
// CloudWatch's `ALARM: "x" in US East (N. Virginia)`, Sentry's "Resolved: x", PagerDuty's
// "[#1234]" and whatever it was sent of these.
var (
	tag        = `\[(?i:(?:firing|resolved|alerting|ok|no ?data|pending|paused)(?::\d+)?(?:, *(?:firing|resolved)(?::\d+)?)*|(?:re-)?(?:triggered|recovered|warn(?:ing)?|no data|renotify|alert|critical|error|info)(?: recovered)?(?: on \{[^{}]*\})?|p[0-5]|sev-?[0-5]|#\d+)\]`
	leading    = regexp.MustCompile(`^(?:` + tag + `\s*)+`)
	trailing   = regexp.MustCompile(`(?:\s*` + tag + `)+$`)
	cloudTitle = regexp.MustCompile(`^(?:ALARM|OK|INSUFFICIENT_DATA): *"(.*)"(?: in .*)?$`)
	stateWord  = regexp.MustCompile(`^(?i:critical|warning|resolved|firing|triggered|recovered|alert|alarm|problem|ok): +`)
)

// BareTitle is a title without what its source puts around it, for people. What is
// all noise stays as it is.
func BareTitle(s string) string {
	s = strings.TrimSpace(s)
	out := strings.TrimLeftFunc(s, func(r rune) bool { return unicode.Is(unicode.So, r) || r == '\uFE0F' || unicode.IsSpace(r) })
	if m := cloudTitle.FindStringSubmatch(out); m != nil {
		out = m[1]
	}
	out = leading.ReplaceAllString(out, "")
	if strings.HasSuffix(out, "]") { // as trailing asks for, at its leisure
		out = trailing.ReplaceAllString(out, "")
	}
	out = strings.TrimSpace(stateWord.ReplaceAllString(out, ""))
	if out == "" {
		return s
	}
	return out
}
