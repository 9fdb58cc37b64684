package markdown

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
)

// MaxFile is the largest content file that is read, in bytes.
const MaxFile = 1 << 20

// Problem is something wrong with a content file, said so that its author can
// put it right.
type Problem struct {
	File string
	Line int // 0: the file as a whole
	What string
	Do   string
	Out  bool // the file is left out because of it
}

// String returns "file:line: what; do".
func (p Problem) String() string {
	where := p.File
	if p.Line > 0 {
		where = fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s: %s; %s", where, p.What, p.Do)
}

// Problems is an error of one or more Problems.
type Problems []Problem

// Error returns the problems, one a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// AsProblems returns what err says about a file: its Problems, or one made of it.
func AsProblems(err error) []Problem {
	if ps, ok := errors.AsType[Problems](err); ok {
		return ps
	}
	if leadsOut(err) {
		return []Problem{linkOut}
	}
	return []Problem{{What: err.Error(), Do: "correct the file"}}
}

var linkOut = Problem{What: "it is a link that leads out of the content folder", Do: "put what it leads to in its place"}

// leadsOut tells whether an os.Root refused to leave itself; it has no name for that.
func leadsOut(err error) bool { return strings.HasSuffix(err.Error(), "path escapes from parent") }

// Overlay reads the *.md files of layered folders, file by file: a later layer's
// file replaces an earlier one's of the same name, and other names are added.
// parse makes a value of one file, and of several at a time. A file that it refuses is reported and the
// layer beneath serves in its place, if it has one. Values are in the order of
// their names. README.md, hidden files, folders, nil layers and layers that do
// not exist are passed over.
func Overlay[T any](layers []fs.FS, parse func(name string, src []byte) (T, error)) ([]T, []Problem) {
	var problems []Problem
	names := map[string]bool{}
	for _, layer := range layers {
		found, err := list(layer)
		if err != nil {
			p := Problem{What: err.Error(), Do: "make the folder readable"}
			if leadsOut(err) {
				p = linkOut
			}
			problems = append(problems, in(".", []Problem{p})...)
		}
		for _, name := range found {
			names[name] = true
		}
	}
	files := make([]file[T], len(names))
	var reading sync.WaitGroup
	for i, name := range sorted(names) {
		reading.Go(func() { files[i].read(layers, name, parse) })
	}
	reading.Wait()
	var values []T
	for _, f := range files {
		if f.usable {
			values = append(values, f.value)
		}
		problems = append(problems, f.problems...)
	}
	return values, problems
}

// file is what one name comes to.
type file[T any] struct {
	value    T
	usable   bool
	problems []Problem
}

// read takes the uppermost layer that is usable.
func (f *file[T]) read(layers []fs.FS, name string, parse func(name string, src []byte) (T, error)) {
	for _, layer := range slices.Backward(layers) {
		v, err := load(layer, name, parse)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			f.value, f.usable = v, true
			return
		}
		f.problems = append(f.problems, out(in(name, AsProblems(err)))...)
	}
}

func list(layer fs.FS) ([]string, error) {
	if layer == nil {
		return nil, nil
	}
	entries, err := fs.ReadDir(layer, ".")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var names []string
	for _, e := range entries {
		name := e.Name()
		if path.Ext(name) == ".md" && !e.IsDir() && !strings.HasPrefix(name, ".") && name != "README.md" {
			names = append(names, name)
		}
	}
	return names, err
}

func load[T any](layer fs.FS, name string, parse func(string, []byte) (T, error)) (T, error) {
	var none T
	if layer == nil {
		return none, fs.ErrNotExist
	}
	if st, err := fs.Stat(layer, name); err == nil && !st.Mode().IsRegular() {
		return none, Problems{{What: "it is no file", Do: "put a Markdown file in its place"}} // a pipe would be waited for
	}
	f, err := layer.Open(name)
	if err != nil {
		return none, err
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return none, err
	}
	if len(src) > MaxFile {
		return none, Problems{{What: "the file is larger than 1 MiB", Do: "keep guides short enough to read at 3 a.m."}}
	}
	return parsed(name, src, parse)
}

// parsed is what parse makes of a file. One that makes it panic is refused like any
// other that it cannot read: it must not end the program.
func parsed[T any](name string, src []byte, parse func(string, []byte) (T, error)) (v T, err error) {
	defer func() {
		if recover() != nil {
			err = Problems{{What: "it cannot be read: tocsin has a defect there", Do: "report it with the file"}}
		}
	}()
	return parse(name, src)
}

func sorted(names map[string]bool) []string {
	var out []string
	for name := range names {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func out(ps []Problem) []Problem {
	for i := range ps {
		ps[i].Out = true
	}
	return ps
}

func in(file string, ps []Problem) []Problem {
	for i := range ps {
		ps[i].File = file
	}
	return ps
}
