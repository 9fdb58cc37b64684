package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// problem is one thing wrong with blocks or a view, in the shape of blocks.validate
// (https://docs.slack.dev/reference/methods/blocks.validate/).
type problem struct {
	Code       string `json:"code"`
	Message    string `json:"message"`
	Pointer    string `json:"pointer"` // JSON pointer (RFC 6901)
	Constraint obj    `json:"constraint,omitempty"`
}

// problemLines is problems as response_metadata.messages has them.
func problemLines(problems []problem) []string {
	lines := make([]string, len(problems))
	for i, p := range problems {
		lines[i] = fmt.Sprintf("[ERROR] %s [json-pointer:%s]", p.Message, p.Pointer)
	}
	return lines
}

// checker collects what rules find.
type checker struct {
	problems []problem
}

// rule checks one JSON value; at is its JSON pointer.
type rule func(c *checker, at string, v any)

func (c *checker) fail(at, kind string, expected any, format string, args ...any) {
	c.problems = append(c.problems, problem{
		Code: "failed_constraint", Message: fmt.Sprintf(format, args...), Pointer: at,
		Constraint: obj{"type": kind, "expected": expected},
	})
}

// text is a string of least to most characters.
func text(least, most int) rule {
	return func(c *checker, at string, v any) {
		s, ok := v.(string)
		switch n := utf8.RuneCountInString(s); {
		case !ok:
			c.fail(at, "type", "string", "must be a string")
		case n < least:
			c.fail(at, "min_length", least, "must be more than %d characters", least-1)
		case n > most:
			c.fail(at, "max_length", most, "must be less than %d characters", most+1)
		}
	}
}

func boolean(c *checker, at string, v any) {
	if _, ok := v.(bool); !ok {
		c.fail(at, "type", "boolean", "must be a boolean")
	}
}

// number is a number from least to most.
func number(least, most float64) rule {
	return func(c *checker, at string, v any) {
		n, ok := v.(float64)
		switch {
		case !ok:
			c.fail(at, "type", "number", "must be a number")
		case n < least || n > most:
			c.fail(at, "range", []float64{least, most}, "must be from %v to %v", least, most)
		}
	}
}

// oneOf is one of some words.
func oneOf(words ...string) rule {
	return func(c *checker, at string, v any) {
		if s, ok := v.(string); !ok || !slices.Contains(words, s) {
			c.fail(at, "enum", words, "must be one of %s", strings.Join(words, ", "))
		}
	}
}

// list is a list of least to most items.
func list(least, most int, item rule) rule {
	return func(c *checker, at string, v any) {
		items, ok := v.([]any)
		switch {
		case !ok:
			c.fail(at, "type", "array", "must be an array")
		case len(items) < least:
			c.fail(at, "min_items", least, "no less than %d items required", least)
		case len(items) > most:
			c.fail(at, "max_items", most, "no more than %d items allowed", most)
		}
		for i, v := range items {
			item(c, fmt.Sprintf("%s/%d", at, i), v)
		}
	}
}

// property is one property of an object.
type property struct {
	name     string
	required bool
	rule     rule
}

func req(name string, r rule) property { return property{name, true, r} }
func opt(name string, r rule) property { return property{name, false, r} }

// object has the required properties and none but these; a null is an absent one.
func object(properties ...property) rule {
	return func(c *checker, at string, v any) {
		o, ok := v.(obj)
		if !ok {
			c.fail(at, "type", "object", "must be an object")
			return
		}
		known := map[string]bool{}
		for _, p := range properties {
			known[p.name] = true
			switch value := o[p.name]; {
			case value != nil:
				p.rule(c, at+"/"+p.name, value)
			case p.required:
				c.fail(at, "required", p.name, "missing required field: %s", p.name)
			}
		}
		for _, name := range sortedKeysOf(o) {
			if !known[name] && o[name] != nil {
				c.fail(at+"/"+pointerPart(name), "additional_property", nil, "no more properties allowed: %s", name)
			}
		}
	}
}

func pointerPart(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// kinds maps a type to the rule for objects of that type.
type kinds map[string]rule

// byType lets an object's type choose its rule.
func byType(rules kinds, allowed ...string) rule {
	return func(c *checker, at string, v any) {
		o, ok := v.(obj)
		if !ok {
			c.fail(at, "type", "object", "must be an object")
			return
		}
		kind := asText(o["type"])
		if r := rules[kind]; r != nil && slices.Contains(allowed, kind) {
			r(c, at, v)
			return
		}
		c.fail(at+"/type", "enum", allowed, "unsupported type: %s", kind)
	}
}

// all applies several rules.
func all(rules ...rule) rule {
	return func(c *checker, at string, v any) {
		for _, r := range rules {
			r(c, at, v)
		}
	}
}

// exactlyOne wants one of some properties; atMostOne allows none.
func exactlyOne(names ...string) rule {
	return func(c *checker, at string, v any) {
		if countOf(v, names) != 1 {
			c.fail(at, "exactly_one", names, "must have exactly one of %s", strings.Join(names, ", "))
		}
	}
}

func atLeastOne(names ...string) rule {
	return func(c *checker, at string, v any) {
		if countOf(v, names) == 0 {
			c.fail(at, "at_least_one", names, "must have at least one of %s", strings.Join(names, ", "))
		}
	}
}

func countOf(v any, names []string) (n int) {
	for _, name := range names {
		if asObj(v)[name] != nil {
			n++
		}
	}
	return n
}
