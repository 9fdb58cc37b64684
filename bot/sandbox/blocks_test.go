package sandbox_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"tocsin/bot/sandbox"
)

// validate is the answer of blocks.validate, which takes a list as blocks and an object as a view.
func (b *bench) validate(t *testing.T, v any) m {
	t.Helper()
	if view, isView := v.(m); isView {
		return b.call(t, "blocks.validate", m{"view": view})
	}
	return b.call(t, "blocks.validate", m{"blocks": v})
}

func TestBadBlocksAreRefused(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	for name, blocks := range badBlocks() {
		got := b.validate(t, blocks)
		problems, _ := got["errors"].([]any)
		if got["ok"] != false || len(problems) == 0 || !strings.HasPrefix(text(problems[0].(m)["pointer"])+"/", "/") {
			t.Errorf("%s passes: %.300v", name, got)
		}
	}
}

// TestLimitsAreExact: what is just within a limit passes.
func TestLimitsAreExact(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	for name, blocks := range map[string]any{
		"section":  section(m{"text": md(x(3000)), "fields": times(10, func(int) any { return md(x(2000)) })}),
		"header":   l{m{"type": "header", "text": pt(strings.Repeat("ü", 150))}},
		"button":   acts(button(m{"text": pt(x(75)), "value": x(2000), "action_id": x(255)})),
		"actions":  acts(times(25, func(i int) any { return button(m{"action_id": fmt.Sprint(i)}) })...),
		"context":  l{m{"type": "context", "elements": times(10, func(int) any { return md("c") })}},
		"select":   accessory(choose("static_select", options(100))),
		"blocks":   times(50, func(int) any { return m{"type": "divider"} }),
		"markdown": l{m{"type": "markdown", "text": x(12_000)}},
		"view": dialog(m{"title": pt(x(24)), "submit": pt(x(24)), "private_metadata": x(3000), "blocks": times(100, func(i int) any {
			return input(field(m{"action_id": fmt.Sprint(i)}))
		})}),
		"nulls":            section(m{"fields": nil, "accessory": nil}),
		"same action_id":   l{acts(button(nil))[0], acts(button(nil))[0]}, // in two blocks
		"mrkdwn checkbox":  accessory(choose("checkboxes", opt1(m{"text": md("*x*")}))),
		"nested rich text": l{m{"type": "rich_text", "elements": l{m{"type": "rich_text_list", "style": "bullet", "indent": 1, "elements": l{m{"type": "rich_text_section", "elements": l{m{"type": "user", "user_id": "U0ADA"}}}}}}}},
	} {
		if got := b.validate(t, blocks); got["ok"] != true {
			t.Errorf("%s is refused: %v", name, got["errors"])
		}
	}
}

// TestSlackGoBlocksPass: what slack-go writes, with its nulls and falses, is fine.
func TestSlackGoBlocksPass(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	label := slack.NewTextBlockObject(slack.PlainTextType, "label", true, false)
	words := slack.NewTextBlockObject(slack.MarkdownType, "*words*", false, true)
	choice := slack.NewOptionBlockObject("v", label, label)
	press := slack.NewButtonBlockElement("go", "v", label).WithStyle(slack.StyleDanger).
		WithConfirm(slack.NewConfirmationBlockObject(label, words, label, label))
	blocks := []slack.Block{
		slack.NewHeaderBlock(label), slack.NewDividerBlock(),
		slack.NewSectionBlock(words, []*slack.TextBlockObject{words, label}, slack.NewAccessory(press)),
		slack.NewSectionBlock(nil, []*slack.TextBlockObject{words}, nil),
		slack.NewContextBlock("", words, slack.NewImageBlockElement("https://a.b/i.png", "alt")),
		slack.NewActionBlock("acts", press, slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, label, "one", choice),
			slack.NewOptionsSelectBlockElement(slack.OptTypeUser, label, "who"), slack.NewOverflowBlockElement("more", choice),
			slack.NewDatePickerBlockElement("day"), slack.NewTimePickerBlockElement("hour"),
			slack.NewCheckboxGroupsBlockElement("some", choice), slack.NewRadioButtonsBlockElement("which", choice)),
		slack.NewImageBlock("https://a.b/i.png", "alt", "", label),
		slack.NewMarkdownBlock("", "# hi"),
		slack.NewRichTextBlock("",
			slack.NewRichTextSection(
				slack.NewRichTextSectionTextElement("x", &slack.RichTextSectionTextStyle{Bold: true}),
				slack.NewRichTextSectionUserElement("U0ADA", nil), slack.NewRichTextSectionChannelElement("C1", nil),
				slack.NewRichTextSectionEmojiElement("fire", 0, nil), slack.NewRichTextSectionLinkElement("https://a.b", "t", nil),
				slack.NewRichTextSectionDateElement(1, "{date}", nil, nil)),
			slack.NewRichTextList(slack.RTEListBullet, 0, slack.NewRichTextSection(slack.NewRichTextSectionTextElement("y", nil)))),
	}
	if got := b.validate(t, anyJSON(t, blocks)); got["ok"] != true {
		t.Errorf("message blocks: %v", got["errors"])
	}
	view := slack.ModalViewRequest{
		Type: slack.VTModal, Title: label, Submit: label, Close: label, CallbackID: "c", NotifyOnClose: true,
		Blocks: slack.Blocks{BlockSet: []slack.Block{
			slack.NewInputBlock("one", label, label, slack.NewPlainTextInputBlockElement(label, "text")),
			slack.NewInputBlock("two", label, nil, slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeStatic, label, "many", choice)),
			slack.NewInputBlock("three", label, nil, slack.NewDateTimePickerBlockElement("when")),
		}},
	}
	if got := b.validate(t, anyJSON(t, view)); got["ok"] != true {
		t.Errorf("a modal: %v", got["errors"])
	}
}

// anyJSON is v as JSON of no fixed shape.
func anyJSON(t *testing.T, v any) (out any) {
	t.Helper()
	data, err := json.Marshal(v)
	must(t, err)
	decode(t, data, &out)
	return out
}

// TestPointers: a problem is said with its place and in the words of blocks.validate.
func TestPointers(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	got := b.validate(t, l{m{"type": "section", "text": m{"type": "invalid", "text": "x"}}})
	first := got["errors"].([]any)[0].(m)
	if got["error"] != "invalid_blocks" || first["pointer"] != "/0/text/type" || first["message"] != "unsupported type: invalid" || first["constraint"].(m)["type"] != "enum" {
		t.Errorf("blocks.validate: %v", got)
	}
	posted := b.call(t, "chat.postMessage", m{"channel": "general", "blocks": acts(button(m{"disabled": true}))})
	lines := posted["response_metadata"].(m)["messages"].([]any)
	if len(lines) != 1 || lines[0] != "[ERROR] no more properties allowed: disabled [json-pointer:/0/elements/0/disabled]" {
		t.Errorf("chat.postMessage: %v", posted)
	}
}

// TestNames: Slack names blocks and elements that have no name.
func TestNames(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	got := b.call(t, "chat.postMessage", m{"channel": "incidents", "blocks": acts(m{"type": "button", "text": pt("b")})})
	block := got["message"].(m)["blocks"].([]any)[0].(m)
	if text(block["block_id"]) == "" || text(block["elements"].([]any)[0].(m)["action_id"]) == "" {
		t.Errorf("nameless: %v", block)
	}
}
