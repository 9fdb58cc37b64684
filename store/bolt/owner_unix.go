//go:build unix

package bolt

import (
	"fmt"
	"os"
	"syscall"
)

// sameOwner gives a file to the owner of another: what root puts in the place of a
// record has to be its user's still.
func sameOwner(as, path string) error {
	info, err := os.Stat(as)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || os.Getuid() != 0 {
		return nil
	}
	if err := os.Chown(path, int(owner.Uid), int(owner.Gid)); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}
