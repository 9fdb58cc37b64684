package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
)

// ordered is the key of a message that is said once, in its order; all others show
// the present state of something.
var ordered = regexp.MustCompile(`^INC-\d+/\d{8}\.\d\d$`)

// slacksOwn is the subtype of what Slack says by itself, in open channels and in private ones.
var slacksOwn = regexp.MustCompile("^(channel|group|bot)_")

// keyOf is the key of one of the bot's messages, "" for any other.
func keyOf(m sandbox.Message) string {
	if m.Metadata == nil || m.User != sandbox.BotUser {
		return ""
	}
	key, _ := m.Metadata.EventPayload["key"].(string)
	return key
}

// compareMessages: each message and each file is there once; none is there that
// nothing is known of.
func (k *killing) compareMessages(r *kept) {
	keys, wanted := map[string]int{}, map[string]bool{}
	for channel, list := range r.state.Messages {
		for _, m := range list {
			if m.User != sandbox.BotUser || m.EphemeralTo != "" || slacksOwn.MatchString(m.Subtype) {
				continue
			}
			k.figures.Messages++
			if key := keyOf(m); key != "" {
				keys[key]++
			} else if len(m.Files) == 0 {
				k.problem("a message in %s has no key: %+v", channel, m)
			}
		}
	}
	for key, n := range keys {
		k.once(n, "the message %s", key)
	}
	for _, inc := range r.incidents {
		for n := 1; n <= inc.Drafts; n++ {
			wanted[bot.DraftName(inc, effect.Draft{N: n})] = true
		}
	}
	for name, channels := range r.files {
		if k.once(len(channels), "the file %s", name); !wanted[name] {
			k.double("nobody asked for the file %s", name)
		}
	}
}

// compareRooms: each incident has one room, where everything is in order, and its
// announcement.
func (k *killing) compareRooms(r *kept) {
	for _, inc := range r.incidents {
		rooms := r.rooms[inc.ID]
		if inc.Held != "" {
			if len(rooms) > 0 {
				k.problem("%s has the rooms %v and asked for none", inc.ID, rooms)
			}
			continue
		}
		if k.once(len(rooms), "the room of %s", inc.ID); len(rooms) != 1 {
			continue
		}
		if rooms[0].ID != inc.Channel.Channel {
			k.problem("%s has the room %s, and believes in %s", inc.ID, rooms[0].ID, inc.Channel.Channel)
		}
		k.compareRoom(r, inc, rooms[0])
		for _, f := range inc.Failures {
			if f.Effect != incident.FailedPage {
				k.lost("of %s: %+v", inc.ID, f)
			}
		}
	}
}

// fileKey is the key that a message with a draft would have: that of the event which asked
// for it.
func (r *kept) fileKey(id incident.ID, name string) string {
	inc := r.of(id)
	asked := 0
	for _, e := range r.timelines[id] {
		if _, is := e.Fact.(incident.PostmortemAsked); !is {
			continue
		}
		if asked++; bot.DraftName(inc, effect.Draft{N: asked}) == name {
			return fmt.Sprintf("%s/%08d.00", id, e.Seq)
		}
	}
	return ""
}

// compareRoom looks at one room.
func (k *killing) compareRoom(r *kept, inc incident.Incident, room sandbox.ChannelState) {
	var keys []string
	first := true
	joined := map[string]int{}
	for _, m := range r.state.Messages[room.ID] {
		if strings.HasSuffix(m.Subtype, "_join") {
			if joined[m.User]++; joined[m.User] > 1 {
				k.double("%s came into #%s", m.User, room.Name)
			}
		}
		key := keyOf(m)
		if first && key != "" && key != string(inc.ID)+"/card" {
			k.problem("the first message in #%s is %s, and has to be the card", room.Name, key)
		}
		first = first && key == ""
		if key != "" {
			keys = append(keys, key)
		}
		for _, f := range m.Files {
			keys = append(keys, r.fileKey(inc.ID, f.Name))
		}
	}
	in := slices.DeleteFunc(keys, func(key string) bool { return !ordered.MatchString(key) })
	if !slices.IsSorted(in) {
		k.problem("the messages in #%s are out of order: %v", room.Name, in)
	}
	k.compareTopics(inc, room)
	k.compareBookmarks(room)
	if want := fmt.Sprintf("%s · %s · ", inc.Severity.Title(), inc.Status); !strings.HasPrefix(room.Topic, want) {
		k.lost("the topic of #%s is %q, and has to begin with %q", room.Name, room.Topic, want)
	}
	for _, p := range inc.People {
		k.comparePerson(inc, room, p.User)
	}
}

func (k *killing) compareBookmarks(room sandbox.ChannelState) {
	count := map[string]int{}
	for _, b := range room.Bookmarks {
		count[b.Title+" "+b.Link]++
	}
	for what, n := range count {
		k.once(n, "the bookmark %s in #%s", what, room.Name)
	}
}

// compareTopics: each time a topic is set Slack writes a line. None stands there
// twice, if nothing changed in between.
func (k *killing) compareTopics(inc incident.Incident, room sandbox.ChannelState) {
	topic, since := "", time.Time{}
	for _, m := range k.before.Messages[room.ID] {
		if !strings.HasSuffix(m.Subtype, "_topic") {
			continue
		}
		at := writtenAt(m)
		if m.Topic == topic && !changed(inc, since, at) {
			k.double("the topic of #%s: %s", room.Name, topic)
		}
		topic, since = m.Topic, at
	}
}

// writtenAt is when a message was written.
func writtenAt(m sandbox.Message) time.Time {
	seconds, err := strconv.ParseFloat(m.TS, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMicro(int64(seconds * 1e6))
}

// changed tells whether anything happened between two times that a topic shows; it
// may have been undone by the second.
func changed(inc incident.Incident, from, to time.Time) bool {
	return slices.ContainsFunc(inc.Timeline, func(e incident.Event) bool {
		switch e.Fact.(type) {
		case incident.SeverityChanged, incident.Assigned, incident.Mitigated, incident.Resolved, incident.Reopened, incident.Closed:
			return e.Logged.After(from) && e.Logged.Before(to)
		}
		return false
	})
}
