//go:build unix

package markdown_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"tocsin/bot/markdown"
)

// TestAPipeIsNotWaitedFor: nobody may ever write to it.
func TestAPipeIsNotWaitedFor(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "a.md"), 0o600); err != nil {
		t.Skip("no pipes here:", err)
	}
	values, problems := markdown.Overlay([]fs.FS{os.DirFS(dir)}, func(string, []byte) (int, error) { return 1, nil })
	if len(values) != 0 || len(problems) != 1 || !strings.Contains(problems[0].String(), "a.md: it is no file") {
		t.Errorf("%v, %v", values, problems)
	}
}
