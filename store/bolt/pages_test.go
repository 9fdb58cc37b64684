package bolt

import (
	"os"
	"testing"

	"go.etcd.io/bbolt"
)

// image is a data file in memory, to be damaged at its joints.
type image struct {
	bytes        []byte
	branch, leaf []byte // the root page of our bucket, and a leaf below its second child
}

func (m *image) page(id uint64) []byte { return m.bytes[id*4096:] }

// load reads the data file at path.
func load(t *testing.T, path string) *image {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	m := &image{bytes: data}
	_ = file.View(func(btx *bbolt.Tx) error {
		m.branch = m.page(uint64(btx.Bucket(bucket).RootPage()))
		return nil
	})
	for m.leaf = m.branch; order.Uint16(m.leaf[8:]) == branchPage; {
		m.leaf = m.page(child(m.leaf, 1))
	}
	return m
}

// child returns the page that element i of a branch leads to.
func child(branch []byte, i int) uint64 {
	return order.Uint64(branch[headerSize+i*elementSize+8:])
}

func setChild(branch []byte, i int, id uint64) {
	order.PutUint64(branch[headerSize+i*elementSize+8:], id)
}

// TestEveryJointIsExamined: each kind of structural damage, that bbolt would
// panic, run out of memory, loop, or answer wrongly on, is refused for its own reason.
func TestEveryJointIsExamined(t *testing.T) {
	path, _, _ := filled(t)
	for reason, damage := range map[string]func(*image){
		"is outside of":     func(m *image) { setChild(m.branch, 1, 1<<40) },
		"is used twice":     func(m *image) { setChild(m.branch, 1, order.Uint64(m.branch)) }, // a loop
		"says that it is":   func(m *image) { m.leaf[0]++ },
		"goes on for":       func(m *image) { order.PutUint32(m.leaf[12:], 1<<31) },
		"is of kind":        func(m *image) { m.leaf[8] = 0x10 },
		"leads nowhere":     func(m *image) { order.PutUint16(m.branch[10:], 0) },
		"elements in":       func(m *image) { order.PutUint16(m.leaf[10:], 60000) },
		"is empty":          func(m *image) { order.PutUint16(m.leaf[10:], 0) },
		"is out of place":   func(m *image) { m.branch[10]-- },
		"out of order":      func(m *image) { copy(key(m.branch, 1), key(m.branch, 0)) },
		"to another page":   func(m *image) { key(m.leaf, 0)[0] = 'a' },
		"mixes buckets and": func(m *image) { m.leaf[headerSize] |= bucketFlag },
	} {
		t.Run(reason, func(t *testing.T) {
			m := load(t, path)
			damage(m)
			damaged := t.TempDir() + "/damaged.db"
			if err := os.WriteFile(damaged, m.bytes, 0o600); err != nil {
				t.Fatal(err)
			}
			wantCorrupt(t, damaged, reason)
		})
	}
}

// key returns the key of element i of a page of the fixture, whose keys are all
// about as long.
func key(page []byte, i int) []byte {
	at := headerSize + i*elementSize
	_, pos, size, _ := parse(page[at:], order.Uint16(page[8:]))
	return page[at+pos:][:size]
}
