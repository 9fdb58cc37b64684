package runbooks_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"tocsin/runbooks"
)

// TestMatch is what an on-call engineer would want to be led to.
func TestMatch(t *testing.T) {
	lib := library(t)
	for _, tt := range []struct{ text, want string }{
		{"[FIRING:1] ProviderErrorRateHigh (anthropic 529 overloaded)", "provider-outage"},
		{"OpenAI returning 503s", "provider-outage"},
		{"Claude is down", "provider-outage"},

		{"OpenAI RateLimitError 429 rate_limit_exceeded", "rate-limit-quota"},
		{"[P2] [Triggered on {service:assistant}] LLM gateway 429 rate high", "rate-limit-quota"},
		{`ALARM: "bedrock-InvocationThrottles" in US East (N. Virginia)`, "rate-limit-quota"},
		{"the API keeps telling us to slow down", "rate-limit-quota"},
		{"we ran out of credits at the vendor", "rate-limit-quota"},

		{"[FIRING:2] VLLMTimeToFirstTokenHigh (llama-70b chat) | p95 TTFT 9.4s for 10m", "latency-saturation"},
		{"It's slow", "latency-saturation"},
		{"the chat spinner just spins forever", "latency-saturation"},

		{"[FIRING:1] DCGMXidErrors (gpu=3, Hostname=node-17) XID 79", "gpu-hardware-fault"},
		{"NCCL watchdog timeout, rank 5 hangs", "gpu-hardware-fault"},
		{"one machine gives NaN, all the others are fine", "gpu-hardware-fault"},

		{"KubePodCrashLooping: llm-server back-off restarting failed container, CUDA out of memory while loading weights", "model-deployment-failure"},
		{`ALARM: "SageMaker endpoint creation failed" in EU (Ireland)`, "model-deployment-failure"},
		{"The model `gpt-4-0314` does not exist or you do not have access to it", "model-deployment-failure"},
		{"the new endpoint never becomes ready", "model-deployment-failure"},

		{"401 invalid_api_key from OpenAI right after key rotation", "config-error"},
		{"x509: certificate has expired calling the model gateway", "config-error"},
		{"somebody flipped the flag and everyone gets the small model", "config-error"},

		{"[Alerting] Eval score groundedness below 0.7 for 3 days", "quality-degradation"},
		{"thumbs down doubled since last week, no errors anywhere", "quality-degradation"},

		{"sentry: JSONDecodeError: Expecting ',' delimiter in extraction-worker", "invalid-output"},
		{"Answers cut off mid-sentence", "invalid-output"},
		{"the bot invents things", "invalid-output"},

		{"[WARN] PSI 0.34 on feature income, baseline March", "data-drift"},
		{"temperature readings suddenly arrive in Fahrenheit and the scores jump", "data-drift"},

		{"dbt: source freshness error: features.user_daily loaded_at 31 hours ago", "stale-features"},
		{"the recommender offers shoes that were sold out yesterday", "stale-features"},

		{"[Grafana] pgvector recall@10 dropped to 0.41", "rag-index"},
		{"vector dimension mismatch: expected 1536, got 3072", "rag-index"},
		{"the search assistant cites pages we deleted in spring", "rag-index"},

		{"AWS Budgets: genai-prod has exceeded your budgeted amount of $5,000", "cost-spike"},
		{"token spend tripled overnight and traffic is flat", "cost-spike"},
		{"an agent looped all weekend and burned 40k", "cost-spike"},

		{"ignore all previous instructions was in a ticket, and the bot obeyed", "prompt-injection"},
		{"the assistant printed its system prompt to a user", "prompt-injection"},

		{"[P1] Presidio found PII in LLM logs", "data-leakage"},
		{"a customer sees another customer's orders in the chat", "data-leakage"},

		{"content_filter finish reason on 30% of Azure OpenAI completions", "content-filter"},
		{"moderation blocks harmless cooking questions", "content-filter"},

		{"Rollback requested: summariser v31 worse than v30", "model-rollback"},
		{"please put back last week's model, the new one is worse", "model-rollback"},

		// generic-triage: to abstain is right
		{"", ""},
		{"   ", ""},
		{"\xff\xfe", ""},
		{"hello?", ""},
		{"lunch?", ""},
		{"is anybody else seeing this?", ""},
		{"the AI seems off today", ""},
		{"something weird with checkout", ""},
		{"how do I add a new hire to the on-call rota?", ""},
		{"/var has only 4% available space left", ""},
		{"[FIRING:1] NodeFilesystemAlmostOutOfSpace (/dev/sda1)", ""},
		{"Jenkins agents are offline", ""},
		{"users cannot log in with Okta", ""},
		{"KafkaConsumerLag orders", ""},
		{"Stripe webhooks return 500", ""},
	} {
		m := lib.Match(runbooks.Query{Text: tt.text})
		if m.Guide != tt.want {
			t.Errorf("%q: got %q because it %s, want %q", tt.text, m.Guide, m.Why, tt.want)
		}
		if m.Confidence < 0 || m.Confidence > 1 || (m.Guide == "") != (m.Confidence == 0) {
			t.Errorf("%q: %q with confidence %v", tt.text, m.Guide, m.Confidence)
		}
	}
}

// TestSymptomDecides: where words fit two guides, the symptom that a person chose
// tells them apart.
func TestSymptomDecides(t *testing.T) {
	lib := library(t)
	for _, tt := range []struct{ text, symptom, want string }{
		{"answers are slow and cut off", "performance-degradation", "latency-saturation"},
		{"answers are slow and cut off", "invalid-inference", "invalid-output"},
		{"since this morning it is expensive and it leaks names", "cost-anomaly", "cost-spike"},
		{"since this morning it is expensive and it leaks names", "security-privacy", "data-leakage"},
		{"everything returns 500", "availability-loss", "provider-outage"},
		{"answers are slow", "unclassified", "latency-saturation"},
		{"", "performance-degradation", ""}, // a symptom alone is not enough
	} {
		if m := lib.Match(runbooks.Query{Text: tt.text, Symptom: tt.symptom}); m.Guide != tt.want {
			t.Errorf("%q %s: got %q because it %s, want %q", tt.text, tt.symptom, m.Guide, m.Why, tt.want)
		}
	}
	if m := lib.Match(runbooks.Query{Text: "answers are slow", Symptom: "availability-loss"}); m.Guide == "latency-saturation" {
		t.Error("a person knows better than the word slow")
	}
}

// TestASymptomAloneServesNothing: where the guide that fits the symptom has no
// word of the report, and the one with words is for another symptom, neither is
// clear.
func TestASymptomAloneServesNothing(t *testing.T) {
	quiet := func(id, symptom, phrases string) *fstest.MapFile {
		return guide(id, "title: T", "title: T\nsymptoms: ["+symptom+"]\nmatch: {phrases: ["+phrases+"]}")
	}
	lib, _ := runbooks.Load(fstest.MapFS{
		"a.md": quiet("a", "availability-loss", "zorb fails at dawn, zorb burns"),
		"b.md": quiet("b", "performance-degradation", "quim waits"),
	})
	for symptom, want := range map[string]string{"": "a", "availability-loss": "a", "performance-degradation": ""} {
		if m := lib.Match(runbooks.Query{Text: "zorb fails", Symptom: symptom}); m.Guide != want {
			t.Errorf("%s: got %q, want %q: it %s", symptom, m.Guide, want, m.Why)
		}
	}
}

var whyBegins = regexp.MustCompile(`^(says|sounds like|could be|has a few words of it|is like a report|is about|is one of|follows) ?`)

// TestWhyQuotesTheReport: what is said to be in the report stands in it, and
// every reason can be read after "it".
func TestWhyQuotesTheReport(t *testing.T) {
	lib, quote := library(t), regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	for _, r := range reports(t, testReports) {
		m := lib.Match(runbooks.Query{Text: r.Text})
		whys := []string{m.Why}
		for _, c := range m.Candidates {
			whys = append(whys, c.Why)
		}
		for _, why := range whys {
			if !whyBegins.MatchString(why) {
				t.Errorf("it %s", why)
			}
		}
		said, _, _ := strings.Cut(m.Why, "sounds like")
		if said, ok := strings.CutPrefix(said, "says "); ok && !strings.HasPrefix(said, "too little") {
			for _, q := range quote.FindAllString(said, -1) {
				if q = unquote(q); !strings.Contains(plain(r.Text), q) {
					t.Errorf("%q does not say %q: it %s", r.Text, q, m.Why)
				}
			}
		}
	}
}

func unquote(q string) string {
	var s string
	fmt.Sscanf(q, "%q", &s)
	return plain(strings.TrimSuffix(strings.TrimSuffix(s, "…"), " "))
}

// plain is a text without what quoting may change: apostrophes and runs of space.
func plain(s string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("'", "", "’", "").Replace(s)), " ")
}

func TestWhyNamesBothWhenUnsure(t *testing.T) {
	m := words(t).Match(runbooks.Query{Text: "zorb quim"})
	if m.Guide != "" || len(m.Candidates) != 2 || m.Candidates[0].Score < m.Candidates[1].Score {
		t.Fatalf("%+v", m)
	}
	for _, want := range []string{"could be a (it says \"zorb\"", ") or b (it says \"quim\""} {
		if !strings.Contains(m.Why, want) {
			t.Errorf("why %q does not say %s", m.Why, want)
		}
	}
}

// TestMatchIsDeterministic: the same answer again, and from a library loaded anew.
func TestMatchIsDeterministic(t *testing.T) {
	lib := library(t)
	anew, _ := runbooks.Load(runbooks.Embedded())
	for _, r := range reports(t, testReports) {
		for _, q := range []runbooks.Query{{Text: r.Text}, {Text: r.Text, Symptom: r.Symptom}} {
			first := lib.Match(q)
			if diff := cmp.Diff(first, lib.Match(q)); diff != "" {
				t.Errorf("%q: the second answer differs:\n%s", r.Text, diff)
			}
			if diff := cmp.Diff(first, anew.Match(q)); diff != "" {
				t.Errorf("%q: another library answers otherwise:\n%s", r.Text, diff)
			}
		}
	}
}

func TestStrip(t *testing.T) {
	for text, want := range map[string]string{
		"[FIRING:1] DiskFull (db)":          "DiskFull (db)",
		"[FIRING:1, RESOLVED:2] HighErrors": "HighErrors",
		"[Alerting] TTFT is high":           "TTFT is high",
		"[No Data] TTFT":                    "TTFT",
		"[P2] [Triggered on {service:chat,env:prod}] Errors on {host:x}": "chat, prod Errors on { x}",
		"[Re-Triggered] Slow":                           "Slow",
		"[Warn on {queue:rerank}] Depth":                "queue:rerank  Depth",
		`ALARM: "bedrock-5xx" in US East (N. Virginia)`: "bedrock-5xx",
		`OK: "bedrock-5xx" in EU (Ireland)`:             "bedrock-5xx",
		"2026-11-22: index is stale":                    "index is stale",
		"SEV1: chat is down":                            "chat is down",
		"[sev-2] chat is down":                          "chat is down",
		`Errors severity=page model="opus"`:             `Errors  page model="opus"`,
		"the alarm went off in EU":                      "the alarm went off in EU",
		"see [the page](x) for 2026-11-22: done":        "see [the page](x) for 2026-11-22: done",
		"we saw sev1: nothing":                          "we saw sev1: nothing",
		"  spaces  ":                                    "spaces",
	} {
		if got := runbooks.Strip(text); plain(got) != plain(want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// TestStripKeepsTheMeaning: an alert finds the guide that its message finds.
func TestStripKeepsTheMeaning(t *testing.T) {
	lib, message := library(t), "vector dimension mismatch"
	for _, shape := range []string{"[FIRING:3] %s", "[P1] [Triggered] %s", `ALARM: "%s" in US East (Ohio)`, "2026-11-22: %s", "SEV2: %s"} {
		text := fmt.Sprintf(shape, message)
		if got, want := lib.Match(runbooks.Query{Text: text}), lib.Match(runbooks.Query{Text: message}); got.Guide == "" || got.Guide != want.Guide {
			t.Errorf("%s: got %q, want %q", text, got.Guide, want.Guide)
		}
	}
}

func TestNoGuidesNoAnswer(t *testing.T) {
	lib, _ := runbooks.Load()
	if m := lib.Match(runbooks.Query{Text: "it is slow", Symptom: "performance-degradation"}); m.Guide != "" || m.Why == "" {
		t.Errorf("%+v", m)
	}
}

// TestLongTextIsCut: what stands after LongestText is not read, what stands
// before it is.
func TestLongTextIsCut(t *testing.T) {
	lib := words(t)
	filler := strings.Repeat("x ", runbooks.LongestText/2)
	if m := lib.Match(runbooks.Query{Text: filler + " zorb"}); m.Guide != "" || len(m.Candidates) > 0 {
		t.Errorf("the end was read: it %s", m.Why)
	}
	if m := lib.Match(runbooks.Query{Text: "zorb " + filler}); m.Guide != "a" {
		t.Errorf("the beginning was not read: got %q, it %s", m.Guide, m.Why)
	}
	if m := lib.Match(runbooks.Query{Text: strings.Repeat("é", runbooks.LongestText)}); m.Guide != "" { // cut within a letter
		t.Errorf("got %q", m.Guide)
	}
}

// TestPhrasesFindTheirGuide: what a guide says people say leads to no other, and
// nearly always to it.
func TestPhrasesFindTheirGuide(t *testing.T) {
	lib := library(t)
	all, found := 0, 0
	for _, g := range lib.Guides() {
		if len(g.Phrases) < 20 {
			t.Errorf("%s: it has %d phrases", g.ID, len(g.Phrases))
		}
		for _, said := range g.Phrases {
			m := lib.Match(runbooks.Query{Text: said})
			all++
			switch m.Guide {
			case g.ID:
				found++
			case "":
				if g.ID == "generic-triage" {
					found++
				}
			default:
				t.Errorf("%s: %q leads to %q: it %s", g.ID, said, m.Guide, m.Why)
			}
		}
	}
	t.Logf("%d of %d phrases find their guide", found, all)
	if found*100 < all*97 {
		t.Errorf("only %d of %d phrases find their guide", found, all)
	}
}

// TestOverlaidGuideIsFound: a pattern and two phrases are enough for a team's own.
func TestOverlaidGuideIsFound(t *testing.T) {
	file := guide("night-batch", "title: T", `title: The night batch
match:
  patterns: [{weight: 3, re: 'batch-\d+', not: 'finished'}]
  phrases: [the nightly job never ends, moonlight reports are missing at dawn]
  not: [the nightly job never ends happily]`)
	lib := library(t, fstest.MapFS{"night-batch.md": file})
	for text, want := range map[string]string{
		"Batch-17 is stuck":                       "night-batch",
		"batch-17 finished":                       "",
		"our nightly jobs never ended":            "night-batch",
		"no moonlight report, and it is dawn":     "night-batch",
		"OpenAI returning 503s":                   "provider-outage",
		"[FIRING:1] DCGMXidErrors (gpu=3) XID 79": "gpu-hardware-fault",
	} {
		if m := lib.Match(runbooks.Query{Text: text}); m.Guide != want {
			t.Errorf("%q: got %q, want %q: it %s", text, m.Guide, want, m.Why)
		}
	}
	if m := lib.Match(runbooks.Query{Text: "the nightly job never ends happily"}); m.Guide == "night-batch" {
		t.Errorf("its counter-example finds it: it %s", m.Why)
	}
}

func read(t testing.TB, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
