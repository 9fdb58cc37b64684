package templates

import (
	"fmt"
	"strings"
	"text/template"
)

// functions are what templates may call beside the comparisons of the language:
// they compute text from text and reach nothing else. call is taken away: data
// holds no functions, and none shall become reachable by adding one. What makes
// text of values, and what goes round, has its budget.
func functions(b *budget) template.FuncMap {
	return template.FuncMap{
		"ask":      ask,
		"link":     link,
		"print":    b.text(fmt.Sprint),
		"println":  b.text(fmt.Sprintln),
		"html":     b.text(template.HTMLEscaper),
		"js":       b.text(template.JSEscaper),
		"urlquery": b.text(template.URLQueryEscaper),
		"printf":   b.printf,
		step:       b.step,
		"call": func(...any) (string, error) {
			return "", fmt.Errorf("call is not for templates: write the text itself")
		},
	}
}

// ask stands where a field of the record would.
func ask(question string) string { return "**?** *Not recorded — ask: " + question + "*" }

// link returns a Markdown link. The title is Markdown; the address may be raw or
// escaped for Markdown. Whether it may be followed is for bot/markdown to say
// when it renders.
func link(title, address string) string {
	if address == "" {
		return title
	}
	return "[" + title + "](" + destination(address) + ")"
}

// destination takes Markdown's escapes out of an address and percent-encodes
// what could end a link early, or a table cell.
func destination(address string) string {
	var b strings.Builder
	for i := 0; i < len(address); i++ {
		c := address[i]
		if c == '\\' && i+1 < len(address) && punctuation(address[i+1]) {
			i++
			c = address[i]
		}
		if c <= ' ' || c == 0x7f || strings.IndexByte("<>()|`\\\"", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// punctuation reports whether a backslash escapes c, https://spec.commonmark.org/0.31.2/#backslash-escapes
func punctuation(c byte) bool {
	return c >= '!' && c <= '/' || c >= ':' && c <= '@' || c >= '[' && c <= '`' || c >= '{' && c <= '~'
}
