package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"tocsin/store"
)

// A record that is not there is made, empty. Where there was one before, it was moved or
// deleted, or TOCSIN_STORE has a slip in it: then a start that went on with nothing would
// be a loss that nobody notices.

// fresh tells whether a start makes a new record. It is an error where an earlier record
// left a copy of itself.
func fresh(path, backups string) (bool, error) {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return false, nil // bolt.Open says what else is wrong
	}
	left := newestOf(append(keptBeside(path), backupFiles(backups)...))
	if left == "" {
		return true, nil
	}
	return false, fmt.Errorf("there is no record at %s, and there was one, for %s is of it. If TOCSIN_STORE is right, bring it back: tocsin restore %s, or a newer backup that you have elsewhere. "+
		"To begin anew, with nothing, move that file away, and all others of %s.before-* and of TOCSIN_BACKUP; if they are another tocsin's, give this one a directory of its own", path, left, left, path)
}

// backupsFor is where a subcommand's record is backed up to, as far as is known here.
func backupsFor(k *kong.Context) string {
	for _, f := range k.Flags() {
		if f.Name == "backup" {
			return f.Target.String()
		}
	}
	return os.Getenv("TOCSIN_BACKUP")
}

// withBackup adds the newest backup to an error against which only a backup helps.
func withBackup(err error, backups string) error {
	damaged, ok := errors.AsType[*store.CorruptError](err)
	if !ok || damaged.Do == "" || damaged.Do == store.DoRepair {
		return err
	}
	if last := newestOf(backupFiles(backups)); last != "" {
		return fmt.Errorf("%w; the newest: tocsin restore %s", err, last)
	}
	return err
}

// backupFiles are the paths of the backups in a directory. Those of a time that is still
// to come are left out, unless there are no others: then it is this clock that is wrong.
func backupFiles(dir string) (paths []string) {
	if dir == "" {
		return nil
	}
	names := backupsIn(dir, time.Now())
	if len(names) == 0 {
		names = backupsIn(dir, time.Unix(1<<40, 0))
	}
	for _, name := range names {
		paths = append(paths, filepath.Join(dir, name))
	}
	return paths
}

// keptBeside are the paths of what restores and repairs kept of a record.
func keptBeside(path string) (paths []string) {
	files, _ := os.ReadDir(filepath.Dir(path)) // none can be read: none is there
	for _, f := range files {
		if strings.HasPrefix(f.Name(), filepath.Base(path)+".before-") && momentIn.MatchString(f.Name()) {
			paths = append(paths, filepath.Join(filepath.Dir(path), f.Name()))
		}
	}
	return paths
}

// momentIn is when a backup was made, or a record kept, in the name of the file.
var momentIn = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d{6}(\.\d+)?Z(\.db)?$`)

// newestOf is the one that was made last of such files, by its name; "" if there is none.
func newestOf(paths []string) string {
	if len(paths) == 0 {
		return ""
	}
	return slices.MaxFunc(paths, func(a, b string) int { return strings.Compare(momentIn.FindString(a), momentIn.FindString(b)) })
}
