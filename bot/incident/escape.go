package incident

import (
	"strings"
	"unicode"
)

// Escape makes any text literal in Markdown: what a person, an alert or another
// system wrote is shown as it was written and never formats, links, opens a
// list or a table cell, or hides anything.
//
// The result is one line. White space of every kind, newlines among it, and
// control characters become single spaces, and those at the ends go. Invisible
// characters (zero width, bidirectional overrides, tags) are removed: they can
// make a line read differently from what it says. Invalid UTF-8 becomes U+FFFD.
//
// The result may stand wherever Markdown text may: alone, after a list marker or
// a bold label, in a heading, in a table cell. It must not stand inside code
// (between backquotes), where Markdown knows no escapes.
func Escape(s string) string {
	text := []rune(oneLine(s))
	var b strings.Builder
	b.Grow(len(text) + len(text)/8)
	for i, r := range text {
		if special(text, i) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// oneLine replaces and removes what Escape promises, and escapes nothing yet.
func oneLine(s string) string {
	if plain(s) {
		return s
	}
	visible := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), unicode.IsControl(r), unicode.In(r, unicode.Zl, unicode.Zp):
			return ' '
		case invisible(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return strings.Join(strings.Fields(visible), " ")
}

// invisible reports whether r takes no place on the screen. Format characters
// (Cf) and default-ignorable ones are Unicode's own lists; the variation
// selectors above U+E0100 can carry hidden bytes. U+FE0F is kept: it makes
// a plain sign an emoji.
func invisible(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point) ||
		r >= 0xE0100 && r <= 0xE01EF
}

// special reports whether the character at i could mean something to a Markdown
// parser (CommonMark 0.31 with GitHub's tables, task lists and strikethrough).
func special(text []rune, i int) bool {
	switch r := text[i]; r {
	case '\\', '`', '*', '[', ']', '<', '&', '~', '|', '#':
		return true
	case '_': // between letters or digits it is only a character: snake_case
		return !(i > 0 && alphanumeric(text[i-1]) && i+1 < len(text) && alphanumeric(text[i+1]))
	case '>', '+', '-', '=', ':': // quote, list, rule or underline, table
		return i == 0
	case '.', ')': // "1. " and "1) " begin a list
		return i > 0 && allDigits(text[:i]) && (i+1 == len(text) || text[i+1] == ' ')
	}
	return false
}

func alphanumeric(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func allDigits(text []rune) bool {
	for _, r := range text {
		if r < '0' || r > '9' {
			return false
		}
	}
	return true
}
