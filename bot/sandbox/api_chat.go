package sandbox

import (
	"slices"
	"unicode/utf8"
)

func (w *world) botMessage(say content) *Message {
	return &Message{
		User: BotUser, BotID: BotID, AppID: AppID, Username: botName,
		Text: say.text, Blocks: say.blocks, Attachments: say.attachments, Metadata: say.metadata,
	}
}

// channelToPost finds where chat.postMessage writes: an id, a name, or a person.
func (w *world) channelToPost(target string) (*channel, error) {
	c := w.channelByID(target)
	if c == nil && w.person(target) != nil {
		c, _ = w.directMessage(target)
	}
	if c == nil {
		c = w.channelByName(target)
	}
	switch {
	case c == nil || !c.visible(BotUser):
		return nil, refuse("channel_not_found")
	case c.Archived:
		return nil, refuse("is_archived")
	case c.IMWith == "" && !c.has(BotUser) && !w.writesAnywhere:
		return nil, refuse("not_in_channel")
	}
	return c, w.mayPost(c)
}

// mayPost refuses what a workspace's or a channel's settings let nobody but admins write.
func (w *world) mayPost(c *channel) error {
	switch {
	case w.suspended != "":
		return refuse(w.suspended)
	case c.ReadOnly:
		return refuse("restricted_action_read_only_channel")
	}
	return nil
}

// checkThread refuses a thread_ts that names no message of the channel.
func checkThread(c *channel, ts string) error {
	if ts == "" {
		return nil
	}
	if _, ok := parseTS(ts); !ok {
		return refuse("invalid_thread_ts")
	}
	parent := c.message(ts)
	switch {
	case parent == nil:
		return refuse("thread_not_found")
	case parent.Subtype != "" && parent.Subtype != "file_share" && parent.Subtype != "bot_message":
		return refuse("cannot_reply_to_message")
	}
	return nil
}

func (w *world) chatPostMessage(c *call) (obj, error) {
	ch, err := w.channelToPost(c.text("channel"))
	if err != nil {
		return nil, err
	}
	say, err := w.readContent(c)
	if err != nil {
		return nil, err
	}
	thread := c.text("thread_ts")
	if err := checkThread(ch, thread); err != nil {
		return nil, err
	}
	m := w.botMessage(say)
	if thread != "" {
		m.ThreadTS = rootOf(ch, thread)
		if c.flag("reply_broadcast") {
			m.Subtype = "thread_broadcast"
		}
	}
	w.put(ch, m)
	out := obj{"channel": ch.ID, "ts": m.TS, "message": m.wire(true)}
	if say.truncated {
		out["warning"] = "message_truncated"
		out["response_metadata"] = obj{"warnings": []string{"message_truncated"}}
	}
	return out, nil
}

// rootOf is the first message of the thread that ts is in: a reply to a reply joins its thread.
func rootOf(c *channel, ts string) string {
	if m := c.message(ts); m != nil && m.ThreadTS != "" {
		return m.ThreadTS
	}
	return ts
}

func (w *world) chatPostEphemeral(c *call) (obj, error) {
	ch := w.channelByID(c.text("channel"))
	reader := c.text("user")
	switch {
	case ch == nil || !ch.visible(BotUser):
		return nil, refuse("channel_not_found")
	case ch.Archived:
		return nil, refuse("is_archived")
	case !ch.has(BotUser):
		return nil, refuse("not_in_channel")
	case !ch.has(reader):
		return nil, refuse("user_not_in_channel")
	}
	say, err := w.readContent(c)
	if err != nil {
		return nil, err
	}
	if say.truncated {
		return nil, refuse("msg_too_long")
	}
	if err := checkThread(ch, c.text("thread_ts")); err != nil {
		return nil, err
	}
	m := w.botMessage(say)
	m.EphemeralTo, m.ThreadTS = reader, c.text("thread_ts")
	w.put(ch, m)
	return obj{"message_ts": m.TS}, nil
}

// botsMessage finds a message that the bot may change; denied is the refusal for another's.
func (w *world) botsMessage(c *call, denied string) (*channel, *Message, error) {
	ch := w.channelByID(c.text("channel"))
	if ch == nil || !ch.visible(BotUser) {
		return nil, nil, refuse("channel_not_found")
	}
	m := ch.message(c.text("ts"))
	switch {
	case m == nil:
		return nil, nil, refuse("message_not_found")
	case m.BotID != BotID || (m.Subtype != "" && m.Subtype != "thread_broadcast" && m.Subtype != "file_share"):
		return nil, nil, refuse(denied)
	}
	return ch, m, nil
}

func (w *world) chatUpdate(c *call) (obj, error) {
	ch, m, err := w.botsMessage(c, "cant_update_message")
	if err != nil {
		return nil, err
	}
	if ch.Archived {
		return nil, refuse("is_inactive")
	}
	if err := w.mayPost(ch); err != nil {
		return nil, err
	}
	say, err := w.readContent(c)
	if err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(say.text) > maxUpdateText {
		return nil, refuse("msg_too_long")
	}
	w.rewrite(ch, m, say, c)
	return obj{"channel": ch.ID, "ts": m.TS, "text": m.Text, "message": m.wire(true)}, nil
}

// rewrite changes a message of the bot's. What is not given stays as it was.
func (w *world) rewrite(ch *channel, m *Message, say content, c *call) {
	before := m.wire(false)
	if c.has("text") || c.has("markdown_text") {
		m.Text = say.text
	}
	if say.hasBlocks {
		m.Blocks = say.blocks
	}
	if say.hasAttachments {
		m.Attachments = say.attachments
	}
	if say.hasMetadata {
		m.Metadata = say.metadata
	}
	m.Edited = &Edited{BotUser, w.newTS()}
	if m.EphemeralTo == "" {
		w.emitChanged(ch, before, m.wire(false))
	}
}

func (w *world) chatDelete(c *call) (obj, error) {
	ch, m, err := w.botsMessage(c, "cant_delete_message")
	if err != nil {
		return nil, err
	}
	w.remove(ch, m)
	return obj{"channel": ch.ID, "ts": m.TS}, nil
}

// remove deletes a message; one with replies leaves a tombstone at the head of its thread.
func (w *world) remove(ch *channel, m *Message) {
	before := m.wire(false)
	w.forgetPin(ch, m)
	if m.ReplyCount > 0 {
		*m = Message{
			Type: "message", Subtype: "tombstone", TS: m.TS, ThreadTS: m.ThreadTS, User: "USLACKBOT", Team: TeamID,
			Text: "This message was deleted.", ReplyCount: m.ReplyCount, ReplyUsers: m.ReplyUsers, LatestReply: m.LatestReply,
		}
	} else {
		ch.Messages = slices.DeleteFunc(slices.Clone(ch.Messages), func(x *Message) bool { return x == m })
		if root := ch.message(m.ThreadTS); root != nil && root != m {
			root.ReplyCount--
		}
	}
	if before.TS != "" && m.EphemeralTo == "" {
		w.emitDeleted(ch, before)
	}
}

func (w *world) forgetPin(ch *channel, m *Message) {
	ch.Pins = slices.DeleteFunc(slices.Clone(ch.Pins), func(p pin) bool { return p.TS == m.TS })
}

func (w *world) chatGetPermalink(c *call) (obj, error) {
	ch := w.channelByID(c.text("channel"))
	if ch == nil || !ch.visible(BotUser) {
		return nil, refuse("channel_not_found")
	}
	m := ch.message(c.text("message_ts"))
	if m == nil {
		return nil, refuse("message_not_found")
	}
	return obj{"channel": ch.ID, "permalink": w.permalink(ch, m.TS)}, nil
}
