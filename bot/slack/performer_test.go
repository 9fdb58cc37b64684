package slack

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
)

// act is one effect, the Slack method that carries it out, and what it leaves
// behind. The tests below treat all of them alike.
type act struct {
	name   string
	method string // the call that changes the world
	set    func(*stage) effect.Effect
	traces func(*stage) int // how often it can be seen to have happened
}

// acts is every effect that changes something in Slack. Fetch only reads.
var acts = []act{
	{"open a channel", "conversations.create", func(*stage) effect.Effect { return effect.OpenChannel{} }, func(s *stage) int {
		n := 0
		for _, name := range s.ChannelNames() {
			if strings.HasPrefix(name, "inc-7") {
				n++
			}
		}
		return n
	}},
	{"open a private channel", "conversations.create", func(s *stage) effect.Effect {
		s.inc = incident.Incident{}
		s.inc = s.fold(incident.Declared{Title: "A leak", Severity: incident.SEV1, Private: true})
		return effect.OpenChannel{}
	}, func(s *stage) int {
		n := 0
		for _, c := range s.State().Channels {
			if c.IsPrivate && c.Name == "inc-7" {
				n++
			}
		}
		return n
	}},
	{"invite", "conversations.invite", func(s *stage) effect.Effect {
		s.open()
		return effect.Invite{People: []incident.User{"U0ADA", "U0BEN"}}
	}, func(s *stage) int { return s.count("channel_join") / 2 }},
	{"set the topic", "conversations.setTopic", func(s *stage) effect.Effect {
		s.open()
		return effect.SetTopic{}
	}, func(s *stage) int { return s.count("channel_topic") }},
	{"show the card", "chat.postMessage", func(s *stage) effect.Effect {
		s.open()
		return effect.ShowCard{}
	}, func(s *stage) int { return len(s.said(s.inc.ChannelName())) }},
	{"announce", "chat.postMessage", func(s *stage) effect.Effect {
		s.open()
		return effect.Announce{}
	}, func(s *stage) int { return len(s.said("incidents")) }},
	{"bookmark", "bookmarks.add", func(s *stage) effect.Effect {
		s.open()
		return effect.Bookmark{Title: "Guide", URL: "https://example.com/guides/x"}
	}, func(s *stage) int { return len(s.channel().Bookmarks) }},
	{"say", "chat.postMessage", func(s *stage) effect.Effect {
		s.open()
		return effect.Say{}
	}, func(s *stage) int { return len(s.said(s.inc.ChannelName())) }},
	{"mark", "reactions.add", func(s *stage) effect.Effect {
		m := s.personSays("U0ADA", "general", "it is broken", "")
		return effect.Mark{Message: m}
	}, func(s *stage) int {
		all := s.Messages("general")
		n := 0
		for _, r := range all[len(all)-1].Reactions {
			n += r.Count
		}
		return n
	}},
	{"draft", "files.completeUploadExternal", func(s *stage) effect.Effect {
		s.open()
		return effect.Draft{N: 1}
	}, func(s *stage) int { return s.count("file_share") }},
}

// TestEachEffectHappensOnce: what is performed leaves one trace; what is
// performed again after its answer, or its request, was lost leaves one too,
// and learns what the first attempt would have learned.
func TestEachEffectHappensOnce(t *testing.T) {
	for _, a := range acts {
		t.Run(a.name, func(t *testing.T) {
			s := newStage(t)
			job := first(a.set(s))
			plain := describe(s.must(job))
			if n := a.traces(s); n != 1 {
				t.Fatalf("it can be seen %d times, want once", n)
			}
			for _, kind := range []string{"lost_answer", "lost_request"} {
				t.Run(kind, func(t *testing.T) {
					s := newStage(t)
					job := first(a.set(s))
					s.fault(kind, a.method)
					if _, err := s.do(job); known(err) != "in doubt" {
						t.Fatalf("after a %s: %s (%v), want in doubt", kind, known(err), err)
					}
					facts := s.must(again(job))
					if n := a.traces(s); n != 1 {
						t.Errorf("done again after a %s it can be seen %d times, want once", kind, n)
					}
					if got := describe(facts); got != plain {
						t.Errorf("the second attempt learned %s, the only one would have learned %s", got, plain)
					}
				})
			}
		})
	}
}

// describe is what facts tell, less the ids that differ from run to run.
func describe(facts []incident.Fact) string {
	var parts []string
	for _, f := range facts {
		switch f := f.(type) {
		case incident.Linked:
			parts = append(parts, fmt.Sprintf("linked %s %v", f.Name, f.Link == "http://sandbox/archives/"+f.Channel))
		case incident.Posted:
			parts = append(parts, fmt.Sprintf("posted %s %v", f.What, f.Message.ID != ""))
		default:
			parts = append(parts, fmt.Sprintf("%T", f))
		}
	}
	return strings.Join(parts, ", ")
}

// TestFailuresAreClassified: the worker goes by what is known after a failure,
// so each must say it rightly, for each effect.
func TestFailuresAreClassified(t *testing.T) {
	refused := func(code string) sandbox.Fault { return sandbox.Fault{Kind: "token_revoked", Reason: code} }
	tests := []struct {
		fault sandbox.Fault
		want  string
		words string // of the error
	}{
		{sandbox.Fault{Kind: "rate_limited", RetryAfter: 7}, "later", "7s"},
		{sandbox.Fault{Kind: "server_error"}, "in doubt", ""},
		{sandbox.Fault{Kind: "internal_error"}, "in doubt", ""},
		{sandbox.Fault{Kind: "lost_request"}, "in doubt", ""},
		{refused("token_revoked"), "later", "SLACK_BOT_TOKEN"},
		{refused("invalid_auth"), "later", "SLACK_BOT_TOKEN"},
		{refused("missing_scope"), "later", "scope"},
		{refused("restricted_action"), "later", "workspace admin"},
		{refused("ekm_access_denied"), "later", "workspace admin"},
		{refused("team_access_not_granted"), "later", "workspace admin"},
		{refused("some_new_code"), "final", "some_new_code"},
	}
	for _, a := range acts {
		for _, test := range tests {
			t.Run(a.name+"/"+test.fault.Kind+test.fault.Reason, func(t *testing.T) {
				s := newStage(t)
				job := first(a.set(s))
				test.fault.Method, test.fault.Times = a.method, 1
				s.faultWith(test.fault)
				_, err := s.do(job)
				want := test.want
				if a.name == "draft" && test.words == "scope" {
					want = "final" // messages that need no such scope would wait behind it
				}
				if got := known(err); got != want {
					t.Fatalf("%s (%v), want %s", got, err, want)
				}
				if !strings.Contains(err.Error(), test.words) {
					t.Errorf("%q does not tell of %q", err, test.words)
				}
				if final, ok := err.(*bot.Final); ok && !strings.Contains(final.Why, "Try again") {
					t.Errorf("%q does not say what to do", final.Why)
				}
			})
		}
	}
}

// TestRetryAfterIsKept: how long to wait is Slack's word, not ours.
func TestRetryAfterIsKept(t *testing.T) {
	s := newStage(t).open()
	s.faultWith(sandbox.Fault{Kind: "rate_limited", Method: "chat.postMessage", RetryAfter: 42, Times: 1})
	_, err := s.do(first(effect.Say{}))
	if later, ok := err.(*bot.Later); !ok || later.After != 42*time.Second {
		t.Errorf("%v, want to wait 42 s", err)
	}
}

// TestMissingScopeNamesTheScope: with the scope's name the operator can add it.
func TestMissingScopeNamesTheScope(t *testing.T) {
	s := newStage(t).open()
	s.faultWith(sandbox.Fault{Kind: "missing_scope", Scope: "bookmarks:write"})
	_, err := s.do(first(effect.Bookmark{Title: "Guide", URL: "https://example.com"}))
	if known(err) != "later" || !strings.Contains(err.Error(), "bookmarks:write") || !strings.Contains(err.Error(), "tocsin manifest") {
		t.Errorf("%v, want a Later that names bookmarks:write and tocsin manifest", err)
	}
}

// TestUnknownEffect: an effect of a newer tocsin is given up in words.
func TestUnknownEffect(t *testing.T) {
	s := newStage(t)
	if _, err := s.do(first(nil)); known(err) != "final" {
		t.Errorf("%v, want a Final", err)
	}
}
