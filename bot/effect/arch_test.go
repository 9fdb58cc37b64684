package effect_test

import (
	"go/build"
	"slices"
	"strings"
	"testing"
)

// The model is pure: it can be reasoned about, tested and moved with nothing
// but the standard library. What these packages may import besides is listed.
func TestThePurePackagesImportNothingElse(t *testing.T) {
	for dir, allowed := range map[string][]string{
		"../tagged":   nil,
		"../incident": {"tocsin/bot/tagged"},
		".":           {"tocsin/bot/tagged", "tocsin/bot/incident"},
	} {
		pkg, err := build.ImportDir(dir, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range pkg.Imports {
			if !standard(path) && !slices.Contains(allowed, path) {
				t.Errorf("%s imports %s: the model knows no chat, no store and no engine; only %v", pkg.Name, path, allowed)
			}
		}
		for _, impure := range []string{"net", "net/http", "os", "math/rand", "math/rand/v2", "log/slog", "context"} {
			if slices.Contains(pkg.Imports, impure) {
				t.Errorf("%s imports %s: what it needs to know is an argument", pkg.Name, impure)
			}
		}
	}
}

// standard tells whether path is of the standard library: its first element has
// no dot, and it is not of this module.
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".") && first != "tocsin"
}
