// Package markdown is what tocsin knows of Markdown: it is the only importer of
// goldmark, and the others see only the small document model here.
//
// The dialect is CommonMark with GitHub's tables, task lists and strikethrough,
// less three things: there is no raw HTML (a "<b>" is three characters), bare
// addresses do not become links, and a link goes only to http, https, mailto, a
// person ("[@ada](user:U01)"), a page beside this one ("[…](other-id.md)") or a
// heading of this one ("[…](#its-words)").
// That policy lives in Parse alone. HTML, Text and bot/slack render a Doc, so
// none of them can let through what Parse did not.
//
// The package also reads what content folders have in common: front matter
// (Split), sections and tasks (Sections, Tasks), and layered folders (Overlay).
package markdown

// Doc is a parsed document.
type Doc []Block

// Kind says what a Block is and which of its fields are set.
type Kind int

// The kinds of blocks.
const (
	Paragraph Kind = iota // Spans
	Heading               // Level, Spans
	List                  // Ordered, Start, Items
	Code                  // Lang, Text
	Quote                 // Blocks
	Rule                  // nothing
	Table                 // Align, Rows
)

// Block is one piece of a document, from a paragraph to a table.
type Block struct {
	Kind    Kind
	Level   int      // of a heading, 1 to 6
	Spans   []Span   // of a paragraph or heading
	Ordered bool     // of a list
	Start   int      // an ordered list's first number
	Items   []Item   // of a list
	Lang    string   // a code block's language, "" if none is named
	Text    string   // a code block's lines, without the last newline
	Blocks  []Block  // what a quote holds
	Align   []Align  // of a table's columns
	Rows    [][]Cell // of a table; the first row is its header; all are equally long
}

// Item is one entry of a list.
type Item struct {
	Task   bool // begins with "[ ]" or "[x]"
	Done   bool // "[x]"
	Blocks []Block
}

// Cell is one cell of a table.
type Cell []Span

// Align is how a table's column is aligned.
type Align int

// The alignments of a column.
const (
	Left Align = iota
	Center
	Right
)

// Span is a run of text in one style. Text holds no control characters but "\n",
// a line break its author asked for.
type Span struct {
	Text   string
	Bold   bool
	Italic bool
	Strike bool
	Code   bool
	Link   string // an http, https, mailto or user: address, or ""
	Page   string // the id of a page beside this one, or ""
	Anchor string // the id of a heading of this page, or ""
}
