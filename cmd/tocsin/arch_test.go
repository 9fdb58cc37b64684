package main

import (
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tree is which way imports point: a package may import what its line names, and
// the standard library. Downward only; a new package needs a line here.
var tree = map[string][]string{
	"bot/tagged":    {},
	"bot/incident":  {"bot/tagged"},
	"bot/effect":    {"bot/tagged", "bot/incident"},
	"bot/markdown":  {"bot/incident"},
	"store":         {"bot/incident", "bot/effect"},
	"store/durable": {},
	"store/bolt":    {"store", "store/durable"},
	"store/mem":     {"store"},
	"store/kvtest":  {"store"},
	"runbooks":      {"bot/incident", "bot/markdown"},
	"playbooks":     {"bot/markdown"},
	"templates":     {"bot/markdown"},
	"bot":           {"bot/incident", "bot/effect", "bot/markdown", "store", "runbooks", "playbooks", "templates"},
	"bot/command":   {"bot", "bot/incident", "bot/effect", "bot/markdown", "runbooks", "store"},
	"bot/inbound":   {"bot", "bot/incident"},
	"bot/slack":     {"bot", "bot/inbound", "bot/incident", "bot/effect", "bot/markdown"},
	"bot/pagerduty": {"bot", "bot/inbound", "bot/incident", "bot/effect"},
	"bot/alert":     {"bot", "bot/inbound", "bot/incident", "bot/markdown"},
	"bot/web":       {"bot/incident", "bot/markdown", "runbooks"},
	"bot/sandbox":   {},
	"cmd/tocsin":    nil, // knows every other
}

// homes are the outside packages that one package alone may import, or a few, and why.
var homes = map[string]struct{ home, why string }{
	"github.com/slack-go/slack":           {"bot/slack", "Slack's wire format stops at bot/slack"},
	"github.com/PagerDuty/go-pagerduty":   {"bot/pagerduty", "PagerDuty's wire format stops at bot/pagerduty"},
	"github.com/yuin/goldmark":            {"bot/markdown", "one policy of what Markdown may do, in one place"},
	"go.etcd.io/bbolt":                    {"store/bolt", "a store is known by store.KV alone"},
	"github.com/blevesearch/snowballstem": {"runbooks", "words are cut to their stems where guides are matched"},
	"github.com/robfig/cron":              {"bot", "cron reads schedules; what is due is derived from timelines"},
	"github.com/gorilla/websocket":        {"bot/sandbox bot/slack", "slack-go speaks Socket Mode for the bot, and is told how to reach the network"},
	"github.com/alecthomas/kong":          {"cmd/tocsin", "flags and environment are read in one place"},
	"github.com/prometheus/":              {"cmd/tocsin", "packages tell how they are in Go; one place makes metrics of it"},
	"pgregory.net/rapid":                  {"store/kvtest", "the contract of a KV is tested with random transactions"},
	"github.com/google/go-cmp":            {"store/kvtest", "for tests"},
}

func TestImports(t *testing.T) {
	root := filepath.Join("..", "..")
	seen := map[string]bool{}
	err := filepath.WalkDir(root, func(dir string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if name := d.Name(); name == "testdata" || name == "node_modules" || strings.HasPrefix(name, ".") && dir != root {
			return filepath.SkipDir
		}
		p, err := build.ImportDir(dir, 0)
		if err != nil {
			return nil // no Go files here
		}
		rel, err := filepath.Rel(root, dir)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		seen[rel] = true
		checkPackage(t, rel, p)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for rel := range tree {
		if !seen[rel] {
			t.Errorf("%s has a line in the tree and is not there", rel)
		}
	}
}

func checkPackage(t *testing.T, rel string, p *build.Package) {
	allowed, listed := tree[rel]
	if !listed {
		t.Errorf("%s has no line in the tree: say what it may import", rel)
		return
	}
	for _, path := range p.Imports {
		if ours, ok := strings.CutPrefix(path, "tocsin/"); ok {
			if rel != "cmd/tocsin" && !slices.Contains(allowed, ours) {
				t.Errorf("%s imports %s: imports point downward only (see the tree in this test)", rel, path)
			}
			continue
		}
		for prefix, h := range homes {
			if strings.HasPrefix(path, prefix) && !slices.Contains(strings.Fields(h.home), rel) {
				t.Errorf("%s imports %s: %s", rel, path, h.why)
			}
		}
	}
	if rel != "cmd/tocsin" && !hasComment(t, p) {
		t.Errorf("%s has no package comment: a package opens with its model", rel)
	}
}

// hasComment tells whether a file of the package has a package comment of more
// than one line.
func hasComment(t *testing.T, p *build.Package) bool {
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if f.Doc != nil && strings.Count(f.Doc.Text(), "\n") > 1 {
			return true
		}
	}
	return false
}
