package sandbox

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxChannelName = 80
	maxTopic       = 250 // characters; purposes too
)

// findChannel is the channel of a call's argument, if the bot may see it.
func (w *world) findChannel(c *call, arg string) (*channel, error) {
	ch := w.channelByID(c.text(arg))
	if ch == nil || !ch.visible(BotUser) {
		return nil, refuse("channel_not_found")
	}
	return ch, nil
}

// ownChannel is a channel that the bot may change: a living one that it is in, and no direct message.
func (w *world) ownChannel(c *call) (*channel, error) {
	ch, err := w.findChannel(c, "channel")
	switch {
	case err != nil:
		return nil, err
	case ch.IMWith != "":
		return nil, refuse("method_not_supported_for_channel_type")
	case ch.Archived:
		return nil, refuse("is_archived")
	case !ch.has(BotUser):
		return nil, refuse("not_in_channel")
	}
	return ch, nil
}

// checkName refuses what Slack refuses as a channel's name.
func (w *world) checkName(name string, self *channel) error {
	wrong := func(r rune) bool {
		return !(r == '-' || r == '_' || unicode.IsDigit(r) || (unicode.IsLetter(r) && !unicode.IsUpper(r)))
	}
	taken := w.channelByName(name)
	switch {
	case name == "":
		return refuse("invalid_name_required")
	case utf8.RuneCountInString(name) > maxChannelName:
		return refuse("invalid_name_maxlength")
	case strings.ContainsFunc(name, wrong):
		return refuse("invalid_name_specials")
	case strings.Trim(name, "-_") == "":
		return refuse("invalid_name_punctuation")
	case taken != nil && taken != self:
		return refuse("name_taken")
	}
	return nil
}

func (w *world) conversationsCreate(c *call) (obj, error) {
	name := c.text("name")
	if err := w.checkName(name, nil); err != nil {
		return nil, err
	}
	ch := w.newChannel(name, BotUser, c.flag("is_private"))
	ch.Members = nil
	w.join(ch, BotUser, BotUser)
	return obj{"channel": ch.wire()}, nil
}

func (w *world) conversationsRename(c *call) (obj, error) {
	ch, err := w.ownChannel(c)
	if err != nil {
		return nil, err
	}
	if ch.Creator != BotUser {
		return nil, refuse("not_authorized")
	}
	if err := w.checkName(c.text("name"), ch); err != nil {
		return nil, err
	}
	if c.text("name") != ch.Name {
		w.rename(ch, BotUser, c.text("name"))
	}
	return obj{"channel": ch.wire()}, nil
}

func (w *world) conversationsArchive(c *call) (obj, error) {
	ch, err := w.findChannel(c, "channel")
	switch {
	case err != nil:
		return nil, err
	case ch.IMWith != "":
		return nil, refuse("method_not_supported_for_channel_type")
	case ch.General:
		return nil, refuse("cant_archive_general")
	case ch.Archived:
		return nil, refuse("already_archived")
	case !ch.has(BotUser):
		return nil, refuse("not_in_channel")
	}
	w.archive(ch, BotUser)
	return nil, nil
}

// conversationsUnarchive never works: "Bot tokens (xoxb-...) cannot currently be used to unarchive
// conversations" (https://api.slack.com/methods/conversations.unarchive).
func (w *world) conversationsUnarchive(c *call) (obj, error) {
	ch, err := w.findChannel(c, "channel")
	if err != nil {
		return nil, err
	}
	if !ch.Archived {
		return nil, refuse("not_archived")
	}
	return nil, refuse("not_in_channel")
}

func (w *world) conversationsSetTopic(c *call) (obj, error) {
	return w.setNote(c, "topic", w.setTopic)
}

func (w *world) conversationsSetPurpose(c *call) (obj, error) {
	return w.setNote(c, "purpose", w.setPurpose)
}

func (w *world) setNote(c *call, arg string, set func(*channel, string, string)) (obj, error) {
	ch, err := w.ownChannel(c)
	if err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(c.text(arg)) > maxTopic {
		return nil, refuse("too_long")
	}
	set(ch, BotUser, c.text(arg))
	return obj{"channel": ch.wire(), arg: c.text(arg)}, nil
}

func (w *world) conversationsInfo(c *call) (obj, error) {
	ch, err := w.findChannel(c, "channel")
	if err != nil {
		return nil, err
	}
	out := ch.wire()
	if c.flag("include_num_members") {
		out["num_members"] = len(ch.Members)
	}
	return obj{"channel": out}, nil
}

func (w *world) conversationsList(c *call) (obj, error) {
	return w.listChannels(c, func(ch *channel) bool { return ch.visible(BotUser) })
}

// listChannels is one page of the channels that pass, of the types asked for.
func (w *world) listChannels(c *call, pass func(*channel) bool) (obj, error) {
	types := c.list("types")
	if len(types) == 0 {
		types = []string{"public_channel"}
	}
	for _, t := range types {
		if !slices.Contains([]string{"public_channel", "private_channel", "im", "mpim"}, t) {
			return nil, refuse("invalid_types")
		}
	}
	all := []obj{}
	for _, ch := range w.channels {
		if pass(ch) && slices.Contains(types, listType(ch)) && !(ch.Archived && c.flag("exclude_archived")) {
			item := ch.wire()
			item["num_members"] = len(ch.Members)
			all = append(all, item)
		}
	}
	part, more, err := page(c, all, 100, 999)
	if err != nil {
		return nil, err
	}
	return obj{"channels": part, "response_metadata": more}, nil
}

func listType(c *channel) string {
	switch {
	case c.IMWith != "":
		return "im"
	case c.Private:
		return "private_channel"
	}
	return "public_channel"
}

func (w *world) conversationsOpen(c *call) (obj, error) {
	users := c.list("users")
	if id := c.text("channel"); id != "" {
		ch := w.channelByID(id)
		if ch == nil || ch.IMWith == "" {
			return nil, refuse("channel_not_found")
		}
		users = []string{ch.IMWith}
	}
	switch {
	case len(users) == 0:
		return nil, refuse("users_list_not_supplied")
	case len(users) > 8:
		return nil, refuse("too_many_users")
	case len(users) > 1: // group messages are not part of the sandbox
		return nil, refuse("method_not_supported_for_channel_type")
	case w.person(users[0]) == nil:
		return nil, refuse("user_not_found")
	}
	ch, opened := w.directMessage(users[0])
	out := obj{"channel": obj{"id": ch.ID}}
	if c.flag("return_im") {
		out["channel"] = ch.wire()
	}
	if !opened {
		out["no_op"], out["already_open"] = true, true
	}
	return out, nil
}
