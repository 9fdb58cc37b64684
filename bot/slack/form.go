package slack

import (
	"encoding/json"

	"github.com/slack-go/slack"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

// formMeta is what a form brings back besides its values. Slack keeps 3,000
// characters of it.
type formMeta struct {
	Command string          `json:"command"`
	Channel string          `json:"channel,omitempty"`
	Message *incident.Quote `json:"message,omitempty"`
}

// maxQuote leaves room for the rest of formMeta; the whole message is where the
// quote's link leads.
const maxQuote = 1200

// view renders a form as a modal.
func view(form *bot.Form, channel string) slack.ModalViewRequest {
	meta := formMeta{Command: form.Command, Channel: channel}
	if form.Message != nil {
		q := *form.Message
		q.Text = cut(q.Text, maxQuote)
		meta.Message = &q
	}
	data, _ := json.Marshal(meta) // strings and times only: it cannot fail
	v := slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: "form", PrivateMetadata: string(data),
		Title: plainText(cut(form.Title, 24)), Submit: plainText(cut(form.Submit, 24)), Close: plainText("Cancel"),
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
	if f.Hint != "" {
		hint = plainText(f.Hint)
	}
	b := slack.NewInputBlock(f.Name, plainText(f.Label), hint, element(f))
	b.Optional = !f.Required
	return b
}

func element(f bot.Field) slack.BlockElement {
	switch f.Kind {
	case bot.OneOf:
		e := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plainText("Choose"), f.Name)
		for _, c := range f.Choices {
			o := slack.NewOptionBlockObject(c.Value, plainText(c.Label), nil)
			e.Options = append(e.Options, o)
			if c.Value == f.Value {
				e.InitialOption = o
			}
		}
		return e
	case bot.Whom:
		e := slack.NewOptionsSelectBlockElement(slack.OptTypeUser, plainText("Choose a person"), f.Name)
		e.InitialUser = f.Value
		return e
	case bot.Check:
		return slack.NewCheckboxGroupsBlockElement(f.Name, slack.NewOptionBlockObject("yes", plainText(f.Label), nil))
	}
	e := slack.NewPlainTextInputBlockElement(nil, f.Name)
	e.Multiline = f.Kind == bot.LongText
	e.InitialValue = f.Value
	e.MaxLength = f.Max
	return e
}

func plainText(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
}
