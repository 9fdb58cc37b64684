package sandbox

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Limits of a channel and of a message.
const (
	maxPins      = 100 // https://slack.com/help/articles/205239997
	maxBookmarks = 100 // https://slack.com/help/articles/4403370428947
	maxEmoji     = 50  // different ones on one message
	maxReactions = 23  // of one user on one message
)

// markedMessage is the message that channel and timestamp name.
func (w *world) markedMessage(c *call) (*channel, *Message, error) {
	if c.text("channel") == "" || c.text("timestamp") == "" {
		return nil, nil, refuse("no_item_specified")
	}
	ch, err := w.findChannel(c, "channel")
	if err != nil {
		return nil, nil, err
	}
	if _, ok := parseTS(c.text("timestamp")); !ok {
		return nil, nil, refuse("bad_timestamp")
	}
	m := ch.message(c.text("timestamp"))
	if m == nil {
		return nil, nil, refuse("message_not_found")
	}
	return ch, m, nil
}

// emoji is the shape of an emoji's name, without colons. Its length is no part of it:
// repeated so often, these classes take a program's start 30 ms to compile.
var emoji = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[\p{Ll}\p{Lo}\p{N}_+'-]+(::skin-tone-[2-6])?$`)
})

// isEmoji tells whether a name can be one of an emoji.
func isEmoji(name string) bool {
	word, _, _ := strings.Cut(name, "::")
	return emoji().MatchString(name) && utf8.RuneCountInString(word) <= 100
}

func (w *world) reactionsAdd(c *call) (obj, error) {
	ch, m, err := w.markedMessage(c)
	if err != nil {
		return nil, err
	}
	name, mine, known := c.text("name"), 0, false
	for _, r := range m.Reactions {
		known = known || r.Name == name
		if slices.Contains(r.Users, BotUser) {
			mine++
		}
	}
	switch {
	case ch.Archived:
		return nil, refuse("is_archived")
	case !isEmoji(name):
		return nil, refuse("invalid_name")
	case !known && len(m.Reactions) >= maxEmoji:
		return nil, refuse("too_many_emoji")
	case mine >= maxReactions:
		return nil, refuse("too_many_reactions")
	}
	if !w.react(ch, m, BotUser, name, false) {
		return nil, refuse("already_reacted")
	}
	return nil, nil
}

func (w *world) reactionsRemove(c *call) (obj, error) {
	ch, m, err := w.markedMessage(c)
	if err != nil {
		return nil, err
	}
	if !w.react(ch, m, BotUser, c.text("name"), true) {
		return nil, refuse("no_reaction")
	}
	return nil, nil
}

func (w *world) reactionsGet(c *call) (obj, error) {
	ch, m, err := w.markedMessage(c)
	if err != nil {
		return nil, err
	}
	message := toObj(m.wire(false))
	message["permalink"] = w.permalink(ch, m.TS)
	return obj{"type": "message", "channel": ch.ID, "message": message}, nil
}

func (w *world) pinsAdd(c *call) (obj, error) {
	ch, m, err := w.pinnable(c)
	switch {
	case err != nil:
		return nil, err
	case ch.pinned(m.TS):
		return nil, refuse("already_pinned")
	case len(ch.Pins) >= maxPins:
		return nil, refuse("too_many_pins")
	case m.Subtype == "channel_join" || m.Subtype == "group_join" || m.Subtype == "tombstone":
		return nil, refuse("not_pinnable")
	}
	w.pin(ch, m, BotUser)
	return nil, nil
}

func (w *world) pinnable(c *call) (*channel, *Message, error) {
	ch, m, err := w.markedMessage(c)
	if err == nil && !ch.has(BotUser) {
		err = refuse("not_in_channel")
	}
	return ch, m, err
}

func (w *world) pinsRemove(c *call) (obj, error) {
	ch, m, err := w.pinnable(c)
	if err != nil {
		return nil, err
	}
	if !ch.pinned(m.TS) {
		return nil, refuse("no_pin")
	}
	w.unpin(ch, m, BotUser)
	return nil, nil
}

func (w *world) pinsList(c *call) (obj, error) {
	ch, err := w.findChannel(c, "channel")
	if err != nil {
		return nil, err
	}
	items := []obj{}
	for _, p := range slices.Backward(ch.Pins) {
		message := toObj(ch.message(p.TS).wire(false))
		message["permalink"] = w.permalink(ch, p.TS)
		items = append(items, obj{
			"type": "message", "channel": ch.ID, "created": p.Created.Unix(), "created_by": p.By, "message": message,
		})
	}
	return obj{"items": items}, nil
}

// webLink tells whether a bookmark may lead there.
func webLink(link string) bool {
	u, err := url.Parse(link)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// bookmarked is the channel and the place of the bookmark that a call names.
func (w *world) bookmarked(c *call) (*channel, int, error) {
	ch, err := w.findChannel(c, "channel_id")
	if err != nil {
		return nil, 0, err
	}
	i := slices.IndexFunc(ch.Bookmarks, func(b Bookmark) bool { return b.ID == c.text("bookmark_id") })
	if i < 0 {
		return nil, 0, refuse("not_found")
	}
	return ch, i, nil
}

func (w *world) bookmarksAdd(c *call) (obj, error) {
	ch, err := w.findChannel(c, "channel_id")
	title, link := c.text("title"), c.text("link")
	switch {
	case err != nil:
		return nil, err
	case !ch.has(BotUser):
		return nil, refuse("permission_denied")
	case c.text("type") != "link":
		return nil, refuse("invalid_bookmark_type")
	case !webLink(link):
		return nil, refuse("invalid_link")
	case utf8.RuneCountInString(title) > 256 || len(link) > 2048:
		return nil, refuse("invalid_arguments", "[ERROR] must be less than 257 characters [json-pointer:/title]")
	case len(ch.Bookmarks) >= maxBookmarks:
		return nil, refuse("too_many_bookmarks")
	}
	b := Bookmark{
		ID: w.newID("Bk"), Channel: ch.ID, Title: title, Link: link, Emoji: c.text("emoji"), Type: "link",
		Created: time.Now().Unix(), Rank: "g", By: BotUser, ByTeam: TeamID, AppID: AppID,
	}
	ch.Bookmarks = append(slices.Clone(ch.Bookmarks), b)
	return obj{"bookmark": b}, nil
}

func (w *world) bookmarksEdit(c *call) (obj, error) {
	ch, i, err := w.bookmarked(c)
	if err != nil {
		return nil, err
	}
	ch.Bookmarks = slices.Clone(ch.Bookmarks)
	b := &ch.Bookmarks[i]
	if c.has("link") {
		if !webLink(c.text("link")) {
			return nil, refuse("invalid_link")
		}
		b.Link = c.text("link")
	}
	if c.has("title") {
		b.Title = c.text("title")
	}
	if c.has("emoji") {
		b.Emoji = c.text("emoji")
	}
	b.Updated = time.Now().Unix()
	return obj{"bookmark": *b}, nil
}

func (w *world) bookmarksRemove(c *call) (obj, error) {
	ch, i, err := w.bookmarked(c)
	if err != nil {
		return nil, err
	}
	ch.Bookmarks = slices.Delete(slices.Clone(ch.Bookmarks), i, i+1)
	return nil, nil
}

func (w *world) bookmarksList(c *call) (obj, error) {
	ch, err := w.findChannel(c, "channel_id")
	if err != nil {
		return nil, err
	}
	return obj{"bookmarks": append([]Bookmark{}, ch.Bookmarks...)}, nil
}
