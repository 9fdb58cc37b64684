package alert

import (
	"encoding/json"
	"strconv"
	"strings"
)

// at follows a path. Where an object has the whole rest of it as a name, that is
// meant: {"service.name": "x"}.
func at(v any, path string) any {
	if path == "" {
		return nil
	}
	name, rest, deeper := strings.Cut(path, ".")
	switch v := v.(type) {
	case map[string]any:
		if whole, ok := v[path]; ok || !deeper {
			return whole
		}
		return at(v[name], rest)
	case []any:
		i, err := strconv.Atoi(name)
		if err != nil || i < 0 || i >= len(v) {
			return nil
		}
		if !deeper {
			return v[i]
		}
		return at(v[i], rest)
	}
	return nil
}

// asText is a value as a text: an object as it is written.
func asText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	b, _ := json.Marshal(v) // made of JSON: it cannot fail
	return string(b)
}
