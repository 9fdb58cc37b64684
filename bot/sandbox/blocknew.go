package sandbox

// newerBlocks are those of 2025 and 2026: cards, plans, tables of data and charts.
func newerBlocks(known kinds) kinds {
	e := elements()
	actions := list(0, 3, byType(e, "button"))
	card := block("card",
		opt("hero_image", e["image"]), opt("icon", e["image"]), opt("slack_icon", typed("icon", req("name", text(1, 255)))),
		opt("title", words(150)), opt("subtitle", words(150)), opt("body", words(200)), opt("subtext", words(200)),
		opt("actions", actions))
	rich := known["rich_text"]
	task := []property{
		req("task_id", text(1, 255)), req("title", text(1, unlimited)), opt("status", oneOf("pending", "in_progress", "complete", "error")),
		opt("details", rich), opt("output", rich), opt("sources", list(0, 100, typed("url", req("url", text(1, 3000)), req("text", text(0, unlimited))))),
	}
	feedback := object(
		req("text", plain(75)), req("value", text(0, 2000)), opt("accessibility_label", text(0, 75)))
	return kinds{
		"alert":    block("alert", req("text", words(200)), opt("level", oneOf("default", "info", "warning", "error", "success"))),
		"card":     all(card, atLeastOne("hero_image", "title", "body", "actions")),
		"carousel": block("carousel", req("elements", list(1, 10, byType(kinds{"card": card}, "card")))),
		"container": all(block("container",
			opt("title", plain(150)), opt("rich_text_title", rich), opt("subtitle", words(150)), opt("icon", e["image"]),
			req("child_blocks", list(1, 10, byType(known,
				"actions", "context", "divider", "file", "header", "image", "input", "rich_text", "section", "table", "video"))),
			opt("width", oneOf("narrow", "standard", "wide", "full")), opt("is_collapsible", boolean),
			opt("default_collapsed", boolean), opt("has_header_divider", boolean))),
		"context_actions": block("context_actions", req("elements", list(1, 5, byType(kinds{
			"feedback_buttons": element("feedback_buttons", req("positive_button", feedback), req("negative_button", feedback)),
			"icon_button": element("icon_button", req("icon", text(1, 255)), req("text", plain(75)), opt("value", text(0, 2000)),
				opt("visible_to_user_ids", list(0, 10, text(1, 255))), opt("accessibility_label", text(0, 75)), confirmable()),
		}, "feedback_buttons", "icon_button")))),
		"plan":      block("plan", req("title", text(1, unlimited)), opt("tasks", list(0, 100, object(append(task, opt("type", oneOf("task_card")), opt("block_id", text(1, 255)))...)))),
		"task_card": block("task_card", task...),
		"data_table": all(block("data_table",
			req("caption", text(1, unlimited)), req("rows", list(2, 201, list(1, 20, tableCell()))),
			opt("page_size", number(1, 100)), opt("row_header_column_index", number(0, 19))), dataTableSize),
		"data_visualization": block("data_visualization", req("title", text(1, 50)), req("chart", chart())),
	}
}

// maxTableText is how many characters the cells of a data_table may hold together.
const maxTableText = 20_000

func dataTableSize(c *checker, at string, v any) {
	total := 0
	for _, row := range asList(asObj(v)["rows"]) {
		for _, cell := range asList(row) {
			total += len([]rune(asText(asObj(cell)["text"])))
		}
	}
	if total > maxTableText {
		c.fail(at+"/rows", "max_length", maxTableText, "cells must have less than %d characters together", maxTableText+1)
	}
}

func chart() rule {
	label := text(1, 20)
	positive := func(c *checker, at string, v any) {
		if n, ok := v.(float64); !ok || n <= 0 {
			c.fail(at, "exclusive_min", 0, "must be a number more than 0")
		}
	}
	series := object(req("name", label), req("data", list(1, 20, object(req("label", label), req("value", number(-1e300, 1e300))))))
	axes := object(req("categories", list(1, 20, label)), opt("x_label", text(0, 50)), opt("y_label", text(0, 50)))
	charts := kinds{"pie": typed("pie", req("segments", list(1, 12, object(req("label", label), req("value", positive)))))}
	for _, kind := range []string{"area", "bar", "line"} {
		charts[kind] = typed(kind, req("series", list(1, 12, series)), req("axis_config", axes))
	}
	return byType(charts, "pie", "area", "bar", "line")
}
