package sandbox_test

import (
	"strings"
	"testing"

	"tocsin/bot/sandbox"
)

type m = map[string]any

// stage is a workspace with something to be wrong about: a channel of the bot's with a message of
// each kind, a private channel without the bot, an archived one.
type stage struct {
	*bench
	own, general, secret, archived, foreign string // channel ids
	botTS, humanTS, joinTS                  string // messages in own
}

func newStage(t *testing.T) stage {
	t.Helper()
	b := newBench(t, sandbox.Options{})
	s := stage{bench: b, general: b.channel(t, "general"), foreign: b.channel(t, "ml-platform")}
	create := func(name string) string {
		return b.call(t, "conversations.create", m{"name": name})["channel"].(m)["id"].(string)
	}
	s.own, s.archived = create("own"), create("old")
	b.call(t, "conversations.archive", m{"channel": s.archived})
	b.call(t, "conversations.invite", m{"channel": s.own, "users": "U0ADA,U0BEN"})
	made, err := b.Channel(ctx(t), sandbox.NewChannel{User: "U0ADA", Name: "secret", Private: true})
	must(t, err)
	s.secret = made.Channel
	s.joinTS = b.lastMessage(t, "own").TS
	said, err := b.Say(ctx(t), sandbox.Say{User: "U0ADA", Channel: "own", Text: "hello"})
	must(t, err)
	s.humanTS = said.TS
	s.botTS = text(b.call(t, "chat.postMessage", m{"channel": s.own, "text": "card"})["ts"])
	b.call(t, "pins.add", m{"channel": s.own, "timestamp": s.botTS})
	b.call(t, "reactions.add", m{"channel": s.own, "timestamp": s.botTS, "name": "eyes"})
	return s
}

// wrong is a call that Slack refuses.
type wrong struct {
	method string
	args   m
	want   string
}

// refusals is what Slack refuses, method by method, with its error codes.
func refusals(s stage) []wrong {
	long := func(n int) string { return strings.Repeat("x", n) }
	var many []string
	for range 101 {
		many = append(many, "U0ADA")
	}
	return []wrong{
		{"no.such", m{}, "unknown_method"},
		{"conversations.create", m{}, "invalid_arguments"},
		{"conversations.create", m{"name": ""}, "invalid_name_required"},
		{"conversations.create", m{"name": "Loud"}, "invalid_name_specials"},
		{"conversations.create", m{"name": "two words"}, "invalid_name_specials"},
		{"conversations.create", m{"name": "-_-"}, "invalid_name_punctuation"},
		{"conversations.create", m{"name": long(81)}, "invalid_name_maxlength"},
		{"conversations.create", m{"name": "general"}, "name_taken"},
		{"conversations.create", m{"name": "old"}, "name_taken"},    // archived channels hold their names
		{"conversations.create", m{"name": "secret"}, "name_taken"}, // private ones too
		{"conversations.rename", m{"channel": s.own, "name": "general"}, "name_taken"},
		{"conversations.rename", m{"channel": s.general, "name": "g2"}, "not_authorized"},
		{"conversations.rename", m{"channel": s.archived, "name": "o2"}, "is_archived"},
		{"conversations.archive", m{"channel": s.archived}, "already_archived"},
		{"conversations.archive", m{"channel": s.general}, "cant_archive_general"},
		{"conversations.archive", m{"channel": s.foreign}, "not_in_channel"},
		{"conversations.unarchive", m{"channel": s.own}, "not_archived"},
		{"conversations.info", m{"channel": "C0NONE"}, "channel_not_found"},
		{"conversations.info", m{"channel": s.secret}, "channel_not_found"},
		{"conversations.info", m{"channel": "own"}, "channel_not_found"}, // a name is no id
		{"conversations.setTopic", m{"channel": s.own, "topic": long(251)}, "too_long"},
		{"conversations.setTopic", m{"channel": s.foreign, "topic": "t"}, "not_in_channel"},
		{"conversations.setTopic", m{"channel": s.archived, "topic": "t"}, "is_archived"},
		{"conversations.setPurpose", m{"channel": s.own, "purpose": long(251)}, "too_long"},
		{"conversations.invite", m{"channel": s.own, "users": ""}, "no_user"},
		{"conversations.invite", m{"channel": s.own, "users": "U0ADA"}, "already_in_channel"},
		{"conversations.invite", m{"channel": s.own, "users": sandbox.BotUser}, "cant_invite_self"},
		{"conversations.invite", m{"channel": s.own, "users": "U0NOBODY"}, "user_not_found"},
		{"conversations.invite", m{"channel": s.own, "users": strings.Join(many, ",")}, "too_many_users"},
		{"conversations.invite", m{"channel": s.foreign, "users": "U0ADA"}, "not_in_channel"},
		{"conversations.invite", m{"channel": s.archived, "users": "U0ADA"}, "is_archived"},
		{"conversations.kick", m{"channel": s.own, "user": sandbox.BotUser}, "cant_kick_self"},
		{"conversations.kick", m{"channel": s.own, "user": "U0DINA"}, "not_in_channel"},
		{"conversations.kick", m{"channel": s.general, "user": "U0ADA"}, "cant_kick_from_general"},
		{"conversations.join", m{"channel": s.secret}, "channel_not_found"},
		{"conversations.join", m{"channel": s.archived}, "is_archived"},
		{"conversations.leave", m{"channel": s.general}, "cant_leave_general"},
		{"conversations.history", m{"channel": s.foreign}, "not_in_channel"},
		{"conversations.history", m{"channel": s.own, "oldest": "yesterday"}, "invalid_ts_oldest"},
		{"conversations.history", m{"channel": s.own, "cursor": "bogus"}, "invalid_cursor"},
		{"conversations.history", m{"channel": s.own, "limit": 5000}, "invalid_limit"},
		{"conversations.replies", m{"channel": s.own, "ts": "1.000000"}, "thread_not_found"},
		{"conversations.list", m{"types": "public"}, "invalid_types"},
		{"conversations.open", m{}, "users_list_not_supplied"},
		{"conversations.open", m{"users": "U0NOBODY"}, "user_not_found"},
		{"chat.postMessage", m{"text": "x"}, "invalid_arguments"},
		{"chat.postMessage", m{"channel": s.own}, "no_text"},
		{"chat.postMessage", m{"channel": s.own, "text": "  "}, "no_text"},
		{"chat.postMessage", m{"channel": s.own, "text": "x", "markdown_text": "y"}, "markdown_text_conflict"},
		{"chat.postMessage", m{"channel": s.secret, "text": "x"}, "channel_not_found"},
		{"chat.postMessage", m{"channel": "nowhere", "text": "x"}, "channel_not_found"},
		{"chat.postMessage", m{"channel": s.archived, "text": "x"}, "is_archived"},
		{"chat.postMessage", m{"channel": s.own, "text": "x", "thread_ts": "1.000000"}, "thread_not_found"},
		{"chat.postMessage", m{"channel": s.own, "text": "x", "thread_ts": "soon"}, "invalid_thread_ts"},
		{"chat.postMessage", m{"channel": s.own, "text": "x", "thread_ts": s.joinTS}, "cannot_reply_to_message"},
		{"chat.postMessage", m{"channel": s.own, "text": "x", "blocks": "[{"}, "invalid_blocks_format"},
		{"chat.postMessage", m{"channel": s.own, "text": "x", "blocks": []any{m{"type": "wall"}}}, "invalid_blocks"},
		{"chat.postMessage", m{"channel": s.own, "text": "x", "metadata": m{"event_type": "e"}}, "invalid_metadata_format"},
		{"chat.postMessage", m{"channel": s.own, "text": "x", "metadata": m{"event_type": "two words", "event_payload": m{}}}, "invalid_metadata_format"},
		{"chat.postMessage", m{"channel": s.own, "text": "x", "metadata": m{"event_type": "e", "event_payload": m{"a": long(16_001)}}}, "metadata_too_large"},
		{"chat.update", m{"channel": s.own, "ts": s.humanTS, "text": "x"}, "cant_update_message"},
		{"chat.update", m{"channel": s.own, "ts": "1.000000", "text": "x"}, "message_not_found"},
		{"chat.update", m{"channel": s.own, "ts": s.botTS, "text": long(4001)}, "msg_too_long"},
		{"chat.update", m{"channel": s.own, "ts": s.botTS}, "no_text"},
		{"chat.delete", m{"channel": s.own, "ts": s.humanTS}, "cant_delete_message"},
		{"chat.postEphemeral", m{"channel": s.own, "user": "U0DINA", "text": "x"}, "user_not_in_channel"},
		{"chat.postEphemeral", m{"channel": s.foreign, "user": "U0ADA", "text": "x"}, "not_in_channel"},
		{"chat.getPermalink", m{"channel": s.own, "message_ts": "1.000000"}, "message_not_found"},
		{"views.open", m{"trigger_id": "1.2.3", "view": m{"type": "modal"}}, "invalid_arguments"},
		{"views.open", m{"trigger_id": "1.2.3", "view": modal()}, "invalid_trigger_id"},
		{"views.open", m{"view": modal()}, "invalid_arguments"},
		{"views.update", m{"view_id": "V0NONE", "view": modal()}, "not_found"},
		{"views.publish", m{"user_id": "U0NOBODY", "view": m{"type": "home", "blocks": []any{m{"type": "divider"}}}}, "invalid_arguments"},
		{"reactions.add", m{"channel": s.own, "timestamp": s.botTS, "name": "eyes"}, "already_reacted"},
		{"reactions.add", m{"channel": s.own, "timestamp": s.botTS, "name": ":tada:"}, "invalid_name"},
		{"reactions.add", m{"channel": s.own, "timestamp": "1.000000", "name": "tada"}, "message_not_found"},
		{"reactions.add", m{"channel": s.own, "name": "tada"}, "no_item_specified"},
		{"reactions.remove", m{"channel": s.own, "timestamp": s.humanTS, "name": "eyes"}, "no_reaction"},
		{"pins.add", m{"channel": s.own, "timestamp": s.botTS}, "already_pinned"},
		{"pins.add", m{"channel": s.own, "timestamp": "1.000000"}, "message_not_found"},
		{"pins.add", m{"channel": s.own, "timestamp": s.joinTS}, "not_pinnable"},
		{"pins.remove", m{"channel": s.own, "timestamp": s.humanTS}, "no_pin"},
		{"bookmarks.add", m{"channel_id": s.own, "title": "t", "type": "folder", "link": "https://a.b"}, "invalid_bookmark_type"},
		{"bookmarks.add", m{"channel_id": s.own, "title": "t", "type": "link", "link": "javascript:alert(1)"}, "invalid_link"},
		{"bookmarks.add", m{"channel_id": s.own, "title": "t", "type": "link"}, "invalid_link"},
		{"bookmarks.add", m{"channel_id": "C0NONE", "title": "t", "type": "link", "link": "https://a.b"}, "channel_not_found"},
		{"bookmarks.remove", m{"channel_id": s.own, "bookmark_id": "Bk0"}, "not_found"},
		{"files.getUploadURLExternal", m{"filename": "a", "length": 0}, "invalid_arguments"},
		{"files.completeUploadExternal", m{"files": []any{m{"id": "F0"}}}, "file_not_found"},
		{"files.info", m{"file": "F0"}, "file_not_found"},
		{"users.info", m{"user": "U0NOBODY"}, "user_not_found"},
		{"users.lookupByEmail", m{"email": "nobody@example.com"}, "users_not_found"},
		{"usergroups.users.list", m{"usergroup": "S0"}, "no_such_subteam"},
		{"apps.connections.open", m{}, "not_allowed_token_type"},
	}
}

func TestRefusals(t *testing.T) {
	s := newStage(t)
	for _, test := range refusals(s) {
		before := len(s.Messages(s.own))
		got := s.call(t, test.method, test.args)
		if got["ok"] != false || got["error"] != test.want {
			t.Errorf("%s %.120v: got %.200v, want %s", test.method, test.args, got, test.want)
		}
		if after := len(s.Messages(s.own)); after != before {
			t.Errorf("%s %.120v: refused, and yet #own has %d messages more", test.method, test.args, after-before)
		}
	}
}

func modal() m {
	return m{
		"type": "modal", "callback_id": "open", "title": m{"type": "plain_text", "text": "Open"},
		"submit": m{"type": "plain_text", "text": "Go"}, "blocks": []any{
			m{"type": "input", "block_id": "title", "label": m{"type": "plain_text", "text": "Title"},
				"element": m{"type": "plain_text_input", "action_id": "text", "min_length": 3, "max_length": 20}},
			m{"type": "input", "block_id": "level", "optional": true, "label": m{"type": "plain_text", "text": "Level"},
				"element": m{"type": "static_select", "action_id": "sev", "options": []any{
					m{"text": m{"type": "plain_text", "text": "SEV1"}, "value": "sev1"},
					m{"text": m{"type": "plain_text", "text": "SEV2"}, "value": "sev2"},
				}}},
		},
	}
}

func TestTokens(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	for _, test := range []struct{ method, token, want string }{
		{"auth.test", "", "not_authed"},
		{"auth.test", "xoxb-other", "invalid_auth"},
		{"auth.test", "xapp-sandbox", "not_allowed_token_type"},
		{"apps.connections.open", "xoxb-sandbox", "not_allowed_token_type"},
		{"api.test", "", ""},
		{"blocks.validate", "", "invalid_arguments"},
	} {
		got := b.callWith(t, test.method, test.token, m{})
		if text(got["error"]) != test.want {
			t.Errorf("%s with token %q: %v, want error %q", test.method, test.token, got, test.want)
		}
	}
}

// TestInviteForce: without force one bad id spoils the call, with it the good ones come in.
func TestInviteForce(t *testing.T) {
	s := newStage(t)
	users := "U0NOBODY,U0CHEN"
	got := s.call(t, "conversations.invite", m{"channel": s.own, "users": users})
	if got["error"] != "user_not_found" || len(got["errors"].([]any)) != 1 {
		t.Errorf("without force: %v", got)
	}
	members := func() any { return s.call(t, "conversations.members", m{"channel": s.own})["members"] }
	if len(members().([]any)) != 3 {
		t.Errorf("members after the refused call: %v", members())
	}
	got = s.call(t, "conversations.invite", m{"channel": s.own, "users": users, "force": true})
	if len(members().([]any)) != 4 || len(got["errors"].([]any)) != 1 {
		t.Errorf("with force: %v, members %v", got, members())
	}
}

// TestPublicChannelsTakePosts: chat:write.public lets the bot write where it is not, by id or name.
func TestPublicChannelsTakePosts(t *testing.T) {
	s := newStage(t)
	for _, target := range []string{s.foreign, "ml-platform", "#ml-platform"} {
		if got := s.call(t, "chat.postMessage", m{"channel": target, "text": "to " + target}); got["ok"] != true || got["channel"] != s.foreign {
			t.Errorf("chat.postMessage to %s: %v", target, got)
		}
	}
	got := s.call(t, "chat.postMessage", m{"channel": "U0ADA", "text": "hello"})
	if !strings.HasPrefix(text(got["channel"]), "D") {
		t.Errorf("a message to a person went to %v, want their direct message", got)
	}
}

func TestLongTextIsCutWithAWarning(t *testing.T) {
	s := newStage(t)
	got := s.call(t, "chat.postMessage", m{"channel": s.own, "text": strings.Repeat("ä", 40_001)})
	if got["warning"] != "message_truncated" || len([]rune(s.lastMessage(t, "own").Text)) != 40_000 {
		t.Errorf("warning %v, %d characters kept", got["warning"], len([]rune(s.lastMessage(t, "own").Text)))
	}
}

func TestTSGrow(t *testing.T) {
	s := newStage(t)
	last := ""
	for range 200 {
		ts := text(s.call(t, "chat.postMessage", m{"channel": s.own, "text": "x"})["ts"])
		if len(ts) != len("1766318400.000001") || ts <= last {
			t.Fatalf("ts %s after %s", ts, last)
		}
		last = ts
	}
}
