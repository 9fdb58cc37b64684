package sandbox

import (
	"slices"
	"time"
)

// wire is the message as apps see it.
func (m *Message) wire(withMetadata bool) Message {
	out := *m
	out.EphemeralTo, out.Permalink = "", ""
	if !withMetadata {
		out.Metadata = nil
	}
	out.Files = slices.Clone(m.Files)
	for i := range out.Files {
		out.Files[i].Content = ""
	}
	return out
}

// wire is the conversation object of a channel as the bot sees it.
func (c *channel) wire() obj {
	out := obj{
		"id": c.ID, "created": c.Created.Unix(), "updated": c.Updated.UnixMilli(), "creator": c.Creator,
		"is_archived": c.Archived, "is_org_shared": false, "context_team_id": TeamID,
	}
	if c.IMWith != "" {
		out["is_im"], out["user"], out["is_open"] = true, c.IMWith, true
		return out
	}
	more := obj{
		"name": c.Name, "name_normalized": c.Name, "is_channel": !c.Private, "is_group": c.Private,
		"is_im": false, "is_mpim": false, "is_private": c.Private, "is_general": c.General,
		"is_shared": false, "is_ext_shared": false, "is_pending_ext_shared": false, "pending_shared": []any{},
		"is_member": c.has(BotUser), "unlinked": 0, "topic": c.Topic, "purpose": c.Purpose,
		"previous_names": slices.Concat([]string{}, c.PreviousNames), "shared_team_ids": []string{TeamID},
	}
	for key, value := range more {
		out[key] = value
	}
	return out
}

// put adds a message to a channel, keeps its thread's counts, and tells the app.
func (w *world) put(c *channel, m *Message) *Message {
	m.Type, m.Team = "message", TeamID
	if m.TS == "" {
		m.TS = w.newTS()
	}
	m.Permalink = w.permalink(c, m.TS)
	c.Messages = append(c.Messages, m)
	if m.EphemeralTo != "" {
		return m
	}
	if parent := c.message(m.ThreadTS); parent != nil && parent != m {
		m.ParentUser = parent.User
		parent.ThreadTS = parent.TS
		parent.ReplyCount++
		parent.LatestReply = m.TS
		if !slices.Contains(parent.ReplyUsers, m.User) {
			parent.ReplyUsers = append(slices.Clone(parent.ReplyUsers), m.User)
		}
	}
	w.emitMessage(c, m)
	return m
}

// notice puts one of Slack's own lines ("… has joined the channel") into a channel.
func (w *world) notice(c *channel, m Message) {
	w.put(c, &m)
}

func (w *world) join(c *channel, user, inviter string) {
	c.Members = append(slices.Clone(c.Members), user)
	line := Message{Subtype: "channel_join", User: user, Text: "<@" + user + "> has joined the channel"}
	if c.Private {
		line.Subtype = "group_join"
	}
	if inviter != user {
		line.Inviter = inviter
	}
	w.notice(c, line)
	w.emit(c, obj{
		"type": "member_joined_channel", "user": user, "channel": c.ID, "channel_type": channelLetter(c),
		"team": TeamID, "inviter": inviter, "event_ts": w.newTS(),
	})
}

func (w *world) leave(c *channel, user string) {
	w.notice(c, Message{Subtype: "channel_leave", User: user, Text: "<@" + user + "> has left the channel"})
	w.emit(c, obj{
		"type": "member_left_channel", "user": user, "channel": c.ID, "channel_type": channelLetter(c),
		"team": TeamID, "event_ts": w.newTS(),
	})
	c.Members = slices.DeleteFunc(slices.Clone(c.Members), func(id string) bool { return id == user })
}

func (w *world) setTopic(c *channel, user, topic string) {
	c.Topic, c.Updated = note{topic, user, time.Now().Unix()}, time.Now()
	w.notice(c, Message{Subtype: "channel_topic", User: user, Topic: topic, Text: "<@" + user + "> set the channel topic: " + topic})
}

func (w *world) setPurpose(c *channel, user, purpose string) {
	c.Purpose, c.Updated = note{purpose, user, time.Now().Unix()}, time.Now()
	w.notice(c, Message{Subtype: "channel_purpose", User: user, Purpose: purpose, Text: "<@" + user + "> set the channel description: " + purpose})
}

func (w *world) archive(c *channel, user string) {
	w.notice(c, Message{Subtype: "channel_archive", User: user, Text: "<@" + user + "> archived the channel"})
	c.Archived, c.Updated = true, time.Now()
	w.emit(c, obj{"type": channelKind(c) + "_archive", "channel": c.ID, "user": user, "event_ts": w.newTS()})
}

func (w *world) unarchive(c *channel, user string) {
	c.Archived, c.Updated = false, time.Now()
	w.notice(c, Message{Subtype: "channel_unarchive", User: user, Text: "<@" + user + "> un-archived the channel"})
	w.emit(c, obj{"type": channelKind(c) + "_unarchive", "channel": c.ID, "user": user, "event_ts": w.newTS()})
}

func (w *world) rename(c *channel, user, name string) {
	old := c.Name
	c.PreviousNames = append([]string{old}, c.PreviousNames...)
	c.Name, c.Updated = name, time.Now()
	w.notice(c, Message{Subtype: "channel_name", User: user, OldName: old, Name: name, Text: "<@" + user + "> has renamed the channel from \"" + old + "\" to \"" + name + "\""})
	w.emit(c, obj{
		"type": channelKind(c) + "_rename", "event_ts": w.newTS(),
		"channel": obj{"id": c.ID, "name": name, "name_normalized": name, "created": c.Created.Unix(), "is_channel": !c.Private, "is_mpim": false},
	})
}

// react puts user's emoji on a message, or takes it off; it tells whether anything changed.
func (w *world) react(c *channel, m *Message, user, name string, remove bool) bool {
	reactions := slices.Clone(m.Reactions)
	i := slices.IndexFunc(reactions, func(r Reaction) bool { return r.Name == name })
	if i < 0 {
		i, reactions = len(reactions), append(reactions, Reaction{Name: name})
	}
	r := &reactions[i]
	if slices.Contains(r.Users, user) != remove {
		return false
	}
	kind := "reaction_added"
	if remove {
		kind = "reaction_removed"
		r.Users = slices.DeleteFunc(slices.Clone(r.Users), func(id string) bool { return id == user })
	} else {
		r.Users = append(slices.Clone(r.Users), user)
	}
	r.Count = len(r.Users)
	m.Reactions = slices.DeleteFunc(reactions, func(r Reaction) bool { return r.Count == 0 })
	w.emit(c, obj{
		"type": kind, "user": user, "reaction": name, "item_user": m.User, "event_ts": w.newTS(),
		"item": obj{"type": "message", "channel": c.ID, "ts": m.TS},
	})
	return true
}

func (w *world) pin(c *channel, m *Message, user string) {
	c.Pins = append(slices.Clone(c.Pins), pin{m.TS, user, time.Now()})
	m.PinnedTo = []string{c.ID}
	w.emitPin("pin_added", c, m, user)
}

func (w *world) unpin(c *channel, m *Message, user string) {
	c.Pins = slices.DeleteFunc(slices.Clone(c.Pins), func(p pin) bool { return p.TS == m.TS })
	m.PinnedTo = nil
	w.emitPin("pin_removed", c, m, user)
}

func (w *world) emitPin(kind string, c *channel, m *Message, user string) {
	item := obj{"type": "message", "channel": c.ID, "created": time.Now().Unix(), "created_by": user, "message": m.wire(false)}
	w.emit(c, obj{"type": kind, "user": user, "channel_id": c.ID, "item": item, "event_ts": w.newTS(), "has_pins": len(c.Pins) > 0})
}
