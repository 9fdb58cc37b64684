package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"tocsin/bot"
	"tocsin/bot/incident"
	"tocsin/store"
	"tocsin/store/durable"
)

type exportCmd struct {
	storeFlags
	contentFlags
	IDs []string `arg:"" optional:"" name:"incident" help:"Incidents, for example INC-1; all without any."`
	Dir string   `default:"." help:"Where to write INC-1.jsonl, and INC-1.md if a postmortem was drafted."`
}

// Run writes incidents as files that need no tocsin to read.
func (c *exportCmd) Run(e *env) error {
	path, err := c.path()
	if err != nil {
		return err
	}
	var ids []incident.ID
	for _, s := range c.IDs {
		id, ok := incident.ParseID(s)
		if !ok {
			return fmt.Errorf("%q is no incident: write it as INC-1", s)
		}
		ids = append(ids, id)
	}
	var get func(what, id string) (string, error)
	var done func()
	err = patiently(e.ctx, func() (err error) {
		get, done, err = c.reading(e.ctx, path)
		return err
	})
	if err != nil {
		return err
	}
	defer done()
	sweep(filepath.Join(c.Dir, "INC-"), e.log)
	if len(ids) == 0 {
		list, err := get("incidents", "all")
		if err != nil {
			return err
		}
		for _, id := range strings.Fields(list) {
			ids = append(ids, incident.ID(id))
		}
	}
	for _, id := range ids {
		file, err := c.one(get, id)
		if err != nil {
			return err
		}
		fmt.Fprintln(e.stdout, file)
	}
	return nil
}

// reading is a way to read texts of a record: from the bot that runs on it, or else
// from the file, which is opened once.
func (c *exportCmd) reading(ctx context.Context, path string) (get func(what, id string) (string, error), done func(), err error) {
	if _, running, err := ask(ctx, path, "incidents", "all"); running {
		return func(what, id string) (string, error) {
			text, _, err := ask(ctx, path, what, id)
			return text, err
		}, func() {}, err
	}
	kv, err := openRecord(path)
	if err != nil {
		return nil, nil, err
	}
	content, err := c.load()
	if err != nil {
		kv.Close()
		return nil, nil, err
	}
	b, err := bot.New(ctx, bot.Config{Store: kv, Guides: content.guides, Plays: content.plays, Templates: content.templates})
	if err != nil {
		kv.Close()
		return nil, nil, err
	}
	return func(what, id string) (string, error) {
		text, err := readers()[what](ctx, reader{b, store.NewJournal(kv)}, incident.ID(id))
		return text, notFound(id, err)
	}, func() { kv.Close() }, nil
}

// one exports an incident and tells the file.
func (c *exportCmd) one(get func(what, id string) (string, error), id incident.ID) (string, error) {
	text, err := get("export", string(id))
	if err != nil {
		return "", err
	}
	return saveExport(c.Dir, id, []byte(text), func() (string, error) { return get("postmortem", string(id)) })
}

// exported is an incident as lines of JSON.
func exported(ctx context.Context, j *store.Journal, id incident.ID) ([]byte, store.Tip, error) {
	alerts, err := j.Alerts(ctx)
	if err != nil {
		return nil, store.Tip{}, err
	}
	var out bytes.Buffer
	tip, err := j.Export(ctx, id, alerts, &out)
	return out.Bytes(), tip, err
}

// listed are the incidents on record, a line each.
func listed(ctx context.Context, r reader, _ incident.ID) (string, error) {
	heads, err := r.journal.Heads(ctx)
	var s strings.Builder
	for _, h := range heads {
		s.WriteString(string(h.ID) + "\n")
	}
	return s.String(), err
}

// saveExport writes an export for its owner alone, beside it the postmortem if one was
// drafted, and reads back what is on disk. The files are named by the incident's number
// alone: its title is for those who may read it.
func saveExport(dir string, id incident.ID, data []byte, postmortem func() (string, error)) (path string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	path = filepath.Join(dir, string(id)+".jsonl")
	if err := durable.Save(path, data); err != nil {
		return "", err
	}
	back, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	of, events, err := store.CheckExport(bytes.NewReader(back))
	if err == nil && (of != id || !bytes.Equal(back, data)) {
		err = errors.New("it is not what was written")
	}
	if err != nil {
		return "", fmt.Errorf("the export %s: %w", path, err)
	}
	if incident.Fold(id, events).Drafts == 0 {
		return path, nil
	}
	md, err := postmortem()
	if err != nil {
		return "", err
	}
	return path, durable.Save(filepath.Join(dir, string(id)+".md"), []byte(md))
}
