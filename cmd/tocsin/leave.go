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

// retire exports the incidents that have been over for long, and takes them out of
// the record.
func (k *keeper) retire(ctx context.Context, now time.Time) error {
	if k.keep == 0 {
		return nil
	}
	sweep(filepath.Join(k.exports, "INC-"), k.log)
	j := store.NewJournal(k.kv)
	heads, err := j.Heads(ctx)
	if err != nil {
		return err
	}
	items, err := j.Outbox(ctx)
	if err != nil {
		return err
	}
	busy := map[incident.ID]bool{}
	for _, i := range items {
		busy[i.Incident] = true
	}
	before := now.Add(-k.keep)
	var failed error
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
	return errors.Join(failed, j.Sweep(ctx))
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
