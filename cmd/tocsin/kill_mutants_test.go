package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// mutant is tocsin without one of its safeguards.
type mutant struct {
	name  string
	edits []edit
}

// edit replaces a text that a file has once.
type edit struct{ file, old, new string }

// mutants are the safeguards, each taken away. Where what it guards against is over
// within a millisecond, the mutant makes that moment longer.
func mutants() []mutant {
	return []mutant{
		{"no quiet time before a look", []edit{{"bot/job.go",
			"return max(d, w.bot.Quiet)", "return 0"}}},
		{"no quiet time after a restart", []edit{{"bot/worker.go",
			"if item.Tries > 0 {", "if false {"}}},
		{"an attempt is not on record before it is made", []edit{{"bot/worker.go",
			"inc, err := w.bot.commit(ctx, l, Origin{}, nil, store.Append{Put: []store.Item{item}})",
			"inc, err := *l.inc.Load(), ctx.Err()"}}},
		{"an effect is forgotten before its outcome", []edit{{"bot/worker.go",
			"store.Append{Put: []store.Item{item}})", "store.Append{Settled: []string{item.Key}})"}}},
		{"an outcome and what follows from it are two transactions", []edit{{"bot/worker.go",
			"_, err := w.bot.commit(ctx, l, o, facts, a)",
			"if _, err := w.bot.commit(ctx, l, Origin{}, nil, a); err != nil {\nreturn err\n}\nw.pause(ctx, w.bot.Now().Add(200*time.Millisecond))\n_, err := w.bot.commit(ctx, l, o, facts, store.Append{})"}}},
		{"an older state settles a newer one", []edit{
			{"bot/worker.go", "ok && now.Seq == item.Seq {", "ok && now.Seq > 0 {"},
			{"bot/worker.go", "facts []incident.Fact, done bool) {\n", "facts []incident.Fact, done bool) {\nw.pause(ctx, w.bot.Now().Add(300*time.Millisecond))\n"}}},
		{"a message is not looked for", []edit{{"bot/slack/post.go",
			`return m.Metadata.EventType == eventType && m.Metadata.EventPayload["key"] == job.Key`, "return false"}}},
		{"a channel of ours is not taken for ours", []edit{{"bot/slack/performer.go",
			"if job.Tries == 1 {", "if true {"}}},
		{"a bookmark is not looked for", []edit{{"bot/slack/performer.go",
			"if job.Tries > 1 || e.Again {", "if e.Again {"}}},
		{"a request that is delivered twice is done twice", []edit{{"bot/update.go",
			"if inc.Did(o.Cause) {", "if false {"}}},
		{"a form that is sent again is another one", []edit{
			{"bot/slack/face.go", `Cause: "slack/view/" + c.View.ID`, `Cause: "slack/view/" + c.TriggerID`},
			{"bot/slack/face.go", "a.Errors = map[string]string{\"\": a.Body}\n\t}", "a.Errors = map[string]string{\"\": a.Body}\n\t}\n<-time.After(500 * time.Millisecond)"}}},
		{"an alert is answered before it is stored", []edit{{"bot/signal.go",
			"first, err := b.journal.Arrive(ctx, a)",
			"first, err := false, error(nil)\ntime.AfterFunc(300*time.Millisecond, func() {\nif first, err := b.journal.Arrive(context.Background(), a); err == nil && first {\nb.router.arrivals.add(delivered{a, d.Signals, len(body)})\n}\n})"}}},
		{"an alert that is delivered twice is counted twice", []edit{
			{"store/arrival.go", "Absent: a.absent(), ", ""},
			{"store/alert.go", "if slices.Contains(a.Heard, name) {", "if false {"}}},
		{"an alert that is routed again is counted again", []edit{
			{"bot/router.go", "return r.bot.journal.Retire(ctx, done)", "r.bot.worker.pause(ctx, r.bot.Now().Add(300*time.Millisecond))\nreturn r.bot.journal.Retire(ctx, done)"},
			{"store/alert.go", "if slices.Contains(a.Heard, name) {", "if false {"}}},
		{"each attempt at a page is a page", []edit{{"bot/pagerduty/create.go",
			"Key: pageKey(inc.ID, ask.N), Urgency", "Key: pageKey(inc.ID, 1000*ask.N+job.Tries), Urgency"}}},
		{"a note in PagerDuty is not looked for", []edit{
			{"bot/pagerduty/tell.go", "if job.Tries > 1 && echoed(inc, id, text, job.First.Add(-skew)) {", "if false {"},
			{"bot/pagerduty/tell.go", "if job.Tries <= 1 {", "if true {"}}},
	}
}

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
	for _, m := range mutants() {
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

// A mutant has so many rounds to be found out.
const (
	mutantRounds = 12
	mutantKills  = 8
)

// TestMutants takes each safeguard away in turn: TestKills must then fail.
//
//	TOCSIN_MUTANTS=1 go test ./cmd/tocsin -run 'TestMutants$' -timeout 60m -v
func TestMutants(t *testing.T) {
	if os.Getenv("TOCSIN_MUTANTS") == "" {
		t.Skip("takes some minutes: switch it on with TOCSIN_MUTANTS=1")
	}
	for _, m := range mutants() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			binary, err := m.build(t.Context(), t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			m.hunt(t, binary)
		})
	}
}

// hunt plays rounds until something is wrong.
func (m mutant) hunt(t *testing.T, binary string) {
	kills := 0
	for n := range mutantRounds {
		f, problems := killSpec{binary: binary, seed: uint64(n + 1), kills: mutantKills, http: n%2 == 1, brief: true}.play(t.Context())
		kills += f.Kills
		if len(problems) > 0 {
			t.Logf("found after %d kills: %d lost, %d double: %.300s", kills, f.Lost, f.Double, problems[0])
			return
		}
	}
	t.Errorf("not found in %d kills", kills)
}
