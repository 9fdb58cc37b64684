package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"syscall"

	"go.etcd.io/bbolt"

	"tocsin/store"
)

// examine finds out whether bbolt can use the file without dying of it: whether
// all of it is there, and whether its pages form the trees they should. It holds
// the file's lock meanwhile, shared with other readers.
func examine(path string, o options) error {
	info, err := os.Stat(path)
	if err != nil {
		return explain(path, err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("store: %s is no regular file: set TOCSIN_STORE to the path of a data file", path)
	}
	if info.Size() == 0 { // bbolt would take it for a new file
		return &store.CorruptError{Path: path, Detail: "it is empty, which a data file never is", Do: store.DoName}
	}
	if err := beginning(path); err != nil {
		return explain(path, err)
	}
	_, file, err := openNamed(path, &bbolt.Options{ReadOnly: true, Timeout: o.lockTimeout})
	if err != nil {
		return err
	}
	defer file.Close()
	return file.View(func(btx *bbolt.Tx) error {
		detail := examineTrees(path, btx, o.oneIsEnough)
		if failed := new(syscall.Errno); errors.As(detail, failed) { // the disk, which may do later
			return fmt.Errorf("store: cannot read %s: %w", path, detail)
		}
		if detail != nil {
			return &store.CorruptError{Path: path, Detail: detail.Error(), Do: remedy(detail)}
		}
		return nil
	})
}

// beginning reads the two first pages, which bbolt takes for damaged where the disk does
// not give them.
func beginning(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := file.ReadAt(make([]byte, 2*os.Getpagesize()), 0); !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// remedy is what to do about what examineTrees found.
func remedy(detail error) string {
	switch {
	case errors.Is(detail, errBadMeta):
		return store.DoRepair
	case errors.Is(detail, errNotOurs):
		return store.DoName
	}
	return store.DoRestore
}

// examineTrees walks the tree of buckets, which must hold ours and nothing else,
// and ours. It reads the file, never the memory it is mapped into.
func examineTrees(path string, btx *bbolt.Tx, oneIsEnough bool) error {
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
	if err := examineMetas(file, size); err != nil && !oneIsEnough {
		return err
	}
	w := walker{file: file, pageSize: size, pages: uint64(btx.Size()) / uint64(size), seen: map[uint64]bool{}}
	buckets, err := w.tree(uint64(btx.Cursor().Bucket().RootPage()), true)
	if err != nil {
		return err
	}
	if len(buckets) != 1 || !bytes.Equal(buckets[0].key, bucket) {
		return errNotOurs
	}
	return w.bucket(buckets[0].value)
}

// metaSum is where the checksum of a meta page is, after the page's header: the FNV-1a
// of all before it (go.etcd.io/bbolt/internal/common/meta.go).
const metaSum = 56

// examineMetas wants both meta pages to be good. bbolt makes do with the older one,
// which does not know of the newest transaction: what was acknowledged would be gone
// and nobody told. A crash leaves both good: a page is written in one piece.
func examineMetas(file io.ReaderAt, pageSize int) error {
	for i := range 2 {
		buf := make([]byte, headerSize+metaSum+8)
		if _, err := file.ReadAt(buf, int64(i*pageSize)); err != nil {
			return err
		}
		sum := fnv.New64a()
		sum.Write(buf[headerSize : headerSize+metaSum])
		if sum.Sum64() != order.Uint64(buf[headerSize+metaSum:]) {
			return errBadMeta
		}
	}
	return nil
}

var (
	errBadMeta = errors.New("one of its two first pages is damaged, so the newest transaction may be missing")
	errNotOurs = errors.New("it is a bbolt file, but not one of tocsin")
)
