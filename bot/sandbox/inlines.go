package sandbox

import (
	"regexp"
	"strings"
)

// reference is a reference in stored text: <@U…>, <#C…>, <!here>, <https://…>.
var reference = regexp.MustCompile(`<[^<>]+>`)

// inlines is stored text as rich_text elements: references become user, channel, link and broadcast
// elements, the rest is literal text.
func inlines(stored string) []any {
	out := []any{}
	literal := func(s string) {
		if s != "" {
			s = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
			out = append(out, obj{"type": "text", "text": s})
		}
	}
	at := 0
	for _, span := range reference.FindAllStringIndex(stored, -1) {
		literal(stored[at:span[0]])
		at = span[1]
		inner, _, _ := strings.Cut(stored[span[0]+1:span[1]-1], "|")
		switch {
		case strings.HasPrefix(inner, "@"):
			out = append(out, obj{"type": "user", "user_id": inner[1:]})
		case strings.HasPrefix(inner, "#"):
			out = append(out, obj{"type": "channel", "channel_id": inner[1:]})
		case strings.HasPrefix(inner, "!subteam^"):
			out = append(out, obj{"type": "usergroup", "usergroup_id": strings.TrimPrefix(inner, "!subteam^")})
		case strings.HasPrefix(inner, "!"):
			out = append(out, obj{"type": "broadcast", "range": inner[1:]})
		default:
			out = append(out, obj{"type": "link", "url": strings.ReplaceAll(inner, "&amp;", "&")})
		}
	}
	literal(stored[at:])
	return out
}
