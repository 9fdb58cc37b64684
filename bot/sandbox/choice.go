package sandbox

import (
	"fmt"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// chosen is what a person put into an element, as apps get it: {"type": …, "value" or "selected_…": …}.
// given is a string, a list of strings, or nil for nothing. The words of its errors are for the person.
func (w *world) chosen(e obj, given any) (obj, error) {
	kind := asText(e["type"])
	out := obj{"type": kind}
	if multi := asList(given); multi != nil || strings.HasPrefix(kind, "multi_") || kind == "checkboxes" {
		if one := asText(given); multi == nil && one != "" {
			multi = []any{one}
		}
		return out, w.chooseSeveral(out, e, multi)
	}
	return out, w.chooseOne(out, e, textOf(given))
}

// textOf is a JSON scalar as text.
func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// selected is the key under which apps get an element's choice.
func selected(kind string) string {
	switch kind {
	case "static_select", "external_select", "radio_buttons", "overflow":
		return "selected_option"
	case "users_select":
		return "selected_user"
	case "conversations_select":
		return "selected_conversation"
	case "channels_select":
		return "selected_channel"
	case "datepicker":
		return "selected_date"
	case "timepicker":
		return "selected_time"
	case "datetimepicker":
		return "selected_date_time"
	case "multi_static_select", "multi_external_select", "checkboxes":
		return "selected_options"
	case "multi_users_select":
		return "selected_users"
	case "multi_conversations_select":
		return "selected_conversations"
	case "multi_channels_select":
		return "selected_channels"
	case "rich_text_input":
		return "rich_text_value"
	}
	return "value"
}

func (w *world) chooseOne(out, e obj, given string) error {
	kind := asText(e["type"])
	key := selected(kind)
	if given == "" {
		out[key] = nil
		return nil
	}
	switch key {
	case "selected_option":
		option, err := optionOf(e, given)
		out[key] = option
		return err
	case "selected_user", "selected_conversation", "selected_channel":
		out[key] = given
		return w.exists(key, given)
	case "selected_date":
		out[key] = given
		_, err := time.Parse(time.DateOnly, given)
		return orSay(err, "%q is no date; write it like 2026-08-22", given)
	case "selected_time":
		out[key] = given
		_, err := time.Parse("15:04", given)
		return orSay(err, "%q is no time; write it like 14:30", given)
	case "selected_date_time":
		seconds, err := strconv.ParseInt(given, 10, 64)
		out[key] = seconds
		return orSay(err, "%q is no time; give Unix seconds", given)
	case "rich_text_value":
		out[key] = obj{"type": "rich_text", "elements": []any{obj{"type": "rich_text_section", "elements": []any{obj{"type": "text", "text": given}}}}}
		return nil
	}
	out[key] = given
	return checkTyped(e, kind, given)
}

// checkTyped is what Slack's client checks of typed text.
func checkTyped(e obj, kind, given string) error {
	switch kind {
	case "plain_text_input":
		n := float64(utf8.RuneCountInString(given))
		least, _ := e["min_length"].(float64)
		most, limited := e["max_length"].(float64)
		if !limited {
			most = 3000
		}
		if n < least {
			return fmt.Errorf("write at least %v characters", least)
		}
		if n > most {
			return fmt.Errorf("write at most %v characters", most)
		}
	case "email_text_input":
		_, err := mail.ParseAddress(given)
		return orSay(err, "%q is no e-mail address", given)
	case "url_text_input":
		u, err := url.Parse(given)
		if err != nil || u.Scheme == "" || u.Host == "" {
			return fmt.Errorf("%q is no address; begin it with https://", given)
		}
	case "number_input":
		return checkNumber(e, given)
	case "file_input":
		return fmt.Errorf("the sandbox has no file inputs")
	}
	return nil
}

func checkNumber(e obj, given string) error {
	n, err := strconv.ParseFloat(given, 64)
	if err != nil || (!asBool(e["is_decimal_allowed"]) && strings.ContainsAny(given, ".eE")) {
		return fmt.Errorf("%q is not the kind of number that is asked for", given)
	}
	if least, err := strconv.ParseFloat(asText(e["min_value"]), 64); err == nil && n < least {
		return fmt.Errorf("give %v or more", least)
	}
	if most, err := strconv.ParseFloat(asText(e["max_value"]), 64); err == nil && n > most {
		return fmt.Errorf("give %v or less", most)
	}
	return nil
}

func orSay(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf(format, args...)
}

func (w *world) chooseSeveral(out, e obj, given []any) error {
	key := selected(asText(e["type"]))
	picked := []any{}
	for _, g := range given {
		id := textOf(g)
		if key == "selected_options" {
			option, err := optionOf(e, id)
			if err != nil {
				return err
			}
			picked = append(picked, option)
			continue
		}
		if err := w.exists(key, id); err != nil {
			return err
		}
		picked = append(picked, id)
	}
	if most, ok := e["max_selected_items"].(float64); ok && len(picked) > int(most) {
		return fmt.Errorf("choose at most %v", most)
	}
	if !strings.HasSuffix(key, "s") {
		return fmt.Errorf("this takes one value, not a list")
	}
	out[key] = picked
	return nil
}

// exists tells whether the person or channel that was selected is there.
func (w *world) exists(key, id string) error {
	if w.isUser(id) || (!strings.HasPrefix(key, "selected_user") && w.channelByID(id) != nil) {
		return nil
	}
	return fmt.Errorf("there is no %q to select", id)
}

// optionsOf are all options of an element, those of its groups too.
func optionsOf(e obj) []any {
	options := slices.Clone(asList(e["options"]))
	for _, g := range asList(e["option_groups"]) {
		options = append(options, asList(asObj(g)["options"])...)
	}
	return options
}

// optionOf is an element's option of that value.
func optionOf(e obj, value string) (obj, error) {
	var have []string
	for _, o := range optionsOf(e) {
		if option := asObj(o); asText(option["value"]) == value {
			return option, nil
		}
		have = append(have, asText(asObj(o)["value"]))
	}
	if e["type"] == "external_select" || e["type"] == "multi_external_select" {
		return nil, fmt.Errorf("the sandbox loads no options from outside")
	}
	return nil, fmt.Errorf("no option %q; there are %q", value, have)
}

// initial is an element's value before a person touched it.
func initial(e obj) (value obj, stateful bool) {
	kind := asText(e["type"])
	key := selected(kind)
	switch kind {
	case "button", "overflow", "workflow_button", "icon_button", "feedback_buttons", "image":
		return nil, false
	}
	out := obj{"type": kind, key: nil}
	if strings.HasSuffix(key, "s") {
		out[key] = []any{}
	}
	for _, name := range []string{strings.Replace(key, "selected", "initial", 1), "initial_value"} {
		if v := e[name]; v != nil {
			out[key] = v
		}
	}
	return out, true
}

// empty tells whether a value is nothing at all.
func empty(value obj) bool {
	switch v := value[selected(asText(value["type"]))].(type) {
	case nil:
		return true
	case string:
		return strings.TrimSpace(v) == ""
	case []any:
		return len(v) == 0
	}
	return false
}

// stateOf is the state of all stateful elements of some blocks: what was entered, else the initial value.
func stateOf(blocks []any, entered ViewState) ViewState {
	out := ViewState{map[string]map[string]any{}}
	for _, b := range blocks {
		blockID := asText(asObj(b)["block_id"])
		for _, e := range elementsOf(asObj(b)) {
			actionID := asText(e["action_id"])
			value, stateful := initial(e)
			if was, ok := entered.Values[blockID][actionID].(obj); ok {
				value = was
			}
			if stateful {
				out = out.with(blockID, actionID, value)
			}
		}
	}
	return out
}
