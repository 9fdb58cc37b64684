package sandbox

import (
	"maps"
	"strings"
	"time"
)

// event is one Events API callback on its way to the app.
type event struct {
	id   string
	body obj // the event_callback envelope
}

// emit queues an event about a channel. Slack sends an app the events of conversations that its bot
// is a member of (https://docs.slack.dev/apis/events-api/).
func (w *world) emit(c *channel, what obj) {
	if c.has(BotUser) {
		w.emitAnywhere(what)
	}
}

func (w *world) emitAnywhere(what obj) {
	id := w.newID("Ev")
	w.outgoing = append(w.outgoing, event{id, obj{
		"token": "sandbox-verification", "team_id": TeamID, "api_app_id": AppID, "type": "event_callback",
		"event_id": id, "event_time": time.Now().Unix(), "event": what, "is_ext_shared_channel": false,
		"context_team_id": TeamID, "context_enterprise_id": nil,
		"authorizations": []obj{{
			"enterprise_id": nil, "team_id": TeamID, "user_id": BotUser, "is_bot": true, "is_enterprise_install": false,
		}},
	}})
}

// emitMessage tells the app of a new message, and of the mention in it if there is one.
func (w *world) emitMessage(c *channel, m *Message) {
	what := messageEvent(c, m)
	w.emit(c, what)
	if m.Subtype == "" && m.BotID == "" && c.IMWith == "" && strings.Contains(m.Text, "<@"+BotUser+">") {
		mention := maps.Clone(what)
		mention["type"] = "app_mention"
		delete(mention, "channel_type")
		w.emit(c, mention)
	}
}

func messageEvent(c *channel, m *Message) obj {
	what := toObj(m.wire(false)) // apps learn of metadata by message_metadata_posted
	what["channel"], what["channel_type"], what["event_ts"] = c.ID, channelType(c), m.TS
	return what
}

// emitChanged and emitDeleted are the two events about an older message.
func (w *world) emitChanged(c *channel, before, now Message) {
	ts := w.newTS()
	w.emit(c, obj{
		"type": "message", "subtype": "message_changed", "hidden": true, "channel": c.ID, "channel_type": channelType(c),
		"ts": ts, "event_ts": ts, "message": now, "previous_message": before,
	})
}

func (w *world) emitDeleted(c *channel, before Message) {
	ts := w.newTS()
	w.emit(c, obj{
		"type": "message", "subtype": "message_deleted", "hidden": true, "channel": c.ID, "channel_type": channelType(c),
		"ts": ts, "event_ts": ts, "deleted_ts": before.TS, "previous_message": before,
	})
}

// channelType is the channel_type of message events, channelLetter that of membership events,
// channelKind the first word of archive and rename events.
func channelType(c *channel) string {
	switch {
	case c.IMWith != "":
		return "im"
	case c.Private:
		return "group"
	}
	return "channel"
}

func channelLetter(c *channel) string {
	if c.Private {
		return "G"
	}
	return "C"
}

func channelKind(c *channel) string {
	if c.Private {
		return "group"
	}
	return "channel"
}
