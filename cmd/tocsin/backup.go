package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

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
	sweep(c.File, e.log)
	if err := roomForBackup(path, c.File); err != nil {
		return fmt.Errorf("no backup was made: %w", err)
	}
	var write func(io.Writer) error
	var done func()
	err = patiently(e.ctx, func() (err error) {
		write, done, err = source(e.ctx, path)
		return err
	})
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
	write, done, err = running(ctx, path)
	if !errors.Is(err, errNoBot) {
		return write, done, err
	}
	kv, err := openToRead(path)
	if err != nil {
		return nil, nil, err
	}
	return func(w io.Writer) error { _, err := kv.Snapshot(w); return err }, func() { kv.Close() }, nil
}

// running gives the copy of the bot that runs on a record; errNoBot if there is none.
func running(ctx context.Context, path string) (write func(io.Writer) error, done func(), err error) {
	client := controlClient(path)
	ctx, end := attended(ctx, client, path)
	done = func() { end(); client.CloseIdleConnections() }
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://tocsin/backup", nil)
	if err != nil {
		done()
		return nil, nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		defer done()
		return nil, nil, unanswered(ctx, err)
	}
	if resp.StatusCode != http.StatusOK {
		done()
		return nil, nil, fmt.Errorf("the running tocsin answers %s: is it an older version?", resp.Status)
	}
	return func(w io.Writer) error { return whenWhole(ctx, w, resp.Body) }, done, nil
}

// whenWhole copies what the running bot sends, to its end.
func whenWhole(ctx context.Context, w io.Writer, sent io.ReadCloser) error {
	defer sent.Close()
	_, err := io.Copy(w, sent)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the running tocsin broke off: its log says why, if it still runs")
	}
	return err
}

// openRecord opens a record that is there.
func openRecord(path string) (*bolt.DB, error) {
	if err := recordThere(path); err != nil {
		return nil, err
	}
	return bolt.Open(path)
}

// openToRead opens a record that is there to read it, also where it cannot be written.
func openToRead(path string) (*bolt.DB, error) {
	kv, err := openRecord(path)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return bolt.Open(path, bolt.ReadOnly())
	}
	return kv, err
}

// recordThere says what to do where there is no record.
func recordThere(path string) error {
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("there is no record at %s: name it with TOCSIN_STORE or --store", path)
	}
	return nil
}

// copyRoute answers with a copy of the record; one that breaks off is no answer. While
// it is read nothing of the data file is used again, so whoever reads none of it for
// some time is not waited for.
func copyRoute(kv *bolt.DB, log *slog.Logger, most time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn := http.NewResponseController(w)
		defer conn.SetWriteDeadline(time.Time{})
		out := bufio.NewWriterSize(hurried{w, conn, most}, readEach)
		_, err := kv.Snapshot(out)
		if err = errors.Join(err, out.Flush()); err != nil {
			log.Warn("a backup was broken off", "error", err)
			panic(http.ErrAbortHandler)
		}
	}
}

// readEach is how many bytes of a copy have to be read within readMost.
const (
	readEach = 1 << 20
	readMost = time.Minute
)

// hurried is an answer each part of which has to be read within a time.
type hurried struct {
	to   io.Writer
	conn *http.ResponseController
	most time.Duration
}

// Write implements io.Writer.
func (h hurried) Write(p []byte) (int, error) {
	if err := h.conn.SetWriteDeadline(time.Now().Add(h.most)); err != nil {
		return 0, err
	}
	n, err := h.to.Write(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = fmt.Errorf("whoever asked for it does not read it: %w", err)
	}
	return n, err
}

// whole wants everything in a record to be readable, and every timeline to fold. What
// was found is put into r; what can be derived again is no loss.
func whole(ctx context.Context, r *store.Report) func(*bolt.DB) error {
	return func(db *bolt.DB) (err error) {
		if *r, err = store.NewJournal(db).Examine(ctx, nil); err != nil {
			return err
		}
		if err := damage(r.Lost()); err != nil {
			return &lossError{err}
		}
		return nil
	}
}

// lossError says that something is lost in a record.
type lossError struct{ found error }

func (e *lossError) Error() string {
	return fmt.Sprintf("the record is damaged, see tocsin doctor --repair:\n%v", e.found)
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
	sweep(path, e.log)
	var r store.Report
	var before, after int64
	err = alone(e.ctx, path, func() (err error) {
		before, after, err = bolt.Compact(path, whole(e.ctx, &r))
		return err
	})
	if err != nil {
		return fmt.Errorf("nothing was changed: %w", err)
	}
	_, err = fmt.Fprintf(e.stdout, "%s has %d KiB and had %d: %s\n", path, after>>10, before>>10, contents(r))
	return err
}
