package alert

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/bot/inbound"
)

// runbookNames are the annotations that name what to read.
var runbookNames = []string{"runbookurl", "runbook", "runbooklink", "playbookurl", "playbook"}

// pick is the value of the first of names that labels has.
func pick(labels map[string]string, names []string) string {
	value, best := "", len(names)
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if i := slices.Index(names[:best], inbound.Folded(name)); i >= 0 && strings.TrimSpace(labels[name]) != "" {
			value, best = labels[name], i
		}
	}
	return value
}

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
