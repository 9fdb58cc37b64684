package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"tocsin/bot/markdown"
	"tocsin/bot/web"
	"tocsin/runbooks"
)

type guidesCmd struct {
	List   guidesListCmd   `cmd:"" help:"List the guides."`
	Show   guidesShowCmd   `cmd:"" help:"Show a guide."`
	Match  guidesMatchCmd  `cmd:"" help:"Find the guide for what a person or a monitor says."`
	Lint   guidesLintCmd   `cmd:"" help:"Say what is wrong with guides, by file and line."`
	Eval   guidesEvalCmd   `cmd:"" help:"Count how well the guides are found for labelled reports."`
	Export guidesExportCmd `cmd:"" help:"Write the guides as pages that need no server."`
}

type guidesListCmd struct{ contentFlags }

// Run lists the guides.
func (c *guidesListCmd) Run(e *env) error {
	content, err := c.load()
	if err != nil {
		return err
	}
	for _, g := range content.guides.Guides() {
		fmt.Fprintf(e.stdout, "%-24s %s\n", g.ID, g.Title)
	}
	return warn(e, content)
}

type guidesShowCmd struct {
	contentFlags
	ID string `arg:"" help:"The guide, for example provider-outage."`
}

// Run shows a guide.
func (c *guidesShowCmd) Run(e *env) error {
	content, err := c.load()
	if err != nil {
		return err
	}
	g, ok := content.guides.Guide(c.ID)
	if !ok {
		return fmt.Errorf("there is no guide %q: “tocsin guides list” shows all", c.ID)
	}
	_, err = io.WriteString(e.stdout, markdown.Text(g.Body)+"\n")
	return err
}

// warn says which files of a team's own were left out.
func warn(e *env, c content) error {
	for _, p := range c.problems {
		fmt.Fprintln(e.stderr, p)
	}
	return nil
}

type guidesLintCmd struct {
	contentFlags
	Today string `placeholder:"DATE" help:"The day that reviews are dated by, as 2026-11-22; by default this one."`
	Dir   string `arg:"" optional:"" help:"A folder of guides, such as content/runbooks. By default the one of TOCSIN_CONTENT; without either, the built-in guides."`
}

// Run prints what is wrong with a folder's guides, and fails if anything is.
func (c *guidesLintCmd) Run(e *env) error {
	layers := []fs.FS{runbooks.Embedded()}
	dir, err := c.folder()
	if err != nil {
		return err
	}
	if dir == "" && c.Content != "" {
		fmt.Fprintf(e.stderr, "%s has no guides (runbooks/*.md): these are the built-in ones\n", c.Content)
	}
	if dir != "" {
		own, done, err := contentFlags{Content: dir}.own()
		if err != nil {
			return err
		}
		defer done()
		layers = append(layers, own("."))
	}
	now, err := c.now()
	if err != nil {
		return err
	}
	n, problems := runbooks.Check(now, layers...)
	for _, p := range problems {
		p.File = filepath.Join(dir, p.File)
		fmt.Fprintln(e.stdout, p.String())
	}
	fmt.Fprintf(e.stdout, "%d guides, %d problems\n", n, len(problems))
	if len(problems) > 0 {
		return errTold
	}
	return nil
}

// now is the day that reviews are dated by.
func (c *guidesLintCmd) now() (time.Time, error) {
	if c.Today == "" {
		return time.Now(), nil
	}
	day, err := time.Parse(time.DateOnly, c.Today)
	if err != nil {
		return day, fmt.Errorf("--today %q is no date: write it as 2026-11-22", c.Today)
	}
	return day, nil
}

// folder is what is to be linted, "" for the built-in guides. A folder without
// any is a slip: nothing would be wrong with it. But TOCSIN_CONTENT may have services alone.
func (c *guidesLintCmd) folder() (string, error) {
	if c.Dir == "" && c.Content == "" {
		return "", nil
	}
	dir := cmp.Or(c.Dir, c.Content)
	if st, err := os.Stat(dir); err != nil || !st.IsDir() {
		return "", fmt.Errorf("%s is no folder that can be read: name one that holds guides", dir)
	}
	if c.Dir == "" {
		dir = filepath.Join(dir, "runbooks")
	}
	guides, _ := fs.Glob(os.DirFS(dir), "*.md")
	said, _ := fs.Glob(os.DirFS(dir), "said/*.txt")
	switch {
	case len(guides)+len(said) > 0:
		return dir, nil
	case c.Dir == "":
		return "", nil
	}
	return "", fmt.Errorf("%s holds no guides (*.md): name the folder that does, for example content/runbooks", dir)
}

type guidesExportCmd struct {
	contentFlags
	Dir string `arg:"" help:"The folder to write to; it is made if it is not there."`
}

// Run writes the pages.
func (c *guidesExportCmd) Run(e *env) error {
	content, err := c.load()
	if err != nil {
		return err
	}
	if st, err := os.Stat(c.Dir); err == nil && !st.IsDir() {
		return fmt.Errorf("%s is a file: name a folder", c.Dir)
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return fmt.Errorf("the folder cannot be made: %w", err)
	}
	files := web.Pages{Guides: content.guides}.Files()
	for name, page := range files {
		if err := replaceFile(filepath.Join(c.Dir, name), page); err != nil {
			return fmt.Errorf("%s was not written: %w", name, err)
		}
	}
	fmt.Fprintf(e.stdout, "%d pages are written: open %s\n", len(files), filepath.Join(c.Dir, "index.html"))
	return warn(e, content)
}

// replaceFile writes a file that others may read, whole or not at all.
func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".tocsin-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
