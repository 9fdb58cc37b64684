package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"tocsin/bot/incident"
	"tocsin/store"
	"tocsin/store/bolt"
)

type restoreCmd struct {
	storeFlags
	File string `arg:"" help:"The backup."`
}

// Run puts a backup in the place of the record. What was there is kept.
func (c *restoreCmd) Run(e *env) error {
	path, err := c.path()
	if err != nil {
		return err
	}
	backup, err := openBackup(c.File)
	if err != nil {
		return err
	}
	defer backup.Close()
	sweep(path, e.log)
	now := time.Now()
	r := restoring{at: now, aside: path + ".before-restore-" + moment(now)}
	if err := r.numbers(e.ctx, path); err != nil {
		return err
	}
	var kept bool
	err = alone(e.ctx, path, func() (err error) { // where another has the file, nothing was read of the backup yet
		kept, err = bolt.Replace(path, r.aside, func(w io.Writer) error { _, err := io.Copy(w, backup); return err },
			func(db *bolt.DB) error { return r.prepare(e.ctx, db) })
		return err
	})
	if err != nil {
		return notRestored(c.File, err)
	}
	return r.tell(e.stdout, path, kept)
}

// openBackup opens a file to be restored.
func openBackup(path string) (*os.File, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("nothing was restored: %s is no file: name one backup", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("the backup cannot be read: %w", err)
	}
	return f, nil
}

// notRestored says why a backup did not become the record: what is damaged is the backup.
func notRestored(backup string, err error) error {
	why := ""
	if damaged, ok := errors.AsType[*store.CorruptError](err); ok {
		why = damaged.Detail
	}
	if lost, ok := errors.AsType[*lossError](err); ok {
		why = lost.found.Error()
	}
	if why == "" {
		return fmt.Errorf("nothing was restored: %w", err)
	}
	return fmt.Errorf("nothing was restored: %s is damaged, or is no backup: %s\nThe record is as it was. Take another backup, the next older one", backup, why)
}

// fileTime is a time as it is written in names of files.
func fileTime(t time.Time) string { return t.UTC().Format("2006-01-02T150405Z") }

// moment is a time in the name of what is kept of a moment: no two are the same.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02T150405.000000Z") }

// restoring is a backup that becomes the record.
type restoring struct {
	at      time.Time
	aside   string        // where what was there is kept
	ids     []incident.ID // that were there
	lost    []incident.ID // of these, what the backup does not know
	next    int           // the number of the next incident; at first by what was there
	unknown string        // why what was there cannot be known, "" if it can
	report  store.Report
}

// numbers learns which numbers the record that is to be replaced has given. A record that
// a bot works on is an error.
func (r *restoring) numbers(ctx context.Context, path string) error {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		r.unknown = "there was no record at " + path
		return nil
	}
	kv, err := takeRecord(ctx, path)
	if _, locked := errors.AsType[*store.LockedError](err); locked {
		return err
	}
	if err != nil {
		r.unknown = err.Error()
		return nil
	}
	defer kv.Close()
	j := store.NewJournal(kv)
	if r.next, err = j.Next(ctx); err == nil {
		r.ids, err = j.IDs(ctx)
	}
	if err != nil {
		r.unknown = err.Error()
	}
	// A number beyond these is that of a damaged key.
	r.ids = slices.DeleteFunc(r.ids, func(id incident.ID) bool { return id.Number() >= r.next })
	return nil
}

// spared is how many numbers are not given after a backup where it cannot be known which
// were given since it was made: more than come in the time between two backups. Channels in
// Slack and incidents in PagerDuty have them in their names.
const spared = 100

// prepare checks the backup and makes it ready to go on from.
func (r *restoring) prepare(ctx context.Context, db *bolt.DB) error {
	if err := whole(ctx, &r.report)(db); err != nil {
		return err
	}
	j := store.NewJournal(db)
	if _, _, err := j.Repair(ctx, r.at); err != nil { // what is derived, for nothing else is damaged
		return err
	}
	next, err := j.Next(ctx)
	if err != nil {
		return err
	}
	var gone []store.Gone
	for _, id := range r.ids {
		if id.Number() >= next {
			r.lost = append(r.lost, id)
			gone = append(gone, store.Gone{ID: id, At: r.at, Why: "lost when an older backup was restored", Where: r.aside})
		}
	}
	if r.unknown != "" {
		r.next = next + spared
	}
	if last := incident.NewID(r.next - 1); r.next > next && !slices.Contains(r.lost, last) {
		gone = append(gone, store.Gone{ID: last, At: r.at, Why: "left out, with those before it, when a backup was restored"})
	}
	return errors.Join(j.Bury(ctx, gone), j.Restored(ctx, r.at))
}

// tell says what was restored, and what to do next.
func (r *restoring) tell(out io.Writer, path string, kept bool) error {
	lines := []string{path + " is the backup now: " + contents(r.report) + "."}
	if kept {
		lines = append(lines, "What was there is kept as "+r.aside+".")
	}
	if len(r.lost) > 0 {
		var names []string
		for _, id := range r.lost {
			names = append(names, string(id))
		}
		lines = append(lines, "Not in the backup, and so not in the record any more: "+strings.Join(slices.Compact(names), ", ")+". Their numbers are not used again; their channels are still in Slack.")
	}
	if r.unknown != "" {
		lines = append(lines, fmt.Sprintf("Which incidents came after the backup cannot be known, so that no number is given twice the next one is %s: %s.", incident.NewID(r.next), r.unknown))
	}
	lines = append(lines, "Next: start tocsin serve. What waits is looked for in Slack before it is done, so that nothing is there twice.")
	_, err := fmt.Fprintln(out, strings.Join(lines, "\n"))
	return err
}
