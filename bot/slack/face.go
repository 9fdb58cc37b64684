package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/slack-go/slack"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/inbound"
	"tocsin/bot/incident"
)

// Face answers what people do in Slack. Serve it by HTTP (Routes) or Socket
// Mode (Connect); both lead to the same three methods.
type Face struct {
	API       *slack.Client
	Performer *Performer
	// Handle answers a request. An error means that nothing was stored.
	Handle func(context.Context, bot.Request) (bot.Answer, error)
	// Hold keeps what a request leads to back until it was answered.
	Hold func(context.Context) (held context.Context, release func())
	// Outside posts to response URLs of slack.com; HTTP to those of the host that
	// stands in for it, which is APIURL's.
	Outside, HTTP *http.Client
	APIURL        string
	// SigningSecret proves that an HTTP request is Slack's.
	SigningSecret string
	Log           *slog.Logger
	// Count is told what became of each request of a person, by HTTP or Socket Mode, in
	// the words of bot/inbound; nil: nobody counts.
	Count func(outcome string)

	links atomic.Int32  // that are up
	told  told          // of them
	wait  time.Duration // instead of longestWait, in tests
}

// follow is what remains to be done once Slack has its answer: calls that
// nobody waits for, each made once.
type follow func(context.Context)

// afterwards bounds what follows an answer. A trigger lives for 3 seconds.
const afterwards = 10 * time.Second

// handle answers a request of a member, of a guest, or of somebody not met yet.
func (f *Face) handle(ctx context.Context, r bot.Request) (bot.Answer, error) {
	r.Guest, r.Stranger = f.Performer.guest(ctx, string(r.By.User))
	a, err := f.Handle(ctx, r)
	if err != nil {
		f.count(inbound.Failed)
	} else {
		f.count(inbound.Accepted)
	}
	return a, err
}

func (f *Face) count(outcome string) {
	if f.Count != nil {
		f.Count(outcome)
	}
}

// command answers a slash command.
func (f *Face) command(ctx context.Context, c slack.SlashCommand) (ack any, then follow) {
	line, mentions := unescape(f.Performer.named(c.Text))
	maps.DeleteFunc(mentions, func(_ string, p incident.Person) bool { return f.Performer.is(string(p.User)) })
	a, _ := f.handle(ctx, bot.Request{
		Line: line, By: f.actor(c.UserID, c.UserName), Cause: "slack/" + c.TriggerID,
		Channel: c.ChannelID, Mentions: mentions,
	})
	if a.Form != nil {
		return nil, func(ctx context.Context) { f.openForm(ctx, c.TriggerID, c.ResponseURL, c.ChannelID, a.Form) }
	}
	msg := reply(a.Message)
	if data, err := json.Marshal(msg); err == nil && len(data) > maxAck {
		return nil, func(ctx context.Context) { f.respond(ctx, c.ResponseURL, msg, false) }
	}
	return msg, nil
}

// maxAck keeps an answer below the 20 KB over which Socket Mode drops it.
const maxAck = 18_000

// interaction answers a button, a form or a shortcut.
func (f *Face) interaction(ctx context.Context, c slack.InteractionCallback) (ack any, then follow) {
	switch c.Type {
	case slack.InteractionTypeBlockActions:
		return f.button(ctx, c)
	case slack.InteractionTypeViewSubmission:
		return f.submission(ctx, c)
	case slack.InteractionTypeMessageAction, slack.InteractionTypeShortcut:
		return f.shortcut(ctx, c)
	}
	return nil, nil
}

func (f *Face) button(ctx context.Context, c slack.InteractionCallback) (any, follow) {
	if len(c.ActionCallback.BlockActions) == 0 {
		return nil, nil
	}
	a, _ := f.handle(ctx, bot.Request{
		Line: c.ActionCallback.BlockActions[0].Value, By: f.actor(c.User.ID, c.User.Name),
		Cause: "slack/" + or(c.TriggerID, c.ActionTs), Channel: or(c.Channel.ID, c.Container.ChannelID),
	})
	return nil, f.answer(c, a)
}

// answer answers an interaction after it was acknowledged. A choice that was
// shown to one person makes room for its outcome.
func (f *Face) answer(c slack.InteractionCallback, a bot.Answer) follow {
	return func(ctx context.Context) {
		if a.Form != nil {
			f.openForm(ctx, c.TriggerID, c.ResponseURL, c.Channel.ID, a.Form)
			return
		}
		f.respond(ctx, c.ResponseURL, reply(a.Message), c.Container.IsEphemeral)
	}
}

// The callback IDs of our shortcuts.
const (
	shortcutOpen    = "open"         // global: the form
	shortcutDeclare = "declare"      // on a message: the form, with the message
	shortcutPin     = "timeline_add" // on a message
)

func (f *Face) shortcut(ctx context.Context, c slack.InteractionCallback) (any, follow) {
	r := bot.Request{By: f.actor(c.User.ID, c.User.Name), Cause: "slack/" + c.TriggerID, Channel: c.Channel.ID}
	switch c.CallbackID {
	case shortcutOpen:
		r.Line = "open"
	case shortcutPin, shortcutDeclare:
		q := f.Performer.quote(incident.Message{Channel: c.Channel.ID, ID: c.Message.Timestamp}, c.Message.Msg)
		r.Line, r.Message = map[string]string{shortcutPin: "pin", shortcutDeclare: "open"}[c.CallbackID], &q
	default:
		return nil, nil
	}
	a, _ := f.handle(ctx, r)
	return nil, f.answer(c, a)
}

// eventPayload is what we read of an event; Slack may add to the rest.
type eventPayload struct {
	Type      string `json:"type"`
	Challenge string `json:"challenge"`
	EventID   string `json:"event_id"`
	Event     struct {
		Type     string `json:"type"`
		User     string `json:"user"`
		Channel  string `json:"channel"`
		Reaction string `json:"reaction"`
		Item     struct {
			Type    string `json:"type"`
			Channel string `json:"channel"`
			TS      string `json:"ts"`
		} `json:"item"`
	} `json:"event"`
}

// event takes an event. An error means that it was not stored, and is to be
// sent again. Who may not put a message on the timeline is told so: their 📌 stays.
func (f *Face) event(ctx context.Context, p eventPayload) (follow, error) {
	e := p.Event
	r := bot.Request{By: f.actor(e.User, ""), Cause: "slack/" + p.EventID, Channel: e.Channel}
	switch {
	case e.User == "" || f.Performer.is(e.User):
		return nil, nil
	case e.Type == "reaction_added" && strings.HasSuffix(e.Reaction, "pushpin") && e.Item.Type == "message":
		r.Line, r.Channel = "pin", e.Item.Channel
		r.Message = &incident.Quote{Message: incident.Message{Channel: e.Item.Channel, ID: e.Item.TS}}
	case e.Type == "member_joined_channel":
		r.Line = "arrived"
	case e.Type == "member_left_channel":
		r.Line = "left"
	default:
		return nil, nil
	}
	a, err := f.handle(ctx, r)
	if err != nil || !a.Refused || r.Message == nil {
		return nil, err
	}
	return func(ctx context.Context) { f.whisper(ctx, r.Channel, e.User, a.Message) }, nil
}

// whisper tells one person something in a channel, where there is no response URL. Like an
// answer there, it is sent once.
func (f *Face) whisper(ctx context.Context, channel, user string, m effect.Message) {
	_, err := f.API.PostEphemeralContext(ctx, channel, user, slack.MsgOptionText(fallback(m), false), slack.MsgOptionBlocks(blocks(m)...))
	if err != nil {
		f.Log.Warn("an answer was not sent", "error", err)
	}
}

// actor is somebody in Slack, by the name we know, or else by their handle.
func (f *Face) actor(user, handle string) incident.Actor {
	return incident.Actor{Person: f.person(incident.Person{User: incident.User(user), Name: handle}), Via: "slack"}
}

func (f *Face) person(p incident.Person) incident.Person {
	p.Name = or(f.Performer.known(string(p.User)), p.Name)
	return p
}

// reply is an answer that only the person who asked sees.
func reply(m effect.Message) *slack.WebhookMessage {
	return &slack.WebhookMessage{ResponseType: slack.ResponseTypeEphemeral, Text: fallback(m), Blocks: &slack.Blocks{BlockSet: blocks(m)}}
}

// respond sends an answer to a response URL. It cannot be found again, so it is
// sent once: the person can always ask again.
func (f *Face) respond(ctx context.Context, to string, msg *slack.WebhookMessage, replace bool) {
	if to == "" || msg.Text == "" && len(msg.Blocks.BlockSet) == 0 {
		return
	}
	msg.ReplaceOriginal = replace
	client, err := f.trusted(to)
	if err == nil {
		err = slack.PostWebhookCustomHTTPContext(ctx, to, client, msg)
	}
	if err != nil {
		f.Log.Warn("an answer did not arrive", "error", safe(err))
	}
}

// trusted lets answers go to Slack only, or to the host that stands in for it, each
// by its own client.
func (f *Face) trusted(to string) (*http.Client, error) {
	u, err := url.Parse(to)
	if err != nil {
		return nil, errors.New("the response URL cannot be read")
	}
	if api, err := url.Parse(f.APIURL); err == nil && f.APIURL != "" && own(api, u) {
		return f.HTTP, nil
	}
	if u.Scheme == "https" && slacks(u) {
		return f.Outside, nil
	}
	return nil, fmt.Errorf("the response URL's host %q is not Slack's", u.Hostname())
}

// safe is an error without the URL in it: a response URL lets anybody answer.
func safe(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// openForm shows a form. A trigger works once, so this is never tried twice.
func (f *Face) openForm(ctx context.Context, trigger, responseURL, channel string, form *bot.Form) {
	_, err := f.API.OpenViewContext(ctx, trigger, view(form, channel))
	if err == nil {
		return
	}
	f.Log.Warn("a form could not be opened", "error", err)
	f.respond(ctx, responseURL, reply(effect.Message{
		Body: "The form did not open in time. Please try again, or say it in one line: `/incident help` shows how.",
	}), false)
}

// submission takes a filled-in form. One that was not stored stays open, and says
// so: the person must not take it for done.
func (f *Face) submission(ctx context.Context, c slack.InteractionCallback) (any, follow) {
	meta, err := decode[formMeta]([]byte(c.View.PrivateMetadata))
	if err != nil {
		f.count(inbound.Unreadable)
		f.Log.Error("a form without its command", "error", err)
		return nil, nil
	}
	values, people := f.values(c.View)
	a, err := f.handle(ctx, bot.Request{
		Line: meta.Command, By: f.actor(c.User.ID, c.User.Name), Cause: "slack/view/" + c.View.ID,
		Channel: meta.Channel, Message: meta.Message, Values: values, Mentions: people,
	})
	if err != nil {
		a.Errors = map[string]string{"": a.Body}
	}
	switch {
	case len(a.Errors) > 0:
		return slack.NewErrorsViewSubmissionResponse(fieldErrors(a.Errors, c.View)), nil
	case meta.Command == shortcutOpen: // what was opened is worth reading
		return slack.NewUpdateViewSubmissionResponse(done(c.View, a.Message)), nil
	}
	return nil, nil
}

// values reads a form: what was filled in, and who was chosen.
func (f *Face) values(v slack.View) (values map[string]string, people map[string]incident.Person) {
	values, people = map[string]string{}, map[string]incident.Person{}
	if v.State == nil {
		return values, people
	}
	for _, block := range v.State.Values {
		for name, action := range block {
			switch {
			case len(action.SelectedOptions) > 0:
				values[name] = action.SelectedOptions[0].Value
			case action.SelectedUser != "":
				values[name] = action.SelectedUser
				people[action.SelectedUser] = f.person(incident.Person{User: incident.User(action.SelectedUser)})
			case action.SelectedOption.Value != "":
				values[name] = action.SelectedOption.Value
			default:
				values[name] = action.Value
			}
		}
	}
	return values, people
}

// fieldErrors ties what is wrong to the form's fields; what is about none of
// them goes to the first.
func fieldErrors(errs map[string]string, v slack.View) map[string]string {
	var fields []string
	for _, b := range v.Blocks.BlockSet {
		if in, ok := b.(*slack.InputBlock); ok {
			fields = append(fields, in.BlockID)
		}
	}
	out := map[string]string{}
	for field, what := range errs {
		if !slices.Contains(fields, field) && len(fields) > 0 {
			field = fields[0]
		}
		out[field] = what
	}
	return out
}
