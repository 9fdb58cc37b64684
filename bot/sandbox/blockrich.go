package sandbox

// richTextPart is what a rich_text block consists of
// (https://docs.slack.dev/reference/block-kit/blocks/rich-text-block/).
func richTextPart() rule {
	inline := richTextInlines()
	anyInline := list(0, unlimited, byType(inline, sortedKeysOf(inline)...))
	border := opt("border", number(0, 1))
	section := typed("rich_text_section", req("elements", anyInline))
	return byType(kinds{
		"rich_text_section": section,
		"rich_text_quote":   typed("rich_text_quote", req("elements", anyInline), border),
		"rich_text_preformatted": typed("rich_text_preformatted",
			req("elements", list(0, unlimited, byType(inline, "text", "link"))), border, opt("language", text(0, 100))),
		"rich_text_list": typed("rich_text_list",
			req("elements", list(0, unlimited, byType(kinds{"rich_text_section": section}, "rich_text_section"))),
			req("style", oneOf("bullet", "ordered")),
			opt("indent", number(0, 8)), opt("offset", number(0, 1e6)), opt("border", number(0, 3))),
	}, "rich_text_section", "rich_text_quote", "rich_text_preformatted", "rich_text_list")
}

func richTextInlines() kinds {
	look := func(more ...property) property {
		return opt("style", object(append(more,
			opt("bold", boolean), opt("italic", boolean), opt("strike", boolean), opt("code", boolean), opt("underline", boolean))...))
	}
	mention := look(opt("highlight", boolean), opt("client_highlight", boolean), opt("unlink", boolean))
	id := text(1, 255)
	return kinds{
		"text":      typed("text", req("text", text(1, unlimited)), look()),
		"link":      typed("link", req("url", text(1, 3000)), opt("text", text(0, unlimited)), opt("unsafe", boolean), look()),
		"emoji":     typed("emoji", req("name", id), opt("unicode", id), opt("url", text(0, 3000)), opt("skin_tone", number(1, 6)), look()),
		"user":      typed("user", req("user_id", id), mention),
		"usergroup": typed("usergroup", req("usergroup_id", id), mention),
		"channel":   typed("channel", req("channel_id", id), mention),
		"team":      typed("team", req("team_id", id), mention),
		"broadcast": typed("broadcast", req("range", oneOf("here", "channel", "everyone")), look()),
		"color":     typed("color", req("value", id), look()),
		"date": typed("date",
			req("timestamp", number(0, 1e11)), req("format", id), opt("url", text(0, 3000)), opt("fallback", text(0, 3000)), look()),
	}
}
