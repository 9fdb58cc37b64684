package inbound

import (
	"encoding/json"
	"errors"
	"fmt"
)

// JSON decodes body, or tells where it is no JSON, or which field is of another
// kind than it has to be.
func JSON(body []byte, into any) error {
	return told(json.Unmarshal(body, into))
}

// told is an error of the decoder in words for whoever sent the body.
func told(err error) error {
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

// Lenient decodes body as JSON does, but leaves empty what is of another kind than it
// has to be.
func Lenient(body []byte, into any) error {
	err := json.Unmarshal(body, into)
	if _, odd := errors.AsType[*json.UnmarshalTypeError](err); odd {
		return nil // all else was decoded
	}
	return told(err)
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
