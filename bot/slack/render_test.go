package slack

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
	"tocsin/runbooks"
)

// hostile is what somebody may write who wants to ping, link, format or hide.
var hostile = []string{
	"<!channel> and <!here>",
	"<@U0BEN> look",
	"<http://evil.example|harmless>",
	"[harmless](http://evil.example)",
	"[@ben](user:U0BEN)",
	"*bold* _italic_ ~strike~ `code` ```block```",
	"> quoted # heading - list 1. one",
	"| a | b | --- |",
	"invoice \u202Efdp.exe",
	"&lt;!channel&gt; &amp;",
	"🔥🔥🔥",
	"日本語のタイトル",
	"http://evil.example/path",
	"@channel @here @everyone",
	"\\<!channel\\>",
	strings.Repeat("<", 3900),
	strings.Repeat("long & ", 570),
	"a" + strings.Repeat("\u0301", 50),
}

// post sends a message through the Performer, and gives what people see.
func (s *stage) post(m effect.Message) sandbox.Message {
	s.t.Helper()
	job := first(effect.Say{})
	job.Message = m
	s.must(job)
	all := s.said(s.inc.ChannelName())
	return all[len(all)-1]
}

// TestHostileText: Slack takes it, shows it as it was written, and reads no
// mention, link or style in it.
func TestHostileText(t *testing.T) {
	s := newStage(t).open()
	for _, text := range hostile {
		got := s.post(effect.Message{Title: "INC-7 · " + text, Body: "**Note:** " + incident.Escape(text)})
		if strings.ContainsAny(got.Text, "<>") {
			t.Errorf("the fallback of %.40q has markup: %.80q", text, got.Text)
		}
		var shown strings.Builder
		for _, e := range elements(got.Blocks)[1:] {
			if e["type"] != "text" || e["style"] != nil {
				t.Errorf("%.40q became %v", text, e)
			}
			shown.WriteString(e["text"].(string))
		}
		want := strings.ReplaceAll(text, "\u202E", "")
		if got := strings.TrimSpace(shown.String()); got != strings.TrimSpace(want) {
			t.Errorf("%.60q is shown as %.60q", want, got)
		}
	}
}

// TestHostileTextInEdits: chat.update takes less text than chat.postMessage.
func TestHostileTextInEdits(t *testing.T) {
	s := newStage(t).open()
	s.must(first(effect.ShowCard{}))
	for _, text := range append(hostile, strings.Repeat("&", 4000)) {
		job := first(effect.ShowCard{})
		job.Message = effect.Message{Title: text, Body: incident.Escape(text), Buttons: []effect.Button{{Label: text, Command: "INC-7 note", Confirm: text}}}
		if _, err := s.do(job); err != nil {
			t.Errorf("%.40q: %v", text, err)
		}
	}
}

// TestLongLinks: Slack takes addresses of at most 3,000 characters.
func TestLongLinks(t *testing.T) {
	s := newStage(t).open()
	address := "https://example.com/" + strings.Repeat("a", 4000)
	got := s.post(effect.Message{Body: "[the alert](" + address + ") fired"})
	if !strings.Contains(string(asJSON(t, got.Blocks)), "the alert") {
		t.Errorf("the text of the link is gone: %v", got.Blocks)
	}
}

// TestRichText: how each piece of Markdown is shown.
func TestRichText(t *testing.T) {
	tests := []struct{ name, md, want string }{
		{"styles", "**b** *i* ~~s~~ `c`", `[{"type":"rich_text_section","elements":[{"type":"text","text":"b","style":{"bold":true}},{"type":"text","text":" "},{"type":"text","text":"i","style":{"italic":true}},{"type":"text","text":" "},{"type":"text","text":"s","style":{"strike":true}},{"type":"text","text":" "},{"type":"text","text":"c","style":{"code":true}}]}]`},
		{"person", "[@ada](user:U0ADA)", `[{"type":"rich_text_section","elements":[{"type":"user","user_id":"U0ADA"}]}]`},
		{"link", "[docs](https://example.com)", `[{"type":"rich_text_section","elements":[{"type":"link","url":"https://example.com","text":"docs"}]}]`},
		{"heading", "## Steps", `[{"type":"rich_text_section","elements":[{"type":"text","text":"Steps","style":{"bold":true}}]}]`},
		{"code", "```\na < b\n```", `[{"type":"rich_text_preformatted","elements":[{"type":"text","text":"a \u003c b"}],"border":0}]`},
		{"tasks", "- [ ] a\n- [x] b", `[{"type":"rich_text_list","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"☐ "},{"type":"text","text":"a"}]},{"type":"rich_text_section","elements":[{"type":"text","text":"☑ "},{"type":"text","text":"b"}]}],"style":"bullet","indent":0,"border":0,"offset":0}]`},
		{"quote", "> one\n>\n> two", `[{"type":"rich_text_quote","elements":[{"type":"text","text":"one"},{"type":"text","text":"\n"},{"type":"text","text":"two"}]}]`},
		{"table", "| a | b |\n|---|---|\n| 1 | 2 |", `[{"type":"rich_text_preformatted","elements":[{"type":"text","text":"a · b\n1 · 2"}],"border":0}]`},
		{"empty item", "-\n", `[{"type":"rich_text_list","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":" "}]}],"style":"bullet","indent":0,"border":0,"offset":0}]`},
		{"raw HTML is text", "<b>x</b>", `[{"type":"rich_text_section","elements":[{"type":"text","text":"\u003cb\u003ex\u003c/b\u003e"}]}]`},
	}
	for _, test := range tests {
		if got := string(asJSON(t, richText(effect.Message{Body: test.md}))); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.name, got, test.want)
		}
	}
}

// TestNumbersGoOn: a list that is broken by a nested one goes on counting, as
// its author wrote it; steps are referred to by number.
func TestNumbersGoOn(t *testing.T) {
	md := "3. a\n4. b\n   - b1\n   - b2\n5. c\n"
	type part struct {
		Style          string
		Indent, Offset int
		Elements       []any
	}
	var got []part
	must(t, json.Unmarshal(asJSON(t, richText(effect.Message{Body: md})), &got))
	if len(got) != 3 {
		t.Fatalf("%d parts, want 3: %+v", len(got), got)
	}
	for i, want := range []part{{"ordered", 0, 2, make([]any, 2)}, {"bullet", 1, 0, make([]any, 2)}, {"ordered", 0, 4, make([]any, 1)}} {
		if g := got[i]; g.Style != want.Style || g.Indent != want.Indent || g.Offset != want.Offset || len(g.Elements) != len(want.Elements) {
			t.Errorf("part %d is %s, indent %d, offset %d with %d items; want %s, %d, %d, %d", i, g.Style, g.Indent, g.Offset, len(g.Elements), want.Style, want.Indent, want.Offset, len(want.Elements))
		}
	}
}

// TestGuidesRender: each section of each guide that comes with tocsin, as the
// guide command shows it.
func TestGuidesRender(t *testing.T) {
	s := newStage(t).open()
	lib, problems := runbooks.Load(runbooks.Embedded())
	if len(problems) > 0 || len(lib.Guides()) == 0 {
		t.Fatalf("%d guides, problems %v", len(lib.Guides()), problems)
	}
	for _, g := range lib.Guides() {
		for _, title := range runbooks.Titles() {
			s.post(effect.Message{Title: g.Title, Body: "**" + title + "**\n\n" + g.Section(title)})
		}
		s.post(effect.Message{Title: g.Title, Body: g.Body})
	}
}

// TestAnyMessageIsTaken: whatever Markdown there is in a message, and whatever
// its buttons say, Slack takes it.
func TestAnyMessageIsTaken(t *testing.T) {
	s := newStage(t).open()
	piece := rapid.OneOf(rapid.SampledFrom([]string{
		"- a\n  - b\n    1. c\n", "> q\n> - x\n", "```\n", "```go\nx\n```\n", "| a |\n|---|\n", "[](http://x)", "**", "# \n", "- [ ] \n",
		"1. \n2. x\n\n   y\n", "---\n", "[x](user:U0ADA)", "\n\n", "<b>", "&nbsp;", "\\\n", "  \n",
	}), rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		m := effect.Message{Title: rapid.String().Draw(t, "title"), Body: strings.Join(rapid.SliceOf(piece).Draw(t, "body"), "")}
		for range rapid.IntRange(0, 30).Draw(t, "buttons") {
			m.Buttons = append(m.Buttons, effect.Button{Label: "L" + rapid.String().Draw(t, "label"), Command: "note " + rapid.String().Draw(t, "command")})
		}
		if m.Title+m.Body == "" && len(m.Buttons) == 0 {
			return
		}
		job := first(effect.Say{})
		job.Message = m
		_, err := s.p.Perform(s.t.Context(), s.inc, job)
		if err != nil && !strings.Contains(err.Error(), "no_text") {
			t.Fatalf("%#v: %v", m, err)
		}
	})
}

// TestActionIDs: unique in a message and at most 255 characters, whatever the
// commands are.
func TestActionIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		commands := rapid.SliceOf(rapid.OneOf(
			rapid.SampledFrom([]string{"note", "note 2", "note-2", "INC-1 note", "INC-2 note", "INC-1 note 2", "", "INC-3", "日本", "task done 1"}),
			rapid.StringN(0, 400, -1),
		)).Draw(t, "commands")
		ids, seen := map[string]bool{}, map[string]bool{}
		for _, c := range commands {
			id := actionID(c, ids)
			if id == "" || seen[id] || utf8.RuneCountInString(id) > 255 {
				t.Fatalf("%q gives the id %q, after %v", c, id, seen)
			}
			seen[id] = true
		}
	})
}

// TestActionIDsSayWhatTheyDo: tests and logs read them.
func TestActionIDsSayWhatTheyDo(t *testing.T) {
	for command, want := range map[string]string{
		"INC-12 take incident-commander": "take-incident-commander", "guide list": "guide-list", "open": "open",
	} {
		if got := actionID(command, map[string]bool{}); got != want {
			t.Errorf("%q: %q, want %q", command, got, want)
		}
	}
}

// TestUnescape: what somebody typed, as they saw it.
func TestUnescape(t *testing.T) {
	ben := map[string]incident.Person{"@ben": {User: "U0BEN", Name: "ben"}}
	tests := []struct {
		in, want string
		mentions map[string]incident.Person
	}{
		{"assign scribe <@U0BEN|ben>", "assign scribe @ben", ben},
		{"<@U0BEN>", "@U0BEN", map[string]incident.Person{"@U0BEN": {User: "U0BEN"}}},
		{"see <#C1|general> and <#C2>", "see #general and #C2", nil},
		{"<!here> <!channel> <!everyone|all>", "@here @channel @all", nil},
		{"<!subteam^S1|@oncall> <!subteam^S2>", "@oncall @group", nil},
		{"<https://example.com>", "https://example.com", nil},
		{"<https://example.com|https://example.com>", "https://example.com", nil},
		{"<http://example.com|example.com>", "http://example.com", nil},
		{"<https://evil.example|bank.example>", "bank.example (https://evil.example)", nil},
		{"<mailto:a@b.example|a@b.example>", "a@b.example", nil},
		{"<!date^1700000000^{date}|14 Nov>", "14 Nov", nil},
		{"a &lt; b &amp;&amp; c &gt; d", "a < b && c > d", nil},
		{"&amp;lt;", "&lt;", nil},
		{"p99 < 3 s", "p99 < 3 s", nil},
		{"", "", nil},
	}
	for _, test := range tests {
		got, mentions := unescape(test.in)
		if got != test.want || len(mentions) != len(test.mentions) {
			t.Errorf("%q: %q %v, want %q %v", test.in, got, mentions, test.want, test.mentions)
		}
		for word, p := range test.mentions {
			if mentions[word] != p {
				t.Errorf("%q: %s is %v, want %v", test.in, word, mentions[word], p)
			}
		}
	}
}

// FuzzUnescape: it never panics, and every person it tells of is in the text.
func FuzzUnescape(f *testing.F) {
	for _, s := range []string{"<@U|x>", "<@>", "<>", "<|>", "<!>", "<#|>", "&lt;@U&gt;", "<<@U>>", "<mailto:|x>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		plain, mentions := unescape(s)
		for word := range mentions {
			if !strings.Contains(word, "&") && !strings.Contains(plain, word) {
				t.Errorf("%q: the person %q is not in %q", s, word, plain)
			}
		}
	})
}

// FuzzBlocks: no Markdown makes rendering panic.
func FuzzBlocks(f *testing.F) {
	f.Add("- a\n  - b", "t")
	f.Add("| a |\n|---|", "")
	f.Fuzz(func(t *testing.T, body, title string) {
		m := effect.Message{Title: title, Body: body}
		if strings.Contains(fallback(m), "<") {
			t.Errorf("markup in the fallback of %q", body)
		}
		asJSON(t, blocks(m))
	})
}

// TestUnescapeLosesNoPerson: what the sandbox escapes as Slack does comes back.
func TestUnescapeLosesNoPerson(t *testing.T) {
	s := newStage(t)
	m := s.personSays("U0ADA", "general", "ask @ben & @oncall <now>", "")
	facts := s.must(first(effect.Fetch{Message: m}))
	if got := facts[0].(incident.Quoted).Quote.Text; got != "ask @U0BEN & @oncall <now>" {
		t.Errorf("%q", got)
	}
}

func asJSON(t testing.TB, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	must(t, err)
	return data
}
