package sandbox

import (
	"regexp"
	"strings"
)

// mention is what a person may have typed to mean a person, a channel or an address.
var mention = regexp.MustCompile(`https?://[^\s<>|]+|[@#][\p{L}\p{N}_-]+`)

// escape turns what a person typed into what Slack stores or sends: & < > become entities, a
// person's @name, a #channel and a link become references
// (https://docs.slack.dev/messaging/formatting-message-text/). In commands (should_escape) the
// references carry the name too.
func (w *world) escape(text, user string, inCommand bool) string {
	literal := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	var out strings.Builder
	at := 0
	for _, span := range mention.FindAllStringIndex(text, -1) {
		word := text[span[0]:span[1]]
		out.WriteString(literal.Replace(text[at:span[0]]))
		at = span[1]
		if span[0] > 0 && isWordByte(text[span[0]-1]) && (word[0] == '@' || word[0] == '#') {
			out.WriteString(word) // within a word: an e-mail address, an anchor
			continue
		}
		out.WriteString(w.reference(word, user, inCommand))
	}
	out.WriteString(literal.Replace(text[at:]))
	return out.String()
}

func isWordByte(b byte) bool {
	return b == '_' || b >= 0x80 || ('0' <= b && b <= '9') || ('a' <= b|0x20 && b|0x20 <= 'z')
}

// reference is what a word refers to, or the word.
func (w *world) reference(word, user string, inCommand bool) string {
	name := word[1:]
	named := func(open, id string) string {
		if inCommand {
			return open + id + "|" + name + ">"
		}
		return open + id + ">"
	}
	switch {
	case word[0] == '#':
		if c := w.channelByName(name); c != nil && c.visible(user) {
			return named("<#", c.ID)
		}
	case word[0] == '@':
		switch name {
		case "here", "channel", "everyone":
			return "<!" + name + ">"
		case botName:
			return named("<@", BotUser)
		}
		for _, p := range w.people {
			if p.Name == name {
				return named("<@", p.ID)
			}
		}
		for _, g := range w.groups {
			if g.Handle == name {
				return "<!subteam^" + g.ID + "|@" + name + ">"
			}
		}
	default:
		link := strings.TrimRight(word, ".,;:!?)")
		return "<" + strings.ReplaceAll(link, "&", "&amp;") + ">" + word[len(link):]
	}
	return word
}
