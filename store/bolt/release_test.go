package bolt_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"tocsin/store"
	"tocsin/store/bolt"
)

// What was read is given back, and can be read again.
func TestRelease(t *testing.T) {
	db, err := bolt.Open(filepath.Join(t.TempDir(), "data.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	value := []byte(strings.Repeat("x", 64<<10))
	for n := range 400 { // 25 MiB
		tx := store.Tx{Put: []store.Pair{{Key: fmt.Sprintf("key/%04d", n), Value: value}}}
		if err := db.Commit(t.Context(), tx); err != nil {
			t.Fatal(err)
		}
	}
	read := func() int {
		pairs, err := db.Scan(t.Context(), "key/", "", 0)
		if err != nil || len(pairs) != 400 || len(pairs[399].Value) != len(value) {
			t.Fatalf("%d pairs, %v", len(pairs), err)
		}
		return ofFiles(t)
	}
	before := read()
	if err := db.Release(); err != nil {
		t.Fatal(err)
	}
	if after := ofFiles(t); runtime.GOOS == "linux" && before-after < 20<<10 {
		t.Errorf("%d KiB of files in memory, and %d before", after, before)
	}
	read()
}

// ofFiles is how much of files is in the memory of this process, in KiB.
func ofFiles(t *testing.T) (kib int) {
	t.Helper()
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fmt.Sscanf(lines.Text(), "RssFile: %d kB", &kib)
	}
	return kib
}
