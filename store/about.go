package store

import (
	"errors"
	"strings"

	"tocsin/bot/incident"
)

// About is the incident whose record is damaged, by the key that err names; "" if err is
// none of damage, or of damage to the file as a whole.
func About(err error) incident.ID {
	e, ok := errors.AsType[*CorruptError](err)
	if !ok {
		return ""
	}
	for _, kind := range []string{"head/", "log/", "out/"} {
		if id, ok := numbered(kind, e.Path); ok && strings.HasPrefix(e.Path, kind) {
			return id
		}
	}
	return ""
}
