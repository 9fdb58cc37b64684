package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slack-go/slack"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
)

// crowd asks a Pacer for many turns, and notes who came through when. A call is
// answered at once.
type crowd struct {
	t     *testing.T
	p     *Pacer
	began time.Time
	mu    sync.Mutex
	order []string
	at    map[string]time.Duration
}

func newCrowd(t *testing.T) *crowd {
	return &crowd{t: t, p: newPacer(Config{Announce: "incidents"}), began: time.Now(), at: map[string]time.Duration{}}
}

// ask has an effect ask for its turn. What comes back ends its wait.
func (c *crowd) ask(name string, inc incident.Incident, e effect.Effect, u bot.Urgency) (leave context.CancelFunc) {
	job := bot.Job{Effect: e, Tries: 1}
	ctx, cancel := context.WithCancel(c.t.Context())
	go func() {
		defer cancel()
		paid, err := c.p.Wait(ctx, inc, job, u)
		if err != nil {
			return
		}
		c.mu.Lock()
		c.order, c.at[name] = append(c.order, name), time.Since(c.began)
		c.mu.Unlock()
		for _, call := range calls(inc, job, "incidents") {
			c.p.answered(c.p.spend(paid, call.method))
		}
	}()
	synctest.Wait()
	return cancel
}

// through tells how many with a name that begins so came through by now.
func (c *crowd) through(prefix string) int {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, name := range c.order {
		if strings.HasPrefix(name, prefix) {
			n++
		}
	}
	return n
}

// wait lets time pass.
func (c *crowd) wait(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// room is an incident with a channel, and its card if posted.
func room(n int, s incident.Severity, posted bool) incident.Incident {
	channel := fmt.Sprintf("C%d", n)
	facts := []incident.Fact{incident.Declared{Title: "T", Severity: s}, incident.Linked{Channel: channel}}
	if posted {
		facts = append(facts, incident.Posted{What: incident.PostedCard, Message: incident.Message{Channel: channel, ID: "1.1"}})
	}
	var timeline []incident.Event
	for i, f := range facts {
		timeline = append(timeline, incident.Event{Seq: i + 1, Fact: f})
	}
	return incident.Fold(incident.NewID(n), timeline)
}

func urgent(class bot.Class, s incident.Severity) bot.Urgency {
	return bot.Urgency{Class: class, Severity: s, Since: time.Now()}
}

// TestReserve: a fifth of what Slack takes is kept for what people cannot begin
// without, and half of that for the worst incidents.
func TestReserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t)
		for n := range 60 {
			c.ask(fmt.Sprint("topic", n), room(n, incident.SEV1, true), effect.SetTopic{}, urgent(bot.Furnishing, incident.SEV1))
		}
		if n := c.through("topic"); n != 16 {
			t.Errorf("%d topics were set at once, want 20 less a fifth", n)
		}
		for n := range 30 {
			c.ask(fmt.Sprint("channel", n), incident.Incident{}, effect.OpenChannel{}, urgent(bot.Gathering, incident.SEV3))
		}
		if n := c.through("channel"); n != 18 {
			t.Errorf("%d channels were opened at once, want 20 less a tenth", n)
		}
		c.ask("worst", incident.Incident{}, effect.OpenChannel{}, urgent(bot.Gathering, incident.SEV1))
		if c.through("worst") != 1 {
			t.Error("the channel of the SEV1 waits for those of others")
		}
		c.wait(time.Minute + time.Second)
		if n := c.through("topic"); n != 32 {
			t.Errorf("%d topics after a minute, want 32", n)
		}
	})
}

// TestOrder: who waits goes on by urgency, not in the order of asking.
func TestOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t)
		for n := range 18 {
			c.ask(fmt.Sprint("full", n), incident.Incident{}, effect.OpenChannel{}, urgent(bot.Gathering, incident.SEV4))
			c.wait(time.Second) // so that they are free again one by one
		}
		for _, s := range []incident.Severity{incident.SEV4, incident.SEV2, incident.SEV3, incident.SEV2} {
			c.ask(string(s), incident.Incident{}, effect.OpenChannel{}, urgent(bot.Gathering, s))
		}
		c.wait(2 * time.Minute)
		if got := c.order[18:]; !slices.Equal(got, []string{"sev2", "sev2", "sev3", "sev4"}) {
			t.Errorf("they came through as %v", got)
		}
	})
}

// TestNobodyJumpsIn: who asks in the moment that there is room again does not go
// before somebody more urgent, who waits and has not noticed yet.
func TestNobodyJumpsIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t)
		for n := range 18 {
			c.ask(fmt.Sprint("full", n), incident.Incident{}, effect.OpenChannel{}, urgent(bot.Gathering, incident.SEV4))
			c.wait(time.Second)
		}
		c.ask("waits", incident.Incident{}, effect.OpenChannel{}, urgent(bot.Gathering, incident.SEV2))
		skip := time.Until(c.began.Add(time.Minute + 500*time.Millisecond))
		c.p.now = func() time.Time { return time.Now().Add(skip) } // no timer has run
		c.ask("asks", incident.Incident{}, effect.OpenChannel{}, urgent(bot.Gathering, incident.SEV4))
		if c.through("waits") != 1 || c.through("asks") != 0 {
			t.Errorf("they came through as %v", c.order[18:])
		}
	})
}

// TestRoomPosts: four posts in a room at once, then one a second, and no other
// room waits for it.
func TestRoomPosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t)
		for n := range 12 {
			c.ask(fmt.Sprint("busy", n), room(1, incident.SEV1, true), effect.Say{}, urgent(bot.Answering, incident.SEV1))
		}
		c.ask("other", room(2, incident.SEV4, true), effect.Say{}, urgent(bot.Following, incident.SEV4))
		if c.through("busy") != 4 || c.through("other") != 1 {
			t.Errorf("at once: %v", c.order)
		}
		c.wait(9 * time.Second)
		if c.through("busy") != 12 {
			t.Errorf("%d posts after 9 s, want 12", c.through("busy"))
		}
	})
}

// TestCalmCards: a card is edited at once, and then not for five seconds, however
// often the incident changes; the guide, which people walk through, is.
func TestCalmCards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t)
		inc := room(1, incident.SEV1, true)
		for n := range 3 {
			c.ask(fmt.Sprint("card", n), inc, effect.ShowCard{}, urgent(bot.Following, incident.SEV1))
		}
		if c.wait(4 * time.Second); c.through("card") != 1 {
			t.Errorf("%d edits in 4 s, want one", c.through("card"))
		}
		if c.wait(2 * time.Second); c.through("card") != 2 {
			t.Errorf("%d edits in 6 s, want two", c.through("card"))
		}
		walked := incident.Fold("INC-1", append(inc.Timeline, incident.Event{Seq: 4, Fact: incident.Posted{
			What: incident.PostedGuide + "2", Message: incident.Message{Channel: "C1", ID: "2.2"},
		}}))
		for n := range 3 {
			c.ask(fmt.Sprint("guide", n), walked, effect.ShowGuide{Seq: 2}, urgent(bot.Following, incident.SEV1))
		}
		if c.through("guide") != 3 {
			t.Errorf("%d steps of the guide are shown, want all", c.through("guide"))
		}
	})
}

// TestPause: what Slack refuses waits for as long as Slack says; all else goes on.
func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t)
		c.p.refused("chat.update", 30*time.Second)
		c.ask("card", room(1, incident.SEV1, true), effect.ShowCard{}, urgent(bot.Following, incident.SEV1))
		c.ask("say", room(1, incident.SEV1, true), effect.Say{}, urgent(bot.Following, incident.SEV4))
		if c.through("say") != 1 || c.through("card") != 0 {
			t.Errorf("while edits are refused: %v", c.order)
		}
		i := slices.IndexFunc(c.p.State(), func(s BucketState) bool { return s.Method == "chat.update" })
		if s := c.p.State()[i]; s.Waiting != 1 || !s.PausedUntil.Equal(c.began.Add(30*time.Second)) {
			t.Errorf("the state does not show it: %+v", s)
		}
		if c.wait(29 * time.Second); c.through("card") != 0 {
			t.Error("it was asked again before the time")
		}
		if c.wait(2 * time.Second); c.through("card") != 1 {
			t.Error("it is never asked again")
		}
	})
}

// TestPosts: the workspace's limit falls to half with a refusal, and grows back;
// over what it began with only when there is need.
func TestPosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t)
		limit := func() int {
			c.ask("touch", room(0, incident.SEV4, true), effect.Say{}, urgent(bot.Answering, incident.SEV4))
			return c.p.State()[0].Limit
		}
		if c.wait(time.Hour); limit() != firstPosts {
			t.Errorf("after a quiet hour the limit is %d", limit())
		}
		c.p.refused(postMessage, time.Second)
		c.p.refused(postMessage, time.Second) // one of the same moment
		if c.wait(2 * time.Second); limit() != firstPosts/2 {
			t.Errorf("after a refusal the limit is %d", limit())
		}
		for range 9 {
			c.p.refused(postMessage, time.Second)
			c.wait(2 * time.Second)
		}
		if limit() != fewestPosts {
			t.Errorf("after ten refusals the limit is %d", limit())
		}
		if c.wait(time.Hour); limit() < firstPosts || limit() > firstPosts*11/10 {
			t.Errorf("an hour later the limit is %d", limit())
		}
		for n := range 4 * mostPosts {
			c.ask(fmt.Sprint("post", n), room(n%100, incident.SEV4, true), effect.Say{}, urgent(bot.Following, incident.SEV4))
		}
		if c.wait(10 * time.Minute); limit() <= firstPosts*11/10 || limit() > mostPosts {
			t.Errorf("after busy minutes without a refusal the limit is %d", limit())
		}
	})
}

// TestAgeing: an alert's echo waits ten minutes at most, however much goes on that
// is more urgent.
func TestAgeing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t)
		inc := room(1, incident.SEV4, true)
		n := 0
		for minute := range 15 {
			for range 60 { // more than Slack takes
				c.ask(fmt.Sprint("topic", n), room(n, incident.SEV1, true), effect.SetTopic{}, urgent(bot.Furnishing, incident.SEV1))
				n++
			}
			if minute == 1 {
				c.ask("old", inc, effect.SetTopic{}, urgent(bot.Following, incident.SEV4))
			}
			c.wait(time.Minute)
		}
		if waited := c.at["old"] - time.Minute; c.through("old") != 1 || waited > 11*time.Minute || waited < 5*time.Minute {
			t.Errorf("it waited %v", waited)
		}
	})
}

// TestGiveBack: who leaves the queue, and who was let through and makes no call,
// leaves the place to others.
func TestGiveBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t)
		var cancels []context.CancelFunc
		for range 18 {
			ctx, cancel := context.WithCancel(t.Context())
			if _, err := c.p.Wait(ctx, incident.Incident{}, bot.Job{Effect: effect.OpenChannel{}}, urgent(bot.Gathering, incident.SEV3)); err != nil {
				t.Fatal(err)
			}
			cancels = append(cancels, cancel)
		}
		leave := c.ask("withdrawn", incident.Incident{}, effect.OpenChannel{}, urgent(bot.Gathering, incident.SEV2))
		c.ask("next", incident.Incident{}, effect.OpenChannel{}, urgent(bot.Gathering, incident.SEV3))
		leave()
		if c.through("") != 0 {
			t.Fatalf("there was no room: %v", c.order)
		}
		for _, cancel := range cancels {
			cancel()
		}
		if synctest.Wait(); c.through("withdrawn") != 0 || c.through("next") != 1 {
			t.Errorf("they came through as %v, want only the next", c.order)
		}
		if s := c.p.State()[0]; s.Used != 1 || s.Waiting != 0 {
			t.Errorf("%+v, want one call that counts", s)
		}
	})
}

// TestUnpaidCalls: a call that nobody waited for is made at once, and counts; a
// refusal of it is a refusal of its method.
func TestUnpaidCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t).open()
		began := time.Now()
		info := func() error {
			_, err := s.conn.api.GetConversationInfoContext(t.Context(), &slack.GetConversationInfoInput{ChannelID: s.inc.Channel.Channel})
			return err
		}
		for range tier3 {
			must(t, info())
		}
		if time.Since(began) > 0 {
			t.Error("a call that somebody waits for was kept back")
		}
		_, err := s.conn.Pacer().Wait(t.Context(), s.inc, again(first(effect.SetTopic{})), urgent(bot.Furnishing, incident.SEV1))
		must(t, err)
		if waited := time.Since(began); waited < time.Minute {
			t.Errorf("an effect that makes the call waited %v, want a minute", waited)
		}
		s.faultWith(sandbox.Fault{Kind: "rate_limited", Method: "conversations.info", RetryAfter: 42, Times: 1})
		if err := info(); err == nil {
			t.Fatal("the fault is not there")
		}
		for _, state := range s.conn.Pacer().State() {
			paused := state.PausedUntil.Equal(time.Now().Add(42 * time.Second))
			if paused != (state.Method == "conversations.info") {
				t.Errorf("%+v", state)
			}
		}
	})
}

// TestExpectedCalls: performing an effect makes the calls that were asked for, and
// no others; after a lost answer it makes none that was not.
func TestExpectedCalls(t *testing.T) {
	for _, a := range acts {
		t.Run(a.name, func(t *testing.T) {
			s := newStage(t)
			job := first(a.set(s))
			_, err := s.p.announcementChannel(t.Context()) // it is found once, whoever asks
			must(t, err)
			want, before := s.expected(job), len(s.calls())
			s.must(job)
			if got := s.made(before); !slices.Equal(got, want) {
				t.Errorf("it called %v, and was expected to call %v", got, want)
			}
			s = newStage(t)
			job = first(a.set(s))
			s.fault("lost_answer", a.method)
			if _, err := s.do(job); known(err) != "in doubt" {
				t.Fatal(err)
			}
			job = again(job)
			want, before = s.expected(job), len(s.calls())
			s.must(job)
			for _, method := range s.made(before) {
				if !slices.Contains(want, method) && method != editMessage { // a message found is edited
					t.Errorf("the second attempt called %s, and was expected to call %v", method, want)
				}
			}
		})
	}
}

func (s *stage) expected(job bot.Job) []string {
	var methods []string
	for _, c := range calls(s.inc, job, "incidents") {
		methods = append(methods, c.method)
	}
	return methods
}

// made are the API calls since a number of calls.
func (s *stage) made(before int) []string {
	return slices.DeleteFunc(s.calls()[before:], func(m string) bool { return m == "upload" })
}

// TestTiers: the table says what Slack's own does, where that is at hand.
func TestTiers(t *testing.T) {
	oracle := os.Getenv("TOCSIN_ORACLE")
	if oracle == "" {
		t.Skip("TOCSIN_ORACLE names no folder with Slack's tiers")
	}
	data, err := os.ReadFile(filepath.Join(oracle, "slack_rate_limit_tiers.json"))
	must(t, err)
	var slacks map[string]string
	must(t, json.Unmarshal(data, &slacks))
	names := map[int]string{tier2: "Tier2", tier3: "Tier3", tier4: "Tier4"}
	for method, calls := range tiers {
		if slacks[method] != names[calls] {
			t.Errorf("%s is %s in the table, and %s at Slack", method, names[calls], slacks[method])
		}
	}
}
