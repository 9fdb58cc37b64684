package sandbox

import (
	"encoding/json"
	"fmt"
)

// toJSON encodes what the sandbox itself made, which cannot fail.
func toJSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("sandbox: encoding %T: %v", v, err))
	}
	return data
}

// toObj is v as a JSON object.
func toObj(v any) obj {
	var out obj
	if err := json.Unmarshal(toJSON(v), &out); err != nil {
		panic(fmt.Sprintf("sandbox: %T is no JSON object: %v", v, err))
	}
	return out
}

// Shorthands for walking JSON of unknown shape: the zero value where it is not of that type.

func asObj(v any) obj     { o, _ := v.(obj); return o }
func asList(v any) []any  { l, _ := v.([]any); return l }
func asText(v any) string { s, _ := v.(string); return s }
func asBool(v any) bool   { b, _ := v.(bool); return b }
