package markdown_test

import (
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
	"tocsin/bot/incident"
	"tocsin/bot/markdown"
)

// hostile draws text that is mostly Markdown's own characters.
func hostile() *rapid.Generator[string] {
	pieces := rapid.SampledFrom(strings.Split("*|**|_|__|`|```|~~|~~~|[|]|(|)|<|>|#|##|-|--- |+|=|===|1.|12)|:|:--|!|![|&amp;|&#35;|\\|\\\\|"+
		"[x] |[a](http://b.c)|<b>|<!--|<http://a.b>|http://a.b|javascript:x|snake_case|\n|\r\n|\t|    |  \n|\u200b|\u202e|\u2028|é|語|👩‍💻|a|B|0|.| ", "|"))
	pipe := rapid.Just("|")
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.OneOf(pieces, pieces, pieces, pipe, rapid.String()), 0, 12).Draw(t, "pieces"), "")
	})
}

// normal is what Escape promises that a reader sees of s.
func normal(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		if unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point) || r >= 0xE0100 && r <= 0xE01EF {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return strings.Join(strings.Fields(s), " ")
}

// plainText returns the text of spans, and fails if any is more than text.
func plainText(t *rapid.T, spans []markdown.Span) string {
	var b strings.Builder
	for _, s := range spans {
		if s != (markdown.Span{Text: s.Text}) {
			t.Fatalf("not plain: %+v", s)
		}
		b.WriteString(s.Text)
	}
	return b.String()
}

func TestEscapedTextIsLiteral(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := hostile().Draw(t, "s")
		escaped, want := incident.Escape(s), normal(s)
		one := func(what string, doc markdown.Doc, kind markdown.Kind) markdown.Block {
			if len(doc) != 1 || doc[0].Kind != kind {
				t.Fatalf("%s: %q escaped as %q gives %+v", what, s, escaped, doc)
			}
			return doc[0]
		}
		same := func(what, got, want string) {
			if got != want {
				t.Fatalf("%s: %q escaped as %q reads %q, want %q", what, s, escaped, got, want)
			}
		}
		if want == "" {
			same("empty", escaped, "")
			return
		}
		same("alone", plainText(t, one("alone", markdown.Parse(escaped), markdown.Paragraph).Spans), want)
		same("heading", plainText(t, one("heading", markdown.Parse("## "+escaped), markdown.Heading).Spans), want)

		item := func(what, md string, bold string) {
			list := one(what, markdown.Parse(md), markdown.List)
			if len(list.Items) != 1 || list.Items[0].Task {
				t.Fatalf("%s: %+v", what, list)
			}
			spans := one(what, list.Items[0].Blocks, markdown.Paragraph).Spans
			if bold != "" {
				if len(spans) == 0 || spans[0] != (markdown.Span{Text: bold, Bold: true}) {
					t.Fatalf("%s: the label is gone: %+v", what, spans)
				}
				spans = spans[1:]
			}
			same(what, strings.TrimPrefix(plainText(t, spans), " "), want)
		}
		item("item", "- "+escaped, "")
		item("numbered item", "1. "+escaped, "")
		item("label", "- **X:** "+escaped, "X:")

		table := one("cell", markdown.Parse("| a | b |\n|---|---|\n| "+escaped+" | z |\n"), markdown.Table)
		if len(table.Rows) != 2 || len(table.Rows[1]) != 2 {
			t.Fatalf("cell: %+v", table)
		}
		same("cell", plainText(t, table.Rows[1][0]), want)
		same("next cell", plainText(t, table.Rows[1][1]), "z")

		link := one("link", markdown.Parse("["+escaped+"](https://example.com)"), markdown.Paragraph).Spans
		if len(link) != 1 || link[0].Text != want || link[0].Link != "https://example.com" {
			t.Fatalf("link: %q gives %+v", s, link)
		}
		second := one("second line", markdown.Parse("first\n"+escaped), markdown.Paragraph)
		same("second line", plainText(t, second.Spans), "first "+want)
	})
}

func TestEscapeKeepsWhatNeedsNoEscape(t *testing.T) {
	for s, want := range map[string]string{
		"vllm:num_requests_waiting is 87": "vllm:num_requests_waiting is 87",
		"3.1k -> 190k tokens (p95)":       "3.1k -> 190k tokens (p95)",
		"1. first":                        `1\. first`,
		"a\u202eb\nc":                     "ab c",
		"*now*":                           `\*now\*`,
		"⚠️ hot":                          "⚠️ hot",
	} {
		if got := incident.Escape(s); got != want {
			t.Errorf("Escape(%q) = %q, want %q", s, got, want)
		}
	}
}

func FuzzEscape(f *testing.F) {
	for _, s := range []string{"", "*a*", "1. b", "<script>", "a|b", "[x] y", "\\", "a\x00b", "\xff", "&lt;", "--- | ---"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want, doc := normal(s), markdown.Parse(incident.Escape(s))
		if want == "" && len(doc) == 0 {
			return
		}
		if len(doc) != 1 || len(doc[0].Spans) != 1 || doc[0].Spans[0] != (markdown.Span{Text: want}) {
			t.Errorf("%q gives %+v, want the text %q", s, doc, want)
		}
	})
}
