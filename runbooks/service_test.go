package runbooks_test

import (
	"testing"
	"testing/fstest"

	"tocsin/runbooks"
)

// TestServices: a service is found by its name or by its id as a word of a text;
// one that cannot be used is reported, the others serve.
func TestServices(t *testing.T) {
	file := func(front string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("---\n" + front + "\n---\nText.\n")}
	}
	s, problems := runbooks.LoadServices(fstest.MapFS{
		"chat-api.md": file("id: chat-api\ntitle: Chat\nprovider: anthropic\nhas: [retrieval]"),
		"scorer.md":   file("id: scorer\nhas: [features, wheels]"),
		"other.md":    file("id: another"),
	})
	if len(s.All()) != 1 || len(problems) != 2 {
		t.Fatalf("%d services, problems %v", len(s.All()), problems)
	}
	for _, p := range problems {
		if got := p.String(); got != `other.md:2: its id is "another"; give file and id one name: <id>.md` &&
			got != `scorer.md:3: "wheels" is no part that guides know; use retrieval, features, gpus, agents` {
			t.Error(got)
		}
	}
	for _, tt := range []struct {
		name, text string
		want       bool
	}{
		{"chat-api", "", true}, {"CHAT", "", true}, {"", "slow since noon in chat-api.", true},
		{"", "[P2] [Triggered on {service:chat-api,env:prod}] slow", true},
		{"", "the chat-api-v2 is slow", false}, {"", "chat is slow", false}, {"", "", false},
	} {
		if _, ok := s.Find(tt.name, tt.text); ok != tt.want {
			t.Errorf("%q, %q: found %v", tt.name, tt.text, ok)
		}
	}
	if c := s.Context("", "chat-api is slow"); c.Service != "chat-api" || c.Provider != "anthropic" || len(c.Has) != 1 {
		t.Errorf("%+v", c)
	}
	var none *runbooks.Services
	if c := none.Context("x", "y"); c.Service != "x" || c.Has != nil {
		t.Errorf("%+v", c)
	}
}
