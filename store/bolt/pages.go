package bolt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The layout of a bbolt file, version 2, in the byte order of the machine
// (go.etcd.io/bbolt/internal/common: page.go, bucket.go). Each page begins with
//
//	id uint64 · flags uint16 · count uint16 · overflow uint32
//
// and goes on with count elements; their keys and values follow, in the same order
// and without gaps. pos counts from the element's own first byte:
//
//	branch: pos, ksize uint32 · child uint64
//	leaf:   flags, pos, ksize, vsize uint32
//
// A leaf element with the bucket flag has a value that begins with the id of the
// bucket's root page; 0 means that the root page itself follows at byte 16.
const (
	headerSize  = 16
	elementSize = 16
	bucketSize  = 16

	branchPage = 0x01
	leafPage   = 0x02
	bucketFlag = 0x01
)

var order = binary.NativeEndian

// walker examines trees of pages. It trusts nothing that it reads.
type walker struct {
	file     io.ReaderAt
	pageSize int
	pages    uint64          // pages in use are below
	seen     map[uint64]bool // pages that some tree has
}

// element is one entry of a page.
type element struct {
	key, value []byte
	child      uint64 // of a branch
	bucket     bool   // of a leaf
}

// tree examines the tree below page id and returns the elements of its leaves if
// it is to hold buckets, otherwise none.
func (w *walker) tree(id uint64, buckets bool) ([]element, error) {
	var found []element
	return found, w.page(id, nil, nil, func(e element) error {
		if buckets {
			found = append(found, e)
		}
		if e.bucket != buckets {
			return fmt.Errorf("page %d mixes buckets and values", id)
		}
		return nil
	})
}

// bucket examines the bucket whose leaf element has this value.
func (w *walker) bucket(value []byte) error {
	if len(value) < bucketSize {
		return fmt.Errorf("a bucket of %d bytes", len(value))
	}
	if root := order.Uint64(value); root != 0 {
		_, err := w.tree(root, false)
		return err
	}
	if len(value) < bucketSize+headerSize {
		return fmt.Errorf("a bucket of %d bytes", len(value))
	}
	_, err := elements(value[bucketSize:], leafPage)
	return err
}

// page examines page id and all below it. Its keys must be within low and high.
func (w *walker) page(id uint64, low, high []byte, leaf func(element) error) error {
	buf, err := w.read(id)
	if err != nil {
		return err
	}
	kind := order.Uint16(buf[8:])
	if kind != branchPage && kind != leafPage {
		return fmt.Errorf("page %d is of kind %#x", id, kind)
	}
	all, err := elements(buf, kind)
	if err != nil {
		return fmt.Errorf("page %d: %w", id, err)
	}
	if err := within(all, low, high); err != nil {
		return fmt.Errorf("page %d: %w", id, err)
	}
	if kind == branchPage && len(all) == 0 { // bbolt goes on to the first that it does not have
		return fmt.Errorf("page %d leads nowhere", id)
	}
	for i, e := range all {
		if kind == leafPage {
			err = leaf(e)
		} else if i+1 < len(all) {
			err = w.page(e.child, e.key, all[i+1].key, leaf)
		} else {
			err = w.page(e.child, e.key, high, leaf)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// within examines whether the keys are at least low and less than high, if these
// are given. Only the root, which has no low, may be empty.
func within(all []element, low, high []byte) error {
	switch {
	case len(all) == 0 && low != nil:
		return errors.New("it is empty")
	case len(all) == 0:
		return nil
	case bytes.Compare(all[0].key, low) < 0, high != nil && bytes.Compare(all[len(all)-1].key, high) >= 0:
		return errors.New("its keys belong to another page")
	}
	return nil
}

// read returns page id with its overflow. No page may be read twice.
func (w *walker) read(id uint64) ([]byte, error) {
	if id < 2 || id >= w.pages {
		return nil, fmt.Errorf("page %d is outside of the file's %d", id, w.pages)
	}
	offset := int64(id) * int64(w.pageSize)
	buf := make([]byte, w.pageSize)
	if _, err := w.file.ReadAt(buf, offset); err != nil {
		return nil, err
	}
	if self := order.Uint64(buf); self != id {
		return nil, fmt.Errorf("page %d says that it is page %d", id, self)
	}
	more := uint64(order.Uint32(buf[12:]))
	if more >= w.pages-id {
		return nil, fmt.Errorf("page %d goes on for %d pages, beyond the file's %d", id, more, w.pages)
	}
	for i := id; i <= id+more; i++ {
		if w.seen[i] {
			return nil, fmt.Errorf("page %d is used twice", i)
		}
		w.seen[i] = true
	}
	if more == 0 {
		return buf, nil
	}
	buf = make([]byte, int(more+1)*w.pageSize)
	_, err := w.file.ReadAt(buf, offset)
	return buf, err
}

// elements returns the elements of a page, whose keys must ascend.
func elements(page []byte, kind uint16) ([]element, error) {
	count := int(order.Uint16(page[10:]))
	data := headerSize + count*elementSize // where the next key begins
	if data > len(page) {
		return nil, fmt.Errorf("%d elements in %d bytes", count, len(page))
	}
	all := make([]element, count)
	for i := range all {
		at := headerSize + i*elementSize
		e, pos, ksize, vsize := parse(page[at:], kind)
		if at+pos != data || ksize == 0 || data+ksize+vsize > len(page) {
			return nil, fmt.Errorf("element %d is out of place", i)
		}
		e.key, e.value = page[data:data+ksize], page[data+ksize:data+ksize+vsize]
		data += ksize + vsize
		if i > 0 && bytes.Compare(all[i-1].key, e.key) >= 0 {
			return nil, fmt.Errorf("element %d is out of order", i)
		}
		all[i] = e
	}
	return all, nil
}

// parse reads the numbers of an element.
func parse(b []byte, kind uint16) (e element, pos, ksize, vsize int) {
	number := func(at int) int { return int(order.Uint32(b[at:])) }
	if kind == branchPage {
		return element{child: order.Uint64(b[8:])}, number(0), number(4), 0
	}
	return element{bucket: number(0)&bucketFlag != 0}, number(4), number(8), number(12)
}
