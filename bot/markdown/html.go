package markdown

import (
	"fmt"
	"html"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// HTML renders a document as safe HTML: every text is escaped, every tag is one
// of this file's, and every address passed Parse. Headings have ids made of
// their text; a link to a person is text; a link to the page beside this one
// ("other-id.md") leads to "other-id".
func HTML(md string) template.HTML { return htmlOf(md, "") }

// FileHTML renders like HTML, for a page that is a file among others: a link to
// the page beside this one leads to "other-id.html".
func FileHTML(md string) template.HTML { return htmlOf(md, ".html") }

func htmlOf(md, ending string) template.HTML {
	w := &htmlWriter{ids: map[string]int{}, ending: ending}
	w.blocks(Parse(md))
	return template.HTML(w.b.String())
}

type htmlWriter struct {
	b      strings.Builder
	ids    map[string]int // headings so far, by id
	ending string         // of the addresses of the pages beside this one
}

func (w *htmlWriter) printf(format string, args ...any) { fmt.Fprintf(&w.b, format, args...) }

func (w *htmlWriter) blocks(blocks []Block) {
	for _, b := range blocks {
		w.block(b)
	}
}

func (w *htmlWriter) block(b Block) {
	switch b.Kind {
	case Paragraph:
		w.printf("<p>%s</p>\n", w.spansHTML(b.Spans))
	case Heading:
		w.printf("<h%d id=\"%s\">%s</h%d>\n", b.Level, w.id(plain(b.Spans)), w.spansHTML(b.Spans), b.Level)
	case List:
		w.list(b)
	case Code:
		w.printf("<pre tabindex=\"0\"><code%s>%s\n</code></pre>\n", class(b.Lang), html.EscapeString(b.Text))
	case Quote:
		w.printf("<blockquote>\n")
		w.blocks(b.Blocks)
		w.printf("</blockquote>\n")
	case Rule:
		w.printf("<hr>\n")
	case Table:
		w.table(b)
	}
}

func (w *htmlWriter) list(b Block) {
	tag, start := "ul", ""
	if b.Ordered {
		tag = "ol"
		if b.Start != 1 {
			start = fmt.Sprintf(` start="%d"`, b.Start)
		}
	}
	w.printf("<%s%s>\n", tag, start)
	for _, item := range b.Items {
		w.item(item)
	}
	w.printf("</%s>\n", tag)
}

// item writes a first paragraph bare: a list of lines should not look like
// a list of paragraphs.
func (w *htmlWriter) item(item Item) {
	open := "<li>"
	if item.Task {
		open = `<li class="task"><input type="checkbox" disabled> `
		if item.Done {
			open = `<li class="task"><input type="checkbox" disabled checked> `
		}
	}
	w.b.WriteString(open)
	rest := item.Blocks
	if len(rest) > 0 && rest[0].Kind == Paragraph {
		w.b.WriteString(w.spansHTML(rest[0].Spans))
		rest = rest[1:]
	}
	if len(rest) > 0 {
		w.b.WriteString("\n")
		w.blocks(rest)
	}
	w.b.WriteString("</li>\n")
}

// table is wrapped so that a wide one scrolls by itself on a narrow screen.
func (w *htmlWriter) table(b Block) {
	w.printf("<div class=\"table\"><table>\n")
	for i, row := range b.Rows {
		tag := "td"
		if i == 0 {
			if slices.IndexFunc(row, func(c Cell) bool { return len(c) > 0 }) < 0 {
				continue // Markdown has no table without a header; an empty one is none
			}
			tag = "th"
		}
		w.printf("<tr>")
		for col, cell := range row {
			w.printf("<%s%s>%s</%s>", tag, alignClass(b.Align, col), w.spansHTML(cell), tag)
		}
		w.printf("</tr>\n")
	}
	w.printf("</table></div>\n")
}

func alignClass(aligns []Align, col int) string {
	if col < len(aligns) {
		switch aligns[col] {
		case Center:
			return ` class="center"`
		case Right:
			return ` class="right"`
		}
	}
	return ""
}

func class(lang string) string {
	if lang == "" {
		return ""
	}
	return ` class="language-` + html.EscapeString(lang) + `"`
}

// Anchor is the id of a heading: its letters and digits in lower case, with
// hyphens between its words. Where a heading stands twice, the later ones get a
// number.
func Anchor(title string) string {
	words := strings.FieldsFunc(strings.ToLower(title), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r)
	})
	if len(words) == 0 {
		return "section"
	}
	return strings.Join(words, "-")
}

// id is a heading's Anchor, once only in the document.
func (w *htmlWriter) id(title string) string {
	id := Anchor(title)
	taken := id
	for w.ids[taken] > 0 {
		taken = id + "-" + strconv.Itoa(w.ids[id])
		w.ids[id]++
	}
	w.ids[taken]++
	return taken
}

func (w *htmlWriter) spansHTML(spans []Span) string {
	var b strings.Builder
	for _, s := range spans {
		b.WriteString(w.spanHTML(s))
	}
	return b.String()
}

func (w *htmlWriter) spanHTML(s Span) string {
	out := strings.ReplaceAll(html.EscapeString(s.Text), "\n", "<br>\n")
	for _, style := range []struct {
		on  bool
		tag string
	}{{s.Code, "code"}, {s.Strike, "del"}, {s.Italic, "em"}, {s.Bold, "strong"}} {
		if style.on {
			out = "<" + style.tag + ">" + out + "</" + style.tag + ">"
		}
	}
	switch {
	case s.Anchor != "":
		return `<a href="#` + html.EscapeString(s.Anchor) + `">` + out + "</a>"
	case s.Page != "":
		return `<a href="` + html.EscapeString(s.Page+w.ending) + `">` + out + "</a>"
	case s.Link != "" && !strings.HasPrefix(s.Link, "user:"):
		return `<a href="` + html.EscapeString(s.Link) + `" rel="noopener noreferrer">` + out + "</a>"
	}
	return out
}
