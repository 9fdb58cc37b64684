package slack

import (
	"regexp"
	"strings"

	"tocsin/bot/incident"
)

// escape makes text literal where Slack reads mrkdwn entities: the fallback
// text and the topic (docs.slack.dev/messaging/formatting-message-text).
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

var entity = regexp.MustCompile(`<([^<>]*)>`)

// unescape is what somebody typed, as they saw it: entities become words. The
// people it names are told apart.
func unescape(s string) (plain string, mentions map[string]incident.Person) {
	mentions = map[string]incident.Person{}
	plain = entity.ReplaceAllStringFunc(s, func(e string) string {
		ref, label, _ := strings.Cut(strings.TrimPrefix(e[1:len(e)-1], "mailto:"), "|")
		switch {
		case strings.HasPrefix(ref, "@"):
			p := incident.Person{User: incident.User(ref[1:]), Name: label}
			word := "@" + p.String()
			mentions[word] = p
			return word
		case strings.HasPrefix(ref, "#"):
			return "#" + or(label, ref[1:])
		case strings.HasPrefix(ref, "!subteam^"):
			return or(label, "@group")
		case strings.HasPrefix(ref, "!date^"):
			return label
		case strings.HasPrefix(ref, "!"):
			return "@" + or(label, ref[1:])
		case label == "" || label == ref || "http://"+label == ref:
			return ref
		}
		return label + " (" + ref + ")"
	})
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(plain), mentions
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
