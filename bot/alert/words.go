package alert

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// serviceLabels are the labels that may name the service, the best first, as
// folded writes them: "app.kubernetes.io/name" is appkubernetesioname. A job is
// last: it is often the name of the scraping, not of what is scraped.
var serviceLabels = []string{
	"service", "servicename", "kubeservice", "app", "appname", "application", "appkubernetesioname", "component",
	"deployment", "functionname", "project", "projectslug", "job",
}

// urgencyLabels are the labels that may tell how bad it is, the best first.
var urgencyLabels = []string{"severity", "priority", "urgency", "criticality", "level"}

// runbookNames are the annotations that name what to read.
var runbookNames = []string{"runbookurl", "runbook", "runbooklink", "playbookurl", "playbook"}

// folded is a label's name without case, dots, dashes and the like.
func folded(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

// pick is the value of the first of names that labels has.
func pick(labels map[string]string, names []string) string {
	value, best := "", len(names)
	for _, name := range sortedNames(labels) {
		if i := slices.Index(names[:best], folded(name)); i >= 0 && strings.TrimSpace(labels[name]) != "" {
			value, best = labels[name], i
		}
	}
	return value
}

func sortedNames(labels map[string]string) []string { return slices.Sorted(maps.Keys(labels)) }

// lines joins what there is to say, each once.
func lines(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p = strings.TrimSpace(p); p != "" && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return strings.Join(out, "\n")
}

// named is "name: value", or "" without a value.
func named(name, value string) string {
	if strings.TrimSpace(value) == "" {
		return ""
	}
	return name + ": " + value
}

// news is a text for a note, which is read after the name of who sent it.
func news(event string, parts ...string) string {
	return named("sent "+strconv.Quote(event), strings.Join(strings.Fields(lines(parts...)), " "))
}

// The noise that sources put around a title: Alertmanager's and Grafana's
// "[FIRING:2]" and "[Alerting]", Datadog's "[P1] [Triggered on {service:x}]",
// CloudWatch's `ALARM: "x" in US East (N. Virginia)`, Sentry's "Resolved: x".
var (
	tag        = `\[(?i:(?:firing|resolved|alerting|ok|no ?data|pending|paused)(?::\d+)?(?:, *(?:firing|resolved)(?::\d+)?)*|(?:re-)?(?:triggered|recovered|warn(?:ing)?|no data|renotify|alert|critical|error|info)(?: recovered)?(?: on \{[^{}]*\})?|p[0-5]|sev-?[0-5])\]`
	leading    = regexp.MustCompile(`^(?:` + tag + `\s*)+`)
	trailing   = regexp.MustCompile(`(?:\s*` + tag + `)+$`)
	cloudTitle = regexp.MustCompile(`^(?:ALARM|OK|INSUFFICIENT_DATA): *"(.*)"(?: in .*)?$`)
	stateWord  = regexp.MustCompile(`^(?i:critical|warning|resolved|firing|triggered|recovered|alert|alarm|problem|ok): +`)
)

// bareTitle is a title without what its source puts around it, for people. What is
// all noise stays as it is.
func bareTitle(s string) string {
	s = strings.TrimSpace(s)
	out := strings.TrimLeftFunc(s, func(r rune) bool { return unicode.Is(unicode.So, r) || r == '\uFE0F' || unicode.IsSpace(r) })
	if m := cloudTitle.FindStringSubmatch(out); m != nil {
		out = m[1]
	}
	out = trailing.ReplaceAllString(leading.ReplaceAllString(out, ""), "")
	out = strings.TrimSpace(stateWord.ReplaceAllString(out, ""))
	if out == "" {
		return s
	}
	return out
}

// text is a text in JSON, or a number or the like as it is written there.
type text string

// UnmarshalJSON takes any value.
func (t *text) UnmarshalJSON(b []byte) error {
	switch {
	case string(b) == "null":
		*t = ""
	case b[0] == '"':
		return json.Unmarshal(b, (*string)(t))
	default:
		*t = text(b)
	}
	return nil
}

// moment is a time as sources write it. What cannot be read is no time.
type moment struct{ time.Time }

// UnmarshalJSON takes any value.
func (m *moment) UnmarshalJSON(b []byte) error {
	var t text
	err := t.UnmarshalJSON(b)
	m.Time = when(string(t))
	return err
}

// layouts are the forms of time besides numbers; the second is CloudWatch's.
var layouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999-0700", "2006-01-02T15:04:05.999999", "2006-01-02 15:04:05.999999 -0700 MST", "2006-01-02 15:04:05"}

// when reads a time, or a number of seconds or milliseconds since 1970.
func when(s string) time.Time {
	s = strings.TrimSpace(s)
	if n, err := strconv.ParseFloat(s, 64); err == nil && n > 0 && n < 1e14 {
		if n < 1e11 {
			n *= 1000
		}
		return storable(time.UnixMilli(int64(n)))
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			return storable(t)
		}
	}
	return time.Time{}
}

// storable is t in UTC, if JSON has a form for it.
func storable(t time.Time) time.Time {
	if t = t.UTC(); t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}
