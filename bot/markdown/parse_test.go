package markdown_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"tocsin/bot/markdown"
)

type (
	block = markdown.Block
	span  = markdown.Span
)

func para(spans ...span) block { return block{Kind: markdown.Paragraph, Spans: spans} }

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name, md string
		want     markdown.Doc
	}{
		{"nothing", "", nil},
		{"styles", "a **b *c*** ~~d~~ `e*`", markdown.Doc{para(
			span{Text: "a "}, span{Text: "b ", Bold: true}, span{Text: "c", Bold: true, Italic: true},
			span{Text: " "}, span{Text: "d", Strike: true}, span{Text: " "}, span{Text: "e*", Code: true})}},
		{"escapes and entities", `\*a\* &copy; \&copy;`, markdown.Doc{para(span{Text: "*a* © &copy;"})}},
		{"breaks", "a\nb  \nc", markdown.Doc{para(span{Text: "a b\nc"})}},
		{"raw HTML is text", "<b>x</b>\n\n<script>\nalert(1)\n</script>\n\n<!-- c -->", markdown.Doc{
			para(span{Text: "<b>x</b>"}), para(span{Text: "<script> alert(1) </script>"}), para(span{Text: "<!-- c -->"})}},
		{"no bare links", "see http://a.b www.c.d e@f.g", markdown.Doc{para(span{Text: "see http://a.b www.c.d e@f.g"})}},
		{"links", "[a](http://x.y) [b](user:U01) [c](mailto:m@n.o) <https://z.z> [d](other-id.md)", markdown.Doc{para(
			span{Text: "a", Link: "http://x.y"}, span{Text: " "}, span{Text: "b", Link: "user:U01"}, span{Text: " "},
			span{Text: "c", Link: "mailto:m@n.o"}, span{Text: " "}, span{Text: "https://z.z", Link: "https://z.z"}, span{Text: " "},
			span{Text: "d", Page: "other-id"})}},
		{"control characters", "a&#27;[2Jb", markdown.Doc{para(span{Text: "a[2Jb"})}},
		{"heading", "## A `b`", markdown.Doc{{Kind: markdown.Heading, Level: 2, Spans: []span{{Text: "A "}, {Text: "b", Code: true}}}}},
		{"tasks", "- [ ] a\n- [x] b\n- c", markdown.Doc{{Kind: markdown.List, Items: []markdown.Item{
			{Task: true, Blocks: []block{para(span{Text: "a"})}},
			{Task: true, Done: true, Blocks: []block{para(span{Text: "b"})}},
			{Blocks: []block{para(span{Text: "c"})}}}}}},
		{"no box", "- [x](http://a.b)", markdown.Doc{{Kind: markdown.List, Items: []markdown.Item{
			{Blocks: []block{para(span{Text: "x", Link: "http://a.b"})}}}}}},
		{"ordered, nested", "3. a\n   - b", markdown.Doc{{Kind: markdown.List, Ordered: true, Start: 3, Items: []markdown.Item{
			{Blocks: []block{para(span{Text: "a"}), {Kind: markdown.List, Items: []markdown.Item{{Blocks: []block{para(span{Text: "b"})}}}}}}}}}},
		{"code", "```sh\na\n\n b\n```\n\n    c", markdown.Doc{{Kind: markdown.Code, Lang: "sh", Text: "a\n\n b"}, {Kind: markdown.Code, Text: "c"}}},
		{"quote and rule", "> a\n\n---", markdown.Doc{{Kind: markdown.Quote, Blocks: []block{para(span{Text: "a"})}}, {Kind: markdown.Rule}}},
		{"table", "|a|b|c|\n|-|:-:|-:|\n|1|x\\|y|", markdown.Doc{{Kind: markdown.Table,
			Align: []markdown.Align{markdown.Left, markdown.Center, markdown.Right},
			Rows: [][]markdown.Cell{
				{{{Text: "a"}}, {{Text: "b"}}, {{Text: "c"}}},
				{{{Text: "1"}}, {{Text: "x|y"}}, nil}}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, markdown.Parse(tt.md)); diff != "" {
				t.Errorf("Parse(%q) (-want +got):\n%s", tt.md, diff)
			}
		})
	}
}

func TestDangerousAddressesAreText(t *testing.T) {
	for _, address := range []string{
		"javascript:alert(1)", "JaVaScRiPt:alert(1)", "java&#10;script:alert(1)", "&#106;avascript:alert(1)", `javascript\:alert(1)`,
		"data:text/html,x", "file:///etc/passwd", "vbscript:x", "user:", "user:../x", "user:U01?x", "//evil.example", "/path", "http:x",
		"http://", "#frag", "../other.md", "ftp://a.b", "slack://x",
	} {
		for _, md := range []string{"[a](" + address + ")", "[a](<" + address + ">)", "[a]\n\n[a]: " + address, "![a](" + address + ")", "<" + address + ">"} {
			for _, b := range markdown.Parse(md) {
				for _, s := range b.Spans {
					if s.Link != "" || s.Page != "" {
						t.Errorf("%q leads to %q %q", md, s.Link, s.Page)
					}
				}
			}
		}
	}
}

func TestDeepNestingIsBounded(t *testing.T) {
	for _, s := range []string{"> ", "- ", "1. "} {
		if out := markdown.HTML(strings.Repeat(s, 2000) + "x"); len(out) > 4000 {
			t.Errorf("2000 levels of %q give %d bytes of HTML", s, len(out))
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"# a\n\n- [ ] b\n\n|a|\n|-|\n|b|", "[a](b) <c> `d` **e", "```\n", "> - 1. x", "a\n===\n\n    b", "&#x0;\x00\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, md string) {
		for _, b := range markdown.Parse(md) {
			for _, row := range b.Rows {
				if len(row) != len(b.Align) {
					t.Errorf("a row of %d cells in a table of %d columns", len(row), len(b.Align))
				}
			}
		}
		if strings.ContainsAny(markdown.Text(md), "\x00\x1b\a\b\r") {
			t.Errorf("Text(%q) holds control characters", md)
		}
		for _, s := range markdown.Sections(md) {
			if s.Line < 1 || s.Line > strings.Count(md, "\n")+1 {
				t.Errorf("section %q on line %d", s.Title, s.Line)
			}
		}
		markdown.Tasks(md)
	})
}
