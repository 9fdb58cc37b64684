package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

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

// Run writes incidents as files that need no tocsin to read: all that are whole.
func (c *exportCmd) Run(e *env) error {
	path, err := c.path()
	if err != nil {
		return err
	}
	var asked []incident.ID
	for _, s := range c.IDs {
		id, err := parseID(s)
		if err != nil {
			return err
		}
		asked = append(asked, id)
	}
	var get getter
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
	list, err := get("incidents", "all")
	if err != nil {
		return err
	}
	ids, unread := splitListed(list)
	if len(asked) > 0 {
		ids = asked
	}
	return c.all(e, get, ids, unread)
}

// all exports incidents, and names those of which something is damaged. What cannot be
// written ends it, and a bot that does not answer any more.
func (c *exportCmd) all(e *env, get getter, ids []incident.ID, left []string) error {
	written := 0
	for _, id := range ids {
		lost, err := c.one(e, get, id)
		if err != nil {
			return c.brokenOff(err, id, written, len(ids), left)
		}
		if lost != nil {
			left = append(left, fmt.Sprintf("%s: %v", id, lost))
			continue
		}
		written++
	}
	if len(left) == 0 {
		return nil
	}
	return fmt.Errorf("all that is whole was exported. This was not:\n%s", strings.Join(left, "\n"))
}

// brokenOff says of an export that ended at an incident how far it came, and how to go on.
func (c *exportCmd) brokenOff(err error, at incident.ID, written, of int, left []string) error {
	s := fmt.Sprintf("The export was broken off at %s. Before it, %d of %d incidents were written to %s, and these files are whole. Once that is mended, run tocsin export again: it writes them all anew.", at, written, of, c.Dir)
	if len(left) > 0 {
		s += " This was not exported:\n" + strings.Join(left, "\n")
	}
	return fmt.Errorf("%w\n%s", err, s)
}

// one exports an incident and tells the files. lost is why something of it cannot be read.
func (c *exportCmd) one(e *env, get getter, id incident.ID) (lost, err error) {
	text, err := get("export", string(id))
	if err != nil {
		return unlessGone(err)
	}
	path, drafted, err := saveExport(c.Dir, id, []byte(text))
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(e.stdout, path)
	if !drafted {
		return nil, nil
	}
	md, err := get("postmortem", string(id))
	if err != nil {
		return unlessGone(err)
	}
	if path, err = savePostmortem(c.Dir, id, md); err == nil {
		fmt.Fprintln(e.stdout, path)
	}
	return nil, err
}

// unlessGone tells what cannot be read from the end of whoever reads it, or its silence,
// which would be waited for with each incident anew.
func unlessGone(err error) (lost, ended error) {
	_, silent := errors.AsType[*silentError](err)
	if silent || errors.Is(err, errNoBot) || errors.Is(err, context.Canceled) {
		return nil, err
	}
	return err, nil
}

// getter reads a text of a record.
type getter func(what, id string) (string, error)

// reading is a way to read texts of a record: from the bot that runs on it, or else
// from the file, which is opened once.
func (c *exportCmd) reading(ctx context.Context, path string) (get getter, done func(), err error) {
	if _, running, err := ask(ctx, path, "incidents", "all"); running {
		return func(what, id string) (string, error) {
			text, running, err := ask(ctx, path, what, id)
			if !running {
				err = fmt.Errorf("the tocsin that was asked has ended: %w", errNoBot)
			}
			return text, err
		}, func() {}, err
	}
	kv, err := openToRead(path)
	if err != nil {
		return nil, nil, err
	}
	content, err := c.load()
	if err != nil {
		kv.Close()
		return nil, nil, err
	}
	// Only a postmortem needs a bot, which a damaged record may keep from being made.
	made := sync.OnceValues(func() (*bot.Bot, error) {
		return bot.New(ctx, bot.Config{Store: kv, Guides: content.guides, Plays: content.plays, Templates: content.templates})
	})
	return func(what, id string) (text string, err error) {
		r := reader{journal: store.NewJournal(kv)}
		if what == "postmortem" {
			if r.bot, err = made(); err != nil {
				return "", err
			}
		}
		text, err = readers()[what](ctx, r, incident.ID(id))
		return text, notFound(id, err)
	}, func() { kv.Close() }, nil
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

// exportable is exported with the alerts that can be read; listed names the others.
func exportable(ctx context.Context, r reader, id incident.ID) (string, error) {
	alerts, err := r.journal.Alerts(ctx)
	if _, damaged := errors.AsType[*store.CorruptError](err); err != nil && !damaged {
		return "", err
	}
	var out strings.Builder
	_, err = r.journal.Export(ctx, id, alerts, &out)
	return out.String(), err
}

// notListed is what a line of listed begins with that names no incident.
const notListed = "! "

// listed are the incidents on record, a line each, and what is damaged of alerts, which may
// be of any of them.
func listed(ctx context.Context, r reader, _ incident.ID) (string, error) {
	ids, err := r.journal.IDs(ctx)
	if err != nil {
		return "", err
	}
	var s strings.Builder
	for _, id := range ids {
		s.WriteString(string(id) + "\n")
	}
	if _, err := r.journal.Alerts(ctx); err != nil {
		for line := range strings.Lines(err.Error()) {
			s.WriteString(notListed + strings.TrimSpace(line) + "\n")
		}
	}
	return s.String(), nil
}

// splitListed takes what listed gives apart.
func splitListed(list string) (ids []incident.ID, unread []string) {
	for line := range strings.Lines(list) {
		line = strings.TrimSpace(line)
		if what, ok := strings.CutPrefix(line, notListed); ok {
			unread = append(unread, what)
		} else {
			ids = append(ids, incident.ID(line))
		}
	}
	return ids, unread
}

// saveExport writes an export for its owner alone, and reads back what is on disk. It tells
// whether a postmortem was drafted. The file is named by the incident's number alone: its
// title is for those who may read it.
func saveExport(dir string, id incident.ID, data []byte) (path string, drafted bool, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", false, err
	}
	path = filepath.Join(dir, string(id)+".jsonl")
	if err := durable.Save(path, data); err != nil {
		return "", false, err
	}
	back, err := os.ReadFile(path)
	if err != nil {
		return "", false, err
	}
	of, events, err := store.CheckExport(bytes.NewReader(back))
	if err == nil && (of != id || !bytes.Equal(back, data)) {
		err = errors.New("it is not what was written")
	}
	if err != nil {
		return "", false, fmt.Errorf("the export %s: %w", path, err)
	}
	return path, incident.Fold(id, events).Drafts > 0, nil
}

// savePostmortem writes a postmortem beside the export of its incident.
func savePostmortem(dir string, id incident.ID, md string) (path string, err error) {
	path = filepath.Join(dir, string(id)+".md")
	return path, durable.Save(path, []byte(md))
}
