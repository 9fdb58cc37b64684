package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"tocsin/bot"
	"tocsin/store"
	"tocsin/store/bolt"
	"tocsin/store/durable"
)

// keepFlags say how the record is kept.
type keepFlags struct {
	Backup     string `env:"TOCSIN_BACKUP" placeholder:"DIR" help:"Where to back the record up to, by itself. Without it nothing is."`
	BackupAt   string `env:"TOCSIN_BACKUP_AT" default:"30 3 * * *" help:"When, as a cron expression, in UTC."`
	BackupKeep string `env:"TOCSIN_BACKUP_KEEP" default:"14" help:"How many of these backups are kept."`
	Keep       string `env:"TOCSIN_KEEP" placeholder:"730d" help:"How long incidents stay in the record after they are over, in days; for ever without it. They are exported first."`
	Export     string `env:"TOCSIN_EXPORT" placeholder:"DIR" help:"Where incidents are exported to before they leave the record."`
}

// keeping is what keepFlags come to.
type keeping struct {
	backups string
	next    func(time.Time) time.Time
	copies  int
	keep    time.Duration // 0: for ever
	exports string
}

// leastKept is the least that incidents can be kept: their alerts are as long.
const leastKept = 30

// config reads them, and notes everything that is wrong.
func (f keepFlags) config(note func(error)) keeping {
	k := keeping{backups: f.Backup, exports: f.Export}
	var err error
	if k.next, err = bot.Schedule(f.BackupAt); err != nil {
		note(fmt.Errorf("TOCSIN_BACKUP_AT is %q: it has to be a cron expression such as 30 3 * * *: %w", f.BackupAt, err))
	}
	if k.copies, err = strconv.Atoi(f.BackupKeep); err != nil || k.copies < 1 {
		note(fmt.Errorf("TOCSIN_BACKUP_KEEP is %q: it has to be how many backups are kept, at least 1, such as 14", f.BackupKeep))
	}
	if f.Keep == "" {
		return k
	}
	days, err := strconv.Atoi(strings.TrimSuffix(f.Keep, "d"))
	if err != nil || !strings.HasSuffix(f.Keep, "d") || days < leastKept || days > 100_000 {
		note(fmt.Errorf("TOCSIN_KEEP is %q: it has to be a number of days, at least %dd, such as 730d", f.Keep, leastKept))
	}
	if f.Export == "" {
		note(errors.New("TOCSIN_KEEP is set and TOCSIN_EXPORT is not: name the directory where incidents go before they leave the record"))
	}
	k.keep = time.Duration(days) * 24 * time.Hour
	return k
}

// keeper looks after the record of a running bot: it backs it up, reads all of it once
// a day to find damage before it is needed, and takes out what is old. What is due is
// derived from what is there, so a restart forgets nothing.
type keeper struct {
	keeping
	kv  *bolt.DB
	bot *bot.Bot
	log *slog.Logger

	again    time.Time // when a backup that failed is tried again
	scrub    time.Time // when the record is read next
	damaged  atomic.Int64
	backedUp atomic.Int64 // Unix time of the newest backup, 0: none
}

func newKeeper(k keeping, kv *bolt.DB, b *bot.Bot, log *slog.Logger) *keeper {
	kp := &keeper{keeping: k, kv: kv, bot: b, log: log}
	kp.due(b.Now())
	return kp
}

// lastBackup is when the newest backup was made; the zero time if there is none.
func (k *keeper) lastBackup() time.Time {
	if at := k.backedUp.Load(); at != 0 {
		return time.Unix(at, 0).UTC()
	}
	return time.Time{}
}

// findings is how much damage was found when the record was last read.
func (k *keeper) findings() int { return int(k.damaged.Load()) }

// run looks at once and whenever it is told to, until ctx ends.
func (k *keeper) run(ctx context.Context, looks <-chan time.Time) {
	for {
		k.look(ctx, k.bot.Now())
		select {
		case <-ctx.Done():
			return
		case <-looks:
		}
	}
}

// look does what is due.
func (k *keeper) look(ctx context.Context, now time.Time) {
	if k.backups != "" && !now.Before(k.due(now)) && !waits(k.again, tryAgain, now) {
		if err := k.backup(ctx, now); err != nil && ctx.Err() == nil {
			k.again = now.Add(tryAgain)
			k.log.Error("the record was not backed up, and will be tried again", "directory", k.backups, "after", tryAgain, "error", err)
		}
	}
	if waits(k.scrub, day, now) {
		return
	}
	k.scrub = now.Add(day)
	sweep(k.kv.Path(), k.log)
	k.examine(ctx)
	if err := k.retire(ctx, now); err != nil && ctx.Err() == nil {
		k.log.Error("old incidents stay in the record", "error", err)
	}
}

// tryAgain is how long after a backup failed the next is tried.
const tryAgain = 15 * time.Minute

const day = 24 * time.Hour

// waits tells whether something that waits for at most so long has to wait still. What
// has to wait for longer was put off before the clock was set back.
func waits(until time.Time, most time.Duration, now time.Time) bool {
	return now.Before(until) && until.Sub(now) <= most
}

// due is when the next backup is: the first time after the newest one; at once if
// there is none.
func (k *keeper) due(now time.Time) time.Time {
	made := backupsIn(k.backups, now)
	if len(made) == 0 {
		k.backedUp.Store(0)
		return time.Time{}
	}
	last := timeOf(made[len(made)-1])
	k.backedUp.Store(last.Unix())
	return k.next(last)
}

var backupName = regexp.MustCompile(`^tocsin-\d{4}-\d\d-\d\dT\d{6}Z\.db$`)

// timeOf is when a backup was made, by its name.
func timeOf(name string) time.Time {
	t, _ := time.Parse("2006-01-02T150405Z", strings.TrimSuffix(strings.TrimPrefix(name, "tocsin-"), ".db"))
	return t
}

// backupsIn are the names of the backups in a directory, the oldest first. Those of a
// time that is still to come are of a clock that was wrong, or is: they tell nothing of
// when the newest was made, and are left alone until their time has come. An empty one
// is none.
func backupsIn(dir string, now time.Time) (names []string) {
	files, _ := os.ReadDir(dir) // none can be read: none is there
	for _, f := range files {
		at := timeOf(f.Name())
		if !backupName.MatchString(f.Name()) || at.IsZero() || at.After(now) {
			continue
		}
		if info, err := f.Info(); err == nil && info.Size() > 0 {
			names = append(names, f.Name())
		}
	}
	slices.Sort(names)
	return names
}

// backup makes a backup, and then removes those that are too many. Without room for a new
// one all are kept.
func (k *keeper) backup(ctx context.Context, now time.Time) error {
	if err := os.MkdirAll(k.backups, 0o700); err != nil {
		return err
	}
	sweep(filepath.Join(k.backups, "tocsin-"), k.log)
	path := filepath.Join(k.backups, "tocsin-"+fileTime(now)+".db")
	if err := roomForBackup(k.kv.Path(), path); err != nil {
		return err
	}
	var r store.Report
	if err := k.kv.Copy(ctx, path, whole(ctx, &r)); err != nil {
		return err
	}
	k.log.Info("the record is backed up", "file", path, "incidents", r.Incidents, "events", r.Events)
	k.backedUp.Store(now.Unix())
	names := backupsIn(k.backups, now) // the new one is the last of them
	for _, name := range names[:max(0, len(names)-k.copies)] {
		if err := os.Remove(filepath.Join(k.backups, name)); err != nil {
			k.log.Warn("an old backup cannot be removed", "error", err)
		}
	}
	return nil
}

// sweep removes what killed processes left unfinished of files whose paths begin so.
func sweep(prefix string, log *slog.Logger) {
	removed, err := durable.Sweep(filepath.Dir(prefix), filepath.Base(prefix), time.Now())
	for _, name := range removed {
		log.Info("removed what a process that was killed left unfinished", "directory", filepath.Dir(prefix), "file", name)
	}
	if err != nil {
		log.Warn("what killed processes left unfinished stays", "error", err)
	}
}

// breath is how long others have between two incidents that are read.
const breath = 5 * time.Millisecond

// releaseAfter is after how many incidents what was read of the file is given back.
const releaseAfter = 20

// examine reads the whole record, slowly, and names what is damaged.
func (k *keeper) examine(ctx context.Context) {
	read := 0
	defer k.kv.Release()
	r, err := store.NewJournal(k.kv).Examine(ctx, func(ctx context.Context) error {
		if read++; read%releaseAfter == 0 {
			k.kv.Release()
		}
		return rest(ctx, breath)
	})
	if err != nil {
		if ctx.Err() == nil {
			k.log.Error("the record cannot be read through", "error", err)
		}
		return
	}
	k.damaged.Store(int64(len(r.Findings)))
	for _, f := range r.Findings {
		k.log.Error("the record is damaged: stop tocsin and run tocsin doctor --repair", "incident", f.Incident, "key", f.Key, "what", f.What)
	}
}
