package runbooks_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"tocsin/bot/incident"
	"tocsin/runbooks"
)

// described are the services of testdata, without a problem.
func described(t *testing.T) *runbooks.Services {
	t.Helper()
	s, problems := runbooks.LoadServices(runbooks.EmbeddedServices(), os.DirFS("testdata/services"))
	for _, p := range problems {
		t.Error(p)
	}
	return s
}

// overlay are services of files, given as names and front matters, and what is
// reported of them.
func overlay(files ...string) (*runbooks.Services, []string) {
	layer := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		layer[files[i]] = &fstest.MapFile{Data: []byte("---\n" + files[i+1] + "\n---\nText.\n")}
	}
	s, problems := runbooks.LoadServices(runbooks.EmbeddedServices(), nil, layer)
	var said []string
	for _, p := range problems {
		said = append(said, p.String())
	}
	return s, said
}

func find(t *testing.T, s *runbooks.Services, name string) *runbooks.Service {
	t.Helper()
	v, ok := s.Find(name, "")
	if !ok {
		t.Fatalf("there is no service %s", name)
	}
	return v
}

// TestServiceInFull: every field that the README shows is read.
func TestServiceInFull(t *testing.T) {
	got, err := json.MarshalIndent(find(t, described(t), "chat-api"), "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/services/chat-api.json")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
		t.Error(diff)
	}
}

// TestFindByOtherNames, of which ids go first.
func TestFindByOtherNames(t *testing.T) {
	s := described(t)
	for _, tt := range []struct{ name, text, want string }{
		{"checkout-chat", "", "chat-api"}, {"CHAT api", "", "chat-api"}, {"ps1chat", "", "chat-api"}, {" chat ", "", "chat-api"},
		{"", "[checkout-chat] is slow", "chat-api"}, {"", "search is down, says checkout-chat", "search"},
		{"default", "", ""}, {"", "default", ""}, {"nobody", "gateway", "gateway"}, {"PS1", "", ""},
	} {
		got := ""
		if v, ok := s.Find(tt.name, tt.text); ok {
			got = v.ID
		}
		if got != tt.want {
			t.Errorf("%q, %q: %q, want %q", tt.name, tt.text, got, tt.want)
		}
	}
}

// TestSeverityOfWords: what monitors and people call it.
func TestSeverityOfWords(t *testing.T) {
	var none *runbooks.Services
	for want, words := range map[incident.Severity]string{
		"sev1": "P0|P1|p1|SEV-1|sev1|SEV 1|Sev 1 - Outage|SEV0|0|1|P1 - Critical|P1: Critical|[P1]|emergency|Fatal|FATAL|disaster|blocker",
		"sev2": "P2|SEV2|2|high|High|critical|Critical|page|urgent|major|Major outage| critical ",
		"sev3": "P3|3|sev-3|low|warning|warn|error|medium|normal|ticket|Warning: disk",
		"sev4": "P4|P5|4|5|sev4|sev5|minor|info|informational|notice|debug|none|None",
		"":     "|P6|6|green|severity_based|resolved|sev|—|[]|12|" + strings.Repeat("critical", 1000),
	} {
		for word := range strings.SplitSeq(words, "|") {
			if got, ok := none.Severity(nil, word); got != want || ok != (want != "") {
				t.Errorf("%q: %q, want %q", word, got, want)
			}
		}
	}
}

// TestUnrated: a service, or the defaults for all, may say what an alert comes to whose
// monitor has no word, or one that nobody knows; a word that is known goes before.
func TestUnrated(t *testing.T) {
	s, problems := overlay("batch.md", `severity: {"*": sev2, late: sev4}`+"\nid: batch", "chat-api.md", "id: chat-api")
	if problems != nil {
		t.Fatal(problems)
	}
	batch := find(t, s, "batch")
	for word, want := range map[string]incident.Severity{"": "sev2", "unheard": "sev2", "late": "sev4", "info": "sev4", "P1": "sev1"} {
		if got, ok := s.Severity(batch, word); got != want || !ok {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
	if got, ok := s.Severity(batch); got != "sev2" || !ok {
		t.Errorf("of no word: %q", got)
	}
	if got, ok := s.Severity(find(t, s, "chat-api"), ""); ok {
		t.Errorf("another service: %q", got)
	}
	s, _ = overlay("default.md", `severity: {"*": sev3}`+"\nid: default", "chat-api.md", "id: chat-api\nseverity: {7: sev4}")
	if got, _ := s.Severity(find(t, s, "chat-api"), ""); got != "sev3" {
		t.Errorf("by the defaults: %q", got)
	}
}

// TestPriorities: the defaults may say what PagerDuty's priorities are called, and then of
// each severity whether there is one.
func TestPriorities(t *testing.T) {
	s, problems := overlay("default.md", "id: default\npriorities: {SEV1: Critical, sev2: Very high}")
	if problems != nil {
		t.Fatal(problems)
	}
	if got := s.Defaults().Priorities; got["sev1"] != "Critical" || got["sev2"] != "Very high" || len(got) != 2 {
		t.Errorf("%v", got)
	}
	for name, want := range map[string]incident.Severity{"critical": "sev1", "Critical - all is down": "sev1", "Very high": "sev2", "Very": "", "P1": "", "": ""} {
		if got, ok := s.Prioritized(name); got != want || ok != (want != "") {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	if s, _ = overlay("chat-api.md", "id: chat-api"); s.Defaults().Priorities != nil {
		t.Errorf("%v, where nothing is said", s.Defaults().Priorities)
	}
	_, problems = overlay("default.md", "id: default\npriorities: {Critical: sev1}")
	if want := `default.md:3: "Critical" is no severity; use sev1, sev2, sev3 or sev4, each with the name of PagerDuty's priority: sev1: Critical`; len(problems) != 1 || problems[0] != want {
		t.Errorf("%q", problems)
	}
}

// TestSeverityOfAService: its own words go before the defaults, and the first
// word that is known before the next.
func TestSeverityOfAService(t *testing.T) {
	s := described(t)
	chat := find(t, s, "chat-api")
	for _, tt := range []struct {
		service *runbooks.Service
		words   []string
		want    incident.Severity
	}{
		{chat, []string{"critical"}, "sev1"}, {nil, []string{"critical"}, "sev2"}, {chat, []string{"Critical - now"}, "sev1"},
		{chat, []string{"7"}, "sev4"}, {nil, []string{"7"}, ""}, {chat, []string{"P2"}, "sev2"},
		{chat, []string{"", "unheard", "low", "critical"}, "sev3"}, {chat, nil, ""},
	} {
		if got, _ := s.Severity(tt.service, tt.words...); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.words, got, tt.want)
		}
	}
}

// TestActionOfTheDefaults, which need no file of a team's.
func TestActionOfTheDefaults(t *testing.T) {
	var none *runbooks.Services
	for _, tt := range []struct {
		alert runbooks.Alert
		want  runbooks.Action
		why   string
	}{
		{runbooks.Alert{Severity: "sev1"}, runbooks.Open, "because alerts of sev1 or sev2 open a room (services/default.md)"},
		{runbooks.Alert{Severity: "sev2"}, runbooks.Open, "because alerts of sev1 or sev2 open a room (services/default.md)"},
		{runbooks.Alert{Severity: "sev3"}, runbooks.Ask, "because alerts of sev3 ask first (services/default.md)"},
		{runbooks.Alert{Severity: "sev3", Source: "pagerduty", Urgency: "high"}, runbooks.Open, "because alerts from pagerduty of high urgency open a room (services/default.md)"},
		{runbooks.Alert{Severity: "sev3", Source: "pagerduty", Urgency: "low"}, runbooks.Ask, "because alerts of sev3 ask first (services/default.md)"},
		{runbooks.Alert{Severity: "sev3", Source: "grafana", Urgency: "high"}, runbooks.Ask, "because alerts of sev3 ask first (services/default.md)"},
		{runbooks.Alert{Severity: "sev4"}, runbooks.Attach, "because alerts of sev4 are only listed (services/default.md)"},
		{runbooks.Alert{}, runbooks.Ask, "because no rule is for it (services/default.md)"},
	} {
		if got, why := none.Action(nil, tt.alert); got != tt.want || why != tt.why {
			t.Errorf("%+v: %s %s, want %s %s", tt.alert, got, why, tt.want, tt.why)
		}
	}
}

// TestActionOfAService: the first rule that fits decides, all that it asks for
// must be there, and then come the defaults.
func TestActionOfAService(t *testing.T) {
	s := described(t)
	chat := find(t, s, "chat-api")
	staging := map[string]string{"Env": "Staging", "team": "chat"}
	for _, tt := range []struct {
		alert runbooks.Alert
		want  runbooks.Action
		why   string
	}{
		{runbooks.Alert{Severity: "sev2", Source: "sentry"}, runbooks.Open, "because alerts of sev1 or sev2 open a room (services/chat-api.md)"},
		{runbooks.Alert{Severity: "sev3", Source: "Sentry"}, runbooks.Attach, "because alerts from sentry are only listed (services/chat-api.md)"},
		{runbooks.Alert{Severity: "sev3", Title: "The CANARY is slow", Labels: staging}, runbooks.Attach, "because alerts titled “*canary*” with env staging or dev-* are only listed (services/chat-api.md)"},
		{runbooks.Alert{Severity: "sev3", Title: "canary", Labels: map[string]string{"env": "dev-7"}}, runbooks.Attach, "because alerts titled “*canary*” with env staging or dev-* are only listed (services/chat-api.md)"},
		{runbooks.Alert{Severity: "sev3", Title: "canary", Labels: map[string]string{"env": "prod"}}, runbooks.Ask, "because alerts of sev3 ask first (services/default.md)"},
		{runbooks.Alert{Severity: "sev3", Title: "canary"}, runbooks.Ask, "because alerts of sev3 ask first (services/default.md)"},
		{runbooks.Alert{Severity: "sev3", Title: "all is slow", Labels: staging}, runbooks.Ask, "because alerts of sev3 ask first (services/default.md)"},
	} {
		if got, why := s.Action(chat, tt.alert); got != tt.want || why != tt.why {
			t.Errorf("%+v: %s %s, want %s %s", tt.alert, got, why, tt.want, tt.why)
		}
	}
}

// TestGlobs fit the whole of a title, whatever its case.
func TestGlobs(t *testing.T) {
	for _, tt := range []struct {
		glob, title string
		want        bool
	}{
		{"*", "", true}, {"*", "x", true}, {"a", "a", true}, {"a", "A", true}, {"a", "ab", false}, {"a*", "ab", true}, {"*b", "ab", true},
		{"a?c", "abc", true}, {"a?c", "aéc", true}, {"a?c", "ac", false}, {"*a*b*", "xxaxxbxx", true}, {"*a*b*", "xxbxxaxx", false},
		{"[a]", "a", false}, {"[FIRING*", "[firing:2] x/y", true}, {"a**b", "a b", true}, {"*ab", "aab", true}, {"***", "", true}, {"?", "", false},
		{strings.Repeat("*a", 50) + "b", strings.Repeat("a", 5000), false},
	} {
		s, problems := overlay("a.md", fmt.Sprintf("id: a\nalerts: [{when: {title: %q}, do: attach}, {do: open}]", tt.glob))
		if problems != nil {
			t.Fatal(problems)
		}
		if got, _ := s.Action(find(t, s, "a"), runbooks.Alert{Title: tt.title}); (got == runbooks.Attach) != tt.want {
			t.Errorf("%q, %.20q: %s", tt.glob, tt.title, got)
		}
	}
}

// TestDefaultsOfATeam go over the embedded ones field by field, so that one line
// changes one thing.
func TestDefaultsOfATeam(t *testing.T) {
	s, problems := overlay(
		"default.md", "id: default\nseverity: {Critical: sev1, ROT: sev2}\nalerts: [{when: {source: [sentry]}, do: attach}, {do: open}]\nrooms_per_minute: 2\nwindow: 90s\nproviders: {acme: [roadrunner models], anthropic: [sonnet], acme-cloud: []}",
		"chat-api.md", "id: chat-api\nrooms_per_hour: 9")
	if problems != nil || len(s.All()) != 1 {
		t.Fatalf("%d services, problems %v", len(s.All()), problems)
	}
	for word, want := range map[string]incident.Severity{"critical": "sev1", "rot": "sev2", "warning": "sev3"} {
		if got, _ := s.Severity(nil, word); got != want {
			t.Errorf("%s: %s, want %s", word, got, want)
		}
	}
	if got, why := s.Action(nil, runbooks.Alert{Severity: "sev4"}); got != runbooks.Open || why != "because all alerts open a room (services/default.md)" {
		t.Errorf("%s %s", got, why)
	}
	if a, b := s.RoomsPerHour(nil), s.RoomsPerHour(find(t, s, "chat-api")); a != 3 || b != 9 || s.RoomsPerMinute() != 2 || s.Window() != 90*time.Second {
		t.Errorf("rooms %d, %d an hour, %d a minute, window %s", a, b, s.RoomsPerMinute(), s.Window())
	}
	for text, want := range map[string]string{"the Roadrunner models are down": "acme", "sonnet is slow": "anthropic", "Acme fails": "acme", "Acme Cloud fails": "acme-cloud", "claude is slow": "", "mistral is slow": "mistral"} {
		if got := s.Provider(nil, text, nil); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	var none *runbooks.Services
	if got, ok := none.Severity(nil, "rot"); ok || none.Provider(nil, "sonnet", nil) != "" {
		t.Errorf("a team's defaults have become the embedded ones: rot is %s", got)
	}
}

// TestNoServices: nil and the zero value have the embedded defaults.
func TestNoServices(t *testing.T) {
	for _, s := range []*runbooks.Services{nil, {}} {
		if d := s.Defaults(); d == nil || d.ID != "default" || len(d.Alerts) == 0 || len(s.All()) != 0 {
			t.Fatalf("%+v", d)
		}
		if s.RoomsPerHour(nil) != 3 || s.RoomsPerMinute() != 5 || s.Window() != 5*time.Minute {
			t.Errorf("%d, %d, %s", s.RoomsPerHour(nil), s.RoomsPerMinute(), s.Window())
		}
		if got := s.Provider(nil, "anthropic fails", nil); got != "anthropic" {
			t.Errorf("the provider is %q", got)
		}
		if s.Dependents("x") != nil || s.Lint(library(t)) != nil {
			t.Error("nothing depends on anything, and nothing is wrong")
		}
		if _, ok := s.Find("default", "default"); ok {
			t.Error("the defaults are no service")
		}
	}
	s := &runbooks.Services{}
	s.Replace(described(t))
	if find(t, s, "chat").ID != "chat-api" {
		t.Error("it is not replaced")
	}
}

// TestProviderOfAnAlert: a label, the service, a word of the text, in this order.
func TestProviderOfAnAlert(t *testing.T) {
	s := described(t)
	chat, search := find(t, s, "chat-api"), find(t, s, "search")
	for _, tt := range []struct {
		service *runbooks.Service
		text    string
		labels  map[string]string
		want    string
	}{
		{chat, "openai fails", map[string]string{"Provider": "Azure OpenAI"}, "azure-openai"},
		{chat, "", map[string]string{"llm_provider": "claude"}, "anthropic"},
		{chat, "", map[string]string{"vendor": " Acme "}, "acme"},
		{chat, "openai fails", map[string]string{"provider": " ", "env": "openai"}, "anthropic"},
		{search, "529 overloaded_error from api.anthropic.com", nil, "anthropic"},
		{nil, "Azure OpenAI: 429", nil, "azure-openai"}, {nil, "OpenAI on Azure: 429", nil, "openai"}, {nil, "gpt-5 is slow", nil, "openai"},
		{nil, "BEDROCK, then mistral", nil, "bedrock"}, {nil, "the anthropical principle", nil, ""}, {nil, "the replicas work together", nil, ""}, {nil, "", nil, ""},
	} {
		if got := s.Provider(tt.service, tt.text, tt.labels); got != tt.want {
			t.Errorf("%q %v: %q, want %q", tt.text, tt.labels, got, tt.want)
		}
	}
	own, _ := overlay("a.md", "id: a\nprovider: In-House LLM")
	if got := own.Provider(nil, "the in-house llm is slow", nil); got != "in-house llm" {
		t.Errorf("a provider of a service: %q", got)
	}
}

// TestDependents: directly, through others, in a circle, and never itself.
func TestDependents(t *testing.T) {
	s := described(t)
	for id, want := range map[string]string{"gateway": "chat-api search", "search": "chat-api gateway", "chat-api": "", "nobody": ""} {
		var got []string
		for _, v := range s.Dependents(id) {
			got = append(got, v.ID)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", id, got, want)
		}
	}
}

// TestGuidesOfFirstChoice decide between two, and it is said.
func TestGuidesOfFirstChoice(t *testing.T) {
	c := described(t).Context("chat", "")
	lib, text := library(t), "every assistant answers with an error"
	was, is := candidate(lib.Match(runbooks.Query{Text: text}), "provider-outage"), candidate(lib.Match(runbooks.Query{Text: text, Context: runbooks.Context{Service: "chat-api", Guides: c.Guides}}), "provider-outage")
	if by := is.Score - was.Score; by < 0.28 || by > 0.32 || !strings.HasSuffix(is.Why, "is a first choice for chat-api") {
		t.Errorf("it moves by %.2f and %s", by, is.Why)
	}
}

// TestSlipsInServices are reported with their line; the file serves.
func TestSlipsInServices(t *testing.T) {
	s, problems := overlay(
		"a.md", "id: a\npagerduty: PA\nowners:\n  - U0ADA\n  - '@ben'\ndepends_on: [b, nowhere]\nguides:\n- provider-outage\n- no-guide",
		"b.md", "id: b\nalso: [bee, A, pa]")
	want := []string{
		`a.md:6: owner "@ben" is no Slack user id, and is not invited; copy the member ID from the person's profile, such as U0ADA`,
		`a.md:7: it depends on "nowhere", which is no service that is described; correct the id, or describe it in services/nowhere.md`,
		`b.md:3: "A" means a, too, which is found by it; give each name to one service`,
		`b.md:3: "pa" means a, too, which is found by it; give each name to one service`,
	}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Error(diff)
	}
	if got := find(t, s, "a").Owners; len(s.All()) != 2 || len(got) != 1 || got[0] != "U0ADA" {
		t.Errorf("%d services, owners %v", len(s.All()), got)
	}
	lint := s.Lint(library(t))
	if len(lint) != 1 || lint[0].String() != `a.md:10: there is no guide "no-guide"; correct the id, or add the guide; tocsin guides list shows all` {
		t.Error(lint)
	}
}

// TestBadServices are left out, with the line and what to do.
func TestBadServices(t *testing.T) {
	for front, want := range map[string]string{
		"id: a\nstage: beta":                                          `a.md:3: stage "beta" is none; use preview or ga`,
		"id: a\nseverity: {P1: sev1,\n  P2: sev9}":                    `a.md:4: P2 comes to severity "sev9", which is none; use sev1, sev2, sev3 or sev4`,
		"id: a\nseverity: {P1: sev1, p1: sev2}":                       `a.md:3: p1 comes to both sev1 and sev2: upper and lower case are alike; keep one of the two`,
		"id: a\nseverity: {' ': sev1}":                                `a.md:3: a severity has no word of a source's; write it as P1: sev1`,
		"id: a\nalerts:\n- {do: open}\n- {do: ignore}":                `a.md:5: rule 2 of alerts does "ignore"; write do: open, do: ask or do: attach`,
		"id: a\nalerts:\n- {when: {severity: [sev1, high]}, do: ask}": `a.md:4: rule 1 of alerts asks for severity "high", which is none; use sev1, sev2, sev3 or sev4`,
		"id: a\nalerts:\n- {when: {}, do: ask}":                       `a.md:4: rule 1 of alerts has a when: that asks for nothing; name severity, source, urgency, title or labels; without when: it is for every alert`,
		"id: a\nalerts:\n- {when: {severity: }, do: ask}":             `a.md:4: rule 1 of alerts has a when: that asks for nothing; name severity, source, urgency, title or labels; without when: it is for every alert`,
		"id: a\nalerts:\n- {when: {source: []}, do: ask}":             `a.md:4: rule 1 of alerts asks for a source without saying which; say which, or leave it out; * is for any`,
		"id: a\nalerts:\n- {when: {labels: {env: ''}}, do: ask}":      `a.md:4: rule 1 of alerts asks for a label env without saying which; say which, or leave it out; * is for any`,
		"id: a\nalerts:\n- {when: {titel: x}, do: ask}":               `a.md:4: there is no field "titel"; correct its spelling or remove it`,
		"id: a\nrooms_per_hour: 0":                                    `a.md:3: rooms_per_hour is 0; write a number from 1 to 1000; so that alerts open none, write alerts: [{do: ask}]`,
		"id: a\nwindow: 5m":                                           `a.md:3: window holds for all services; move it to services/default.md`,
		"id: a\nrooms_per_minute: 5":                                  `a.md:3: rooms_per_minute holds for all services; move it to services/default.md`,
		"id: a\npriorities: {}":                                       `a.md:3: priorities holds for all services; move it to services/default.md`,
		"id: a\nproviders: {}":                                        `a.md:3: providers holds for all services; move it to services/default.md`,
		"id: a\nalso: {b: c}":                                         "a.md:3: cannot unmarshal !!map; correct the front matter",
	} {
		s, problems := overlay("a.md", front)
		if len(s.All()) != 0 || len(problems) != 1 || problems[0] != want {
			t.Errorf("%s\ngot  %s\nwant %s", front, strings.Join(problems, "\n     "), want)
		}
	}
	s, problems := overlay("default.md", "id: default\nwindow: soon")
	if len(problems) != 1 || problems[0] != `default.md:3: window "soon" is no time that alerts belong together; write it as 5m, from 1s to 24h` || s.Window() != 5*time.Minute {
		t.Errorf("%v, window %s", problems, s.Window())
	}
}

// TestHostileServices cost no time and are left out: bombs, and lists without end.
func TestHostileServices(t *testing.T) {
	bomb := "id: a\nalso: &a [x]\n"
	for i := range 20 {
		c := string(rune('a' + i))
		bomb += fmt.Sprintf("k%d: &%c [%s]\n", i, c[0]+1, strings.TrimSuffix(strings.Repeat("*"+c+",", 20), ","))
	}
	for name, front := range map[string]string{
		"bomb":     bomb,
		"owners":   "id: a\nowners: [" + strings.Repeat("'@x',", 150_000) + "]",
		"alerts":   "id: a\nalerts:\n" + strings.Repeat("- {do: x}\n", 90_000),
		"severity": "id: a\nseverity: {" + strings.Repeat("'':", 1000) + "}",
		"deep":     "id: a\nalerts: " + strings.Repeat("[", 9000) + strings.Repeat("]", 9000),
	} {
		start := time.Now()
		s, problems := overlay("a.md", front)
		if len(s.All()) > 0 || len(problems) == 0 || len(problems) > 30 {
			t.Errorf("%s: %d services, %d problems", name, len(s.All()), len(problems))
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s takes %s", name, took)
		}
	}
}

// TestWhoMayDoWhat: roles, people and words are read; what is none is reported by its
// line, and no service but the defaults says it.
func TestWhoMayDoWhat(t *testing.T) {
	s, problems := overlay("default.md", "id: default\nonly: {sev: [commander, declarer], Page: room, close: U0ADA}\nguests: allow")
	d := s.Defaults()
	if problems != nil || d.Guests != "allow" || len(d.Only) != 3 {
		t.Fatalf("%+v, problems %v", d.Only, problems)
	}
	ada, ben := incident.Person{User: "U0ADA"}, incident.Person{User: "U0BEN"}
	inc := incident.Incident{People: []incident.Person{ben}, Declarer: incident.Actor{Person: ada}}
	for verb, want := range map[string][2]bool{"sev": {true, false}, "page": {false, true}, "close": {true, false}} {
		if got := [2]bool{d.Only[verb].Includes(ada, inc), d.Only[verb].Includes(ben, inc)}; got != want {
			t.Errorf("%s: %v, want %v", verb, got, want)
		}
	}
	for front, words := range map[string]string{
		"id: default\nonly: {sev: [boss]}":         `"boss" is nobody that may sev`,
		"id: default\nonly: {sev: []}":             "nobody may sev",
		"id: default\nguests: perhaps":             `guests is "perhaps"`,
		"id: chat-api\nonly: {sev: [commander]}":   "only holds for all services",
		"id: chat-api\nguests: allow\ntitle: Chat": "guests holds for all services",
	} {
		id, _, _ := strings.Cut(strings.TrimPrefix(front, "id: "), "\n")
		if _, problems := overlay(id+".md", front); len(problems) == 0 || !strings.Contains(problems[0], words) {
			t.Errorf("%s: %v, want %q", front, problems, words)
		}
	}
	if d := (*runbooks.Services)(nil).Defaults(); d.Guests != "refuse" || d.Only != nil {
		t.Errorf("by default: %q, %v", d.Guests, d.Only)
	}
}
