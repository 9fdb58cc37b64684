package bolt

import (
	"bytes"
	"fmt"
	"os"
	"time"

	"go.etcd.io/bbolt"

	"tocsin/store"
)

// examine finds out whether bbolt can use the file without dying of it: whether
// all of it is there, and whether its pages form the trees they should. It holds
// the file's lock meanwhile, shared with other readers.
func examine(path string, lockTimeout time.Duration) error {
	info, err := os.Stat(path)
	if err != nil {
		return explain(path, err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("store: %s is no regular file: set TOCSIN_STORE to the path of a data file", path)
	}
	if info.Size() == 0 { // bbolt would take it for a new file
		return &store.CorruptError{Path: path, Detail: "it is empty, which a data file never is"}
	}
	file, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, Timeout: lockTimeout})
	if err != nil {
		return explain(path, err)
	}
	defer file.Close()
	return file.View(func(btx *bbolt.Tx) error {
		if detail := examineTrees(path, btx); detail != nil {
			return &store.CorruptError{Path: path, Detail: detail.Error()}
		}
		return nil
	})
}

// examineTrees walks the tree of buckets, which must hold ours and nothing else,
// and ours. It reads the file, never the memory it is mapped into.
func examineTrees(path string, btx *bbolt.Tx) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if info.Size() < btx.Size() {
		return fmt.Errorf("it has %d bytes of at least %d", info.Size(), btx.Size())
	}
	size := btx.DB().Info().PageSize
	w := walker{file: file, pageSize: size, pages: uint64(btx.Size()) / uint64(size), seen: map[uint64]bool{}}
	buckets, err := w.tree(uint64(btx.Cursor().Bucket().RootPage()), true)
	if err != nil {
		return err
	}
	if len(buckets) != 1 || !bytes.Equal(buckets[0].key, bucket) {
		return fmt.Errorf("it is a bbolt file, but not one of tocsin")
	}
	return w.bucket(buckets[0].value)
}
