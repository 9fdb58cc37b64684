//go:build unix

package bolt

import (
	"fmt"
	"os"
	"syscall"
)

// sameOwner gives a file to the owner of another, or of a directory: what root puts in
// the place of a record, or beside it, has to be its user's still.
func sameOwner(as os.FileInfo, path string) error {
	owner, ok := as.Sys().(*syscall.Stat_t)
	if !ok || os.Getuid() != 0 {
		return nil
	}
	if err := os.Lchown(path, int(owner.Uid), int(owner.Gid)); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}
