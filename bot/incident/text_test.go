package incident_test

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"tocsin/bot/incident"
)

func TestLineAndBlock(t *testing.T) {
	for _, c := range []struct{ in, line, block string }{
		{"plain", "plain", "plain"},
		{"  two \t words  ", "two words", "two   words"},
		{"one\ntwo\r\n\nthree\n", "one two three", "one\ntwo\n\nthree"},
		{"alarm\a bell\x00\x1b[31m", "alarm bell [31m", "alarm  bell  [31m"},
		{"\u202egnp.exe\u202c", "gnp.exe", "gnp.exe"},
		{"zero\u200bwidth\ufeff", "zerowidth", "zerowidth"},
		{"tags\U000E0041\U000E0100", "tags", "tags"},
		{"a\u2028b\u2029c\u0085d", "a b c d", "a b c d"},
		{"bad \xff\xfe bytes", "bad \uFFFD bytes", "bad \uFFFD bytes"},
		{"👩\u200d💻 ❤\ufe0f", "👩\u200d💻 ❤\ufe0f", "👩\u200d💻 ❤\ufe0f"},
		{"\u200d", "", ""},
		{"\u3164 \u115f", "", ""},
		{"<!channel> *x*", "<!channel> *x*", "<!channel> *x*"},
	} {
		if got := incident.Line(c.in); got != c.line {
			t.Errorf("Line(%q) = %q, want %q", c.in, got, c.line)
		}
		if got := incident.Block(c.in); got != c.block {
			t.Errorf("Block(%q) = %q, want %q", c.in, got, c.block)
		}
	}
}

// anyText is random text with many characters that make trouble.
var anyText = rapid.Custom(func(t *rapid.T) string {
	trouble := strings.Split("\n|\r\n|\t|\x00|\x1b|\xff|\u0085|\u00a0|\u200b|\u200d|\u200f|\u202e|\u2028|\u2029|\u2066|\u3164|\ufe0f|\ufeff|\U000E0041|\U000E0100|'|’|é|Ω|語|👩‍💻|K|İ|<!channel>|a| |~|\x7f|two words", "|")
	piece := rapid.OneOf(rapid.SampledFrom(trouble), rapid.String())
	return strings.Join(rapid.SliceOfN(piece, 0, 20).Draw(t, "pieces"), "")
})

func TestCleanTextProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anyText.Draw(t, "s")
		line, block := incident.Line(s), incident.Block(s)
		for name, got := range map[string]string{"Line": line, "Block": block} {
			if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return r != '\n' && r != '\u200d' && forbidden(r) }) {
				t.Fatalf("%s(%q) = %q: not clean", name, s, got)
			}
			if incident.Escape(got) != incident.Escape(s) {
				t.Fatalf("%s(%q) = %q, which shows as %q instead of %q", name, s, got, incident.Escape(got), incident.Escape(s))
			}
			if (got == "") != (incident.Escape(s) == "") {
				t.Fatalf("%s(%q) = %q, which shows as %q", name, s, got, incident.Escape(s))
			}
		}
		if strings.Contains(line, "\n") || incident.Line(line) != line || incident.Block(block) != block {
			t.Fatalf("cleaning %q twice is not cleaning it once", s)
		}
		if line != strings.Join(strings.Fields(line), " ") || block != strings.TrimSpace(block) {
			t.Fatalf("%q is the line %q and the block %q, with spaces to spare", s, line, block)
		}
	})
}

func forbidden(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point)
}

func TestClock(t *testing.T) {
	tokyo := time.FixedZone("JST", 9*3600)
	wantEqual(t, "Clock", incident.Clock(time.Date(2026, 11, 21, 2, 14, 59, 0, tokyo)), "2026-11-20 17:14 UTC")
	wantEqual(t, "Clock of no time", incident.Clock(time.Time{}), "")
}

func TestSpan(t *testing.T) {
	const day = 24 * time.Hour
	for d, want := range map[time.Duration]string{
		-time.Second: "", 0: "under a minute", 29 * time.Second: "under a minute", 30 * time.Second: "1 min", 38 * time.Minute: "38 min",
		59*time.Minute + 29*time.Second: "59 min", 59*time.Minute + 30*time.Second: "1 h", time.Hour: "1 h", 2*time.Hour + 5*time.Minute: "2 h 5 min",
		day - time.Minute: "23 h 59 min", day - time.Second: "1 d", day: "1 d", 3*day + 4*time.Hour + 59*time.Minute: "3 d 4 h", 400 * day: "400 d",
	} {
		if got := incident.Span(d); got != want {
			t.Errorf("Span(%v) = %q, want %q", d, got, want)
		}
	}
}
