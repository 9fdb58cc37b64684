package incident

import (
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Line is outside text as one line: no control characters, no characters that
// turn the direction of text or have no width (but for the joiner of emoji), no
// runs of spaces. Text in which there is nothing to see is "".
func Line(s string) string {
	if plain(s) {
		return s
	}
	return strings.Join(strings.Fields(clean(s, false)), " ")
}

// Block is outside text that may have several lines, cleaned like Line.
func Block(s string) string {
	if plain(s) {
		return s
	}
	return strings.TrimSpace(clean(s, true))
}

// plain tells whether a text is clean as it is, as nearly all that monitors send is:
// words of ASCII with a space between them.
func plain(s string) bool {
	last := byte(' ')
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == ' ' && last == ' ' {
			return false
		}
		last = s[i]
	}
	return s == "" || last != ' '
}

// Cut is s in n characters at the most, the last of them "…" if anything was
// cut.
func Cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}

func clean(s string, lines bool) string {
	if oneLine(s) == "" {
		return ""
	}
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' && lines:
			return r
		case r == '\u200D': // joins emoji
			return r
		case invisible(r):
			return -1
		case unicode.IsControl(r), r == '\u2028', r == '\u2029':
			return ' '
		}
		return r
	}, s)
}

// Clock shows a time to people: "2026-11-20 14:02 UTC"; no time is "".
func Clock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

// Span shows a duration to people: "38 min", "2 h 5 min", "3 d 4 h".
func Span(d time.Duration) string {
	m := int(d.Round(time.Minute) / time.Minute)
	switch {
	case d < 0:
		return ""
	case m < 1:
		return "under a minute"
	case m < 60:
		return itoa(m) + " min"
	case m < 24*60:
		return both(m/60, "h", m%60, "min")
	}
	return both(m/(24*60), "d", m%(24*60)/60, "h")
}

func both(a int, ua string, b int, ub string) string {
	if b == 0 {
		return itoa(a) + " " + ua
	}
	return itoa(a) + " " + ua + " " + itoa(b) + " " + ub
}

// ChannelName is the name of the incident's channel: its number first, which
// makes it unique, then what the title gives in a-z and 0-9, at most 60
// characters. A private incident's name tells nothing (CoSAI AI-IR v1.0).
func (inc Incident) ChannelName() string {
	name := "inc-" + itoa(inc.ID.Number())
	if inc.Private {
		return name
	}
	slug := strings.Map(func(r rune) rune {
		r = unicode.ToLower(r)
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		if r == '\'' || r == '’' {
			return -1
		}
		return ' '
	}, inc.Title)
	for _, word := range strings.Fields(slug) {
		if len(name)+1+len(word) > 60 {
			break
		}
		name += "-" + word
	}
	return name
}

func itoa(n int) string { return strconv.Itoa(n) }
