package runbooks

import (
	"maps"
	"slices"
	"strings"
	"time"

	"tocsin/bot/incident"
)

// Alert is what rules ask of a word from a monitor.
type Alert struct {
	Source   string            // "pagerduty", "alertmanager", "sentry" …
	Title    string            // its one line
	Severity incident.Severity // "": the source did not say, or in words that nobody knows
	Urgency  string            // the source's own word, such as PagerDuty's "high"
	Labels   map[string]string // what the source says besides, by name
}

// Action is what an alert does that belongs to no incident yet.
type Action string

// What an alert can do.
const (
	Open   Action = "open"   // open a room by itself
	Ask    Action = "ask"    // ask people whether to open one
	Attach Action = "attach" // be listed, and open nothing
)

// Actions lists them, the loudest first.
var Actions = []Action{Open, Ask, Attach}

// Rule is what the alerts that fit it do. Of each list one must fit, of Labels
// each; what a rule does not name fits always. Upper and lower case are alike,
// and in Title and Labels * is for any letters and ? for one.
type Rule struct {
	Do                               Action
	Severity, Source, Urgency, Title []string
	Labels                           map[string][]string
}

// always tells whether a rule is for every alert.
func (r Rule) always() bool { return len(r.asked()) == 0 }

// asked is what a rule asks for, by its name in the file.
func (r Rule) asked() map[string][]string {
	out := map[string][]string{"severity": r.Severity, "source": r.Source, "urgency": r.Urgency, "title": r.Title}
	for k, list := range r.Labels {
		out["label "+k] = list
	}
	maps.DeleteFunc(out, func(_ string, list []string) bool { return list == nil })
	return out
}

// fits tells whether a rule is for an alert.
func (r Rule) fits(a Alert) bool {
	for k, globs := range r.Labels {
		if v, ok := label(a.Labels, k); !ok || !like(globs, v) {
			return false
		}
	}
	return (r.Severity == nil || contains(r.Severity, string(a.Severity))) &&
		(r.Source == nil || contains(r.Source, a.Source)) &&
		(r.Urgency == nil || contains(r.Urgency, a.Urgency)) &&
		(r.Title == nil || like(r.Title, a.Title))
}

// label is the value of a label, whatever the case of its name.
func label(labels map[string]string, name string) (string, bool) {
	if v, ok := labels[name]; ok {
		return v, true
	}
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		if strings.EqualFold(k, name) {
			return labels[k], true
		}
	}
	return "", false
}

// like tells whether one of the globs fits all of a text.
func like(globs []string, text string) bool {
	return slices.ContainsFunc(globs, func(g string) bool {
		return glob([]rune(strings.ToLower(g)), []rune(strings.ToLower(text)))
	})
}

// glob tells whether a pattern of letters, * and ? fits all of a text. It goes
// back to the last * alone, so it is never slower than their product.
func glob(pattern, text []rune) bool {
	p, t, star, from := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p, t = p+1, t+1
		case star >= 0:
			from++
			p, t = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(string(pattern[p:]), "*") == ""
}

// Action is what an alert for a service (nil: none that is described) does: by
// the first rule that fits, the service's own before the defaults. Without one
// it asks. The words say why, after "… because"; they quote rules, and are to be
// escaped.
func (s *Services) Action(service *Service, a Alert) (Action, string) {
	for _, v := range []*Service{service, s.Defaults()} {
		if v == nil {
			continue
		}
		for _, r := range v.Alerts {
			if r.fits(a) {
				return r.Do, "because " + r.words() + " (services/" + v.ID + ".md)"
			}
		}
	}
	return Ask, "because no rule is for it (services/" + defaultID + ".md)"
}

// words say what a rule is for and does.
func (r Rule) words() string {
	does := map[Action]string{Open: "open a room", Ask: "ask first", Attach: "are only listed"}[r.Do]
	if r.always() {
		return "all alerts " + does
	}
	out := "alerts"
	add := func(before string, list []string, after string) {
		if list != nil {
			out += " " + before + strings.Join(list, " or ") + after
		}
	}
	add("of ", r.Severity, "")
	add("from ", r.Source, "")
	add("of ", r.Urgency, " urgency")
	add("titled “", r.Title, "”")
	for _, k := range slices.Sorted(maps.Keys(r.Labels)) {
		add("with "+k+" ", r.Labels[k], "")
	}
	return out + " " + does
}

// Severity is what the first of a source's words comes to that the service (nil:
// none that is described) knows, or the defaults, or that is a severity's name.
// Of several words in one, as in "P1 - Critical", the first counts. Where none is
// known, and where there is none, it is what they say for Unrated; ok is false if
// they say nothing.
func (s *Services) Severity(service *Service, words ...string) (incident.Severity, bool) {
	for _, word := range words {
		forms := []string{plainWord(word), firstWords(word, 1), firstWords(word, 2)}
		for _, v := range []*Service{service, s.Defaults()} {
			for _, f := range forms {
				if v != nil && v.Severity[f] != "" {
					return v.Severity[f], true
				}
			}
		}
		for _, f := range forms {
			if sev, err := incident.ParseSeverity(f); err == nil {
				return sev, true
			}
		}
	}
	for _, v := range []*Service{service, s.Defaults()} {
		if v != nil && v.Severity[Unrated] != "" {
			return v.Severity[Unrated], true
		}
	}
	return "", false
}

// Unrated stands among a service's words for how bad it is for any other, and for none.
const Unrated = "*"

// Prioritized is the severity that goes with one of PagerDuty's priorities, by its name;
// ok is false where the defaults say nothing of it.
func (s *Services) Prioritized(name string) (sev incident.Severity, ok bool) {
	short, _, _ := strings.Cut(name, " ")
	for _, fits := range []string{name, short} {
		for _, sev := range incident.Severities {
			if p := s.Defaults().Priorities[sev]; p != "" && strings.EqualFold(p, fits) {
				return sev, true
			}
		}
	}
	return "", false
}

// longestWord is how much of a source's word is looked at, in bytes.
const longestWord = 100

// plainWord is a source's word without what is around it, in lower case.
func plainWord(s string) string {
	s = strings.ToLower(s[:min(len(s), longestWord)])
	return strings.Join(strings.Fields(strings.Trim(s, " \t\r\n[](){}<>:,;.-–—#\"'`")), " ")
}

// firstWords are the first n words of a source's word, or "".
func firstWords(s string, n int) string {
	list := strings.Fields(plainWord(s))
	if len(list) < n {
		return ""
	}
	return plainWord(strings.Join(list[:n], " "))
}

// RoomsPerHour is how many rooms alerts of a service (nil: one that is not
// described) may open by themselves in an hour.
func (s *Services) RoomsPerHour(service *Service) int {
	if service != nil && service.RoomsPerHour > 0 {
		return service.RoomsPerHour
	}
	return s.Defaults().RoomsPerHour
}

// RoomsPerMinute is how many rooms alerts of all services together may open by
// themselves in a minute.
func (s *Services) RoomsPerMinute() int { return s.Defaults().RoomsPerMinute }

// Window is how long alerts of one service and symptom, or of one provider,
// belong together.
func (s *Services) Window() time.Duration { return s.Defaults().Window }
