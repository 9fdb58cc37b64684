//go:build linux

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/store"
	"tocsin/store/bolt"
)

// TestNotSynced: what the disk does not take, be it a file or its name, is not said to be
// there. A backup and a new record are not there then, and what was to take the place of
// a record has not: that is as it was, byte for byte.
func TestNotSynced(t *testing.T) {
	haveStrace(t)
	t.Parallel()
	for name, c := range map[string]struct {
		line  string // RECORD is one, OUT the directory to write to
		dir   bool   // the directory alone is not synced
		words string
		stays bool   // it took the place of something, which cannot be undone
		there string // what OUT has: a record that is "whole", or "damaged" in a part; "" for none
	}{
		"a backup":              {line: "backup --store bolt:RECORD OUT/b.db", words: "no backup was made: store: cannot write"},
		"a backup's name":       {line: "backup --store bolt:RECORD OUT/b.db", dir: true, words: "no backup was made: store: cannot make"},
		"an export":             {line: "export --store bolt:RECORD INC-1 --dir OUT", words: "sync OUT/INC-1"},
		"an export's name":      {line: "export --store bolt:RECORD INC-1 --dir OUT", dir: true, words: "sync OUT", stays: true},
		"a new record":          {line: "serve --store bolt:OUT/tocsin.db", words: "cannot create a file in OUT"},
		"what is restored":      {line: "restore --store bolt:OUT/tocsin.db RECORD", there: "damaged", words: "store: cannot write"},
		"the name of that":      {line: "restore --store bolt:OUT/tocsin.db RECORD", there: "damaged", dir: true, words: "OUT/tocsin.db", stays: true},
		"what is compacted":     {line: "compact --store bolt:OUT/tocsin.db", there: "whole", words: "store: cannot write"},
		"the name of that too":  {line: "compact --store bolt:OUT/tocsin.db", there: "whole", dir: true, words: "store: cannot make OUT/tocsin.db", stays: true},
		"what is mended":        {line: "doctor --repair --store bolt:OUT/tocsin.db", there: "damaged", words: "nothing was repaired"},
		"the name of what was":  {line: "doctor --repair --store bolt:OUT/tocsin.db", there: "damaged", dir: true, words: "nothing was repaired", stays: true},
		"the name of a new one": {line: "serve --store bolt:OUT/tocsin.db", dir: true, words: "cannot create OUT/tocsin.db"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := filepath.EvalSymlinks(t.TempDir())
			must(t, err)
			fill := strings.NewReplacer("RECORD", aRecord(t), "OUT", out)
			var was []byte
			if c.there != "" {
				was = putRecord(t, filepath.Join(out, "tocsin.db"), c.there == "damaged")
			}
			args := []string{"strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", "inject=fsync:error=EIO"}
			if c.dir {
				args = append(args, "-P", out)
			}
			args = append(append(args, "tocsin"), strings.Fields(fill.Replace(c.line))...)
			p, err := launch(t.Context(), environment("http://127.0.0.1:1", "unused", byHTTP), args...)
			must(t, err)
			if words := strings.ReplaceAll(c.words, "OUT", out); strings.HasPrefix(c.line, "serve ") {
				wantRefusing(t, p, words, "input/output error")
				wantLeaving(t, p)
			} else {
				wantEnd(t, p, words, "input/output error")
			}
			if c.there != "" && !c.stays {
				if now, err := os.ReadFile(filepath.Join(out, "tocsin.db")); err != nil || !bytes.Equal(now, was) {
					t.Errorf("the record is not as it was: %d bytes, and there were %d; %v", len(now), len(was), err)
				}
				must(t, os.Remove(filepath.Join(out, "tocsin.db")))
			}
			if left, err := os.ReadDir(out); err != nil || len(left) > 0 && !c.stays {
				t.Errorf("%v is left, %v", left, err)
			}
		})
	}
}

// putRecord puts a record somewhere, with something in it that can be mended if it is to
// be damaged.
func putRecord(t *testing.T, path string, damaged bool) []byte {
	t.Helper()
	data, err := os.ReadFile(aRecord(t))
	must(t, err)
	must(t, os.WriteFile(path, data, 0o600))
	if !damaged {
		return data
	}
	kv, err := bolt.Open(path)
	must(t, err)
	must(t, kv.Commit(t.Context(), store.Tx{Put: []store.Pair{{Key: "alert/grafana/A", Value: []byte("rubbish")}}}))
	must(t, kv.Close())
	data, err = os.ReadFile(path)
	must(t, err)
	return data
}
