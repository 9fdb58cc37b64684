package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// source is a file without the safeguard.
func (e edit) source(text string) (string, error) {
	if n := strings.Count(text, e.old); n != 1 {
		return "", fmt.Errorf("%s has %d times %q, and has to have it once: the safeguard is elsewhere by now", e.file, n, e.old)
	}
	return strings.Replace(text, e.old, e.new, 1), nil
}

// sources are the changed files of a mutant, by path.
func (m mutant) sources() (map[string]string, error) {
	files := map[string]string{}
	for _, e := range m.edits {
		text, ok := files[e.file]
		if !ok {
			data, err := os.ReadFile(filepath.Join(root, e.file))
			if err != nil {
				return nil, err
			}
			text = string(data)
		}
		var err error
		if files[e.file], err = e.source(text); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// TestMutantsFit: what the mutants take away is where they believe it to be.
func TestMutantsFit(t *testing.T) {
	for _, m := range slices.Concat(mutants(), controls()) {
		if _, err := m.sources(); err != nil {
			t.Errorf("%s: %v", m.name, err)
		}
	}
}

// build compiles the mutant. Nothing in the tree changes.
func (m mutant) build(ctx context.Context, dir string) (binary string, err error) {
	files, err := m.sources()
	if err != nil {
		return "", err
	}
	replace := map[string]string{}
	for name, text := range files {
		from, err := filepath.Abs(filepath.Join(root, name))
		if err != nil {
			return "", err
		}
		to := filepath.Join(dir, filepath.Base(name))
		if replace[from] = to; os.WriteFile(to, []byte(text), 0o600) != nil {
			return "", fmt.Errorf("%s cannot be written", to)
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		return "", err
	}
	binary = filepath.Join(dir, "tocsin")
	out, err := exec.CommandContext(ctx, "go", "build", "-overlay", list, "-o", binary, ".").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, out)
	}
	return binary, err
}

// A mutant has so many rounds to be found out, and the bot as it is to be found
// without fault.
const (
	mutantRounds  = 12
	controlRounds = 12
	mutantKills   = 8
)

// TestMutants takes each safeguard away in turn: TestKills must then find what that leads
// to, and nothing at all where none is taken away.
//
//	TOCSIN_MUTANTS=1 go test ./cmd/tocsin -run 'TestMutants$' -timeout 60m -parallel 3 -v
func TestMutants(t *testing.T) {
	if os.Getenv("TOCSIN_MUTANTS") == "" {
		t.Skip("takes some minutes: switch it on with TOCSIN_MUTANTS=1")
	}
	t.Run("none", func(t *testing.T) {
		t.Parallel()
		for _, m := range controls() {
			if kills, problem := m.hunt(t, m.binary(t), controlRounds/len(controls())); problem != "" {
				t.Errorf("after %d kills, with every safeguard, and %s: %s", kills, m.name, problem)
			}
		}
	})
	for _, m := range mutants() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			kills, problem := m.hunt(t, m.binary(t), mutantRounds)
			if problem == "" {
				t.Errorf("not found in %d kills", kills)
			}
			t.Logf("found after %d kills: %.300s", kills, problem)
		})
	}
}

func (m mutant) binary(t *testing.T) string {
	t.Helper()
	path, err := m.build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// hunt plays rounds until a problem is what the mutant is about. What a machine that is
// too busy had to do with it counts as little as it does in TestKills.
func (m mutant) hunt(t *testing.T, binary string, rounds int) (kills int, problem string) {
	about := regexp.MustCompile(m.found)
	for n := range rounds {
		s := m.spec
		s.binary, s.seed, s.kills, s.http, s.brief = binary, uint64(n+1), mutantKills, n%2 == 1, true
		f, problems := s.play(t.Context())
		if f.Latest >= killQuiet {
			t.Logf("round %d proves nothing: an effect came after %v", n+1, f.Latest)
			continue
		}
		kills += f.Kills
		for _, p := range problems {
			if about.MatchString(p) {
				return kills, p
			}
		}
	}
	return kills, ""
}
