package slack

import (
	"encoding/json"
	"slices"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

// formMeta is what a form brings back besides its values.
type formMeta struct {
	Command string          `json:"command"`
	Channel string          `json:"channel,omitempty"`
	Message *incident.Quote `json:"message,omitempty"`
}

// maxMeta is how much of a formMeta Slack keeps, in characters; we count bytes,
// which are no fewer (docs.slack.dev/reference/views/modal-views).
const maxMeta = 3000

// encode is m as Slack keeps it. A quote that is too long is cut; the whole
// message is where its link leads.
func (m formMeta) encode() string {
	for {
		data, _ := json.Marshal(m) // strings and times only: it cannot fail
		if len(data) <= maxMeta || m.Message == nil {
			return string(data)
		}
		q := *m.Message
		n := utf8.RuneCountInString(q.Text)
		if n < 2 {
			return string(data)
		}
		q.Text, m.Message = incident.Cut(q.Text, n*3/4), &q
	}
}

// view renders a form as a modal.
func view(form *bot.Form, channel string) slack.ModalViewRequest {
	meta := formMeta{Command: form.Command, Channel: channel, Message: form.Message}
	v := slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: "form", PrivateMetadata: meta.encode(),
		Title: plainText(incident.Cut(form.Title, 24)), Submit: plainText(incident.Cut(form.Submit, 24)), Close: plainText("Cancel"),
	}
	if form.Intro != "" {
		v.Blocks.BlockSet = blocks(effect.Message{Body: form.Intro})
	}
	for _, f := range form.Fields {
		v.Blocks.BlockSet = append(v.Blocks.BlockSet, input(f))
	}
	return v
}

// done is the modal after its form was taken: it shows the answer.
func done(v slack.View, m effect.Message) *slack.ModalViewRequest {
	return &slack.ModalViewRequest{
		Type: slack.VTModal, Title: v.Title, Close: plainText("Done"), Blocks: slack.Blocks{BlockSet: blocks(m)},
	}
}

func input(f bot.Field) slack.Block {
	var hint *slack.TextBlockObject
	if f.Hint != "" && f.Kind != bot.Check { // a box has it beside it
		hint = plainText(f.Hint)
	}
	b := slack.NewInputBlock(f.Name, plainText(f.Label), hint, element(f))
	b.Optional = !f.Required
	return b
}

func element(f bot.Field) slack.BlockElement {
	switch f.Kind {
	case bot.OneOf:
		return oneOf(f)
	case bot.Whom:
		e := slack.NewOptionsSelectBlockElement(slack.OptTypeUser, plainText("Choose a person"), f.Name)
		e.InitialUser = f.Value
		return e
	case bot.Check:
		return slack.NewCheckboxGroupsBlockElement(f.Name, slack.NewOptionBlockObject("yes", plainText(incident.Cut(f.Hint, maxLabel)), nil))
	}
	e := slack.NewPlainTextInputBlockElement(nil, f.Name)
	e.Multiline = f.Kind == bot.LongText
	e.InitialValue = f.Value
	e.MaxLength = f.Max
	return e
}

// maxOptions is how many options a list or a group of them may have; a list may have as
// many groups (docs.slack.dev/reference/block-kit/block-elements/select-menu-element).
const maxOptions = 100

// oneOf is a list to choose from. Whoever types in it sees what fits, of all groups.
func oneOf(f bot.Field) *slack.SelectBlockElement {
	e := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plainText("Choose"), f.Name)
	for _, c := range f.Choices {
		o := slack.NewOptionBlockObject(c.Value, plainText(c.Label), nil)
		e.Options = append(e.Options, o)
		if c.Value == f.Value {
			e.InitialOption = o
		}
	}
	if len(e.Options) <= maxOptions {
		return e
	}
	for part := range slices.Chunk(e.Options, maxOptions) {
		span := incident.Cut(part[0].Text.Text, 30) + " to " + incident.Cut(part[len(part)-1].Text.Text, 30)
		e.OptionGroups = append(e.OptionGroups, slack.NewOptionGroupBlockElement(plainText(span), part...))
	}
	e.Options = nil
	return e
}

func plainText(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
}
