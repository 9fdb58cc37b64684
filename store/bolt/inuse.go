package bolt

import (
	"errors"

	"tocsin/store"
)

// InUse tells whether another process has the data file at path open. It reads nothing.
func InUse(path string) bool {
	lock, err := lockFile(path)
	if err == nil {
		lock.Close()
	}
	_, locked := errors.AsType[*store.LockedError](err)
	return locked
}
