package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"tocsin/bot/incident"
	"tocsin/store"
)

// markRetired is the mark of when what is old was last looked for.
const markRetired = "retired"

// retire exports, once a day and not on the word of a clock that jumped, the incidents
// that have been over for long, and takes them out of the record.
func (k *keeper) retire(ctx context.Context, now time.Time) error {
	if k.keep == 0 {
		return nil
	}
	sweep(filepath.Join(k.exports, "INC-"), k.log)
	j := store.NewJournal(k.kv)
	due, err := j.Daily(ctx, markRetired, now)
	if due {
		err = k.retireAll(ctx, j, now)
	}
	return errors.Join(err, j.Sweep(ctx))
}

// retireAll has every incident leave that has been over for long. Those that are damaged
// stay, and are the error.
func (k *keeper) retireAll(ctx context.Context, j *store.Journal, now time.Time) error {
	heads, damaged := j.Heads(ctx)
	items, unread := j.Outbox(ctx)
	busy, known := awaiting(items, unread)
	_, alerts := j.Alerts(ctx)
	failed := errors.Join(damaged, unread, alerts)
	if !known || alerts != nil { // these may be of any of them
		return fmt.Errorf("none leaves while it is not known whose this is: %w", failed)
	}
	before := now.Add(-k.keep)
	for _, h := range heads {
		if h.Active() || h.Actions > 0 || busy[h.ID] || h.Declared.After(before) {
			continue
		}
		err := k.retireOne(ctx, j, h.ID, now, before)
		switch {
		case errors.Is(err, store.ErrConflict): // it goes on
		case err != nil:
			failed = errors.Join(failed, fmt.Errorf("%s: %w", h.ID, err))
		}
	}
	return failed
}

// awaiting are the incidents for which something is still to be done, or may be: unread
// says of what cannot be read. known is false if that does not tell of which it is.
func awaiting(items []store.Item, unread error) (busy map[incident.ID]bool, known bool) {
	busy = map[incident.ID]bool{}
	for _, i := range items {
		busy[i.Incident] = true
	}
	for _, err := range store.Each(unread) {
		busy[store.About(err)] = true
	}
	return busy, !busy[""]
}

// retireOne exports an incident whose last event is old, and has it leave.
func (k *keeper) retireOne(ctx context.Context, j *store.Journal, id incident.ID, now, before time.Time) error {
	inc, err := k.bot.Incident(ctx, id)
	if err != nil || inc.Timeline[inc.Last()-1].Logged.After(before) {
		return err
	}
	data, tip, err := exported(ctx, j, id)
	if err != nil {
		return err
	}
	path, drafted, err := saveExport(k.exports, id, data)
	if err != nil {
		return err
	}
	if drafted {
		if err := k.draft(ctx, id); err != nil {
			return err
		}
	}
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	if err := j.Remove(ctx, tip, store.Gone{ID: id, At: now.UTC(), Why: "exported", Where: path}); err != nil {
		return err
	}
	k.bot.Forget(id)
	k.log.Info("exported, and taken out of the record", "incident", id, "file", path)
	return nil
}

// draft writes an incident's postmortem beside its export.
func (k *keeper) draft(ctx context.Context, id incident.ID) error {
	md, err := k.bot.Postmortem(ctx, id)
	if err != nil {
		return err
	}
	_, err = savePostmortem(k.exports, id, md)
	return err
}
