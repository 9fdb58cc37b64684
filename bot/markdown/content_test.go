package markdown_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"tocsin/bot/markdown"
)

func TestSplit(t *testing.T) {
	type meta struct {
		ID  string `yaml:"id"`
		Sub struct {
			N int `yaml:"n"`
		} `yaml:"sub"`
	}
	for _, tt := range []struct{ name, src, body, id, problem string }{
		{"plain", "---\nid: a\nsub: {n: 1}\n---\n\nbody\n", "\nbody\n", "a", ""},
		{"Windows", "\uFEFF---\r\nid: a\r\n---\r\nbody\r\n", "body\n", "a", ""},
		{"no body", "---\nid: a\n---", "", "a", ""},
		{"rule in the body", "---\nid: a\n---\nx\n\n---\n\ny", "x\n\n---\n\ny", "a", ""},
		{"none", "# A\n", "", "", ":1: there is no front matter; "},
		{"open", "---\nid: a\n", "", "", ":1: the front matter has no end; "},
		{"empty", "---\n---\nbody", "", "", ":1: the front matter is empty; "},
		{"unknown field", "---\nid: a\ntitel: b\n---\n", "", "", `:3: there is no field "titel"; `},
		{"unknown field deep", "---\nid: a\nsub:\n  m: b\n---\n", "", "", `:4: there is no field "m"; `},
		{"wrong type", "---\nid: a\nsub:\n  n: b\n---\n", "", "", ":4: cannot unmarshal !!str `b`; "},
		{"twice", "---\nid: a\nid: b\n---\n", "", "", ":3: mapping key \"id\" already defined at line 2; "},
		{"no YAML", "---\nid: [a\n---\n", "", "", ":"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var m meta
			body, line, err := markdown.Split([]byte(tt.src), &m)
			if tt.problem != "" {
				if err == nil || !strings.HasPrefix(err.Error(), tt.problem) {
					t.Errorf("error %v, want %s…", err, tt.problem)
				}
				return
			}
			if err != nil || body != tt.body || m.ID != tt.id {
				t.Fatalf("body %q id %q err %v", body, m.ID, err)
			}
			file := strings.ReplaceAll(tt.src, "\r\n", "\n")
			if lines := strings.SplitN(file, "\n", line); body != "" && lines[line-1] != body {
				t.Errorf("line %d begins %q, want %q", line, lines[line-1], body)
			}
		})
	}
}

func TestSections(t *testing.T) {
	body := "intro\n\n# One\n\na\n\n## Sub `x`\n\n```\n# no heading\n```\n\nTwo\n===\n\nb\n#\n## Empty\n# Last"
	want := []markdown.Section{
		{1, "One", "a\n\n## Sub `x`\n\n```\n# no heading\n```", 3},
		{2, "Sub x", "```\n# no heading\n```", 7},
		{1, "Two", "b\n#\n## Empty", 13},
		{2, "Empty", "", 18},
		{1, "Last", "", 19},
	}
	if diff := cmp.Diff(want, markdown.Sections(body)); diff != "" {
		t.Error(diff)
	}
}

func TestTasks(t *testing.T) {
	got := markdown.Tasks("- [ ] **a** `b`\n- plain\n- [X] c\n  d\n  - [ ] e\n\n```\n- [ ] no\n```\n> - [ ] f [g](http://h.i)\n")
	want := []markdown.Task{{"a b", false, 1}, {"c d", true, 3}, {"e", false, 5}, {"f g", false, 10}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLinksOf(t *testing.T) {
	got := markdown.LinksOf("[a](b.md) [*h*](#i-i)\n\n- [c](d.md)\n\n> [e](b.md) [f](https://g.h/i.md) [h](#i-i)\n\n|[j](k.md)|\n|-|\n|[l](#m)|\n\n```\n[n](o.md)\n```\n")
	want := markdown.Links{Pages: []string{"b", "d", "k"}, Anchors: []string{"i-i", "m"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOverlay(t *testing.T) {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	base := fstest.MapFS{"a.md": file("a"), "b.md": file("b"), "sub/x.md": file("x"), "README.md": file("r"), ".h.md": file("h"), "c.txt": file("c")}
	team := fstest.MapFS{"b.md": file("B"), "c.md": file("C"), "a.md": file("bad"), "d.md": file("bad"), "e.md": file(strings.Repeat("e", markdown.MaxFile+1))}
	read := func(name string, src []byte) (string, error) {
		if string(src) == "bad" {
			return "", markdown.Problems{{Line: 7, What: "it is bad", Do: "make it good"}}
		}
		return name + "=" + string(src), nil
	}
	got, problems := markdown.Overlay([]fs.FS{base, nil, team}, read)
	if diff := cmp.Diff([]string{"a.md=a", "b.md=B", "c.md=C"}, got); diff != "" {
		t.Error(diff)
	}
	var said []string
	for _, p := range problems {
		said = append(said, p.String())
	}
	want := []string{"a.md:7: it is bad; make it good", "d.md:7: it is bad; make it good", "e.md: the file is larger than 1 MiB; keep guides short enough to read at 3 a.m."}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Error(diff)
	}
}

func TestOverlayOfAFolderThatIsNotThere(t *testing.T) {
	missing, err := fs.Sub(fstest.MapFS{}, "guides")
	if err != nil {
		t.Fatal(err)
	}
	got, problems := markdown.Overlay([]fs.FS{missing}, func(string, []byte) (int, error) { return 0, errors.New("never") })
	if len(got)+len(problems) != 0 {
		t.Errorf("got %v, problems %v", got, problems)
	}
}
