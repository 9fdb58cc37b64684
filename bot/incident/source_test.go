package incident_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"

	"tocsin/bot/incident"
)

// These tests read the source, so that whoever adds a fact learns from a failing
// test what else a fact needs.

func TestEveryFactIsListed(t *testing.T) {
	types := []string{"Unknown"}
	for _, name := range incident.Facts.Names() {
		types = append(types, typeName(t, name))
	}
	for _, f := range methods(t, "facts.go", "fact") {
		if !slices.Contains(types, f) {
			t.Errorf("%s is a fact, but not in Facts: it could not be read back", f)
		}
	}
}

func TestEveryFactIsFolded(t *testing.T) {
	cases := switched(t, "incident.go", "apply")
	for _, name := range incident.Facts.Names() {
		if fact := typeName(t, name); !slices.Contains(cases, fact) {
			t.Errorf("apply has no case for %s: say what it does to an incident, if only that it stays on the timeline", fact)
		}
	}
}

// typeName is the Go name of the fact stored as name.
func typeName(t *testing.T, name string) string {
	t.Helper()
	f, ok := incident.Facts.Zero(name)
	if !ok {
		t.Fatalf("Facts does not know %q", name)
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", f), "incident.")
}

// methods lists the types in a file that have a method of that name.
func methods(t *testing.T, file, method string) (types []string) {
	t.Helper()
	for _, d := range parse(t, file).Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil && f.Name.Name == method {
			types = append(types, f.Recv.List[0].Type.(*ast.Ident).Name)
		}
	}
	if len(types) == 0 {
		t.Fatalf("%s has no method %s", file, method)
	}
	return types
}

// switched lists the types that the type switches of a function name.
func switched(t *testing.T, file, fn string) (types []string) {
	t.Helper()
	for _, d := range parse(t, file).Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == fn {
			ast.Inspect(f, func(n ast.Node) bool {
				if s, ok := n.(*ast.TypeSwitchStmt); ok {
					types = append(types, caseTypes(s)...)
				}
				return true
			})
		}
	}
	if len(types) == 0 {
		t.Fatalf("%s has no type switch in %s", file, fn)
	}
	return types
}

func caseTypes(s *ast.TypeSwitchStmt) (types []string) {
	for _, c := range s.Body.List {
		for _, e := range c.(*ast.CaseClause).List {
			if id, ok := e.(*ast.Ident); ok {
				types = append(types, id.Name)
			}
		}
	}
	return types
}

func parse(t *testing.T, file string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return f
}
