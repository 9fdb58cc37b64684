package markdown

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Text renders a document as plain text for a terminal or a notification: lists
// with "•" or numbers, tasks with "☐" and "☑", tables in aligned columns, code
// indented by four spaces, and a link's address after its text.
func Text(md string) string {
	return strings.Join(linesOf(Parse(md)), "\n")
}

// linesOf renders blocks with an empty line between them.
func linesOf(blocks []Block) []string {
	var out []string
	for i, b := range blocks {
		if i > 0 {
			out = append(out, "")
		}
		out = append(out, blockLines(b)...)
	}
	return out
}

func blockLines(b Block) []string {
	switch b.Kind {
	case List:
		return listLines(b)
	case Code:
		return prefixed("    ", strings.Split(b.Text, "\n"))
	case Quote:
		return prefixed("│ ", linesOf(b.Blocks))
	case Rule:
		return []string{"────"}
	case Table:
		return tableLines(b)
	}
	return strings.Split(spansText(b.Spans), "\n")
}

func listLines(b Block) []string {
	var out []string
	for i, item := range b.Items {
		marker := "• "
		if b.Ordered {
			marker = fmt.Sprintf("%d. ", b.Start+i)
		}
		if item.Task {
			marker = "☐ "
			if item.Done {
				marker = "☑ "
			}
		}
		out = append(out, hanging(marker, itemLines(item.Blocks))...)
	}
	return out
}

// itemLines renders what a list item holds; a list within it follows its text
// with no empty line.
func itemLines(blocks []Block) []string {
	var out []string
	for i, b := range blocks {
		if i > 0 && b.Kind != List {
			out = append(out, "")
		}
		out = append(out, blockLines(b)...)
	}
	return out
}

// hanging puts a marker before the first line and indents the others under it.
func hanging(marker string, lines []string) []string {
	if len(lines) == 0 {
		return []string{strings.TrimRight(marker, " ")}
	}
	rest := prefixed(strings.Repeat(" ", utf8.RuneCountInString(marker)), lines[1:])
	return append([]string{marker + lines[0]}, rest...)
}

func prefixed(prefix string, lines []string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = strings.TrimRight(prefix+l, " ")
	}
	return out
}

func tableLines(b Block) []string {
	cells, width := make([][]string, len(b.Rows)), make([]int, len(b.Align))
	for i, row := range b.Rows {
		for col, cell := range row {
			s := strings.ReplaceAll(spansText(cell), "\n", " ")
			cells[i] = append(cells[i], s)
			width[col] = max(width[col], utf8.RuneCountInString(s))
		}
	}
	var out []string
	for i, row := range cells {
		if i == 0 && strings.Join(row, "") == "" {
			continue // Markdown has no table without a header; an empty one is none
		}
		var line strings.Builder
		for col, s := range row {
			line.WriteString(pad(s, width[col], b.Align[col]) + "  ")
		}
		out = append(out, strings.TrimRight(line.String(), " "))
		if i == 0 {
			out = append(out, ruleUnder(width))
		}
	}
	return out
}

func ruleUnder(width []int) string {
	parts := make([]string, len(width))
	for i, w := range width {
		parts[i] = strings.Repeat("─", w)
	}
	return strings.Join(parts, "  ")
}

func pad(s string, width int, a Align) string {
	gap := width - utf8.RuneCountInString(s)
	left := 0
	switch a {
	case Right:
		left = gap
	case Center:
		left = gap / 2
	}
	return strings.Repeat(" ", left) + s + strings.Repeat(" ", gap-left)
}

// spansText names a link's address unless it is the text already or a person's.
func spansText(spans []Span) string {
	var b strings.Builder
	for i, s := range spans {
		b.WriteString(s.Text)
		ends := i+1 == len(spans) || spans[i+1].Link != s.Link
		if s.Link != "" && ends && !strings.HasPrefix(s.Link, "user:") && strings.TrimPrefix(s.Link, "mailto:") != s.Text {
			b.WriteString(" (" + s.Link + ")")
		}
	}
	return b.String()
}
