package runbooks

import "bytes"

// serviceFront is the front matter of a service.
type serviceFront struct {
	ID         string            `yaml:"id"`
	Title      string            `yaml:"title"`
	Also       oneOrMore         `yaml:"also"`
	PagerDuty  string            `yaml:"pagerduty"`
	Provider   string            `yaml:"provider"`
	Model      string            `yaml:"model"`
	Region     string            `yaml:"region"`
	Stage      string            `yaml:"stage"`
	Owners     oneOrMore         `yaml:"owners"`
	Escalation string            `yaml:"escalation"`
	DependsOn  oneOrMore         `yaml:"depends_on"`
	Fallback   oneOrMore         `yaml:"fallback"`
	Guides     oneOrMore         `yaml:"guides"`
	Has        []string          `yaml:"has"`
	Severity   map[string]string `yaml:"severity"`
	Alerts     []struct {
		When *struct {
			Severity oneOrMore            `yaml:"severity"`
			Source   oneOrMore            `yaml:"source"`
			Urgency  oneOrMore            `yaml:"urgency"`
			Title    oneOrMore            `yaml:"title"`
			Labels   map[string]oneOrMore `yaml:"labels"`
		} `yaml:"when"`
		Do string `yaml:"do"`
	} `yaml:"alerts"`
	PerHour   *int                 `yaml:"rooms_per_hour"`
	PerMinute *int                 `yaml:"rooms_per_minute"`
	Window    string               `yaml:"window"`
	Providers map[string]oneOrMore `yaml:"providers"`
	// Priorities are PagerDuty's, by our severity.
	Priorities map[string]string    `yaml:"priorities"`
	Only       map[string]oneOrMore `yaml:"only"`
	Guests     string               `yaml:"guests"`
}

// oneOrMore is a list, or one thing without its brackets.
type oneOrMore []string

// UnmarshalYAML reads either.
func (l *oneOrMore) UnmarshalYAML(read func(any) error) error {
	var one string
	if read(&one) == nil {
		*l = oneOrMore{one}
		return nil
	}
	return read((*[]string)(l))
}

// lineUnder is the line that a value of a field is on, the field's if it is not
// found below it, and 1 if there is none.
func lineUnder(src []byte, field, value string) int {
	start := 0
	if !bytes.HasPrefix(src, []byte(field+":")) {
		if start = bytes.Index(src, []byte("\n"+field+":")); start < 0 {
			return 1
		}
		start++
	}
	if i := bytes.Index(src[start+len(field):], []byte(value)); i >= 0 && value != "" {
		start += len(field) + i
	}
	return bytes.Count(src[:start], []byte("\n")) + 1
}
