package playbooks_test

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"tocsin/playbooks"
)

// FuzzPlay: whatever a file holds, it is a play that names itself, or a problem that
// is told.
func FuzzPlay(f *testing.F) {
	names, _ := fs.Glob(playbooks.Embedded(), "*.md")
	for _, name := range names {
		src, err := fs.ReadFile(playbooks.Embedded(), name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(src))
	}
	for _, s := range []string{"", "---\nid: a\n---\n- [ ] commander, 5m: x", "---\nid: a\n---\n- [ ] , -1h: \x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		lib, problems := playbooks.Load(fstest.MapFS{"a.md": {Data: []byte(src)}})
		plays := lib.Plays()
		if len(plays) == 0 && len(problems) == 0 {
			t.Error("neither a play nor a problem")
		}
		for _, p := range plays {
			if p.ID != "a" || p.Title == "" || len(p.Severities) == 0 {
				t.Errorf("%+v", p)
			}
		}
	})
}
