package sandbox

// This file is Block Kit's blocks as rules (https://docs.slack.dev/reference/block-kit/blocks/).
// blockelements.go has what goes into them, blockcheck.go what no rule about one object can say.

const unlimited = 1 << 30

// typed is an object of that type.
func typed(kind string, properties ...property) rule {
	return object(append(properties, req("type", oneOf(kind)))...)
}

func block(kind string, properties ...property) rule {
	return typed(kind, append(properties, opt("block_id", text(1, 255)))...)
}

func plain(most int) rule {
	return typed("plain_text", req("text", text(1, most)), opt("emoji", boolean))
}

func mrkdwn(most int) rule {
	return typed("mrkdwn", req("text", text(1, most)), opt("verbatim", boolean))
}

// words is plain_text or mrkdwn.
func words(most int) rule {
	return byType(kinds{"plain_text": plain(most), "mrkdwn": mrkdwn(most)}, "plain_text", "mrkdwn")
}

// classicBlocks are the blocks of messages, modals and home tabs since Block Kit began.
func classicBlocks() kinds {
	e := elements()
	accessories := []string{
		"button", "checkboxes", "datepicker", "image", "multi_static_select", "multi_users_select",
		"multi_conversations_select", "multi_channels_select", "multi_external_select", "overflow", "radio_buttons",
		"static_select", "users_select", "conversations_select", "channels_select", "external_select", "timepicker", "workflow_button",
	}
	actions := append([]string{"datetimepicker", "rich_text_input"}, accessories...)
	actions = without(actions, "image")
	inputs := append([]string{
		"plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input", "file_input", "datetimepicker",
	}, without(accessories, "image", "button", "overflow", "workflow_button")...)
	return kinds{
		"section": all(
			block("section",
				opt("text", words(3000)), opt("fields", list(1, 10, words(2000))), opt("expand", boolean),
				opt("accessory", byType(e, accessories...))),
			atLeastOne("text", "fields")),
		"header":  block("header", req("text", plain(150)), opt("level", number(1, 6))),
		"divider": block("divider"),
		"context": block("context", req("elements", list(1, 10, byType(
			kinds{"image": e["image"], "plain_text": plain(2000), "mrkdwn": mrkdwn(2000)}, "image", "plain_text", "mrkdwn")))),
		"actions": block("actions", req("elements", list(1, 25, byType(e, actions...)))),
		"input": block("input",
			req("label", plain(2000)), opt("hint", plain(2000)), opt("optional", boolean), opt("dispatch_action", boolean),
			req("element", byType(e, inputs...))),
		"image": all(
			block("image", req("alt_text", text(0, 2000)), opt("title", plain(2000)),
				opt("image_url", text(1, 3000)), opt("slack_file", slackFile())),
			exactlyOne("image_url", "slack_file")),
		"rich_text": block("rich_text", req("elements", list(0, unlimited, richTextPart()))),
		"markdown":  block("markdown", req("text", text(1, 12_000))),
		"file":      block("file", req("external_id", text(1, 255)), req("source", oneOf("remote"))),
		"video": block("video",
			req("alt_text", text(1, 200)), req("title", plain(200)), req("thumbnail_url", text(1, 3000)), req("video_url", text(1, 3000)),
			opt("author_name", text(0, 50)), opt("description", plain(200)), opt("provider_name", text(0, 50)),
			opt("provider_icon_url", text(1, 3000)), opt("title_url", text(1, 3000))),
		"table": all(
			block("table",
				req("rows", list(1, 100, list(1, 20, tableCell()))),
				opt("column_settings", list(0, 20, object(
					opt("align", oneOf("left", "center", "right")), opt("is_wrapped", boolean))))),
			evenRows),
	}
}

// evenRows wants rows of one length, and no more column settings than columns.
func evenRows(c *checker, at string, v any) {
	rows := asList(asObj(v)["rows"])
	if len(rows) == 0 {
		return
	}
	width := len(asList(rows[0]))
	for _, row := range rows {
		if len(asList(row)) != width {
			c.fail(at+"/rows", "row_shape", width, "all rows must have %d cells", width)
			return
		}
	}
	if settings := asList(asObj(v)["column_settings"]); len(settings) > width {
		c.fail(at+"/column_settings", "max_items", width, "no more than %d items allowed", width)
	}
}

func tableCell() rule {
	return byType(kinds{
		"raw_text":   typed("raw_text", req("text", text(1, unlimited))),
		"raw_number": typed("raw_number", req("value", number(-1e300, 1e300)), opt("text", text(0, unlimited))),
		"rich_text":  block("rich_text", req("elements", list(0, unlimited, richTextPart()))),
	}, "raw_text", "raw_number", "rich_text")
}

func slackFile() rule {
	return all(object(opt("id", text(1, 255)), opt("url", text(1, 3000))), exactlyOne("id", "url"))
}

func without(words []string, unwanted ...string) []string {
	var out []string
	for _, w := range words {
		keep := true
		for _, u := range unwanted {
			keep = keep && w != u
		}
		if keep {
			out = append(out, w)
		}
	}
	return out
}
