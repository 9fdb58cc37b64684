package main

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// What is looked at: the folders and those in them, and so many files.
const (
	maxLevels  = 2
	maxEntries = 2_000
)

// stamp tells one state of a team's content from another by its files' names,
// sizes and times, read through symbolic links; where a link leads counts too,
// for that is how Kubernetes changes all files of a config map at once. Hidden
// files do not count. whole is false if there were too many.
func stamp(dir string) (s string, whole bool) {
	v := visit{hash: sha256.New(), left: maxEntries}
	for _, f := range folders {
		v.folder(filepath.Join(dir, f.name), maxLevels)
	}
	return fmt.Sprintf("%x", v.hash.Sum(nil)), v.left >= 0
}

type visit struct {
	hash hash.Hash
	left int // entries that may still be looked at; -1: one too many
}

func (v *visit) folder(path string, levels int) {
	real, _ := filepath.EvalSymlinks(path)
	fmt.Fprintf(v.hash, "folder %q %q\n", path, real)
	f, err := os.Open(path)
	if err != nil || levels == 0 || v.left < 0 {
		return
	}
	entries, _ := f.ReadDir(v.left + 1)
	f.Close()
	if v.left -= len(entries); v.left < 0 {
		v.left = -1
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			v.entry(filepath.Join(path, e.Name()), levels)
		}
	}
}

func (v *visit) entry(path string, levels int) {
	real, _ := filepath.EvalSymlinks(path)
	st, err := os.Stat(path)
	switch {
	case err != nil:
		fmt.Fprintf(v.hash, "%q unreadable\n", path)
	case st.IsDir():
		v.folder(path, levels-1)
	default:
		fmt.Fprintf(v.hash, "%q %q %d %d\n", path, real, st.Size(), st.ModTime().UnixNano())
	}
}
