package markdown

import (
	"bytes"
	"html"
	"strings"
	"sync"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	gmhtml "github.com/yuin/goldmark/renderer/html"
)

// maxDepth bounds how deep quotes and lists may nest; what lies deeper is left
// out. No document a person wrote comes near it.
const maxDepth = 24

// Parse reads a document. Every text is one: nothing is an error.
func Parse(md string) Doc {
	src, root := parse(md)
	return (&reader{src: src}).blocks(root, 0)
}

// parse returns the source that the tree's positions point into, and the tree.
func parse(md string) ([]byte, ast.Node) {
	src := []byte(strings.ToValidUTF8(md, "\uFFFD"))
	return src, dialect().Parse(text.NewReader(src))
}

// dialect is the parser, made once: it keeps nothing of what it reads.
var dialect = sync.OnceValue(newParser)

// newParser names every part of the dialect. goldmark's parsers for HTML blocks
// and raw HTML are left out, so that markup is text.
func newParser() parser.Parser {
	return goldmark.New(
		goldmark.WithParser(parser.NewParser(
			parser.WithBlockParsers(
				util.Prioritized(parser.NewSetextHeadingParser(), 100),
				util.Prioritized(parser.NewThematicBreakParser(), 200),
				util.Prioritized(parser.NewListParser(), 300),
				util.Prioritized(parser.NewListItemParser(), 400),
				util.Prioritized(parser.NewCodeBlockParser(), 500),
				util.Prioritized(parser.NewATXHeadingParser(), 600),
				util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
				util.Prioritized(parser.NewBlockquoteParser(), 800),
				util.Prioritized(parser.NewParagraphParser(), 1000),
			),
			parser.WithInlineParsers(
				util.Prioritized(taskBox{extension.NewTaskCheckBoxParser()}, 0),
				util.Prioritized(parser.NewCodeSpanParser(), 100),
				util.Prioritized(parser.NewLinkParser(), 200),
				util.Prioritized(parser.NewAutoLinkParser(), 300),
				util.Prioritized(parser.NewEmphasisParser(), 500),
			),
			parser.WithParagraphTransformers(parser.DefaultParagraphTransformers()...),
		)),
		goldmark.WithExtensions(extension.Table, extension.Strikethrough),
	).Parser()
}

// taskBox is goldmark's parser of "[ ] ", which takes the link "[x](…)" for a box
// too. GitHub asks for white space after the box.
type taskBox struct{ parser.InlineParser }

func (p taskBox) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	if line, _ := block.PeekLine(); len(line) > 3 && !util.IsSpace(line[3]) {
		return nil
	}
	return p.InlineParser.Parse(parent, block, pc)
}

// reader turns goldmark's tree into ours.
type reader struct{ src []byte }

func (r *reader) blocks(parent ast.Node, depth int) []Block {
	if depth > maxDepth {
		return nil
	}
	var out []Block
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		if b, ok := r.block(n, depth); ok {
			out = append(out, b)
		}
	}
	return out
}

func (r *reader) block(n ast.Node, depth int) (Block, bool) {
	switch n := n.(type) {
	case *ast.Paragraph, *ast.TextBlock:
		spans := r.spans(n)
		return Block{Kind: Paragraph, Spans: spans}, len(spans) > 0
	case *ast.Heading:
		return Block{Kind: Heading, Level: n.Level, Spans: r.spans(n)}, true
	case *ast.List:
		return r.list(n, depth), true
	case *ast.FencedCodeBlock:
		return Block{Kind: Code, Lang: clean(string(n.Language(r.src))), Text: r.lines(n)}, true
	case *ast.CodeBlock:
		return Block{Kind: Code, Text: r.lines(n)}, true
	case *ast.Blockquote:
		return Block{Kind: Quote, Blocks: r.blocks(n, depth+1)}, true
	case *ast.ThematicBreak:
		return Block{Kind: Rule}, true
	case *extast.Table:
		return r.table(n), true
	}
	return Block{}, false // a link reference definition shows nothing
}

func (r *reader) list(n *ast.List, depth int) Block {
	b := Block{Kind: List, Ordered: n.IsOrdered(), Start: n.Start}
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		item := Item{Blocks: r.blocks(c, depth+1)}
		if box := checkBox(c); box != nil {
			item.Task, item.Done = true, box.IsChecked
		}
		b.Items = append(b.Items, item)
	}
	return b
}

// checkBox returns the check box a list item begins with, or nil.
func checkBox(item ast.Node) *extast.TaskCheckBox {
	if first := item.FirstChild(); first != nil {
		box, _ := first.FirstChild().(*extast.TaskCheckBox)
		return box
	}
	return nil
}

func (r *reader) table(n *extast.Table) Block {
	b := Block{Kind: Table}
	for _, a := range n.Alignments {
		switch a {
		case extast.AlignCenter:
			b.Align = append(b.Align, Center)
		case extast.AlignRight:
			b.Align = append(b.Align, Right)
		default:
			b.Align = append(b.Align, Left)
		}
	}
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		var cells []Cell
		for c := row.FirstChild(); c != nil; c = c.NextSibling() {
			cells = append(cells, r.spans(c))
		}
		b.Rows = append(b.Rows, cells)
	}
	return b
}

// lines returns a code block's text.
func (r *reader) lines(n ast.Node) string {
	return clean(strings.TrimSuffix(string(n.Lines().Value(r.src)), "\n"))
}

// literal resolves backslash escapes and character references as CommonMark asks.
// goldmark knows how, and answers in HTML; so it is asked, and the HTML taken off.
func literal(raw []byte) string {
	if !bytes.ContainsAny(raw, "\\&\x00") { // most is as it reads
		return clean(string(raw))
	}
	var b bytes.Buffer
	w := util.BufWriter(newBufWriter(&b))
	gmhtml.DefaultWriter.Write(w, raw)
	_ = w.Flush() // to memory: it cannot fail
	return clean(html.UnescapeString(b.String()))
}

// clean removes control characters, which can drive a terminal, but keeps line
// breaks and tabs.
func clean(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsControl(c) && c != '\n' && c != '\t' {
			return -1
		}
		return c
	}, s)
}
