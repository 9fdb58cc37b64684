package runbooks_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"tocsin/runbooks"
)

func said(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

// TestSaidLayersAddUp: a team's words teach beside those of the layers beneath,
// with or without a guide of the team's own.
func TestSaidLayersAddUp(t *testing.T) {
	lib, problems := runbooks.Load(
		fstest.MapFS{"a.md": guide("a"), "b.md": guide("b"), "said/a.txt": said("the parrot is mute\n"), "said/b.txt": said("bees in the attic")},
		nil,
		fstest.MapFS{"a.md": guide("a", "title: T", "title: Ours"), "said/a.txt": said("# what we say\n\n  the kettle whistles  \n#the anvil drops\r\n")},
	)
	for _, p := range problems {
		t.Error(p)
	}
	for text, want := range map[string]string{
		"the parrot is mute": "a", "our kettle whistles": "a", "bees are in the attic": "b",
		"the anvil drops": "", "what we say": "",
	} {
		if m := lib.Match(runbooks.Query{Text: text}); m.Guide != want {
			t.Errorf("%q: got %q, want %q: it %s", text, m.Guide, want, m.Why)
		}
	}
	if m := lib.Match(runbooks.Query{Text: "our kettle whistles"}); !strings.Contains(m.Why, `sounds like "the kettle whistles"`) {
		t.Errorf("it %s", m.Why)
	}
}

// TestSaidProblems: what cannot be read is reported, and the guide serves.
func TestSaidProblems(t *testing.T) {
	for name, tt := range map[string]struct {
		layer fstest.MapFS
		want  []string
	}{
		"too large":   {fstest.MapFS{"said/a.txt": said(strings.Repeat("x", 1<<20+1))}, []string{"said/a.txt: the file is larger than 1 MiB; write one report a line, in a file of 1 MiB at most"}},
		"just fits":   {fstest.MapFS{"said/a.txt": said(strings.Repeat("x", 1<<20))}, nil},
		"a folder":    {fstest.MapFS{"said/a.txt/b": said("x")}, []string{"said/a.txt: …"}},
		"no such id":  {fstest.MapFS{"said/zorb.txt": said("the parrot is mute")}, nil},
		"not a .txt":  {fstest.MapFS{"said/a.md": said("the parrot is mute")}, nil},
		"empty, bare": {fstest.MapFS{"said/a.txt": said("\n#\n")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			tt.layer["a.md"] = guide("a")
			lib, problems := runbooks.Load(tt.layer)
			same(t, problems, tt.want)
			if _, ok := lib.Guide("a"); !ok {
				t.Error("the guide does not serve")
			}
		})
	}
}

// TestSaidOfNoGuide is passed over by Load, since a guide may have been taken
// away since; whoever checks a folder is told.
func TestSaidOfNoGuide(t *testing.T) {
	layer := fstest.MapFS{"a.md": guide("a"), "said/zorb.txt": said("the parrot is mute")}
	_, problems := runbooks.Check(lintDay, fs.FS(layer))
	for _, p := range problems {
		if strings.HasPrefix(p.String(), `said/zorb.txt: there is no guide "zorb"; `) {
			return
		}
	}
	t.Errorf("nothing is said of it: %v", problems)
}
