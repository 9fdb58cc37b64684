package inbound

import (
	"encoding/json"
	"errors"
	"fmt"
)

// JSON decodes body, or tells where it is no JSON, or which field is of another
// kind than it has to be.
func JSON(body []byte, into any) error {
	err := json.Unmarshal(body, into)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("it is no JSON: %v at byte %d", syntax, syntax.Offset)
	}
	if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		field := kind.Field
		if field == "" {
			field = "the whole"
		}
		return fmt.Errorf("%s is %s, where %s is needed (byte %d)", field, kind.Value, needed(kind.Type.Kind().String()), kind.Offset)
	}
	return err
}

// needed names a kind of Go as JSON has it.
func needed(kind string) string {
	switch kind {
	case "struct", "map", "ptr":
		return "an object"
	case "slice", "array":
		return "a list"
	case "string":
		return "a text"
	case "bool":
		return "true or false"
	}
	return "a number"
}
