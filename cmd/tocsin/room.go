package main

import (
	"fmt"
	"os"
	"path/filepath"

	"tocsin/store/durable"
)

// A backup must not be what fills the disk of the record: then nothing more could be
// stored, and what a copy is kept for would have happened.

// leastSpare is how many bytes stay free at least beside a record, however small it is:
// some 1,500 incidents of 50 events.
const leastSpare = 64 << 20

// spare is how many bytes a backup leaves free on the record's own disk: as many as the
// record has, for it to grow until somebody has made room, and to be repaired, restored or
// compacted, which keeps a second one beside it.
func spare(record int64) uint64 { return uint64(max(record, leastSpare)) }

// roomForBackup is an error where a backup of a record, as the file backup, does not fit,
// or leaves too little of the disk to the record. Where nothing can be learned of the disk
// it is nil: writing then tells.
func roomForBackup(record, backup string) error {
	info, err := os.Stat(record)
	dir := filepath.Dir(backup)
	free, known := durable.Free(dir)
	if err != nil || !known {
		return nil
	}
	need, why := uint64(info.Size()), ""
	if durable.SameDisk(record, dir) {
		need += spare(info.Size())
		why = fmt.Sprintf(", %d of them for the record on the same disk to grow", mib(spare(info.Size())))
	}
	if free >= need {
		return nil
	}
	return fmt.Errorf("there is not enough room at %s: a backup of %s wants %d MiB free%s, and there are %d: free some, enlarge the disk, or back up to another one",
		dir, record, mib(need), why, free>>20)
}

// mib is bytes in MiB, as many as it takes.
func mib(bytes uint64) uint64 { return (bytes + 1<<20 - 1) >> 20 }
