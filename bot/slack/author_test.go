package slack

import (
	"slices"
	"testing"

	"github.com/slack-go/slack"

	"tocsin/bot/effect"
	"tocsin/bot/sandbox"
)

// TestWhoseMessageItIs: what bears our metadata and is of another app is none of ours,
// and is not taken for what was to be sent. What a bot sent whose place ours has taken is:
// it is not sent again, and where it has to be edited, which we cannot, there is one of
// our own.
func TestWhoseMessageItIs(t *testing.T) {
	for name, c := range map[string]struct {
		me     Identity
		before []string
		want   map[string]int // traces of each effect after a second attempt
	}{
		"ours":            {Identity{User: sandbox.BotUser}, nil, map[string]int{"say": 1, "card": 1, "draft": 1}},
		"another app's":   {Identity{User: "U0SELF", Bot: "B0SELF"}, []string{"U0OLD", "B0OLD"}, map[string]int{"say": 2, "card": 2, "draft": 2}},
		"of a bot before": {Identity{User: "U0SELF", Bot: "B0SELF"}, []string{"U0OLD", sandbox.BotUser}, map[string]int{"say": 1, "card": 2, "draft": 1}},
	} {
		for what, e := range map[string]effect.Effect{"say": effect.Say{}, "card": effect.ShowCard{}, "draft": effect.Draft{Through: 1, N: 1}} {
			t.Run(name+"/"+what, func(t *testing.T) {
				s := newStage(t).open()
				job := first(e)
				_, err := s.p.Perform(t.Context(), s.inc, job) // and nobody hears what came of it
				must(t, err)
				s.p.me, s.p.before = c.me, c.before
				_, err = s.p.Perform(t.Context(), s.inc, again(job))
				must(t, err)
				if n := len(s.said(s.inc.ChannelName())); n != c.want[what] {
					t.Errorf("it is there %d times, want %d", n, c.want[what])
				}
			})
		}
	}
}

// TestABotWithoutAUser: apps of an old kind post as a bot alone.
func TestABotWithoutAUser(t *testing.T) {
	s := newStage(t).open()
	s.must(first(effect.Say{}))
	m := s.said(s.inc.ChannelName())[0]
	if m.BotID == "" || s.conn.Me.Bot != m.BotID || s.conn.Me.User != m.User {
		t.Fatalf("we are %+v, the message is by %s and %s", s.conn.Me, m.User, m.BotID)
	}
	for id, want := range map[string]bool{m.BotID: true, "B0OTHER": false, "": false} {
		if got := s.p.mine(message("", id)); got != want {
			t.Errorf("by the bot %q: %v", id, got)
		}
	}
	if s.p.mine(message("U0ADA", m.BotID)) {
		t.Error("what a person wrote is ours")
	}
}

// TestABotThatTookAPlace: who the record was served as before is remembered through
// starts, in the same workspace.
func TestABotThatTookAPlace(t *testing.T) {
	_, conn, _, err := returning(t, Known{})
	must(t, err)
	me := conn.Known()
	for name, c := range map[string]struct {
		known Known
		want  []string
	}{
		"a first start":                {Known{}, nil},
		"the same":                     {me, nil},
		"another app's token":          {Known{Token: "x", User: "U0OLD", Bot: "B0OLD", Team: me.Team}, []string{"U0OLD", "B0OLD"}},
		"of an older tocsin":           {Known{Token: "x", User: "U0OLD", Team: me.Team}, []string{"U0OLD"}},
		"twice another":                {Known{User: "U0OLD", Bot: "B0OLD", Team: me.Team, Before: []string{"U0ELDER"}}, []string{"U0ELDER", "U0OLD", "B0OLD"}},
		"back to the first":            {Known{User: "U0OLD", Bot: "B0OLD", Team: me.Team, Before: []string{me.User, me.Bot}}, []string{"U0OLD", "B0OLD"}},
		"the same, and another before": {Known{Token: me.Token, User: me.User, Bot: me.Bot, Team: me.Team, Before: []string{"U0OLD"}}, []string{"U0OLD"}},
		"another workspace":            {Known{User: "U0OLD", Bot: "B0OLD", Team: "T0OTHER", Before: []string{"U0ELDER"}}, nil},
	} {
		_, conn, _, err := returning(t, c.known)
		must(t, err)
		if got := conn.Known().Before; !slices.Equal(got, c.want) || !slices.Equal(conn.Performer.before, c.want) {
			t.Errorf("%s: it was %q before, and takes what %q wrote for its own, want %q", name, got, conn.Performer.before, c.want)
		}
	}
}

// message is one of a user and a bot.
func message(user, bot string) (m slack.Msg) {
	m.User, m.BotID = user, bot
	return m
}
