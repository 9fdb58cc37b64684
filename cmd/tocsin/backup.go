package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"tocsin/bot/incident"
	"tocsin/store"
	"tocsin/store/bolt"
)

type backupCmd struct {
	storeFlags
	File string `arg:"" help:"The file to write. It must not be there yet."`
}

// Run writes a copy of the record, also of one that a bot works on.
func (c *backupCmd) Run(e *env) error {
	path, err := c.path()
	if err != nil {
		return err
	}
	write, done, err := source(e.ctx, path)
	if err != nil {
		return err
	}
	defer done()
	var r store.Report
	if err := bolt.Place(c.File, write, whole(e.ctx, &r)); err != nil {
		return fmt.Errorf("no backup was made: %w", err)
	}
	_, err = fmt.Fprintf(e.stdout, "%s: %s\n", c.File, contents(r))
	return err
}

// source gives a consistent copy of a record: from the bot that runs on it, or else
// from the file.
func source(ctx context.Context, path string) (write func(io.Writer) error, done func(), err error) {
	client := controlClient(path)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://tocsin/backup", nil)
	if err != nil {
		return nil, nil, err
	}
	if resp, err := client.Do(req); err == nil {
		done := func() { resp.Body.Close(); client.CloseIdleConnections() }
		if resp.StatusCode != http.StatusOK {
			done()
			return nil, nil, fmt.Errorf("the running tocsin answers %s: is it an older version?", resp.Status)
		}
		return func(w io.Writer) error { _, err := io.Copy(w, resp.Body); return err }, done, nil
	}
	kv, err := openRecord(path)
	if err != nil {
		return nil, nil, err
	}
	return func(w io.Writer) error { _, err := kv.Snapshot(w); return err }, func() { kv.Close() }, nil
}

// openRecord opens a record that is there.
func openRecord(path string) (*bolt.DB, error) {
	if err := recordThere(path); err != nil {
		return nil, err
	}
	return bolt.Open(path)
}

// recordThere says what to do where there is no record.
func recordThere(path string) error {
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("there is no record at %s: name it with TOCSIN_STORE or --store", path)
	}
	return nil
}

// copyRoute answers with a copy of the record; one that breaks off is no answer.
func copyRoute(kv *bolt.DB) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if _, err := kv.Snapshot(w); err != nil {
			panic(http.ErrAbortHandler)
		}
	}
}

// whole wants everything in a record to be readable, and every timeline to fold. What
// was found is put into r; what can be derived again is no loss.
func whole(ctx context.Context, r *store.Report) func(*bolt.DB) error {
	return func(db *bolt.DB) (err error) {
		if *r, err = store.NewJournal(db).Examine(ctx, nil); err != nil {
			return err
		}
		if err := damage(r.Lost()); err != nil {
			return fmt.Errorf("the record is damaged, see tocsin doctor --repair:\n%w", err)
		}
		return nil
	}
}

// mostTold is how many findings are told one by one.
const mostTold = 50

// damage is what was found, a line each; nil if there is nothing.
func damage(found []store.Finding) error {
	var lines []string
	for i, f := range found {
		if i == mostTold {
			lines = append(lines, fmt.Sprintf("and %d more", len(found)-i))
			break
		}
		lines = append(lines, f.String())
	}
	if len(lines) == 0 {
		return nil
	}
	return errors.New(strings.Join(lines, "\n"))
}

// contents is what is in a record that is whole.
func contents(r store.Report) string {
	s := fmt.Sprintf("%d incidents, %d events, %d effects waiting; every timeline is whole", r.Incidents, r.Events, r.Effects)
	if !r.Last.IsZero() {
		s += "; the last event is of " + incident.Clock(r.Last)
	}
	if r.Aside > 0 {
		s += fmt.Sprintf("; %d damaged keys are kept aside", r.Aside)
	}
	return s
}

type compactCmd struct{ storeFlags }

// Run makes the data file as small as what is in it.
func (c *compactCmd) Run(e *env) error {
	path, err := c.path()
	if err != nil {
		return err
	}
	if err := recordThere(path); err != nil {
		return err
	}
	var r store.Report
	before, after, err := bolt.Compact(path, whole(e.ctx, &r))
	if err != nil {
		return fmt.Errorf("nothing was changed: %w", err)
	}
	_, err = fmt.Fprintf(e.stdout, "%s has %d KiB and had %d: %s\n", path, after>>10, before>>10, contents(r))
	return err
}
