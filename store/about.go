package store

import (
	"errors"
	"strings"

	"tocsin/bot/incident"
)

// Each are the errors that one of several joins, such as that of Heads; err itself if it
// is of one, and none if it is nil.
func Each(err error) (list []error) {
	several, ok := err.(interface{ Unwrap() []error })
	switch {
	case err == nil:
	case !ok:
		list = []error{err}
	default:
		for _, err := range several.Unwrap() {
			list = append(list, Each(err)...)
		}
	}
	return list
}

// About is the incident whose record is damaged, by the key that err names; "" if err is
// none of damage, or of damage to the file as a whole.
func About(err error) incident.ID {
	e, ok := errors.AsType[*CorruptError](err)
	if !ok {
		return ""
	}
	for _, kind := range []string{"head/", "log/", "out/", "due/"} {
		if id, ok := numbered(kind, e.Path); ok && strings.HasPrefix(e.Path, kind) {
			return id
		}
	}
	return ""
}
