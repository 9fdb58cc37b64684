package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Result is what came of a person's act. OK is false if the app failed to answer: Error is what the
// person then sees. Words about a wrong act (no such channel) are a Go error instead.
type Result struct {
	OK      bool              `json:"ok"`
	TS      string            `json:"ts,omitempty"`      // of the message that was said
	Channel string            `json:"channel,omitempty"` // id of the channel that was made
	ViewID  string            `json:"view_id,omitempty"` // of the modal on top, if one is open now
	Trigger string            `json:"trigger,omitempty"` // of a command or a click: the trigger_id by which the app knows it
	Ack     json.RawMessage   `json:"ack,omitempty"`     // the app's answer, as it came
	Errors  map[string]string `json:"errors,omitempty"`  // of a modal's inputs: block_id to words
	Error   string            `json:"error,omitempty"`
}

// Say is a person writing in a channel. Text that begins with one of the app's slash commands runs it.
type Say struct {
	User     string `json:"user"`
	Channel  string `json:"channel"` // id or name
	Text     string `json:"text"`
	ThreadTS string `json:"thread_ts"`
}

// presence is a person in a channel that they see.
type presence struct {
	user    string
	channel *channel
}

// present finds the channel that a person names, which they must be able to see; member means that
// they must be in it.
func (w *world) present(user, target string, member bool) (presence, error) {
	if w.person(user) == nil {
		return presence{}, fmt.Errorf("no person %q; use one of %s", user, strings.Join(w.personIDs(), ", "))
	}
	c := w.channelByID(target)
	if c == nil {
		c = w.channelByName(target)
	}
	switch {
	case c == nil || !c.visible(user):
		return presence{}, fmt.Errorf("%s sees no channel %q; give the id or the name of one they are in", user, target)
	case member && !c.has(user):
		return presence{}, fmt.Errorf("%s is not in #%s; join it first", user, c.Name)
	}
	return presence{user, c}, nil
}

func (w *world) personIDs() []string {
	ids := make([]string, len(w.people))
	for i, p := range w.people {
		ids[i] = p.ID
	}
	return ids
}

// Say writes a message, or runs a slash command and waits for the app's answer.
func (ws *Workspace) Say(ctx context.Context, say Say) (Result, error) {
	word, rest, _ := strings.Cut(strings.TrimSpace(say.Text), " ")
	if strings.HasPrefix(word, "/") {
		if !slices.Contains(ws.commandWords(), word) {
			return Result{}, fmt.Errorf("%s is not a valid command; there is %s", word, strings.Join(ws.commandWords(), ", "))
		}
		return ws.command(ctx, say, word, strings.TrimSpace(rest))
	}
	var result Result
	var err error
	ws.act(func(w *world) {
		var at presence
		at, err = w.present(say.User, say.Channel, true)
		switch {
		case err != nil:
		case strings.TrimSpace(say.Text) == "":
			err = fmt.Errorf("text is empty; write something")
		case at.channel.Archived:
			err = fmt.Errorf("#%s is archived; nobody can write there", at.channel.Name)
		case say.ThreadTS != "" && at.channel.message(say.ThreadTS) == nil:
			err = fmt.Errorf("no message %s in #%s to reply to", say.ThreadTS, at.channel.Name)
		default:
			m := w.personMessage(say.User, say.Text)
			m.ThreadTS = rootOf(at.channel, say.ThreadTS)
			w.put(at.channel, m)
			result = Result{OK: true, TS: m.TS, Channel: at.channel.ID}
		}
	})
	return result, err
}

// commandWords are the slash commands: the distinct first words of the hints.
func (ws *Workspace) commandWords() []string {
	var words []string
	for _, hint := range ws.opt.Commands {
		word, _, _ := strings.Cut(hint.Text, " ")
		if strings.HasPrefix(word, "/") && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return words
}

// personMessage is a person's message, with a rich_text block as Slack's client sends it.
func (w *world) personMessage(user, text string) *Message {
	stored := w.escape(text, user, false)
	w.serial++
	return &Message{
		User: user, Text: stored,
		ClientMsgID: fmt.Sprintf("%08x-5a4d-4b0c-8000-%012x", w.serial, w.lastTS%(1<<48)),
		Blocks: []any{obj{"type": "rich_text", "block_id": w.shortID(), "elements": []any{
			obj{"type": "rich_text_section", "elements": inlines(stored)},
		}}},
	}
}

func (ws *Workspace) command(ctx context.Context, say Say, word, rest string) (Result, error) {
	var payload obj
	var reply string
	var err error
	ws.act(func(w *world) {
		var at presence
		if at, err = w.present(say.User, say.Channel, true); err != nil {
			return
		}
		if at.channel.Archived {
			err = fmt.Errorf("#%s is archived; commands do not run there", at.channel.Name)
			return
		}
		if say.ThreadTS != "" {
			err = fmt.Errorf("slash commands do not work in threads; write it in the channel")
			return
		}
		reply = w.newReplyURL(replyURL{channel: at.channel.ID, user: say.User})
		payload = obj{
			"token": "sandbox-verification", "team_id": TeamID, "team_domain": "sandbox", "channel_id": at.channel.ID,
			"channel_name": channelNameFor(at.channel), "user_id": say.User, "user_name": w.userName(say.User),
			"command": word, "text": w.escape(rest, say.User, true), "api_app_id": AppID, "is_enterprise_install": "false",
			"response_url": reply, "trigger_id": w.newTrigger(say.User),
		}
	})
	if err != nil {
		return Result{}, err
	}
	result := ws.afterCommand(ws.deliver(ctx, slashCommand, payload), reply)
	result.Trigger = asText(payload["trigger_id"])
	return result, nil
}

func channelNameFor(c *channel) string {
	switch {
	case c.IMWith != "":
		return "directmessage"
	case c.Private:
		return "privategroup"
	}
	return c.Name
}

// afterCommand shows the app's answer to the person, as if it had come to the response_url.
func (ws *Workspace) afterCommand(out outcome, reply string) Result {
	result := Result{OK: out.err == "", Ack: out.answer, Error: out.err}
	var body obj
	if json.Unmarshal(out.answer, &body) != nil || countOf(body, []string{"text", "blocks", "attachments"}) == 0 {
		return result
	}
	ws.act(func(w *world) {
		id := reply[strings.LastIndex(reply, "/")+1:]
		if _, err := w.reply(id, &call{args: args(body)}); err != nil {
			result.OK, result.Error = false, err.Error()
		}
		w.replies[id].uses = 0 // the ack does not count
	})
	return result
}
