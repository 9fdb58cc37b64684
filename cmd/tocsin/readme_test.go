package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/bot/command"
)

// TestReadme keeps README's table of commands equal to the list of commands,
// and its two commands true to what the other tests run.
func TestReadme(t *testing.T) {
	const path = "../../README.md"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	readme := string(data)
	const open, end = "<!-- commands -->\n", "<!-- /commands -->"
	before, rest, ok1 := strings.Cut(readme, open)
	table, after, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("README.md has no table between %q and %q", open, end)
	}
	if want := command.Table(); table != want {
		if os.Getenv("UPDATE") == "" {
			t.Errorf("README's table of commands is not the list's; UPDATE=1 go test ./cmd/tocsin -run TestReadme writes it")
			return
		}
		if err := os.WriteFile(path, []byte(before+open+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for n, line := range strings.Split(proseOf(readme), "\n") {
		if strings.Count(line, "`")%2 != 0 {
			t.Errorf("line %d of README's prose has code that goes on in the next, which nobody can paste: %s", n+1, line)
		}
	}
	for _, line := range []string{"go run ./cmd/tocsin sandbox", "go test ./..."} {
		if !strings.Contains(readme, line) {
			t.Errorf("README.md does not show %q", line)
		}
	}
}

// proseOf is a Markdown text without its blocks of code.
func proseOf(text string) string {
	var prose strings.Builder
	for n, part := range strings.Split(text, "```") {
		if n%2 == 0 {
			prose.WriteString(part)
		}
	}
	return prose.String()
}

// What README shows of a service can be pasted as it is.
func TestReadmesServiceIsWhole(t *testing.T) {
	data, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, ok := strings.Cut(string(data), "```yaml\n")
	sample, _, closed := strings.Cut(after, "```")
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "services"), 0o755); err != nil || !ok || !closed {
		t.Fatalf("README.md shows no service, %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "services", "chat-api.md"), []byte(sample), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := contentFlags{Content: dir}.load()
	if _, found := c.services.Find("chat-api", ""); err != nil || !found || len(c.problems) > 0 {
		t.Errorf("README's service is wrong, %v:\n%s", err, strings.Join(c.problems, "\n"))
	}
}
