package sandbox_test

import (
	"fmt"
	"strings"
)

type l = []any

// Short names for building blocks that are right but for one thing.

func x(n int) string        { return strings.Repeat("x", n) }
func pt(s string) m         { return m{"type": "plain_text", "text": s} }
func md(s string) m         { return m{"type": "mrkdwn", "text": s} }
func section(more m) l      { return l{with(m{"type": "section", "text": md("s")}, more)} }
func accessory(e m) l       { return section(m{"accessory": e}) }
func acts(e ...any) l       { return l{m{"type": "actions", "elements": e}} }
func button(more m) m       { return with(m{"type": "button", "action_id": "a", "text": pt("b")}, more) }
func input(e m) m           { return m{"type": "input", "label": pt("l"), "element": e} }
func field(more m) m        { return with(m{"type": "plain_text_input", "action_id": "a"}, more) }
func chart(c m) l           { return l{m{"type": "data_visualization", "title": "t", "chart": c}} }
func pie(segments ...any) l { return chart(m{"type": "pie", "segments": segments}) }
func lineChart(series l, cats l) l {
	return chart(m{"type": "line", "series": series, "axis_config": m{"categories": cats}})
}
func series(name string, data ...any) m { return m{"name": name, "data": data} }
func point(label string) m              { return m{"label": label, "value": 1} }
func dataTable(rows l, more m) l {
	return l{with(m{"type": "data_table", "caption": "c", "rows": rows}, more)}
}
func row(cells ...string) l {
	out := l{}
	for _, c := range cells {
		out = append(out, m{"type": "raw_text", "text": c})
	}
	return out
}

func with(base, more m) m {
	out := m{}
	for _, part := range []m{base, more} {
		for key, value := range part {
			out[key] = value
		}
	}
	return out
}

func times(n int, item func(i int) any) l {
	out := l{}
	for i := range n {
		out = append(out, item(i))
	}
	return out
}

func options(n int) l {
	return times(n, func(i int) any { return m{"text": pt("o"), "value": fmt.Sprint(i)} })
}
func opt1(more m) l { return l{with(m{"text": pt("o"), "value": "v"}, more)} }
func choose(kind string, opts l) m {
	return m{"type": kind, "action_id": "a", "options": opts}
}
func confirm(more m) l {
	return acts(button(m{"confirm": with(m{"title": pt("t"), "text": pt("q"), "confirm": pt("y"), "deny": pt("n")}, more)}))
}
func video(more m) l {
	return l{with(m{"type": "video", "alt_text": "a", "title": pt("t"), "thumbnail_url": "https://a.b/t", "video_url": "https://a.b/v"}, more)}
}
func card(more m) m { return with(m{"type": "card", "title": md("t")}, more) }
func feedback(more m) l {
	good := with(m{"text": pt("g"), "value": "g"}, more)
	return l{m{"type": "context_actions", "elements": l{m{"type": "feedback_buttons", "positive_button": good, "negative_button": m{"text": pt("b"), "value": "b"}}}}}
}
func dialog(more m) m {
	return with(m{"type": "modal", "title": pt("t"), "blocks": l{m{"type": "divider"}}}, more)
}

// badBlocks are blocks with one thing wrong each; the names are those of the slackblocks
// specification's invalid cases, where it has the case.
func badBlocks() map[string]any {
	cells := func(n int) l { return times(n, func(i int) any { return m{"type": "raw_text", "text": "c"} }) }
	return map[string]any{
		"text-empty":                          section(m{"text": md("")}),
		"text-too-long":                       section(m{"text": md(x(3001))}),
		"section-text-too-long":               section(m{"text": pt(x(3001))}),
		"section-missing-content":             l{m{"type": "section"}},
		"section-too-many-fields":             section(m{"fields": times(11, func(int) any { return md("f") })}),
		"section-field-too-long":              section(m{"fields": l{md(x(2001))}}),
		"button-action-id-too-long":           acts(button(m{"action_id": x(256)})),
		"button-text-too-long":                acts(button(m{"text": pt(x(76))})),
		"button-url-too-long":                 acts(button(m{"url": "https://" + x(3000)})),
		"button-value-too-long":               acts(button(m{"value": x(2001)})),
		"button-accessibility-label-too-long": acts(button(m{"accessibility_label": x(76)})),
		"confirmation-title-too-long":         confirm(m{"title": pt(x(101))}),
		"confirmation-text-too-long":          confirm(m{"text": pt(x(301))}),
		"confirmation-confirm-too-long":       confirm(m{"confirm": pt(x(31))}),
		"confirmation-deny-too-long":          confirm(m{"deny": pt(x(31))}),
		"option-text-too-long":                accessory(choose("static_select", opt1(m{"text": pt(x(76))}))),
		"option-value-too-long":               accessory(choose("static_select", opt1(m{"value": x(151)}))),
		"option-url-too-long":                 accessory(choose("overflow", opt1(m{"url": strings.Repeat("🔥", 3001)}))),
		"option-description-too-long":         accessory(choose("static_select", opt1(m{"description": pt(x(76))}))),
		"option-group-label-too-long":         accessory(m{"type": "static_select", "option_groups": l{m{"label": pt(x(76)), "options": options(1)}}}),
		"option-group-empty":                  accessory(m{"type": "static_select", "option_groups": l{m{"label": pt("g"), "options": l{}}}}),
		"option-group-too-many-options":       accessory(m{"type": "static_select", "option_groups": l{m{"label": pt("g"), "options": options(101)}}}),
		"select-placeholder-too-long":         accessory(with(choose("static_select", options(1)), m{"placeholder": pt(x(151))})),
		"select-too-many-options":             accessory(choose("static_select", options(101))),
		"select-too-many-option-groups": accessory(m{"type": "static_select", "option_groups": times(101, func(int) any {
			return m{"label": pt("g"), "options": options(1)}
		})}),
		"static-select-options-and-groups":      accessory(m{"type": "static_select", "options": options(1), "option_groups": l{m{"label": pt("g"), "options": options(1)}}}),
		"overflow-empty":                        accessory(choose("overflow", l{})),
		"overflow-too-many-options":             accessory(choose("overflow", options(6))),
		"checkboxes-empty":                      accessory(choose("checkboxes", l{})),
		"checkboxes-too-many-options":           accessory(choose("checkboxes", options(11))),
		"radio-buttons-empty":                   accessory(choose("radio_buttons", l{})),
		"radio-buttons-too-many-options":        accessory(choose("radio_buttons", options(11))),
		"url-source-url-empty":                  l{m{"type": "task_card", "task_id": "1", "title": "t", "sources": l{m{"type": "url", "url": "", "text": "x"}}}},
		"url-source-url-too-long":               l{m{"type": "task_card", "task_id": "1", "title": "t", "sources": l{m{"type": "url", "url": x(3001), "text": "x"}}}},
		"table-too-many-rows":                   l{m{"type": "table", "rows": times(101, func(int) any { return row("a") })}},
		"table-ragged-rows":                     l{m{"type": "table", "rows": l{row("a", "b"), row("a")}}},
		"table-column-settings-mismatch":        l{m{"type": "table", "rows": l{row("a")}, "column_settings": l{m{"align": "left"}, m{"align": "left"}}}},
		"file-input-max-files-too-small":        l{input(m{"type": "file_input", "max_files": 0})},
		"file-input-max-files-too-large":        l{input(m{"type": "file_input", "max_files": 11})},
		"plain-text-input-max-length-too-large": l{input(field(m{"max_length": 3001}))},
		"actions-too-many-elements":             acts(times(26, func(i int) any { return button(m{"action_id": fmt.Sprint(i)}) })...),
		"context-too-many-elements":             l{m{"type": "context", "elements": times(11, func(int) any { return md("c") })}},
		"context-invalid-element":               l{m{"type": "context", "elements": l{button(nil)}}},
		"header-text-too-long":                  l{m{"type": "header", "text": pt(x(151))}},
		"image-url-too-long":                    l{m{"type": "image", "alt_text": "a", "image_url": "https://" + x(3000)}},
		"image-alt-text-too-long":               l{m{"type": "image", "alt_text": x(2001), "image_url": "https://a.b/i"}},
		"image-url-and-slack-file":              accessory(m{"type": "image", "alt_text": "a", "image_url": "https://a.b/i", "slack_file": m{"id": "F1"}}),
		"input-label-too-long":                  l{with(input(field(nil)), m{"label": pt(x(2001))})},
		"input-hint-too-long":                   l{with(input(field(nil)), m{"hint": pt(x(2001))})},
		"input-invalid-element":                 l{input(button(nil))},
		"number-input-inverted-range":           l{input(m{"type": "number_input", "is_decimal_allowed": false, "min_value": "5", "max_value": "4"})},
		"markdown-empty":                        l{m{"type": "markdown", "text": ""}},
		"markdown-too-long":                     l{m{"type": "markdown", "text": x(12_001)}},
		"video-alt-text-empty":                  video(m{"alt_text": ""}),
		"video-alt-text-too-long":               video(m{"alt_text": x(201)}),
		"video-title-too-long":                  video(m{"title": pt(x(201))}),
		"video-author-name-too-long":            video(m{"author_name": x(51)}),
		"video-description-too-long":            video(m{"description": pt(x(201))}),
		"video-provider-name-too-long":          video(m{"provider_name": x(51)}),
		"block-id-too-long":                     l{m{"type": "divider", "block_id": x(256)}},
		"alert-text-too-long":                   dialog(m{"blocks": l{m{"type": "alert", "text": pt(x(201))}}}),
		"card-title-too-long":                   l{card(m{"title": md(x(151))})},
		"card-subtitle-too-long":                l{card(m{"subtitle": md(x(151))})},
		"card-body-too-long":                    l{card(m{"body": md(x(201))})},
		"card-subtext-too-long":                 l{card(m{"subtext": md(x(201))})},
		"card-too-many-actions":                 l{card(m{"actions": times(4, func(i int) any { return button(m{"action_id": fmt.Sprint(i)}) })})},
		"carousel-empty":                        l{m{"type": "carousel", "elements": l{}}},
		"carousel-too-many-cards":               l{m{"type": "carousel", "elements": times(11, func(int) any { return card(nil) })}},
		"container-title-too-long":              l{m{"type": "container", "title": pt(x(151)), "child_blocks": l{m{"type": "divider"}}}},
		"container-subtitle-too-long":           l{m{"type": "container", "title": pt("t"), "subtitle": md(x(151)), "child_blocks": l{m{"type": "divider"}}}},
		"container-too-many-child-blocks":       l{m{"type": "container", "title": pt("t"), "child_blocks": times(11, func(int) any { return m{"type": "divider"} })}},
		"context-actions-too-many-elements": l{m{"type": "context_actions", "elements": times(6, func(i int) any {
			return m{"type": "icon_button", "icon": "trash", "text": pt("d"), "action_id": fmt.Sprint(i)}
		})}},
		"feedback-button-text-too-long":                feedback(m{"text": pt(x(76))}),
		"feedback-button-value-too-long":               feedback(m{"value": x(2001)}),
		"feedback-button-accessibility-label-too-long": feedback(m{"accessibility_label": x(76)}),
		"icon-button-too-many-visible-users": l{m{"type": "context_actions", "elements": l{m{
			"type": "icon_button", "icon": "trash", "text": pt("d"), "visible_to_user_ids": times(11, func(i int) any { return fmt.Sprint("U", i) }),
		}}}},
		"data-table-too-few-rows":           dataTable(l{row("a")}, nil),
		"data-table-too-many-rows":          dataTable(times(202, func(int) any { return row("a") }), nil),
		"data-table-too-few-columns":        dataTable(l{l{}, l{}}, nil),
		"data-table-too-many-columns":       dataTable(l{cells(21), cells(21)}, nil),
		"data-table-page-size-too-small":    dataTable(l{row("a"), row("b")}, m{"page_size": 0}),
		"data-table-page-size-too-large":    dataTable(l{row("a"), row("b")}, m{"page_size": 101}),
		"data-table-cell-text-empty":        dataTable(l{row("a"), row("")}, nil),
		"data-table-content-too-long":       dataTable(l{row(x(10_000)), row(x(10_001))}, nil),
		"data-visualization-title-too-long": l{m{"type": "data_visualization", "title": x(51), "chart": m{"type": "pie", "segments": l{m{"label": "a", "value": 1}}}}},
		"pie-chart-empty":                   pie(),
		"pie-chart-too-many-segments":       pie(times(13, func(int) any { return m{"label": "a", "value": 1} })...),
		"chart-segment-label-too-long":      pie(m{"label": x(21), "value": 1}),
		"chart-segment-value-not-positive":  pie(m{"label": "a", "value": 0}),
		"chart-series-empty":                lineChart(l{}, l{"a"}),
		"chart-too-many-series":             lineChart(times(13, func(int) any { return series("s", point("a")) }), l{"a"}),
		"data-series-name-too-long":         lineChart(l{series(x(21), point("a"))}, l{"a"}),
		"data-series-empty":                 lineChart(l{series("s")}, l{"a"}),
		"data-series-too-many-points":       lineChart(l{series("s", times(21, func(int) any { return point("a") })...)}, l{"a"}),
		"data-point-label-too-long":         lineChart(l{series("s", point(x(21)))}, l{"a"}),
		"axis-categories-empty":             lineChart(l{series("s", point("a"))}, l{}),
		"axis-too-many-categories":          lineChart(l{series("s", point("a"))}, times(21, func(int) any { return "a" })),
		"axis-category-label-too-long":      lineChart(l{series("s", point("a"))}, l{x(21)}),
		"axis-label-too-long":               chart(m{"type": "line", "series": l{series("s", point("a"))}, "axis_config": m{"categories": l{"a"}, "x_label": x(51)}}),
		"view-missing-blocks":               dialog(m{"blocks": l{}}),
		"view-too-many-blocks":              dialog(m{"blocks": times(101, func(int) any { return m{"type": "divider"} })}),
		"view-private-metadata-too-long":    dialog(m{"private_metadata": x(3001)}),
		"view-callback-id-too-long":         dialog(m{"callback_id": x(256)}),
		"view-title-too-long":               dialog(m{"title": pt(x(25))}),
		"view-close-too-long":               dialog(m{"close": pt(x(25))}),
		"view-submit-too-long":              dialog(m{"submit": pt(x(25))}),

		"ours-unknown-type":          l{m{"type": "wall"}},
		"ours-no-type":               l{m{"text": md("x")}},
		"ours-not-an-object":         l{"x"},
		"ours-unknown-property":      acts(button(m{"disabled": true})),
		"ours-header-is-mrkdwn":      l{m{"type": "header", "text": md("x")}},
		"ours-button-is-mrkdwn":      acts(button(m{"text": md("x")})),
		"ours-bad-style":             acts(button(m{"style": "loud"})),
		"ours-51-blocks":             times(51, func(int) any { return m{"type": "divider"} }),
		"ours-block-id-twice":        l{m{"type": "divider", "block_id": "a"}, m{"type": "divider", "block_id": "a"}},
		"ours-action-id-twice":       acts(button(nil), button(nil)),
		"ours-two-tables":            l{m{"type": "table", "rows": l{row("a")}}, m{"type": "table", "rows": l{row("a")}}},
		"ours-markdown-in-sum":       l{m{"type": "markdown", "text": x(7000)}, m{"type": "markdown", "text": x(7000)}},
		"ours-alert-in-message":      l{m{"type": "alert", "text": pt("a")}},
		"ours-actions-empty":         acts(),
		"ours-no-label":              l{m{"type": "input", "element": field(nil)}},
		"ours-rich-text-unknown":     l{m{"type": "rich_text", "elements": l{m{"type": "rich_text_section", "elements": l{m{"type": "shout"}}}}}},
		"ours-rich-text-list-style":  l{m{"type": "rich_text", "elements": l{m{"type": "rich_text_list", "style": "roman", "elements": l{}}}}},
		"ours-rich-text-empty-text":  l{m{"type": "rich_text", "elements": l{m{"type": "rich_text_section", "elements": l{m{"type": "text", "text": ""}}}}}},
		"ours-inputs-without-submit": dialog(m{"blocks": l{input(field(nil))}}),
		"ours-initial-not-an-option": accessory(with(choose("static_select", options(2)), m{"initial_option": opt1(nil)[0]})),
		"ours-lengths-inverted":      l{input(field(m{"min_length": 9, "max_length": 2}))},
		"ours-no-title":              m{"type": "modal", "blocks": l{m{"type": "divider"}}},
		"ours-markdown-in-modal":     dialog(m{"blocks": l{m{"type": "markdown", "text": "x"}}}),
	}
}
