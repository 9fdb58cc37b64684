package bolt

import (
	"syscall"
	"unsafe"

	"go.etcd.io/bbolt"
)

// Release takes the pages of the file that were read out of this process's
// memory; they are read again when they are needed. bbolt reads the whole file
// through its map when it opens it, and what was read would count as ours.
func (db *DB) Release() error {
	return db.bolt.View(func(btx *bbolt.Tx) error { // it keeps the map in its place
		data := btx.DB().Info().Data
		pages := unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&data))), btx.Size())
		return syscall.Madvise(pages, syscall.MADV_DONTNEED)
	})
}
