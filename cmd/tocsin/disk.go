package main

import (
	"errors"
	"fmt"
	"slices"
	"syscall"

	"tocsin/store"
)

// ofDisk tells whether an error is of a disk that may do later what it does not now. A
// damaged record stays so, and one that another process has is served there.
func ofDisk(err error) bool {
	_, damaged := errors.AsType[*store.CorruptError](err)
	_, locked := errors.AsType[*store.LockedError](err)
	_, hanging := errors.AsType[*hangs](err)
	_, gone := errors.AsType[*vanished](err)
	if damaged || locked || hanging {
		return false
	}
	return gone || errors.Is(err, store.ErrStopped) || slices.ContainsFunc(diskErrors, func(e syscall.Errno) bool { return errors.Is(err, e) })
}

// diskErrors are what systems say of disks that are full, read-only, or fail.
var diskErrors = []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EIO, syscall.ENXIO, syscall.ENODEV, syscall.ESTALE}

// hangs is why a bot stopped of which something does not end: only with the process.
type hangs struct{ error }

func (h *hangs) Unwrap() error { return h.error }

// vanished says that a record is not there any more.
type vanished struct{ path string }

func (v *vanished) Error() string {
	return fmt.Sprintf("there is no record at %s any more: bring its disk or the file back, or restore the newest good backup with tocsin restore", v.path)
}
