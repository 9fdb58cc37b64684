package slack

import (
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
)

// TestCard: it is posted once, then edited where it is; when somebody deleted
// it, it is posted anew and the incident learns where.
func TestCard(t *testing.T) {
	s := newStage(t).open()
	room := s.inc.ChannelName()
	s.must(first(effect.ShowCard{}))
	posted := s.inc.Posts[incident.PostedCard]
	if want := "http://sandbox/archives/" + posted.Message.Channel + "/p"; !strings.HasPrefix(posted.Link, want) {
		t.Errorf("link %q, want %s…", posted.Link, want)
	}
	job := first(effect.ShowCard{})
	job.Message.Body = "**Status:** resolved"
	if facts := s.must(job); len(facts) != 0 {
		t.Errorf("an edited card is no news, got %v", facts)
	}
	if all := s.said(room); len(all) != 1 || !strings.Contains(all[0].Text, "resolved") || all[0].TS != posted.Message.ID {
		t.Fatalf("the room has %d messages of ours, the first %q; want one, edited", len(all), all[0].Text)
	}
	_, _, err := s.api().DeleteMessageContext(t.Context(), posted.Message.Channel, posted.Message.ID)
	must(t, err)
	s.must(first(effect.ShowCard{}))
	if now := s.inc.Posts[incident.PostedCard]; now.Message == posted.Message || len(s.said(room)) != 1 {
		t.Errorf("after its deletion the card is %+v, and the room has %d messages of ours", now, len(s.said(room)))
	}
}

// TestCardOfAnotherBot: what another bot posted, whose place this one has taken, cannot be
// changed: it is posted anew, once.
func TestCardOfAnotherBot(t *testing.T) {
	s := newStage(t).open()
	s.must(first(effect.ShowCard{}))
	before := s.inc.Posts[incident.PostedCard]
	s.faultWith(sandbox.Fault{Kind: "token_revoked", Method: "chat.update", Reason: "cant_update_message", Times: 1})
	for range 2 {
		s.must(first(effect.ShowCard{}))
	}
	if now := s.inc.Posts[incident.PostedCard]; now.Message == before.Message || len(s.said(s.inc.ChannelName())) != 2 {
		t.Errorf("the card is %+v, and the room has %d messages of ours", now, len(s.said(s.inc.ChannelName())))
	}
}

// TestCardAfterDeletionIsPostedOnce: also when the answer to that is lost.
func TestCardAfterDeletionIsPostedOnce(t *testing.T) {
	s := newStage(t).open()
	s.must(first(effect.ShowCard{}))
	posted := s.inc.Posts[incident.PostedCard]
	_, _, err := s.api().DeleteMessageContext(t.Context(), posted.Message.Channel, posted.Message.ID)
	must(t, err)
	s.fault("lost_answer", "chat.postMessage")
	job := first(effect.ShowCard{})
	if _, err := s.do(job); known(err) != "in doubt" {
		t.Fatalf("%v, want in doubt", err)
	}
	s.must(again(job))
	if n := len(s.said(s.inc.ChannelName())); n != 1 {
		t.Errorf("%d cards, want 1", n)
	}
}

// TestAnnounce: in the announcement channel, by its name or its ID; a private
// incident nowhere; where there is no such channel, it says what to do.
func TestAnnounce(t *testing.T) {
	s := newStage(t).open()
	id := s.channelCalled("incidents").ID
	for i, name := range []string{"incidents", "#incidents", id} {
		s.p = dial(t, s.Workspace, name).Performer
		job := first(effect.Announce{})
		s.inc.Posts = nil
		job.Key += name
		s.must(job)
		if n := len(s.said("incidents")); n != i+1 {
			t.Errorf("announced to %q: %d messages, want %d", name, n, i+1)
		}
	}
	s.p = dial(t, s.Workspace, "no-such").Performer
	s.inc.Posts = nil
	if _, err := s.do(first(effect.Announce{})); known(err) != "later" || !strings.Contains(err.Error(), "TOCSIN_ANNOUNCE") {
		t.Errorf("%v, want a Later that names TOCSIN_ANNOUNCE", err)
	}
	s.inc.Private = true
	before := len(s.calls())
	s.must(first(effect.Announce{}))
	if len(s.calls()) != before {
		t.Error("a private incident was announced")
	}
}

// TestAnnounceWhereTheBotIsNot: chat:write.public is enough to announce.
func TestAnnounceWhereTheBotIsNot(t *testing.T) {
	s := newStage(t).open()
	s.p = dial(t, s.Workspace, "ml-platform").Performer
	s.must(first(effect.Announce{}))
	if n := len(s.said("ml-platform")); n != 1 {
		t.Errorf("%d announcements, want 1", n)
	}
}

// TestSay: people are notified by mention elements, in front; two messages that
// say the same are two, since their keys differ.
func TestSay(t *testing.T) {
	s := newStage(t).open()
	job := first(effect.Say{})
	job.Message.Mentions = []incident.User{"U0BEN"}
	s.must(job)
	if els := elements(s.said(s.inc.ChannelName())[0].Blocks); els[0]["user_id"] != "U0BEN" {
		t.Errorf("the first element is %v, want a mention of U0BEN", els[0])
	}
	other := again(job)
	other.Key = "INC-7/00000002.00"
	s.must(other)
	if n := len(s.said(s.inc.ChannelName())); n != 2 {
		t.Errorf("%d messages, want 2", n)
	}
}

// TestLookBackAfterAnUpgrade: a message of a version that wrote the key alone is found, as
// that version found it: if it is no older than the attempts.
func TestLookBackAfterAnUpgrade(t *testing.T) {
	for age, want := range map[time.Duration]int{0: 1, time.Hour: 2} {
		s := newStage(t).open()
		_, _, err := s.api().PostMessage(s.inc.Channel.Channel, slack.MsgOptionText("INC-7", false), slack.MsgOptionMetadata(slack.SlackMetadata{
			EventType: eventType, EventPayload: map[string]any{"key": first(effect.Say{}).Key},
		}))
		must(t, err)
		job := again(first(effect.Say{}))
		job.First = job.First.Add(age)
		s.must(job)
		if n := len(s.said(s.inc.ChannelName())); n != want {
			t.Errorf("%v before the attempt: %d messages, want %d", age, n, want)
		}
	}
}

// TestLookBackReadsEveryPage: our message is found however much was said since.
func TestLookBackReadsEveryPage(t *testing.T) {
	s := newStage(t).open()
	job := first(effect.Say{})
	s.must(job)
	s.must(first(effect.Invite{People: []incident.User{"U0ADA"}}))
	for range perPage + 10 {
		s.personSays("U0ADA", s.inc.ChannelName(), "still looking", "")
	}
	s.must(again(job))
	if n := len(s.said(s.inc.ChannelName())); n != 1 {
		t.Errorf("%d messages of ours, want 1", n)
	}
}

// TestFetchFromSomebodyUnknown: what a person pinned is on the timeline although Slack
// does not tell who wrote it: they are of another workspace, or the app may not ask.
func TestFetchFromSomebodyUnknown(t *testing.T) {
	for _, code := range []string{"user_not_found", "user_not_visible", "missing_scope"} {
		s := newStage(t)
		m := s.personSays("U0BEN", "general", "same here", "")
		s.faultWith(sandbox.Fault{Kind: "token_revoked", Method: "users.info", Reason: code})
		q := s.must(first(effect.Fetch{Message: m}))[0].(incident.Quoted).Quote
		if q.Text != "same here" || q.Author.User != "U0BEN" {
			t.Errorf("%s: %+v", code, q)
		}
	}
}

// TestFetch: the very message, with its author, time and link; not the one
// before it, not its thread's first.
func TestFetch(t *testing.T) {
	s := newStage(t)
	above := s.personSays("U0ADA", "general", "unrelated", "")
	parent := s.personSays("U0ADA", "general", "answers stop, see <https://example.com>", "")
	reply1 := s.personSays("U0BEN", "general", "same here", parent.ID)
	reply2 := s.personSays("U0CHEN", "general", "since 14:02 & only long ones", parent.ID)
	tests := []struct {
		of           incident.Message
		author, text string
	}{
		{above, "U0ADA", "unrelated"},
		{parent, "U0ADA", "answers stop, see <https://example.com>"},
		{reply1, "U0BEN", "same here"},
		{reply2, "U0CHEN", "since 14:02 & only long ones"},
	}
	names := map[string]string{"U0ADA": "Ada Okafor", "U0BEN": "Ben Ortiz", "U0CHEN": "Mei Chen"}
	for _, test := range tests {
		facts := s.must(first(effect.Fetch{Message: test.of}))
		q := facts[0].(incident.Quoted).Quote
		if q.Text != test.text || q.Message != test.of || q.Author != (incident.Person{User: incident.User(test.author), Name: names[test.author]}) {
			t.Errorf("fetched %+v, want %q by %s", q, test.text, test.author)
		}
		if d := time.Since(q.Written); d < 0 || d > time.Minute {
			t.Errorf("written %v, want just now", q.Written)
		}
		inThread := test.of == reply1 || test.of == reply2
		if got := strings.Contains(q.Link, "thread_ts="+parent.ID); got != inThread {
			t.Errorf("the link of %q is %s", test.text, q.Link)
		}
	}
	for _, m := range []incident.Message{
		{Channel: above.Channel, ID: "1600000000.000100"},
		{Channel: s.channelCalled("ml-platform").ID, ID: s.Messages("ml-platform")[0].TS},
		{Channel: "C0NONE", ID: above.ID},
	} {
		if _, err := s.do(first(effect.Fetch{Message: m})); known(err) != "final" {
			t.Errorf("fetching %v: %v, want a Final", m, err)
		}
	}
}

// TestMarkWhereItCannot: nobody is told that a mark could not be set.
func TestMarkWhereItCannot(t *testing.T) {
	s := newStage(t)
	for _, m := range []incident.Message{
		{Channel: "C0NONE", ID: "1600000000.000100"},
		{Channel: s.channelCalled("general").ID, ID: "1600000000.000100"},
	} {
		s.must(first(effect.Mark{Message: m}))
	}
}

// TestDraft: a Markdown file with the draft as it is; a second one is another
// file.
func TestDraft(t *testing.T) {
	s := newStage(t).open()
	job := first(effect.Draft{N: 1})
	job.Text = "# Postmortem\n\n<!channel> stays as it is\n"
	s.must(job)
	second := again(first(effect.Draft{N: 2}))
	s.must(second)
	var files []sandbox.File
	for _, m := range s.said(s.inc.ChannelName()) {
		files = append(files, m.Files...)
	}
	if len(files) != 2 || files[0].Name != "inc-7-postmortem-1.md" || files[0].Content != job.Text || files[1].Name != "inc-7-postmortem-2.md" {
		t.Errorf("files %+v", files)
	}
}

// TestDraftLostOnTheWay: each of an upload's three calls may fail.
func TestDraftLostOnTheWay(t *testing.T) {
	for _, method := range []string{"files.getUploadURLExternal", "upload", "files.completeUploadExternal"} {
		for _, kind := range []string{"lost_request", "lost_answer", "server_error"} {
			s := newStage(t).open()
			s.fault(kind, method)
			job := first(effect.Draft{N: 1})
			if _, err := s.do(job); known(err) != "in doubt" {
				t.Errorf("%s of %s: %v, want in doubt", kind, method, err)
			}
			s.must(again(job))
			if n := s.count("file_share"); n != 1 {
				t.Errorf("%s of %s: %d files, want 1", kind, method, n)
			}
		}
		s := newStage(t).open()
		s.faultWith(sandbox.Fault{Kind: "rate_limited", Method: method, RetryAfter: 9, Times: 1})
		if _, err := s.do(first(effect.Draft{N: 1})); known(err) != "later" {
			t.Errorf("429 of %s: %v, want later", method, err)
		}
	}
}

var _ bot.Performer = (*Performer)(nil)
