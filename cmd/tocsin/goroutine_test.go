package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// guards are what a goroutine begins with: they make a panic an error that is on record.
var guards = []string{"Guard", "guard", "keep", "panics"}

// unguarded are the functions that begin goroutines without one, and why they may.
var unguarded = map[string]string{
	"bot/bot.go Run":                     "the worker, the router and the clock guard each thing that they do",
	"bot/worker.go wake":                 "a lane guards each of its effects",
	"bot/markdown/overlay.go Overlay":    "each file is parsed under a guard (load)",
	"store/bolt/commit.go serve":         "after a panic in a commit nobody knows what is on disk",
	"cmd/tocsin/app.go within":           "it is how the process ends",
	"cmd/tocsin/main.go untilSignaled":   "it waits for a signal",
	"cmd/tocsin/lines.go eachLine":       "a command's own process",
	"cmd/tocsin/control.go attended":     "a command's own process",
	"cmd/tocsin/sandbox.go Run":          "of a sandbox nothing is kept",
	"cmd/tocsin/sandbox.go startSandbox": "of a sandbox nothing is kept",
}

// A panic in a goroutine that nothing guards ends the process, and with it what serves
// everybody.
func TestGoroutinesAreGuarded(t *testing.T) {
	root, found := filepath.Join("..", ".."), map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(root, path)
		rel = filepath.ToSlash(rel)
		switch {
		case err != nil:
			return err
		case d.IsDir() && (rel == "bot/sandbox" || rel == "store/kvtest" || d.Name() == "testdata" || d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && path != root):
			return filepath.SkipDir // the first two are for tests
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		for _, in := range exposed(file) {
			found[rel+" "+in] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for where := range found {
		if unguarded[where] == "" {
			t.Errorf("%s begins a goroutine that a panic in ends tocsin: begin it with bot.Guard, or say here why not", where)
		}
	}
	for where := range unguarded {
		if !found[where] {
			t.Errorf("%s begins no goroutine without a guard", where)
		}
	}
}

// exposed are the functions of a file that begin goroutines without a guard.
func exposed(file *ast.File) []string {
	in := map[string]bool{}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				in[f.Name.Name] = in[f.Name.Name] || !guarded(n.Call)
			case *ast.CallExpr: // of a sync.WaitGroup
				if named(n.Fun) == "Go" && len(n.Args) == 1 {
					in[f.Name.Name] = in[f.Name.Name] || !begins(n.Args[0])
				}
			}
			return true
		})
	}
	maps.DeleteFunc(in, func(_ string, bare bool) bool { return !bare })
	return slices.Collect(maps.Keys(in))
}

// guarded tells whether what go calls is a guard, or a function that begins with one.
func guarded(call *ast.CallExpr) bool {
	return slices.Contains(guards, named(call.Fun)) || begins(call.Fun)
}

// begins tells whether a function literal begins with a guard: what is deferred before it
// is only done afterwards.
func begins(f ast.Expr) bool {
	lit, ok := f.(*ast.FuncLit)
	if !ok {
		return false
	}
	for _, s := range lit.Body.List {
		_, deferred := s.(*ast.DeferStmt)
		if _, declared := s.(*ast.DeclStmt); !deferred && !declared {
			return calls(s)
		}
	}
	return false
}

// calls tells whether a statement calls a guard.
func calls(s ast.Stmt) (guard bool) {
	ast.Inspect(s, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		guard = guard || ok && slices.Contains(guards, named(call.Fun))
		return true
	})
	return guard
}

// named is the last word of what is called.
func named(f ast.Expr) string {
	switch f := f.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

// What begins with a guard, and what does not.
func TestGoroutinesAreTold(t *testing.T) {
	for body, is := range map[string]bool{
		"go f()": true, "go func() { f() }()": true, "wg.Go(f)": true, "wg.Go(func() { f(); a.guard(f) })": true, "go func() { defer f() }()": true,
		"go a.keep(f)": false, "go func() { defer f(); bot.Guard(log, in, f) }()": false, "wg.Go(func() { done <- b.guard(f) })": false, "wg.Go(func() { var x int; x = b.guard(f) })": false,
		"wg.Go(func() { if err := bot.Guard(f); err != nil { g() } })": false, "f()": false,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "", "package p\nfunc x() { "+body+" }", 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(exposed(file)) > 0; got != is {
			t.Errorf("%s is taken for exposed: %v", body, got)
		}
	}
}
