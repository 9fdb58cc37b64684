package sandbox

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// maxBody bounds what a request may carry: Slack takes larger files, the sandbox need not.
const maxBody = 20 << 20

// args are a call's arguments by name, from query, form, multipart or JSON. Form values are strings,
// JSON values keep their type; the readers below take both.
type args obj

// readArgs reads the arguments and the token of an API request.
func readArgs(r *http.Request) (args, string, error) {
	a := args{}
	r.Body = http.MaxBytesReader(nil, r.Body, maxBody)
	switch kind := r.Header.Get("Content-Type"); {
	case strings.HasPrefix(kind, "application/json"):
		if err := readJSONArgs(r.Body, a); err != nil {
			return nil, "", err
		}
	case strings.HasPrefix(kind, "multipart/form-data"):
		if err := r.ParseMultipartForm(maxBody); err != nil {
			return nil, "", refuse("invalid_form_data")
		}
	}
	if err := r.ParseForm(); err != nil {
		return nil, "", refuse("invalid_form_data")
	}
	for key, values := range r.Form {
		a[key] = values[0]
	}
	token, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !found {
		token = a.text("token")
	}
	delete(a, "token")
	return a, token, nil
}

func readJSONArgs(body io.Reader, a args) error {
	err := json.NewDecoder(body).Decode((*obj)(&a))
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF):
		return nil // no body, no arguments
	case errors.As(err, &wrongType):
		return refuse("json_not_object")
	case err != nil:
		return refuse("invalid_json")
	}
	return nil
}

func (a args) has(name string) bool {
	v, found := a[name]
	return found && v != nil
}

func (a args) text(name string) string {
	switch v := a[name].(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

func (a args) flag(name string) bool {
	switch a.text(name) {
	case "true", "1":
		return true
	}
	return false
}

// number is an integer argument; ok is false if it is there and no integer.
func (a args) number(name string, absent int) (n int, ok bool) {
	text := a.text(name)
	if text == "" {
		return absent, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil
}

// list is a comma-separated or JSON list of strings.
func (a args) list(name string) []string {
	items, isList := a[name].([]any)
	if text := a.text(name); strings.HasPrefix(text, "[") {
		isList = json.Unmarshal([]byte(text), &items) == nil
	}
	var out []string
	if isList {
		for _, item := range items {
			out = append(out, asText(item))
		}
		return out
	}
	for _, item := range strings.Split(a.text(name), ",") {
		if item = strings.TrimSpace(item); item != "" {
			out = append(out, item)
		}
	}
	return out
}

// structure is an argument that is JSON: given as such, or encoded in a string.
func (a args) structure(name string) (v any, err error) {
	text, encoded := a[name].(string)
	if !encoded {
		return a[name], nil
	}
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	err = json.Unmarshal([]byte(text), &v)
	return v, err
}

// summary is the arguments in one short line, for the page's list of calls.
func (a args) summary() string {
	var parts []string
	for _, name := range []string{"channel", "channel_id", "name", "user", "user_id", "users", "topic", "ts", "thread_ts", "timestamp", "title", "filename", "view_id", "text"} {
		if text := a.text(name); text != "" {
			parts = append(parts, name+"="+shorten(text, 60))
		}
	}
	return strings.Join(parts, " ")
}

func shorten(text string, runes int) string {
	if r := []rune(text); len(r) > runes {
		return string(r[:runes-1]) + "…"
	}
	return text
}
