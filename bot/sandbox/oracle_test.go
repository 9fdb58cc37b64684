package sandbox_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/bot/sandbox"
)

// oracle is a folder of reference data that is not part of this repository; tests that read it skip
// without it.
func oracle(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("TOCSIN_ORACLE")
	if dir == "" {
		t.Skip("set TOCSIN_ORACLE to the folder with slack_contract.json and slackblocks_spec to run this")
	}
	return dir
}

func load(t *testing.T, path string, v any) {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	decode(t, data, v)
}

// TestOracleValidBlocks: every valid fixture of the slackblocks specification passes, wrapped into
// what it belongs in.
func TestOracleValidBlocks(t *testing.T) {
	dir := filepath.Join(oracle(t), "slackblocks_spec/spec/fixtures/valid")
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.json"))
	must(t, err)
	if len(files) < 90 {
		t.Fatalf("only %d fixtures in %s", len(files), dir)
	}
	exceptions := map[string]string{
		"messages/webhook_message_basic":  "one block_id twice, which Slack refuses",
		"messages/webhook_message_delete": "one block_id twice, which Slack refuses",
	}
	b := newBench(t, sandbox.Options{})
	for _, file := range files {
		var fixture any
		load(t, file, &fixture)
		name := strings.TrimSuffix(strings.TrimPrefix(file, dir+"/"), ".json")
		problems := b.validate(t, wrap(name, fixture))
		_, excepted := exceptions[name]
		if (problems["ok"] == true) == excepted {
			t.Errorf("%s: ok %v, exception %v: %v", name, problems["ok"], excepted, problems["errors"])
		}
	}
}

// wrap puts a fixture into blocks or a view.
func wrap(name string, fixture any) any {
	folder, kind, _ := strings.Cut(name, "/")
	o, _ := fixture.(m)
	switch folder {
	case "views":
		return fixture
	case "messages", "attachments":
		if blocks, _ := o["blocks"].([]any); blocks != nil {
			return blocks
		}
		return o["attachments"].([]any)[0].(m)["blocks"]
	case "blocks":
		if kind == "alert_block" || kind == "input_block_only" {
			return dialog(m{"blocks": l{fixture}, "submit": pt("s")})
		}
		return l{fixture}
	case "rich_text":
		if strings.HasPrefix(text(o["type"]), "rich_text_") {
			return l{m{"type": "rich_text", "elements": l{fixture}}}
		}
		return l{m{"type": "rich_text", "elements": l{m{"type": "rich_text_section", "elements": l{fixture}}}}}
	case "objects":
		return wrapObject(kind, o)
	}
	switch kind := text(o["type"]); {
	case kind == "url":
		return l{m{"type": "task_card", "task_id": "1", "title": "t", "sources": l{fixture}}}
	case strings.HasSuffix(kind, "_input"):
		return l{input(o)}
	case kind == "image" || kind == "workflow_button":
		return accessory(o)
	}
	return acts(fixture)
}

func wrapObject(kind string, o m) any {
	workflow := func(trigger any) l {
		return acts(m{"type": "workflow_button", "text": pt("w"), "workflow": m{"trigger": trigger}})
	}
	switch {
	case strings.HasPrefix(kind, "text_"):
		return section(m{"text": o})
	case strings.HasPrefix(kind, "confirmation"):
		return acts(button(m{"confirm": o}))
	case strings.HasPrefix(kind, "conversation_filter"):
		return accessory(m{"type": "conversations_select", "filter": o})
	case strings.HasPrefix(kind, "dispatch"):
		return l{input(field(m{"dispatch_action_config": o}))}
	case strings.HasPrefix(kind, "input_parameter"):
		return workflow(m{"url": "https://slack.com/shortcuts/1/2", "customizable_input_parameters": l{o}})
	case strings.HasPrefix(kind, "trigger"):
		return workflow(o)
	case strings.HasPrefix(kind, "workflow"):
		return workflow(o["trigger"])
	case strings.HasPrefix(kind, "option_group"):
		return accessory(m{"type": "static_select", "option_groups": l{o}})
	}
	return accessory(choose("static_select", l{o}))
}

// TestOracleInvalidBlocks: every invalid case of the specification is among ours.
func TestOracleInvalidBlocks(t *testing.T) {
	var manifest struct {
		Cases []struct{ ID, Description string }
	}
	load(t, filepath.Join(oracle(t), "slackblocks_spec/spec/fixtures/invalid/manifest.json"), &manifest)
	if len(manifest.Cases) < 100 {
		t.Fatalf("only %d cases", len(manifest.Cases))
	}
	ours := badBlocks()
	for _, c := range manifest.Cases {
		if ours[c.ID] == nil {
			t.Errorf("no block for %s: %s", c.ID, c.Description)
		}
	}
}

// contract is what Slack documents of a method.
type contract struct {
	Common  map[string]any `json:"common_errors"`
	Methods map[string]struct {
		Args struct {
			Properties map[string]any `json:"properties"`
			Required   []string       `json:"required"`
		} `json:"args"`
		Errors   map[string]any `json:"errors_specific"`
		Examples []string       `json:"examples"`
	} `json:"methods"`
}

// TestOracleErrors: the codes that the sandbox refuses with are the method's documented ones.
func TestOracleErrors(t *testing.T) {
	var c contract
	load(t, filepath.Join(oracle(t), "slack_contract.json"), &c)
	undocumented := map[string]string{
		"invalid_arguments": "answered for missing or malformed arguments of any method",
		"invalid_thread_ts": "seen, not in the list",
		"thread_not_found":  "documented for conversations.replies; chat.* answer it too",
		"too_many_users":    "documented for users.info; over the 100 of conversations.invite",
		"invalid_limit":     "documented for conversations.list; history answers it too",
	}
	needed := map[string]bool{}
	for _, test := range refusals(newStage(t)) {
		if c.Methods[test.method].Errors[test.want] != nil || c.Common[test.want] != nil {
			continue
		}
		if needed[test.want] = true; undocumented[test.want] == "" {
			t.Errorf("%s answers %s, which Slack does not document", test.method, test.want)
		}
	}
	for code := range undocumented {
		if !needed[code] {
			t.Errorf("the exception for %s is not needed", code)
		}
	}
}

// TestOraclePagerDuty: our webhooks have the fields of PagerDuty's.
func TestOraclePagerDuty(t *testing.T) {
	dir := filepath.Join(oracle(t), "pagerduty")
	ws, next := pager(t)
	first, err := ws.PagerDuty(ctx(t), sandbox.Page{Agent: "Dina Weiss", Priority: "P2"})
	must(t, err)
	_, triggered := next()
	got := map[string]m{"incident.triggered": triggered}
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	must(t, err)
	if len(files) < 30 {
		t.Fatalf("only %d webhooks in %s", len(files), dir)
	}
	for _, file := range files {
		kind := strings.TrimPrefix(strings.TrimSuffix(filepath.Base(file), ".json"), "official.")
		if got[kind] != nil {
			continue
		}
		_, err := ws.PagerDuty(ctx(t), sandbox.Page{EventType: kind, ID: first.IncidentID, Agent: "Dina Weiss"})
		must(t, err)
		_, got[kind] = next()
	}
	optional := map[string]bool{"reopened_at": true, "conference_number": true, "conference_url": true}
	for kind, event := range got {
		var want struct{ Event m }
		load(t, filepath.Join(dir, kind+".json"), &want)
		for _, path := range missing("", want.Event, event, optional) {
			t.Errorf("%s has no %s", kind, path)
		}
	}
}

// TestOracleShapes: our answers have the fields of Slack's examples that an app can rely on.
func TestOracleShapes(t *testing.T) {
	var c contract
	load(t, filepath.Join(oracle(t), "slack_contract.json"), &c)
	s := newStage(t)
	optional := map[string]bool{ // about features that the sandbox has not
		"parent_conversation": true, "pending_connected_team_ids": true, "properties": true, "is_frozen": true, "priority": true,
		"last_read": true, "latest": true, "unread_count": true, "unread_count_display": true, "is_read_only": true, "locale": true,
		"conversation_host_id": true, "connected_team_ids": true, "channel_actions_ts": true, "is_starred": true, "members_count": true,
		"avatar_hash": true, "image_original": true, "has_2fa": true, "enterprise_id": true, "enterprise_name": true, "icons": true,
		"is_thread_only": true, "internal_team_ids": true, "provider": true, "attachments": true, "is_app_user": true,
	}
	for method, args := range map[string]m{
		"auth.test": {}, "users.info": {"user": "U0ADA"}, "conversations.info": {"channel": s.own},
		"conversations.members": {"channel": s.own}, "conversations.history": {"channel": s.own}, "pins.list": {"channel": s.own},
		"bookmarks.add": {"channel_id": s.own, "title": "t", "type": "link", "link": "https://a.b"},
		"reactions.get": {"channel": s.own, "timestamp": s.botTS},
		"team.info":     {}, "bots.info": {"bot": sandbox.BotID}, "usergroups.list": {}, "users.list": {},
		"chat.getPermalink": {"channel": s.own, "message_ts": s.botTS},
		"chat.postMessage":  {"channel": s.own, "text": "x"}, "chat.update": {"channel": s.own, "ts": s.botTS, "text": "y"},
	} {
		got := s.call(t, method, args)
		var example m
		if err := json.Unmarshal([]byte(c.Methods[method].Examples[0]), &example); err != nil {
			t.Fatalf("%s: %v", method, err)
		}
		for _, path := range missing("", example, got, optional) {
			t.Logf("%s: no %s", method, path)
			if strings.Count(path, ".") <= 1 && !strings.Contains(path, "image_") {
				t.Errorf("%s: the answer has no %s", method, path)
			}
		}
	}
}

// missing are the fields that want has and got has not, as paths.
func missing(at string, want, got any, optional map[string]bool) (paths []string) {
	switch want := want.(type) {
	case m:
		has, _ := got.(m)
		for key, value := range want {
			if _, found := has[key]; !found && !optional[key] {
				paths = append(paths, at+"."+key)
			} else if found {
				paths = append(paths, missing(at+"."+key, value, has[key], optional)...)
			}
		}
	case []any:
		has, _ := got.([]any)
		if len(want) > 0 && len(has) > 0 {
			return missing(at+"[0]", want[0], has[0], optional)
		}
	}
	return paths
}
