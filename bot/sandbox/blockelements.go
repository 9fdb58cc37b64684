package sandbox

import (
	"reflect"
	"slices"
	"strconv"
)

// element is an interactive element.
func element(kind string, properties ...property) rule {
	return typed(kind, append(properties, opt("action_id", text(1, 255)))...)
}

// confirmable, focusable and hinted are what many elements have in common.
func confirmable() property { return opt("confirm", confirmation()) }
func focusable() property   { return opt("focus_on_load", boolean) }
func hinted() property      { return opt("placeholder", plain(150)) }

func confirmation() rule {
	return object(
		opt("title", plain(100)), req("text", words(300)), opt("confirm", plain(30)), opt("deny", plain(30)), style())
}

func style() property { return opt("style", oneOf("primary", "danger")) }

func option(label rule) rule {
	return object(
		req("text", label), req("value", text(1, 150)), opt("description", words(75)), opt("url", text(0, 3000)))
}

func dispatch() property {
	return opt("dispatch_action_config", object(
		opt("trigger_actions_on", list(0, 2, oneOf("on_enter_pressed", "on_character_entered")))))
}

// elements are the interactive elements and the image
// (https://docs.slack.dev/reference/block-kit/block-elements/).
func elements() kinds {
	any255 := text(0, 255)
	ids := list(0, 100, text(1, 255))
	choice := option(words(75))
	plainChoice := option(plain(75))
	out := kinds{
		"button": element("button",
			req("text", plain(75)), opt("value", text(0, 2000)), opt("url", text(0, 3000)), style(),
			confirmable(), opt("accessibility_label", text(0, 75))),
		"workflow_button": element("workflow_button",
			req("text", plain(75)), style(), confirmable(), opt("accessibility_label", text(0, 75)),
			req("workflow", object(req("trigger", object(req("url", text(1, 3000)),
				opt("customizable_input_parameters", list(0, 100, object(req("name", any255), req("value", text(0, 3000)))))))))),
		"image": all(
			typed("image", req("alt_text", text(0, 2000)), opt("image_url", text(1, 3000)), opt("slack_file", slackFile())),
			exactlyOne("image_url", "slack_file")),
		"overflow": element("overflow", req("options", list(1, 5, plainChoice)), confirmable()),
		"checkboxes": all(element("checkboxes",
			req("options", list(1, 10, choice)), opt("initial_options", list(1, 10, choice)), confirmable(), focusable()), initialIsOption),
		"radio_buttons": all(element("radio_buttons",
			req("options", list(1, 10, choice)), opt("initial_option", choice), confirmable(), focusable()), initialIsOption),
		"datepicker":     element("datepicker", opt("initial_date", text(10, 10)), hinted(), confirmable(), focusable()),
		"timepicker":     element("timepicker", opt("initial_time", text(5, 5)), opt("timezone", any255), hinted(), confirmable(), focusable()),
		"datetimepicker": element("datetimepicker", opt("initial_date_time", number(0, 9_999_999_999)), confirmable(), focusable()),
		"plain_text_input": all(element("plain_text_input",
			opt("initial_value", text(0, 3000)), opt("multiline", boolean), opt("min_length", number(0, 3000)),
			opt("max_length", number(1, 3000)), dispatch(), hinted(), focusable()), orderedLengths),
		"email_text_input": element("email_text_input", opt("initial_value", text(0, 3000)), dispatch(), hinted(), focusable()),
		"url_text_input":   element("url_text_input", opt("initial_value", text(0, 3000)), dispatch(), hinted(), focusable()),
		"number_input": all(element("number_input",
			req("is_decimal_allowed", boolean), opt("initial_value", any255), opt("min_value", any255), opt("max_value", any255),
			dispatch(), hinted(), focusable()), orderedRange),
		"rich_text_input": element("rich_text_input",
			opt("initial_value", byType(kinds{
				"rich_text": block("rich_text", req("elements", list(0, unlimited, richTextPart()))),
				"text":      richTextInlines()["text"],
			}, "rich_text", "text")),
			opt("min_lines", number(1, 100)), opt("max_lines", number(1, 100)), dispatch(), hinted(), focusable()),
		"file_input": element("file_input", opt("filetypes", list(1, 100, any255)), opt("max_files", number(1, 10))),
	}
	for kind, initial := range map[string]string{"users": "initial_user", "conversations": "initial_conversation", "channels": "initial_channel"} {
		single := []property{opt(initial, text(1, 255)), hinted(), confirmable(), focusable()}
		multi := []property{opt(initial+"s", ids), opt("max_selected_items", number(1, 100)), hinted(), confirmable(), focusable()}
		if kind != "users" {
			single = append(single, opt("response_url_enabled", boolean))
		}
		if kind == "conversations" {
			extra := []property{opt("default_to_current_conversation", boolean), opt("filter", conversationFilter())}
			single, multi = append(single, extra...), append(multi, extra...)
		}
		out[kind+"_select"] = element(kind+"_select", single...)
		out["multi_"+kind+"_select"] = element("multi_"+kind+"_select", multi...)
	}
	addStaticSelects(out, plainChoice)
	return out
}

func conversationFilter() rule {
	return object(
		opt("include", list(1, 4, oneOf("im", "mpim", "private", "public"))),
		opt("exclude_external_shared_channels", boolean), opt("exclude_bot_users", boolean))
}

func addStaticSelects(out kinds, choice rule) {
	options := opt("options", list(1, 100, choice))
	groups := opt("option_groups", list(1, 100, object(req("label", plain(75)), req("options", list(1, 100, choice)))))
	several := opt("initial_options", list(1, 100, choice))
	most := opt("max_selected_items", number(1, 100))
	query := opt("min_query_length", number(0, 1000))
	one := opt("initial_option", choice)
	oneSource := exactlyOne("options", "option_groups")
	out["static_select"] = all(element("static_select", options, groups, one, hinted(), confirmable(), focusable()), oneSource, initialIsOption)
	out["multi_static_select"] = all(element("multi_static_select", options, groups, several, most, hinted(), confirmable(), focusable()), oneSource, initialIsOption)
	out["external_select"] = element("external_select", one, query, hinted(), confirmable(), focusable())
	out["multi_external_select"] = element("multi_external_select", several, most, query, hinted(), confirmable(), focusable())
}

// initialIsOption wants what is chosen at first to be among the options, the same in every field.
func initialIsOption(c *checker, at string, v any) {
	o := asObj(v)
	options := optionsOf(o)
	chosen := asList(o["initial_options"])
	if one := o["initial_option"]; one != nil {
		chosen = append(chosen, one)
	}
	for _, initial := range chosen {
		same := func(option any) bool { return reflect.DeepEqual(option, initial) }
		if !slices.ContainsFunc(options, same) {
			c.fail(at, "initial_option", nil, "the initial option must be one of the options")
		}
	}
}

func orderedLengths(c *checker, at string, v any) {
	o := asObj(v)
	least, hasLeast := o["min_length"].(float64)
	most, hasMost := o["max_length"].(float64)
	if hasLeast && hasMost && least > most {
		c.fail(at, "range", nil, "min_length must not be more than max_length")
	}
}

func orderedRange(c *checker, at string, v any) {
	o := asObj(v)
	least, errLeast := strconv.ParseFloat(asText(o["min_value"]), 64)
	most, errMost := strconv.ParseFloat(asText(o["max_value"]), 64)
	if errLeast == nil && errMost == nil && least > most {
		c.fail(at, "range", nil, "min_value must not be more than max_value")
	}
}
