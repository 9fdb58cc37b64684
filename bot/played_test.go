package bot_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tocsin/bot/inbound"
	"tocsin/bot/incident"
	"tocsin/bot/pagerduty"
)

// TestPlayedBackLater: what PagerDuty signed can be played back for ever. Once nobody knows
// the delivery any more, and its alert is forgotten, it opens nothing; PagerDuty's own
// retries do, and what only adds to an incident may be as old as it likes.
func TestPlayedBackLater(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		log := w.logged()
		hears := func(r *http.Request) {
			t.Helper()
			source := (&pagerduty.Webhook{Secrets: []string{"s"}}).Sources()[0]
			rec := httptest.NewRecorder()
			(&inbound.Hook{Source: source, Accept: w.bot.Accept, Log: slog.New(slog.DiscardHandler)}).ServeHTTP(rec, r)
			if rec.Code != http.StatusAccepted {
				t.Errorf("answered with %d %s", rec.Code, rec.Body)
			}
			w.wait(5 * time.Second)
		}
		event := func(id, kind, key string) func() *http.Request {
			body := fmt.Sprintf(`{"event":{"id":%q,"event_type":%q,"occurred_at":%q,"data":{"id":%q,"type":"incident","title":"Cache is broken","urgency":"high","service":{"id":"PSOTHER"}}}}`,
				id, kind, time.Now().UTC().Format(time.RFC3339), key)
			mac := hmac.New(sha256.New, []byte("s"))
			mac.Write([]byte(body))
			return func() *http.Request {
				r := httptest.NewRequest("POST", "/webhook/pagerduty", strings.NewReader(body))
				r.Header.Set("X-PagerDuty-Signature", "v1="+hex.EncodeToString(mac.Sum(nil)))
				r.Header.Set("X-Webhook-Id", id)
				return r
			}
		}
		hears(event("E0", "incident.triggered", "P0")())
		first, lost, note := event("E1", "incident.triggered", "P1"), event("E2", "incident.triggered", "P2"), event("E3", "incident.priority_updated", "P3")
		hears(first()) // which is attached
		if n := len(w.heads()); n != 1 {
			t.Fatalf("%d incidents", n)
		}
		w.say("resolve", "", "INC-1 resolve")
		w.wait(2 * 24 * time.Hour)
		hears(lost()) // again and again until somebody took it
		if n := len(w.heads()); n != 2 {
			t.Fatalf("%d incidents: PagerDuty's retry after two days opened none", n)
		}
		w.say("over", "", "INC-2 resolve")
		w.wait(31 * 24 * time.Hour)
		hears(first())
		if n := len(w.heads()); n != 2 || log.count("may have been played back") != 1 {
			t.Errorf("%d incidents after it was played back", n)
		}
		w.restart()
		hears(event("E4", "incident.triggered", "P3")())
		hears(note())
		if inc := w.inc("INC-3"); count[incident.Signaled](inc) != 2 {
			t.Errorf("an old note is not on the timeline of what is open: %+v", inc.Timeline)
		}
	})
}
