package runbooks_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"tocsin/bot/markdown"
	"tocsin/runbooks"
)

// library is the embedded guides, with a team's layers over them if there are any.
func library(t testing.TB, layers ...fs.FS) *runbooks.Library {
	t.Helper()
	lib, problems := runbooks.Ours()
	if len(layers) > 0 {
		lib, problems = runbooks.Load(append([]fs.FS{runbooks.Embedded()}, layers...)...)
	}
	for _, p := range problems {
		t.Error(p)
	}
	return lib
}

var allIDs = []string{
	"config-error", "content-filter", "cost-spike", "data-drift", "data-leakage", "generic-triage",
	"gpu-hardware-fault", "invalid-output", "latency-saturation", "model-deployment-failure", "model-rollback",
	"prompt-injection", "provider-outage", "quality-degradation", "rag-index", "rate-limit-quota", "stale-features",
}

func TestEmbeddedGuidesAreComplete(t *testing.T) {
	var ids []string
	for _, g := range library(t).Guides() {
		ids = append(ids, g.ID)
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
	if diff := cmp.Diff(allIDs, ids); diff != "" {
		t.Errorf("guides:\n%s", diff)
	}
}

// TestGuidesSayWhatAStepCosts: whoever mitigates at night must know how long it
// takes, the risk, the way back and who may say yes; the report must know the kind.
func TestGuidesSayWhatAStepCosts(t *testing.T) {
	for _, g := range library(t).Guides() {
		for _, m := range g.Mitigations {
			for _, want := range []string{"Takes:", "Risk:", "Reversible:", "Approves:", "Kind:"} {
				if !strings.Contains(m.Body, want) {
					t.Errorf("%s: no %s in %q", g.ID, want, m.Name)
				}
			}
			if m.Kind == "" {
				t.Errorf("%s: %q has no kind", g.ID, m.Name)
			}
		}
		if len(g.Mitigations) < 3 {
			t.Errorf("%s: %d ways to mitigate", g.ID, len(g.Mitigations))
		}
	}
}

// TestCommandsAreReadable: there is something to look at, and everything to look
// at says how to read what it prints.
func TestCommandsAreReadable(t *testing.T) {
	for _, g := range library(t).Guides() {
		if len(g.Looks) < 3 {
			t.Errorf("%s: %d things to look at", g.ID, len(g.Looks))
		}
		for _, l := range g.Looks {
			if !strings.Contains(l.Body, "Read it as:") || !strings.Contains(l.Body, "```") {
				t.Errorf("%s: %q needs a command and how to read what it prints", g.ID, l.Title)
			}
		}
	}
}

// blocks are the guides' code blocks in a language, as "<guide> <number>".
func blocks(t *testing.T, lang string) map[string]string {
	t.Helper()
	out := map[string]string{}
	var collect func(id string, blocks []markdown.Block)
	collect = func(id string, blocks []markdown.Block) {
		for _, b := range blocks {
			if b.Kind == markdown.Code && b.Lang == lang {
				out[fmt.Sprintf("%s %02d", id, len(out))] = b.Text
			}
			for _, item := range b.Items {
				collect(id, item.Blocks)
			}
			collect(id, b.Blocks)
		}
	}
	for _, g := range library(t).Guides() {
		collect(g.ID, markdown.Parse(g.Body))
	}
	if len(out) < 17 {
		t.Fatalf("%d blocks in %s: are they read?", len(out), lang)
	}
	return out
}

// TestCommandsParse asks bash to read every block, and to run none.
func TestCommandsParse(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed: the guides' commands are not checked")
	}
	dir := t.TempDir()
	for name, text := range blocks(t, "bash") {
		write(t, filepath.Join(dir, name+".sh"), text)
	}
	cmd := exec.Command(bash, "-c", `bad=0; for f in *.sh; do bash -n "$f" || bad=1; done; exit $bad`)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("bash does not parse: %v\n%s", err, out)
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestQueriesParse: every line of a promql block is one expression.
func TestQueriesParse(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil && os.Getenv("TOCSIN_PROMTOOL") == "required" {
		t.Fatal("promtool is required and not installed: apt-get install prometheus")
	} else if err != nil {
		t.Skip("promtool is not installed, so the guides' queries are not checked: apt-get install prometheus")
	}
	var rules strings.Builder
	rules.WriteString("groups:\n- name: guides\n  rules:\n")
	for name, text := range blocks(t, "promql") {
		for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
			record := strings.NewReplacer("-", "_", " ", "_").Replace(fmt.Sprintf("%s_line_%d", name, i+1))
			fmt.Fprintf(&rules, "  - {record: %s, expr: %q}\n", record, line)
		}
	}
	file := filepath.Join(t.TempDir(), "rules.yml")
	write(t, file, rules.String())
	if out, err := exec.Command(promtool, "check", "rules", file).CombinedOutput(); err != nil {
		t.Errorf("promtool: %v\n%s", err, out)
	}
}

// metrics are those that the guides ask for, and where each is documented.
var metrics = map[string]string{
	"vLLM, vllm/v1/metrics/loggers.py; counters end in _total": `
		vllm:time_to_first_token_seconds_bucket vllm:inter_token_latency_seconds_bucket vllm:request_queue_time_seconds_bucket
		vllm:num_requests_waiting vllm:num_preemptions_total vllm:kv_cache_usage_perc vllm:request_success_total
		vllm:request_prompt_tokens_bucket vllm:request_generation_tokens_bucket vllm:generation_tokens_total
		vllm:prefix_cache_hits_total vllm:prefix_cache_queries_total`,
	"OpenTelemetry, semantic conventions for generative AI, in their Prometheus form; with attributes": `
		gen_ai_client_operation_duration_seconds_count gen_ai_client_operation_duration_seconds_bucket
		gen_ai_client_token_usage_count gen_ai_client_token_usage_sum
		gen_ai_operation_name gen_ai_provider_name gen_ai_request_model gen_ai_response_model gen_ai_token_type`,
	"kube-state-metrics, docs/metrics": `
		kube_configmap_metadata_resource_version kube_cronjob_spec_suspend kube_cronjob_status_last_successful_time
		kube_deployment_spec_replicas kube_deployment_status_observed_generation kube_deployment_status_replicas_available
		kube_horizontalpodautoscaler_spec_max_replicas kube_horizontalpodautoscaler_status_current_replicas
		kube_job_status_failed kube_node_status_allocatable kube_node_status_capacity
		kube_pod_container_resource_requests kube_pod_container_status_waiting_reason`,
	"dcgm-exporter, etc/default-counters.csv and dcp-metrics-included.csv; ECC is switched off there": `
		DCGM_FI_DEV_XID_ERRORS DCGM_FI_DEV_ROW_REMAP_FAILURE DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS
		DCGM_FI_DEV_ECC_DBE_VOL_TOTAL DCGM_FI_DEV_SM_CLOCK DCGM_FI_DEV_GPU_TEMP DCGM_FI_PROF_GR_ENGINE_ACTIVE`,
	"Triton, docs/user_guide/metrics.md": `nv_inference_queue_duration_us nv_inference_request_success`,
	"LiteLLM, docs/proxy/prometheus.md; counters end in _total": `
		litellm_guardrail_requests_total litellm_proxy_total_requests_metric_total
		litellm_spend_metric_total litellm_remaining_team_budget_metric`,
}

var (
	labels = regexp.MustCompile(`\{[^}]*\}|\[[^\]]*\]|\b(by|on|group_left) ?\([^)]*\)`)
	metric = regexp.MustCompile(`[a-zA-Z]\w*[:_]\w+`)
	genAI  = regexp.MustCompile(`gen_ai_\w+`) // a vendor's label, which may be invented as well
)

// TestMetricsAreReal keeps invented names out of queries, and names that are no
// longer asked for out of the list.
func TestMetricsAreReal(t *testing.T) {
	used, known := map[string]bool{}, map[string]bool{}
	for _, names := range metrics {
		for _, name := range strings.Fields(names) {
			known[name] = true
		}
	}
	for where, query := range blocks(t, "promql") {
		for _, name := range append(metric.FindAllString(labels.ReplaceAllString(query, ""), -1), genAI.FindAllString(query, -1)...) {
			switch used[name] = true; name {
			case "histogram_quantile", "avg_over_time", "max_over_time": // functions
			default:
				if !known[name] {
					t.Errorf("%s: is %s a metric? If it is, add it to metrics with its source", where, name)
				}
			}
		}
	}
	for name := range known {
		if !used[name] && name != "vllm:inter_token_latency_seconds_bucket" { // a guide's prose names it
			t.Errorf("no guide asks for %s any more: take it from the list", name)
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
	beneath := fstest.MapFS{"provider-outage.md": guide("provider-outage", "title: T", "title: Ours")}
	for _, tt := range []struct {
		name   string
		file   *fstest.MapFile
		report string
	}{
		{"field", guide("provider-outage", "title: T", "titel: T"), `provider-outage.md:3: there is no field "titel"; `},
		{"id", guide("other"), `provider-outage.md:1: its id is "other"; give file and id one name: <id>.md`},
		{"pattern", guide("provider-outage", "title: T", patterns), `provider-outage.md:7: pattern "(bad" of weight 1 cannot be used; `},
		{"phrase", guide("provider-outage", "title: T", "title: T\nmatch: {phrases: [it is]}"), `provider-outage.md:4: phrase "it is" has no telling word; say more, or leave it out`},
		{"not", guide("provider-outage", "title: T", "title: T\nmatch: {patterns: [{weight: 1, re: a, not: '(bad'}]}"), `provider-outage.md:4: not "(bad" cannot be used; write a Go regular expression`},
		{"weight", guide("provider-outage", "title: T", "title: T\nmatch: {patterns: [{weight: 9, re: heavy}]}"), `provider-outage.md:4: pattern "heavy" of weight 9 cannot be used; `},
		{"empty section", guide("provider-outage", "Text of Verify.\n\nMore.", ""), `provider-outage.md:42: section "Verify" is empty; write it`},
		{"symptom", guide("provider-outage", "title: T", "title: T\nsymptoms: [Not Fast]"), `provider-outage.md:1: "Not Fast" is no id; `},
		{"missing section", guide("provider-outage", "## Verify", "### Verify"), `provider-outage.md:6: section "Verify" is missing; add ## Verify`},
		{"unknown section", guide("provider-outage", "## Verify", "## Check"), `provider-outage.md:42: section "Check" is none of a guide's; `},
		{"twice", guide("provider-outage", "## Verify", "## Decide"), `provider-outage.md:42: section "Decide" is there twice; `},
		{"date", guide("provider-outage", "2026-01-31", "soon"), `provider-outage.md:1: last_reviewed "soon" is no date; `},
		{"too many headings", guide("provider-outage", "Text of Decide.", strings.Repeat("### Q?\n\nx\n\n", 200)), `provider-outage.md:6: it has 208 headings; make several guides of it, of 200 headings at most`},
		{"severity", guide("provider-outage", "title: T", "title: T\nseverity: high"), `provider-outage.md:1: severity "high" is none; `},
	} {
		t.Run(tt.name, func(t *testing.T) {
			lib, problems := runbooks.Load(beneath, fstest.MapFS{"provider-outage.md": tt.file, "new.md": guide("new")})
			if len(problems) == 0 || !strings.HasPrefix(problems[0].String(), tt.report) {
				t.Errorf("problems %v, want %s…", problems, tt.report)
			}
			if g, ok := lib.Guide("provider-outage"); !ok || g.Title != "Ours" {
				t.Errorf("the guide beneath does not serve: %v", g)
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

// TestReplaceChangesTheWholeLibrary: readers have the old guides or the new, and
// the new are found.
func TestReplaceChangesTheWholeLibrary(t *testing.T) {
	lib, _ := runbooks.Load(fstest.MapFS{"old.md": guide("old", "title: T", "title: T\nmatch: {patterns: [{weight: 3, re: zorb}]}")})
	newer, _ := runbooks.Load(fstest.MapFS{"new.md": guide("new", "title: T", "title: T\nmatch: {patterns: [{weight: 3, re: zorb}], phrases: [zorb zorbs]}")})
	lib.Replace(newer)
	if _, ok := lib.Guide("old"); ok {
		t.Error("the old guide is still there")
	}
	if m := lib.Match(runbooks.Query{Text: "a zorb zorbs"}); m.Guide != "new" {
		t.Errorf("got %q: it %s", m.Guide, m.Why)
	}
}
