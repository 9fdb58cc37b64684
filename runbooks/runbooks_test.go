package runbooks_test

import (
	"io/fs"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"tocsin/bot/markdown"
	"tocsin/runbooks"
)

func library(t *testing.T, layers ...fs.FS) *runbooks.Library {
	t.Helper()
	lib, problems := runbooks.Load(append([]fs.FS{runbooks.Embedded()}, layers...)...)
	for _, p := range problems {
		t.Error(p)
	}
	return lib
}

func TestEmbeddedGuidesAreComplete(t *testing.T) {
	lib := library(t)
	for _, id := range []string{"generic-triage", "invalid-output", "latency-saturation", "provider-outage"} {
		if _, ok := lib.Guide(id); !ok {
			t.Errorf("there is no guide %s", id)
		}
	}
	for _, g := range lib.Guides() {
		var titles []string
		for _, s := range g.Sections {
			titles = append(titles, s.Title)
		}
		if diff := cmp.Diff(runbooks.Titles(), titles); diff != "" {
			t.Errorf("%s: sections are not in their order:\n%s", g.ID, diff)
		}
		if n := strings.Count(g.Summary(), "."); n < 1 || n > 3 || len(g.Summary()) > 250 {
			t.Errorf("%s: the summary is not one or two sentences: %q", g.ID, g.Summary())
		}
		if len(g.Symptoms) == 0 || len(g.Classes) == 0 || g.Owner == "" || g.Severity == "" {
			t.Errorf("%s: symptoms, classes, owner and severity are needed: %+v", g.ID, g)
		}
		if !regexp.MustCompile(`^[0-9a-f]{8}$`).MatchString(g.Version) {
			t.Errorf("%s: version %q", g.ID, g.Version)
		}
	}
}

// TestGuidesSayWhatAStepCosts: whoever mitigates at night must know the risk, the
// way back and who may say yes.
func TestGuidesSayWhatAStepCosts(t *testing.T) {
	for _, g := range library(t).Guides() {
		steps := 0
		for _, b := range markdown.Parse(g.Section("Mitigate")) {
			for _, item := range b.Items {
				steps++
				var text strings.Builder
				for _, s := range item.Blocks[0].Spans {
					text.WriteString(s.Text)
				}
				waits := strings.HasPrefix(text.String(), "Wait") // there is nothing to reverse
				for _, want := range []string{"Risk:", "Reversible:", "Approves:"} {
					if !strings.Contains(text.String(), want) && !(waits && want == "Reversible:") {
						t.Errorf("%s: no %s in %q", g.ID, want, text.String())
					}
				}
			}
		}
		if steps < 3 {
			t.Errorf("%s: %d ways to mitigate", g.ID, steps)
		}
	}
}

// TestCommandsAreReadable: every bash block parses, and every block of commands
// is followed by how to read what it prints before the next subject begins.
func TestCommandsAreReadable(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed: the guides' commands are not checked")
	}
	for _, g := range library(t).Guides() {
		blocks := 0
		for _, b := range markdown.Parse(g.Body) {
			switch {
			case b.Kind != markdown.Code:
			case b.Lang == "bash":
				blocks++
				cmd := exec.Command(bash, "-n")
				cmd.Stdin = strings.NewReader(b.Text)
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%s: bash does not parse this: %s\n%s", g.ID, out, b.Text)
				}
			case b.Lang != "promql":
				t.Errorf("%s: a code block in %q: name bash or promql", g.ID, b.Lang)
			}
		}
		if blocks == 0 || !strings.Contains(g.Section("Investigate"), "Read it as:") {
			t.Errorf("%s: Investigate needs commands and how to read them", g.ID)
		}
	}
}

var metric = regexp.MustCompile(`\b(vllm:\w+|gen_ai_\w+|kube_\w+|DCGM_\w+|nv_\w+|litellm_\w+)`)

// TestMetricsAreReal keeps invented names out of queries. Sources: vLLM
// vllm/v1/metrics/loggers.py, OpenTelemetry semantic conventions for generative
// AI in their Prometheus form, kube-state-metrics docs/metrics.
func TestMetricsAreReal(t *testing.T) {
	known := map[string]bool{}
	for _, name := range strings.Fields(`
		vllm:time_to_first_token_seconds_bucket vllm:time_per_output_token_seconds_bucket vllm:inter_token_latency_seconds_bucket
		vllm:num_requests_waiting vllm:request_queue_time_seconds_bucket vllm:kv_cache_usage_perc vllm:num_preemptions_total
		vllm:request_prompt_tokens_bucket vllm:request_success_total
		gen_ai_client_operation_duration_seconds_count gen_ai_client_operation_duration_seconds_bucket
		gen_ai_provider_name gen_ai_request_model gen_ai_response_model
		kube_horizontalpodautoscaler_status_current_replicas kube_horizontalpodautoscaler_spec_max_replicas`) {
		known[name] = true
	}
	for _, g := range library(t).Guides() {
		for _, b := range markdown.Parse(g.Body) {
			if b.Kind != markdown.Code || b.Lang != "promql" {
				continue
			}
			for _, name := range metric.FindAllString(b.Text, -1) {
				if !known[name] {
					t.Errorf("%s: is %s a metric? If it is, add it here with its source", g.ID, name)
				}
			}
		}
	}
}

func guide(id string, changes ...string) *fstest.MapFile {
	var b strings.Builder
	b.WriteString("---\nid: " + id + "\ntitle: T\nlast_reviewed: 2026-01-31\n---\n")
	for _, title := range runbooks.Titles() {
		b.WriteString("## " + title + "\n\nText of " + title + ".\n\nMore.\n\n")
	}
	return &fstest.MapFile{Data: []byte(strings.NewReplacer(changes...).Replace(b.String()))}
}

func TestOverlayReplacesAndAdds(t *testing.T) {
	team := fstest.MapFS{
		"provider-outage.md": guide("provider-outage", "title: T", "title: Ours"),
		"our-own.md":         guide("our-own"),
	}
	lib := library(t, team)
	if g, _ := lib.Guide("provider-outage"); g.Title != "Ours" || g.Summary() != "Text of Detect." {
		t.Errorf("got %q, %q", g.Title, g.Summary())
	}
	if g, ok := lib.Guide("our-own"); !ok || g.Section("Verify") != "Text of Verify.\n\nMore." {
		t.Errorf("our-own: %v %+v", ok, g)
	}
	if got, want := len(lib.Guides()), len(library(t).Guides())+1; got != want {
		t.Errorf("%d guides, want %d", got, want)
	}
}

func TestBrokenGuidesAreReportedAndTheRestServes(t *testing.T) {
	patterns := "title: T\nmatch:\n  patterns:\n    - {weight: 1, re: 'good'}\n    - {weight: 1, re: '(bad'}"
	for _, tt := range []struct {
		name   string
		file   *fstest.MapFile
		report string
	}{
		{"field", guide("provider-outage", "title: T", "titel: T"), `provider-outage.md:3: there is no field "titel"; `},
		{"id", guide("other"), `provider-outage.md:1: its id is "other"; give file and id one name: <id>.md`},
		{"pattern", guide("provider-outage", "title: T", patterns), `provider-outage.md:7: pattern "(bad" of weight 1 cannot be used; `},
		{"phrase", guide("provider-outage", "title: T", "title: T\nmatch: {phrases: [it is slow]}"), `provider-outage.md:4: phrase "it is slow" has fewer than two telling words; `},
		{"missing section", guide("provider-outage", "## Verify", "### Verify"), `provider-outage.md:6: section "Verify" is missing; add ## Verify`},
		{"unknown section", guide("provider-outage", "## Verify", "## Check"), `provider-outage.md:42: section "Check" is none of a guide's; `},
		{"twice", guide("provider-outage", "## Verify", "## Decide"), `provider-outage.md:42: section "Decide" is there twice; `},
		{"date", guide("provider-outage", "2026-01-31", "soon"), `provider-outage.md:1: last_reviewed "soon" is no date; `},
		{"severity", guide("provider-outage", "title: T", "title: T\nseverity: high"), `provider-outage.md:1: severity "high" is none; `},
	} {
		t.Run(tt.name, func(t *testing.T) {
			lib, problems := runbooks.Load(runbooks.Embedded(), fstest.MapFS{"provider-outage.md": tt.file, "new.md": guide("new")})
			if len(problems) == 0 || !strings.HasPrefix(problems[0].String(), tt.report) {
				t.Errorf("problems %v, want %s…", problems, tt.report)
			}
			if g, ok := lib.Guide("provider-outage"); !ok || g.Title == "T" {
				t.Errorf("the embedded guide does not serve: %v", g)
			}
			if _, ok := lib.Guide("new"); !ok {
				t.Error("the guide beside the broken one does not serve")
			}
		})
	}
}

func TestDeadLinkIsReportedAndServed(t *testing.T) {
	file := guide("a", "Text of Detect.", "Text.\nSee [b](nowhere.md).")
	lib, problems := runbooks.Load(fstest.MapFS{"a.md": file})
	if len(problems) != 1 || problems[0].String() != "a.md:9: links to nowhere.md, which is no guide; correct the link or add the guide" {
		t.Errorf("problems %v", problems)
	}
	if _, ok := lib.Guide("a"); !ok {
		t.Error("the guide does not serve")
	}
}
