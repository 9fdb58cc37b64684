package markdown

import (
	"bufio"
	"io"
	"net/url"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
)

func newBufWriter(w io.Writer) *bufio.Writer { return bufio.NewWriterSize(w, 256) }

// spans returns the text in n; neighbours in one style are one span.
func (r *reader) spans(n ast.Node) []Span {
	var out []Span
	r.inline(n, Span{}, &out, 0)
	return trimmed(out)
}

// inline adds what n's children say, in the style of all that surrounds them.
func (r *reader) inline(n ast.Node, style Span, out *[]Span, depth int) {
	if depth > maxDepth {
		return
	}
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		in := style
		switch c := c.(type) {
		case *ast.Text:
			r.text(c, style, out)
			continue
		case *ast.AutoLink:
			in = withLink(in, autoLinkAddress(c, r.src))
			add(out, in, clean(string(c.Label(r.src))))
			continue
		case *ast.CodeSpan:
			in.Code = true
			add(out, in, r.code(c))
			continue
		case *ast.Emphasis:
			in.Bold = in.Bold || c.Level > 1
			in.Italic = in.Italic || c.Level == 1
		case *extast.Strikethrough:
			in.Strike = true
		case *ast.Link:
			in = withLink(in, literal(c.Destination))
		case *ast.Image:
			in = withLink(in, literal(c.Destination))
		}
		r.inline(c, in, out, depth+1)
	}
}

func (r *reader) text(n *ast.Text, style Span, out *[]Span) {
	add(out, style, literal(n.Value(r.src)))
	switch {
	case n.HardLineBreak():
		add(out, style, "\n")
	case n.SoftLineBreak():
		add(out, style, " ")
	}
}

// code returns a code span's text, where escapes mean nothing and a line break is a space.
func (r *reader) code(n ast.Node) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			b.Write(t.Value(r.src))
		}
	}
	return clean(strings.ReplaceAll(b.String(), "\n", " "))
}

func add(out *[]Span, style Span, s string) {
	if s == "" {
		return
	}
	if last := len(*out) - 1; last >= 0 {
		same := (*out)[last]
		same.Text = ""
		if same == style {
			(*out)[last].Text += s
			return
		}
	}
	style.Text = s
	*out = append(*out, style)
}

// trimmed drops white space at both ends; what is left of "[ ] " is one.
func trimmed(spans []Span) []Span {
	for len(spans) > 0 && !spans[0].Code {
		if spans[0].Text = strings.TrimLeft(spans[0].Text, " \t\n"); spans[0].Text != "" {
			break
		}
		spans = spans[1:]
	}
	for last := len(spans) - 1; last >= 0 && !spans[last].Code; last-- {
		if spans[last].Text = strings.TrimRight(spans[last].Text, " \t\n"); spans[last].Text != "" {
			break
		}
		spans = spans[:last]
	}
	return spans
}

var (
	person  = regexp.MustCompile(`^user:[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)
	sibling = regexp.MustCompile(`^([a-z0-9][a-z0-9-]{0,63})\.md$`)
	anchor  = regexp.MustCompile(`^#([\pL\pN]+(?:-[\pL\pN]+)*)$`)
)

// withLink returns s leading to an address, or s as it was if the address is
// none of those the package comment names.
func withLink(s Span, address string) Span {
	if page := sibling.FindStringSubmatch(address); page != nil {
		s.Page = page[1]
		return s
	}
	if heading := anchor.FindStringSubmatch(address); heading != nil {
		s.Anchor = heading[1]
		return s
	}
	if person.MatchString(address) {
		s.Link = address
		return s
	}
	u, err := url.Parse(address)
	if err != nil {
		return s
	}
	switch u.Scheme { // url.Parse made it lower case
	case "http", "https":
		if u.Host != "" {
			s.Link = u.String()
		}
	case "mailto":
		s.Link = u.String()
	}
	return s
}

func autoLinkAddress(n *ast.AutoLink, src []byte) string {
	if n.AutoLinkType == ast.AutoLinkEmail {
		return "mailto:" + string(n.Label(src))
	}
	return string(n.URL(src))
}
