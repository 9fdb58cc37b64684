package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"slices"
	"time"

	"tocsin/bot/alert"
	"tocsin/bot/markdown"
	"tocsin/playbooks"
	"tocsin/runbooks"
	"tocsin/templates"
)

// lookEvery is how often a team's content is looked at. A change serves after
// two looks: what is being written is not read.
const lookEvery = 2 * time.Second

// folders are what a team's content is made of, and what tells whether one file
// of each could serve.
var folders = []struct {
	name   string
	usable func(one fs.FS) bool
}{
	{"runbooks", func(one fs.FS) bool { lib, _ := runbooks.Load(one); return len(lib.Guides()) == 1 }},
	{"services", func(one fs.FS) bool {
		_, problems := runbooks.LoadServices(one)
		return !slices.ContainsFunc(problems, func(p runbooks.Problem) bool { return p.Out })
	}},
	{"playbooks", func(one fs.FS) bool { lib, _ := playbooks.Load(one); return len(lib.Plays()) == 1 }},
	{"templates", func(one fs.FS) bool { _, problems := templates.Load(one); return len(problems) == 0 }},
	{"alerts", func(one fs.FS) bool { senders, _ := alert.LoadSenders(one); return len(senders.Names()) == 1 }},
}

// watch keeps what serves equal to a team's content on disk. A file that is
// edited and broken is reported, and what it was before goes on serving; one
// that is removed is gone.
type watch struct {
	content  content           // what serves; it is replaced under its readers
	kept     map[string]memory // by folder, the last usable text of each file that is there
	log      *slog.Logger
	served   string // the stamp of what serves
	seen     string // the stamp of the last look
	overflow bool   // told that there are too many files
}

// newWatch watches the directory that c was loaded from.
func newWatch(c content, log *slog.Logger) *watch {
	w := &watch{content: c, kept: map[string]memory{}, log: log, served: c.stamp, seen: c.stamp}
	w.keep()
	return w
}

// run looks whenever it is time, until ctx ends.
func (w *watch) run(ctx context.Context, times <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-times:
			w.look()
		}
	}
}

// look loads the content again when it has changed and stood still since the
// last look.
func (w *watch) look() {
	now, whole := stamp(w.content.from.Content)
	still := now == w.seen
	w.seen = now
	if !whole && !w.overflow {
		w.overflow = true
		w.log.Warn("there are too many files to watch all: changes to some will need a restart", "content", w.content.from.Content, "most", maxEntries)
	}
	if still && now != w.served {
		w.served = now
		w.reload()
	}
}

// reload puts what is on disk now in the place of what serves.
func (w *watch) reload() {
	w.keep()
	newer, err := w.content.from.loadOver(w.kept)
	if err != nil {
		w.log.Warn("the content cannot be read; what was loaded before goes on serving", "error", err)
		return
	}
	newer.guides.Warm()
	w.content.guides.Replace(newer.guides)
	w.content.services.Replace(newer.services)
	w.content.plays.Replace(newer.plays)
	w.content.templates.Replace(newer.templates)
	w.content.senders.Replace(newer.senders)
	for _, p := range newer.problems {
		if !slices.Contains(w.content.problems, p) {
			w.log.Warn("content", "problem", p)
		}
	}
	w.content.problems = newer.problems
	w.log.Info("the content has changed and is loaded again", "guides", len(newer.guides.Guides()), "problems", len(newer.problems))
}

// keep remembers each file that could serve now, and forgets those that are gone.
func (w *watch) keep() {
	own, done, err := w.content.from.own()
	if err != nil {
		return // loading says so
	}
	defer done()
	for _, f := range folders {
		dir := own(f.name)
		before, now := w.kept[f.name], memory{}
		names, _ := fs.Glob(dir, "*.md")
		for _, name := range names {
			text, known := before[name]
			if read, err := readShort(dir, name); err == nil && !bytes.Equal(read, text) && f.usable(memory{name: read}) {
				text, known = read, true
			}
			if known {
				now[name] = text
			}
		}
		w.kept[f.name] = now
	}
}

// readShort reads a file that is short enough to serve.
func readShort(dir fs.FS, name string) ([]byte, error) {
	if st, err := fs.Stat(dir, name); err != nil || !st.Mode().IsRegular() {
		return nil, errors.New("it is no file") // a pipe would be waited for
	}
	f, err := dir.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, markdown.MaxFile+1))
	if len(data) > markdown.MaxFile {
		return nil, fmt.Errorf("%s is larger than 1 MiB", name)
	}
	return data, err
}
