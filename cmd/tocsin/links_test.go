//go:build linux

package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/store"
	"tocsin/store/bolt"
)

// On a file system without hard links the record is made, backed up, restored and
// repaired as everywhere, and nothing that is there is overwritten.
func TestWithoutHardLinks(t *testing.T) {
	haveStrace(t)
	ownProcess(t)
	dir := t.TempDir()
	path, copied := filepath.Join(dir, "tocsin.db"), filepath.Join(dir, "backup.db")
	run := func(args ...string) (string, error) {
		args = append([]string{"-f", "-qq", "-o", "/dev/null", "-e", "trace=linkat", "-e", "inject=linkat:error=EOPNOTSUPP", "tocsin"}, args...)
		cmd := exec.CommandContext(t.Context(), "strace", args...)
		cmd.Env = append(os.Environ(), "TOCSIN_STORE=bolt:"+path)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	older := aRecord(t)
	for _, step := range [][]string{
		{"restore", older}, {"backup", copied}, {"incident", "note", "INC-1", "rolled back"}, {"restore", copied}, {"doctor", "--repair"}, {"timeline", "INC-1"},
	} {
		if step[0] == "doctor" {
			damageOutbox(t, path)
		}
		if text, err := run(step...); err != nil || strings.Contains(text, "rolled back") && step[0] == "timeline" {
			t.Fatalf("%q: %v: %s", step, err, text)
		}
	}
	if text, err := run("backup", copied); err == nil || !strings.Contains(text, "nothing was overwritten") {
		t.Errorf("%v: %s", err, text)
	}
	for _, kept := range []string{"tocsin.db.before-restore-*Z", "tocsin.db.before-repair-*Z"} {
		names, err := filepath.Glob(filepath.Join(dir, kept))
		must(t, err)
		if len(names) != 1 {
			t.Fatalf("%s: there is %q", kept, names)
		}
		path = names[0]
		if text, err := run("timeline", "INC-1"); err != nil || strings.Contains(text, "rolled back") != strings.Contains(kept, "restore") {
			t.Errorf("%s: %v: %s", kept, err, text)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*unfinished*")); left != nil {
		t.Errorf("it leaves %q", left)
	}
}

// damageOutbox puts something into an outbox that a repair has to put aside.
func damageOutbox(t *testing.T, path string) {
	t.Helper()
	kv, err := bolt.Open(path)
	must(t, err)
	err = kv.Commit(t.Context(), store.Tx{Put: []store.Pair{{Key: "out/00000001/00000001.99", Value: []byte("rubbish")}}})
	must(t, errors.Join(err, kv.Close()))
}
