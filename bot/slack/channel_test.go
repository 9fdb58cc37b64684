package slack

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
)

// TestChannelName: the name is the incident's; the fact leads there.
func TestChannelName(t *testing.T) {
	s := newStage(t)
	facts := s.must(first(effect.OpenChannel{}))
	c := s.channelCalled("inc-7-answers-cut-off")
	want := incident.Linked{Channel: c.ID, Name: c.Name, Link: "http://sandbox/archives/" + c.ID}
	if len(facts) != 1 || facts[0] != want {
		t.Errorf("facts %+v, want %+v", facts, want)
	}
	if c.IsPrivate || c.Creator != sandbox.BotUser {
		t.Errorf("the channel: %+v", c)
	}
}

// TestNameTakenByAnother: a channel that somebody else made, or that is older
// than the incident, is never taken for ours, at whatever attempt.
func TestNameTakenByAnother(t *testing.T) {
	t.Run("by a person", func(t *testing.T) {
		s := newStage(t)
		_, err := s.Channel(t.Context(), sandbox.NewChannel{User: "U0DINA", Name: s.inc.ChannelName()})
		must(t, err)
		s.must(first(effect.OpenChannel{}))
		if s.inc.Channel.Name != "inc-7-answers-cut-off-2" {
			t.Errorf("the channel is #%s, want the name with -2", s.inc.Channel.Name)
		}
	})
	t.Run("by a person, since our first attempt, and the bot is in it", func(t *testing.T) {
		s := newStage(t)
		made, err := s.Channel(t.Context(), sandbox.NewChannel{User: "U0DINA", Name: s.inc.ChannelName()})
		must(t, err)
		_, _, _, err = s.api().JoinConversationContext(t.Context(), made.Channel)
		must(t, err)
		job := first(effect.OpenChannel{})
		for job.Tries = 2; job.Tries < 20; job.Tries++ {
			if _, err = s.do(job); known(err) != "later" {
				break
			}
		}
		must(t, err)
		if s.inc.Channel.Name != "inc-7-answers-cut-off-2" {
			t.Errorf("linked %+v, want a channel of our own", s.inc.Channel)
		}
	})
	t.Run("by our bot, before", func(t *testing.T) {
		s := newStage(t)
		before := s.inc // as another record would have it
		s.must(first(effect.OpenChannel{}))
		s.must(first(effect.SetTopic{}))
		old := s.inc.Channel.Channel
		job := first(effect.OpenChannel{})
		job.First = time.Now().Add(time.Hour) // as if the channel were an hour old
		for job.Tries = 2; ; job.Tries++ {
			facts, err := s.p.Perform(t.Context(), before, job)
			if known(err) == "later" && job.Tries < 20 {
				continue // it may be that Slack does not show it yet
			}
			must(t, err)
			if got := facts[0].(incident.Linked); got.Channel == old || got.Name != "inc-7-answers-cut-off-2" {
				t.Errorf("linked %+v: that is not a new channel", got)
			}
			break
		}
	})
	t.Run("and our own second name was made, unheard of", func(t *testing.T) {
		s := newStage(t)
		_, err := s.Channel(t.Context(), sandbox.NewChannel{User: "U0DINA", Name: s.inc.ChannelName()})
		must(t, err)
		_, err = s.Channel(t.Context(), sandbox.NewChannel{User: "U0DINA", Name: s.inc.ChannelName() + "-3"})
		must(t, err)
		job := first(effect.OpenChannel{})
		lostSecond := 0
		s.p = s.flaky(func() bool { lostSecond++; return lostSecond == 2 })
		if _, err := s.do(job); known(err) != "in doubt" {
			t.Fatalf("%v, want in doubt", err)
		}
		for job.Tries = 2; job.Tries < 20; job.Tries++ {
			if _, err = s.do(job); known(err) != "later" {
				break
			}
		}
		must(t, err)
		if s.inc.Channel.Name != "inc-7-answers-cut-off-2" || slices.Contains(s.ChannelNames(), "inc-7-answers-cut-off-4") {
			t.Errorf("#%s among %q, want the -2 that the first attempt made", s.inc.Channel.Name, s.ChannelNames())
		}
	})
	t.Run("every one", func(t *testing.T) {
		s := newStage(t)
		for _, suffix := range []string{"", "-2", "-3", "-4", "-5", "-6", "-7", "-8", "-9"} {
			_, err := s.Channel(t.Context(), sandbox.NewChannel{User: "U0DINA", Name: s.inc.ChannelName() + suffix})
			must(t, err)
		}
		if _, err := s.do(first(effect.OpenChannel{})); known(err) != "final" {
			t.Errorf("%v, want a Final", err)
		}
	})
}

// TestOwnRoomIsShownLate: Slack may not list a new channel for a while; a room whose
// making was not answered is waited for, instead of making another.
func TestOwnRoomIsShownLate(t *testing.T) {
	s := newStage(t)
	job, lost := first(effect.OpenChannel{}), 0
	s.p = s.flaky(func() bool { lost++; return lost == 1 })
	if _, err := s.do(job); known(err) != "in doubt" {
		t.Fatalf("%v, want in doubt", err)
	}
	me := s.p.me.User
	s.p.me.User = "U0NOTYET" // none that is listed is ours
	for job.Tries = 2; job.Tries < 12; job.Tries++ {
		if _, err := s.do(job); known(err) != "later" {
			t.Fatalf("attempt %d: %v, want later", job.Tries, err)
		}
	}
	s.p.me.User = me
	s.must(job)
	if s.inc.Channel.Name != s.inc.ChannelName() {
		t.Errorf("it is #%s", s.inc.Channel.Name)
	}
}

// flaky is a Performer whose conversations.create loses its answer where lose
// says so.
func (s *stage) flaky(lose func() bool) *Performer {
	client := s.Client()
	inner := client.Transport
	client.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
		resp, err := inner.RoundTrip(r)
		if err == nil && strings.HasSuffix(r.URL.Path, "conversations.create") && lose() {
			resp.Body.Close()
			return nil, errors.New("the answer was lost")
		}
		return resp, err
	})
	conn, err := Dial(s.t.Context(), Config{
		BotToken: "xoxb-sandbox", SigningSecret: secret, APIURL: "http://sandbox/api/", HTTP: client, Announce: "incidents",
	})
	must(s.t, err)
	return conn.Performer
}

// TestInvite: people who are there already are no failure, nor is the bot
// itself; nobody is no call; over a hundred are several calls.
func TestInvite(t *testing.T) {
	s := newStage(t).open()
	s.must(first(effect.Invite{People: []incident.User{"U0ADA"}}))
	s.must(first(effect.Invite{People: []incident.User{"U0ADA", "U0BEN", sandbox.BotUser}}))
	if got := s.channel().Members; !slices.Equal(got, []string{sandbox.BotUser, "U0ADA", "U0BEN"}) {
		t.Errorf("members %q", got)
	}
	before := len(s.calls())
	s.must(first(effect.Invite{People: []incident.User{sandbox.BotUser}}))
	if len(s.calls()) != before {
		t.Error("the bot invited itself")
	}
	crowd := slices.Repeat([]incident.User{"U0ADA"}, 201)
	s.must(first(effect.Invite{People: crowd}))
	if n := len(s.calls()) - before; n != 3 {
		t.Errorf("201 people took %d calls, want 3 of at most 100", n)
	}
}

// TestInviteOfSomebodyUnknown: the others come in all the same.
func TestInviteOfSomebodyUnknown(t *testing.T) {
	s := newStage(t).open()
	s.must(first(effect.Invite{People: []incident.User{"U0GONE", "U0BEN"}}))
	if !slices.Contains(s.channel().Members, "U0BEN") {
		t.Error("U0BEN was left out because somebody else is unknown")
	}
}

// TestTopic: it is literal, and no longer than Slack takes.
func TestTopic(t *testing.T) {
	s := newStage(t).open()
	job := first(effect.SetTopic{})
	job.Text = "SEV1 · <!channel> & <@U0BEN>"
	s.must(job)
	if got := s.channel().Topic; got != "SEV1 · &lt;!channel&gt; &amp; &lt;@U0BEN&gt;" {
		t.Errorf("topic %q", got)
	}
	job.Text = strings.Repeat("<&>", 200)
	s.must(job)
}

// TestOwnRoomAmongMany: the look for a room takes no more calls than Slack takes in a
// minute, however many rooms of other incidents the bot is in: it would never end.
func TestOwnRoomAmongMany(t *testing.T) {
	s := newStage(t)
	for n := range 450 {
		_, err := s.api().CreateConversation(slack.CreateConversationParams{ChannelName: fmt.Sprint("inc-x-", n)})
		must(t, err)
	}
	lost := 0
	s.p = s.flaky(func() bool { lost++; return lost == 1 })
	job := first(effect.OpenChannel{})
	if _, err := s.do(job); known(err) != "in doubt" {
		t.Fatalf("%v, want in doubt", err)
	}
	s.must(again(job))
	if n := s.Counts()["users.conversations"].Calls; n != 1 || s.inc.Channel.Name != s.inc.ChannelName() {
		t.Errorf("%d calls, linked %+v", n, s.inc.Channel)
	}
}
