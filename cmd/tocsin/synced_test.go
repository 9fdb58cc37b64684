//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNotSynced: what the disk does not take, be it a file or its name, is not said to be
// there. A backup and a new record are not there then.
func TestNotSynced(t *testing.T) {
	haveStrace(t)
	t.Parallel()
	for name, c := range map[string]struct {
		line  string // RECORD is one, OUT the directory to write to
		dir   bool   // the directory alone is not synced
		words string
		stays bool // it took the place of something, which cannot be undone
	}{
		"a backup":              {line: "backup --store bolt:RECORD OUT/b.db", words: "no backup was made: store: cannot write"},
		"a backup's name":       {line: "backup --store bolt:RECORD OUT/b.db", dir: true, words: "no backup was made: store: cannot make"},
		"an export":             {line: "export --store bolt:RECORD INC-1 --dir OUT", words: "sync OUT/INC-1"},
		"an export's name":      {line: "export --store bolt:RECORD INC-1 --dir OUT", dir: true, words: "sync OUT", stays: true},
		"a new record":          {line: "serve --store bolt:OUT/tocsin.db", words: "cannot create a file in OUT"},
		"the name of a new one": {line: "serve --store bolt:OUT/tocsin.db", dir: true, words: "cannot create OUT/tocsin.db", stays: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := filepath.EvalSymlinks(t.TempDir())
			must(t, err)
			fill := strings.NewReplacer("RECORD", aRecord(t), "OUT", out)
			args := []string{"strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", "inject=fsync:error=EIO"}
			if c.dir {
				args = append(args, "-P", out)
			}
			args = append(append(args, "tocsin"), strings.Fields(fill.Replace(c.line))...)
			p, err := launch(t.Context(), environment("http://127.0.0.1:1", "unused", byHTTP), args...)
			must(t, err)
			wantEnd(t, p, strings.ReplaceAll(c.words, "OUT", out), "input/output error")
			if left, err := os.ReadDir(out); err != nil || len(left) > 0 && !c.stays {
				t.Errorf("%v is left, %v", left, err)
			}
		})
	}
}
