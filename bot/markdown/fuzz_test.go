package markdown_test

import (
	"strings"
	"testing"

	"tocsin/bot/markdown"
)

// FuzzSplit: whatever a file begins with, there is its body, or problems with a line of
// the file.
func FuzzSplit(f *testing.F) {
	for _, s := range []string{"---\nid: a\n---\nbody", "---\r\nid: a\r\n---\r\n", "\uFEFF---\n---\n", "---\n: :\n---", "---\na: &a [*a]\n---\n", "---\nid: !!binary x\n---\n", "---\n<<: [1]\n---\n", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		var meta struct {
			ID   string            `yaml:"id"`
			Also []string          `yaml:"also"`
			By   map[string]string `yaml:"by"`
		}
		body, line, err := markdown.Split([]byte(src), &meta)
		if err == nil && (line < 1 || line > strings.Count(src, "\n")+2 || len(body) > len(src)) {
			t.Errorf("%q: a body of %d bytes at line %d", src, len(body), line)
		}
		for _, p := range markdown.AsProblems(orNone(err)) {
			if p.What == "" || p.Line > strings.Count(src, "\n")+2 {
				t.Errorf("%q: %+v", src, p)
			}
		}
	})
}

func orNone(err error) error {
	if err == nil {
		return markdown.Problems{}
	}
	return err
}
