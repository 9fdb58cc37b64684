package bot_test

import (
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot/sandbox"
)

// TestQuietAfterRestart: an attempt is several calls, and the last of them may come
// late, long after the attempt began. A bot that is started again meanwhile must not
// look too soon.
func TestQuietAfterRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		defer w.close()
		w.say("open", "C0GENERAL", "open sev2 Answers cut off mid-sentence")
		w.settle()
		fault := func(f sandbox.Fault) {
			f.Times = 1
			if err := w.ws.Fault(f); err != nil {
				t.Fatal(err)
			}
		}
		fault(sandbox.Fault{Kind: "lost_request", Method: "chat.postMessage"})
		w.say("note", "", "INC-1 note once and no more")
		<-time.After(time.Second)
		fault(sandbox.Fault{Kind: "slow", Method: "conversations.history", DelayMS: 9_000})
		fault(sandbox.Fault{Kind: "late", Method: "chat.postMessage", DelayMS: 12_000})
		<-time.After(25 * time.Second) // the second attempt has looked and posted, and believes that it did not
		w.restart()
		w.settle()
		if n := w.said(w.room().ID, "once and no more"); n != 1 {
			t.Errorf("said %d times", n)
		}
	})
}
