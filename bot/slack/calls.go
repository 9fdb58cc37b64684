package slack

import (
	"strconv"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

// call is a call to come, and what it counts in besides its method.
type call struct {
	method  string
	channel string           // of a post
	message incident.Message // of an edit that shows the present state
}

// calls are the calls that performing a job is expected to make, each method
// once; what it makes beyond them is counted when it is made. A later attempt
// looks first whether an earlier one was carried out. announce names the
// announcement channel.
func calls(inc incident.Incident, job bot.Job, announce string) []call {
	channel, later := inc.Channel.Channel, job.Tries > 1
	switch e := job.Effect.(type) {
	case effect.OpenChannel:
		if channel != "" {
			return nil
		}
		return look(later, "users.conversations", call{method: "conversations.create"})
	case effect.Invite:
		return []call{{method: "conversations.invite"}}
	case effect.SetTopic:
		return look(later, "conversations.info", call{method: "conversations.setTopic"})
	case effect.ShowCard:
		return showing(inc.Posts[incident.PostedCard], channel, later, true)
	case effect.ShowGuide: // not calmed: people walk through it by its buttons
		return showing(inc.Posts[incident.PostedGuide+strconv.Itoa(e.Seq)], channel, later, false)
	case effect.Announce:
		if inc.Private {
			return nil
		}
		return showing(inc.Posts[incident.PostedAnnouncement], announce, later, true)
	case effect.Bookmark:
		return look(later || e.Again, "bookmarks.list", call{method: "bookmarks.add"})
	case effect.Say:
		return look(later, "conversations.history", call{method: postMessage, channel: channel})
	case effect.Fetch:
		return []call{{method: "conversations.replies"}}
	case effect.Mark:
		return []call{{method: "reactions.add"}}
	case effect.Draft:
		return look(later, "conversations.history", call{method: "files.getUploadURLExternal"}, call{method: "files.completeUploadExternal"})
	}
	return nil
}

// look puts a look-up before calls, if there is to be one.
func look(first bool, method string, then ...call) []call {
	if first {
		return append([]call{{method: method}}, then...)
	}
	return then
}

// showing is what it takes to show a message: a post, and from then on edits,
// which are calmed where nobody waits for each of them.
func showing(at incident.Posted, channel string, later, calm bool) []call {
	if at.Message.Zero() {
		return look(later, "conversations.history", call{method: postMessage, channel: channel})
	}
	edit := call{method: editMessage}
	if calm {
		edit.message = at.Message
	}
	return []call{edit}
}
