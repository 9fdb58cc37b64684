package markdown

import (
	"bytes"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// Section is a heading and what stands under it.
type Section struct {
	Level int
	Title string // plain text
	Body  string // Markdown, up to the next heading of this level or a higher one
	Line  int    // of the heading, 1 being the first line of what was parsed
}

// Sections returns the sections of a document in order. A section's Body holds
// its subsections, which are also listed themselves.
func Sections(body string) []Section { return sections(parse(body)) }

// Outline returns the sections of a document and where it leads; it reads the document
// once.
func Outline(body string) ([]Section, Links) {
	src, root := parse(body)
	return sections(src, root), links(root)
}

func sections(src []byte, root ast.Node) []Section {
	r := &reader{src: src}
	var out []Section
	var from, starts []int // where each body begins, and each heading
	for n := root.FirstChild(); n != nil; n = n.NextSibling() {
		h, ok := n.(*ast.Heading)
		if !ok || h.Lines().Len() == 0 {
			continue
		}
		start := lineStart(src, h.Lines().At(0).Start)
		out = append(out, Section{Level: h.Level, Title: plain(r.spans(h)), Line: lineAt(src, start)})
		starts, from = append(starts, start), append(from, afterHeading(src, h))
	}
	for i := range out {
		end := len(src)
		for j := i + 1; j < len(out); j++ {
			if out[j].Level <= out[i].Level {
				end = starts[j]
				break
			}
		}
		out[i].Body = strings.Trim(string(src[from[i]:end]), "\n")
	}
	return out
}

// afterHeading returns where the text after a heading begins: past its line, and
// past the underline of the kind that has one.
func afterHeading(src []byte, h *ast.Heading) int {
	first, last := h.Lines().At(0), h.Lines().At(h.Lines().Len()-1)
	end := lineEnd(src, max(last.Stop-1, last.Start))
	if bytes.HasPrefix(bytes.TrimLeft(src[lineStart(src, first.Start):], " "), []byte("#")) {
		return end
	}
	return lineEnd(src, end)
}

func lineStart(src []byte, at int) int { return bytes.LastIndexByte(src[:at], '\n') + 1 }

func lineEnd(src []byte, at int) int {
	if i := bytes.IndexByte(src[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(src)
}

func lineAt(src []byte, at int) int { return bytes.Count(src[:at], []byte("\n")) + 1 }

// Task is a list item that begins with a check box.
type Task struct {
	Text string // its first paragraph as plain text, without the box
	Done bool
	Line int // 1 being the first line of what was parsed
}

// Tasks returns the task-list items of a document in order, nested ones too.
func Tasks(body string) []Task {
	src, root := parse(body)
	r := &reader{src: src}
	var out []Task
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if n.Kind() != ast.KindListItem || !entering {
			return ast.WalkContinue, nil
		}
		if box := checkBox(n); box != nil {
			first := n.FirstChild()
			out = append(out, Task{
				Text: plain(r.spans(first)),
				Done: box.IsChecked,
				Line: lineAt(src, first.Lines().At(0).Start),
			})
		}
		return ast.WalkContinue, nil
	})
	return out
}

func plain(spans []Span) string {
	var b strings.Builder
	for _, s := range spans {
		b.WriteString(s.Text)
	}
	return b.String()
}

// Links is where a document leads, each in the order of the first link.
type Links struct {
	Pages   []string // ids of the pages beside this one
	Anchors []string // ids of headings of this page
}

// LinksOf returns where a document leads.
func LinksOf(md string) Links {
	_, root := parse(md)
	return links(root)
}

func links(root ast.Node) (found Links) {
	note := func(list *[]string, id string) {
		if id != "" && !slices.Contains(*list, id) {
			*list = append(*list, id)
		}
	}
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if l, ok := n.(*ast.Link); ok && entering {
			to := withLink(Span{}, literal(l.Destination))
			note(&found.Pages, to.Page)
			note(&found.Anchors, to.Anchor)
		}
		return ast.WalkContinue, nil
	})
	return found
}
