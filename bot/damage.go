package bot

import (
	"errors"

	"tocsin/store"
)

// damaged tells whether an error is about something in the record that cannot be read:
// the scrub names all of it for the operator, and it keeps nothing else from going on.
func damaged(err error) bool {
	_, is := errors.AsType[*store.CorruptError](err)
	return is
}
