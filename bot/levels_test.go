package bot_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot/sandbox"
)

// delay is how long every Slack call takes in the tests of levels. Time is
// virtual, so what is measured is how many calls go one after the other.
const delay = 120 * time.Millisecond

// setUp tells what a declaration has led to: the declarer in the channel, and
// everything that belongs to it.
func setUp(w *world) (joined, complete bool) {
	for _, c := range w.ws.State().Channels {
		if len(c.Name) > 4 && c.Name[:4] == "inc-" {
			joined = slices.Contains(c.Members, "U0ADA")
			complete = joined && c.Topic != "" && len(c.Bookmarks) == 2 && len(w.keys(c.ID)) == 2 && len(w.keys("incidents")) == 1
		}
	}
	return joined, complete
}

// TestLevels counts the calls that go one after the other: two until the
// declarer is in the channel, three until everything is set up.
func TestLevels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		defer w.close()
		w.bot.URL = "http://127.0.0.1"
		if err := w.ws.Fault(sandbox.Fault{Kind: "slow", DelayMS: int(delay.Milliseconds())}); err != nil {
			t.Fatal(err)
		}
		before := len(w.ws.Calls())
		w.say("open", "", "open sev2 Answers cut off mid-sentence")
		joinedAt, completeAt := 0, 0
		for level := 1; level <= 10 && completeAt == 0; level++ {
			<-time.After(delay)
			synctest.Wait()
			joined, complete := setUp(w)
			if joined && joinedAt == 0 {
				joinedAt = level
			}
			if complete {
				completeAt = level
			}
		}
		if joinedAt != 2 {
			t.Errorf("the declarer is in the channel after %d calls one after the other, want 2", joinedAt)
		}
		if completeAt != 3 {
			t.Errorf("everything is set up after %d levels of calls, want 3", completeAt)
		}
		for _, c := range w.ws.Calls()[before:] {
			if c.Method == "conversations.list" || c.Method == "users.list" {
				t.Errorf("%s lists the whole workspace on the way to a channel", c.Method)
			}
		}
	})
}
