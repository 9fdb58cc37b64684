package sandbox

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// pdShape says what is wrong with a value at a path of a body; nothing if it is as it must be.
type pdShape func(path string, v any) []string

// pdObject is an object with these fields and no others; those with a * before their name are required.
func pdObject(fields map[string]pdShape) pdShape {
	return func(path string, v any) (problems []string) {
		o, ok := v.(obj)
		if !ok {
			return []string{pdName(path) + " must be an object"}
		}
		known := map[string]bool{}
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			plain, required := strings.CutPrefix(name, "*")
			known[plain] = true
			value, given := o[plain]
			switch {
			case given:
				problems = append(problems, fields[name](pdJoin(path, plain), value)...)
			case required:
				problems = append(problems, pdName(pdJoin(path, plain))+" is required")
			}
		}
		for _, name := range sortedKeysOf(o) {
			if !known[name] {
				problems = append(problems, pdName(pdJoin(path, name))+" is not a field of this request")
			}
		}
		return problems
	}
}

// pdText is text of 1 to most characters.
func pdText(most int) pdShape {
	return func(path string, v any) []string {
		text, ok := v.(string)
		switch n := utf8.RuneCountInString(text); {
		case !ok:
			return []string{pdName(path) + " must be a string"}
		case strings.TrimSpace(text) == "":
			return []string{pdName(path) + " cannot be empty"}
		case n > most:
			return []string{fmt.Sprintf("%s is too long (maximum is %d characters)", pdName(path), most)}
		}
		return nil
	}
}

// pdOneOf is one of these words.
func pdOneOf(words ...string) pdShape {
	return func(path string, v any) []string {
		if text, ok := v.(string); ok && slices.Contains(words, text) {
			return nil
		}
		return []string{pdName(path) + " must be one of: " + strings.Join(words, ", ")}
	}
}

// pdList is a list of at least one of item.
func pdList(most int, item pdShape) pdShape {
	return func(path string, v any) (problems []string) {
		list, ok := v.([]any)
		if !ok || len(list) == 0 || len(list) > most {
			return []string{fmt.Sprintf("%s must be a list of 1 to %d", pdName(path), most)}
		}
		for i, v := range list {
			problems = append(problems, item(fmt.Sprintf("%s[%d]", path, i), v)...)
		}
		return problems
	}
}

// pdReference is a reference to a thing of one of these kinds.
func pdReference(kinds ...string) pdShape {
	var types []string
	for _, kind := range kinds {
		types = append(types, kind, kind+"_reference")
	}
	anything := func(string, any) []string { return nil }
	return pdObject(map[string]pdShape{
		"*id": pdText(64), "*type": pdOneOf(types...), "summary": anything, "self": anything, "html_url": anything,
	})
}

func pdNumber(path string, v any) []string {
	if n, ok := v.(float64); ok && n >= 1 && n == float64(int(n)) {
		return nil
	}
	return []string{pdName(path) + " must be a whole number from 1"}
}

func pdJoin(path, name string) string { return strings.TrimPrefix(path+"."+name, ".") }

// pdName is a path as PagerDuty's messages begin.
func pdName(path string) string {
	if path == "" {
		return "The body"
	}
	return strings.ToUpper(path[:1]) + path[1:]
}

// checkQuery refuses parameters that the endpoint has not, and pages that cannot be.
func (p *pdCall) checkQuery(route pdRoute) *pdRefusal {
	known := route.params
	if route.lists {
		known = append(slices.Clone(known), "limit", "offset", "total")
	}
	for _, name := range sortedKeysOf(p.query) {
		if !slices.Contains(known, name) {
			return pdInvalid("Parameter " + name + " is not one of this endpoint; it has: " + strings.Join(known, ", "))
		}
	}
	if n := p.number("limit", 25); n < 1 || n > 100 {
		return pdInvalid("Limit must be a number from 1 to 100")
	}
	if n := p.number("offset", 0); n < 0 || n > 10_000 {
		return pdInvalid("Offset must be a number from 0 to 10000")
	}
	return nil
}

// number is a parameter; -1 if it is there and no number.
func (p *pdCall) number(name string, absent int) int {
	if !p.query.Has(name) {
		return absent
	}
	n, err := strconv.Atoi(p.query.Get(name))
	if err != nil {
		return -1
	}
	return n
}

// instant is a parameter that is a time; absent if it is not there.
func (p *pdCall) instant(name string, absent time.Time) (time.Time, error) {
	text := p.query.Get(name)
	if text == "" {
		return absent, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02"} {
		if t, err := time.Parse(layout, strings.ReplaceAll(text, " ", "+")); err == nil {
			return t, nil
		}
	}
	return absent, pdBadTimes(name + " must be an ISO 8601 time such as 2026-11-22T06:00:00Z")
}
