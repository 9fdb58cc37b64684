package slack

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/slack-go/slack"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/bot/markdown"
)

// Slack's limits (docs.slack.dev/reference/block-kit/blocks), in characters.
const (
	maxHeader  = 150
	maxLabel   = 75
	maxValue   = 2000
	maxButtons = 25
	maxTopic   = 250
	maxConfirm = 300
	maxLink    = 3000
	// maxFallback stays below chat.update's 4,000 characters when each one is
	// escaped as five.
	maxFallback = 800
	// maxBody is our own: what is longer is not read on a phone.
	maxBody = 8000
)

// blocks renders a message. Its text is rich_text, in which Slack reads no
// markup: what people and alerts wrote is shown as it is and pings nobody.
func blocks(m effect.Message) []slack.Block {
	var out []slack.Block
	if m.Title != "" {
		out = append(out, slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, incident.Cut(m.Title, maxHeader), true, false)))
	}
	if elements := richText(m); len(elements) > 0 {
		out = append(out, slack.NewRichTextBlock("", elements...))
	}
	ids := map[string]bool{}
	for _, row := range rows(m.Buttons) {
		out = append(out, slack.NewActionBlock("", buttons(row, ids)...))
	}
	return out
}

// rows cuts buttons where one stands apart.
func rows(list []effect.Button) [][]effect.Button {
	var out [][]effect.Button
	for i, b := range list {
		if i == 0 || b.Apart {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], b)
	}
	return out
}

// fallback is a message as plain text, for notifications and screen readers.
func fallback(m effect.Message) string {
	text := strings.TrimSpace(m.Title + "\n" + markdown.Text(m.Body))
	return escape(incident.Cut(text, maxFallback))
}

// buttons renders a row; ids are those that the message has so far.
func buttons(list []effect.Button, ids map[string]bool) []slack.BlockElement {
	var out []slack.BlockElement
	for _, b := range list[:min(len(list), maxButtons)] {
		e := slack.NewButtonBlockElement(actionID(b.Command, ids), incident.Cut(b.Command, maxValue),
			slack.NewTextBlockObject(slack.PlainTextType, incident.Cut(b.Label, maxLabel), true, false))
		e.Style = slack.Style(b.Style)
		if b.Confirm != "" {
			e.Confirm = slack.NewConfirmationBlockObject(
				slack.NewTextBlockObject(slack.PlainTextType, incident.Cut(b.Label, 100), false, false),
				slack.NewTextBlockObject(slack.PlainTextType, incident.Cut(b.Confirm, maxConfirm), false, false),
				slack.NewTextBlockObject(slack.PlainTextType, incident.Cut(b.Label, 30), false, false),
				slack.NewTextBlockObject(slack.PlainTextType, "Not yet", false, false))
		}
		out = append(out, e)
	}
	return out
}

var notSlug = regexp.MustCompile(`[^a-z0-9]+`)

// actionID names a button by its command, without the incident: "take-scribe".
// It must be unique in its message.
func actionID(command string, taken map[string]bool) string {
	if word, rest, _ := strings.Cut(command, " "); strings.HasPrefix(word, "INC-") {
		command = rest
	}
	slug := or(strings.Trim(notSlug.ReplaceAllString(strings.ToLower(incident.Cut(command, 200)), "-"), "-"), "button")
	id := slug
	for n := 2; taken[id]; n++ {
		id = fmt.Sprintf("%s-%d", slug, n)
	}
	taken[id] = true
	return id
}

// richText renders the body of a message, with the people to be notified first.
func richText(m effect.Message) []slack.RichTextElement {
	var first []slack.RichTextSectionElement
	for _, u := range m.Mentions {
		first = append(first, slack.NewRichTextSectionUserElement(string(u), nil), text(" ", markdown.Span{}))
	}
	body, left := cutBody(m.Body)
	elements := richBlocks(markdown.Parse(body), 0)
	if left {
		elements = append(elements, section(text("… the rest is on the timeline.", markdown.Span{Italic: true})))
	}
	if len(first) == 0 {
		return elements
	}
	if len(elements) > 0 {
		if s, ok := elements[0].(*slack.RichTextSection); ok {
			s.Elements = append(first, s.Elements...)
			return elements
		}
	}
	return append([]slack.RichTextElement{section(first...)}, elements...)
}

// cutBody cuts a text at a line's end.
func cutBody(s string) (string, bool) {
	r := []rune(s)
	if len(r) <= maxBody {
		return s, false
	}
	s = string(r[:maxBody])
	if i := strings.LastIndexByte(s, '\n'); i > 0 {
		s = s[:i]
	}
	return s, true
}

// richBlocks renders a document; depth is how deep its lists stand in others.
// Slack shows no space between elements, so paragraphs share one section with
// the space between them written out.
func richBlocks(doc markdown.Doc, depth int) []slack.RichTextElement {
	var out []slack.RichTextElement
	var open []slack.RichTextSectionElement // the section being written
	flush := func() {
		if len(open) > 0 {
			out, open = append(out, section(open...)), nil
		}
	}
	for i, b := range doc {
		if i > 0 {
			if gap := space(doc[i-1], b); gap != "" {
				open = append(open, text(gap, markdown.Span{}))
			}
		}
		switch b.Kind {
		case markdown.Paragraph:
			open = append(open, spans(b.Spans, markdown.Span{})...)
			continue
		case markdown.Heading:
			open = append(open, spans(b.Spans, markdown.Span{Bold: true})...)
			continue
		case markdown.Rule:
			continue
		}
		flush()
		switch b.Kind {
		case markdown.List:
			out = append(out, list(b, depth)...)
		case markdown.Code:
			out = append(out, preformatted(b.Text))
		case markdown.Quote:
			out = append(out, &slack.RichTextQuote{Type: slack.RTEQuote, Elements: inline(b.Blocks)})
		case markdown.Table:
			out = append(out, table(b))
		}
	}
	flush()
	return out
}

// space is what stands between two blocks.
func space(above, below markdown.Block) string {
	words := func(b markdown.Block) bool { return b.Kind == markdown.Paragraph || b.Kind == markdown.Heading }
	switch {
	case words(above) && words(below) && above.Kind == markdown.Heading:
		return "\n"
	case words(above) && words(below):
		return "\n\n"
	case words(below) && above.Kind == markdown.List:
		return "\n"
	}
	return ""
}

// list renders a list. Slack nests by indent, not by structure, so a list within
// an item cuts this one in two; its numbers go on behind the cut.
func list(b markdown.Block, depth int) []slack.RichTextElement {
	style := slack.RTEListBullet
	if b.Ordered {
		style = slack.RTEListOrdered
	}
	var out []slack.RichTextElement
	var items []slack.RichTextElement
	shown := 0
	flush := func() {
		if len(items) > 0 {
			l := slack.NewRichTextList(style, min(depth, 8), items...)
			if b.Ordered {
				l.Offset = max(b.Start-1, 0) + shown
			}
			out, shown, items = append(out, l), shown+len(items), nil
		}
	}
	for _, item := range b.Items {
		var head []slack.RichTextSectionElement
		if item.Task {
			head = append(head, text(map[bool]string{true: "☑ ", false: "☐ "}[item.Done], markdown.Span{}))
		}
		rest := item.Blocks
		if len(rest) > 0 && rest[0].Kind == markdown.Paragraph {
			head, rest = append(head, spans(rest[0].Spans, markdown.Span{})...), rest[1:]
		}
		items = append(items, section(head...))
		if len(rest) > 0 {
			flush()
			out = append(out, richBlocks(rest, depth+1)...)
		}
	}
	flush()
	return out
}

// table renders a table as aligned text: it can be read on any client.
func table(b markdown.Block) slack.RichTextElement {
	var s strings.Builder
	for _, row := range b.Rows {
		for i, cell := range row {
			if i > 0 {
				s.WriteString(" · ")
			}
			for _, sp := range cell {
				s.WriteString(sp.Text)
			}
		}
		s.WriteString("\n")
	}
	return preformatted(strings.TrimSpace(s.String()))
}

func preformatted(s string) slack.RichTextElement {
	return &slack.RichTextPreformatted{
		Type: slack.RTEPreformatted, Elements: []slack.RichTextSectionElement{text(orSpace(s), markdown.Span{})},
	}
}

// inline is the text of blocks where Slack allows no blocks: in a quote.
func inline(doc []markdown.Block) []slack.RichTextSectionElement {
	var out []slack.RichTextSectionElement
	for i, b := range doc {
		if i > 0 {
			out = append(out, text("\n", markdown.Span{}))
		}
		switch b.Kind {
		case markdown.List:
			for _, item := range b.Items {
				out = append(append(out, text("• ", markdown.Span{})), inline(item.Blocks)...)
			}
		case markdown.Code:
			out = append(out, text(orSpace(b.Text), markdown.Span{Code: true}))
		case markdown.Quote:
			out = append(out, inline(b.Blocks)...)
		default:
			out = append(out, spans(b.Spans, markdown.Span{})...)
		}
	}
	if len(out) == 0 {
		out = append(out, text(" ", markdown.Span{}))
	}
	return out
}

func section(elements ...slack.RichTextSectionElement) *slack.RichTextSection {
	if len(elements) == 0 {
		elements = []slack.RichTextSectionElement{text(" ", markdown.Span{})}
	}
	return slack.NewRichTextSection(elements...)
}

// spans renders runs of text; base is the style of what they stand in.
func spans(list []markdown.Span, base markdown.Span) []slack.RichTextSectionElement {
	var out []slack.RichTextSectionElement
	for _, s := range list {
		s.Bold = s.Bold || base.Bold
		switch user, isUser := strings.CutPrefix(s.Link, "user:"); {
		case s.Text == "" && s.Link == "":
		case isUser:
			out = append(out, slack.NewRichTextSectionUserElement(user, style(s)))
		case s.Link != "" && len(s.Link) <= maxLink:
			out = append(out, slack.NewRichTextSectionLinkElement(s.Link, s.Text, style(s)))
		default:
			out = append(out, text(s.Text, s))
		}
	}
	return out
}

func text(s string, st markdown.Span) slack.RichTextSectionElement {
	return slack.NewRichTextSectionTextElement(s, style(st))
}

func style(s markdown.Span) *slack.RichTextSectionTextStyle {
	if !s.Bold && !s.Italic && !s.Strike && !s.Code {
		return nil
	}
	return &slack.RichTextSectionTextStyle{Bold: s.Bold, Italic: s.Italic, Strike: s.Strike, Code: s.Code}
}

func orSpace(s string) string {
	if s == "" {
		return " "
	}
	return s
}
