// Package durable writes files that are whole or not there, whatever happens
// meanwhile.
//
// A file is written under a name of its own beside the one that it is to have, and
// synced; only then it is given that name, and the directory is synced. So at every
// moment whoever opens the name finds all of one file, or none. What a process that
// was killed leaves behind is called NAME.unfinished-NUMBER: it is nobody's, and
// [Sweep] removes it.
//
// A name that has to be free is given with a hard link, the one way in which no file
// is ever overwritten and none is ever half there. Some file systems of networks and
// containers have no hard links; what is done there instead is said where it is done.
package durable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// unfinished is between a file's name and the number of who writes it. Nobody calls
// files of their own so.
const unfinished = ".unfinished-"

// link is os.Link, but for tests of file systems that have none.
var link = os.Link

// Stage writes a file beside path, for its owner alone, and syncs it. It is locked
// meanwhile, so that nobody sweeps it away. [Name] or [Replace] then call it path; remove
// temp afterwards, whatever came of it.
func Stage(path string, write func(io.Writer) error) (temp string, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+unfinished+"*") // mode 0600
	if err != nil {
		return "", err
	}
	_ = lock(f) // where files cannot be locked, Sweep leaves them alone
	if err := errors.Join(write(f), f.Sync(), f.Close()); err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

// Name gives a staged file the name path, which has to be free: fs.ErrExist if it is
// not, and then nothing was changed.
func Name(temp, path string) error {
	err := link(temp, path)
	if err == nil {
		return SyncDir(filepath.Dir(path))
	}
	if errors.Is(err, fs.ErrExist) {
		return err
	}
	return nameWithoutLinks(temp, path)
}

// nameWithoutLinks takes the name with an empty file, which fails if it is not free, and
// puts the staged one over that. Killed between the two, an empty file is left.
func nameWithoutLinks(temp, path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := Replace(temp, path); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// Replace gives a staged file the name path, whatever had it.
func Replace(temp, path string) error {
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(path))
}

// Save makes data the file at path, for its owner alone, whatever was there.
func Save(path string, data []byte) error {
	temp, err := Stage(path, func(w io.Writer) error { _, err := w.Write(data); return err })
	if err != nil {
		return err
	}
	defer os.Remove(temp)
	return Replace(temp, path)
}

// Keep gives the file at path a second name, which has to be free: fs.ErrExist if it is
// not. Where there are no hard links it is copied, so nobody may be writing to it.
func Keep(path, aside string) error {
	err := link(path, aside)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	temp, err := Stage(aside, func(w io.Writer) error { _, err := io.Copy(w, f); return err })
	if err != nil {
		return err
	}
	defer os.Remove(temp)
	return Name(temp, aside)
}

// SyncDir makes the names in a directory durable.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// recently is how new a file is left alone although nobody has it locked: for a moment
// between being written and being checked it is not.
const recently = time.Minute

var leftover = regexp.MustCompile(regexp.QuoteMeta(unfinished) + `\d+$`)

// Sweep removes what killed processes left unfinished in a directory, of files whose
// names begin with prefix, and returns their names. What is locked, or was written to in
// the last minute, is somebody's and stays; so does what cannot be asked for its lock.
func Sweep(dir, prefix string, now time.Time) (removed []string, err error) {
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if !strings.HasPrefix(f.Name(), prefix) || !leftover.MatchString(f.Name()) || !f.Type().IsRegular() {
			continue
		}
		switch gone, failed := sweep(filepath.Join(dir, f.Name()), now); {
		case failed != nil:
			err = errors.Join(err, failed)
		case gone:
			removed = append(removed, f.Name())
		}
	}
	return removed, err
}

// sweep removes a file that nobody writes.
func sweep(path string, now time.Time) (gone bool, err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil // it is finished, or somebody else swept
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || now.Sub(info.ModTime()).Abs() < recently || lock(f) != nil {
		return false, err
	}
	if err := os.Remove(path); err != nil {
		return false, fmt.Errorf("what is left unfinished stays: %w", err)
	}
	return true, nil
}

// lock locks a file as bbolt does, without waiting, until it is closed.
func lock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }

// Try tells why so many bytes cannot be written beside path; they are not kept.
func Try(path string, bytes int) error {
	temp, err := Stage(path, func(w io.Writer) error { _, err := w.Write(make([]byte, bytes)); return err })
	if err != nil {
		return err
	}
	return os.Remove(temp)
}

// Free is how many bytes this user can still write to the disk that a directory is on;
// known is false where the file system does not tell. A quota may allow less.
func Free(dir string) (bytes uint64, known bool) {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(dir, &disk); err != nil || disk.Blocks == 0 {
		return 0, false
	}
	return uint64(max(0, int64(disk.Bavail))) * uint64(disk.Bsize), true
}

// SameDisk tells whether two files or directories are on one disk, as far as the system
// tells.
func SameDisk(a, b string) bool {
	var one, other syscall.Stat_t
	return syscall.Stat(a, &one) == nil && syscall.Stat(b, &other) == nil && one.Dev == other.Dev
}
