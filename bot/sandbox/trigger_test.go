package sandbox_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot/sandbox"
)

// TestTriggerLife: a trigger_id opens one view within three seconds.
func TestTriggerLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sandbox.Options{})
		press := func() string {
			ts := post(t, b, "open")
			_, err := b.Click(ctx(t), sandbox.Click{User: "U0BEN", Channel: "incidents", TS: ts, ActionID: "go0"})
			must(t, err)
			return b.app.interaction(t).TriggerID
		}
		open := func(trigger string) string {
			return text(b.call(t, "views.open", m{"trigger_id": trigger, "view": modal()})["error"])
		}
		trigger := press()
		wait(t, 2900*time.Millisecond)
		if got := open(trigger); got != "" {
			t.Errorf("after 2.9 s: %s", got)
		}
		if got := open(trigger); got != "exchanged_trigger_id" {
			t.Errorf("a second time: %q, want exchanged_trigger_id", got)
		}
		trigger = press()
		wait(t, 3100*time.Millisecond)
		if got := open(trigger); got != "expired_trigger_id" {
			t.Errorf("after 3.1 s: %q, want expired_trigger_id", got)
		}
	})
}

// wait lets virtual time pass.
func wait(t *testing.T, d time.Duration) {
	t.Helper()
	timer := time.NewTimer(d)
	<-timer.C
}

func (b *bench) respond(t *testing.T, url string, body m) (status int, answer string) {
	t.Helper()
	data, err := json.Marshal(body)
	must(t, err)
	resp, err := b.http.Post(url, "application/json", strings.NewReader(string(data)))
	must(t, err)
	defer resp.Body.Close()
	answered, err := io.ReadAll(resp.Body)
	must(t, err)
	return resp.StatusCode, string(answered)
}

func TestResponseURL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sandbox.Options{})
		ts := post(t, b, "go")
		press := func() string {
			_, err := b.Click(ctx(t), sandbox.Click{User: "U0BEN", Channel: "incidents", TS: ts, ActionID: "go0"})
			must(t, err)
			return b.app.interaction(t).ResponseURL
		}
		url := press()
		// What slack-go sends besides the text must do no harm.
		if status, answer := b.respond(t, url, m{"text": "mine", "metadata": m{"event_type": "", "event_payload": nil}, "blocks": nil}); status != 200 || answer != "ok" {
			t.Errorf("a reply: %d %s", status, answer)
		}
		if got := b.lastMessage(t, "incidents"); got.EphemeralTo != "U0BEN" || got.Text != "mine" {
			t.Errorf("a reply is for the person only: %+v", got)
		}
		b.respond(t, url, m{"text": "all", "response_type": "in_channel"})
		if got := b.lastMessage(t, "incidents"); got.EphemeralTo != "" || got.Text != "all" {
			t.Errorf("in_channel: %+v", got)
		}
		b.respond(t, url, m{"text": "instead", "replace_original": true})
		if got := b.message(t, "incidents", ts); got.Text != "instead" || got.Edited == nil {
			t.Errorf("replace_original means the message with the button: %+v", got)
		}
		if status, answer := b.respond(t, url, m{}); status != 400 || !strings.Contains(answer, "no_text") {
			t.Errorf("an empty reply: %d %s", status, answer)
		}
		b.respond(t, url, m{"delete_original": true})
		if got := b.message(t, "incidents", ts); got.TS != "" {
			t.Errorf("delete_original left %+v", got)
		}
		if status, answer := b.respond(t, url, m{"text": "sixth"}); status != 404 || !strings.Contains(answer, "used_url") {
			t.Errorf("the sixth use: %d %s", status, answer)
		}
		ts = post(t, b, "go")
		url = press()
		wait(t, 31*time.Minute)
		if status, answer := b.respond(t, url, m{"text": "late"}); status != 404 || !strings.Contains(answer, "expired_url") {
			t.Errorf("after 31 minutes: %d %s", status, answer)
		}
	})
}

// TestEventRetries: an event that fails is sent again at once, after one and after five minutes, with
// the headers that say so; X-Slack-No-Retry ends it.
func TestEventRetries(t *testing.T) {
	for name, noRetry := range map[string]bool{"to the end": false, "no retry": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got []http.Header
				var at []time.Duration
				began := time.Now()
				failing := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
					got, at = append(got, r.Header.Clone()), append(at, time.Since(began).Round(time.Second))
					if noRetry {
						rw.Header().Set("X-Slack-No-Retry", "1")
					}
					rw.WriteHeader(http.StatusInternalServerError)
				})
				b := newBench(t, sandbox.Options{HTTP: sandbox.InProcess(failing)})
				_, err := b.Home(ctx(t), sandbox.OpenHome{User: "U0ADA"})
				must(t, err)
				wait(t, time.Hour)
				synctest.Wait()
				if noRetry {
					if len(got) != 1 {
						t.Errorf("%d deliveries although the app asked for no retry", len(got))
					}
					return
				}
				if len(got) != 4 || at[1] != 0 || at[2] != time.Minute || at[3] != 6*time.Minute {
					t.Fatalf("deliveries at %v, want at 0, 0, 1m, 6m", at)
				}
				if got[0].Get("X-Slack-Retry-Num") != "" || got[3].Get("X-Slack-Retry-Num") != "3" || got[3].Get("X-Slack-Retry-Reason") != "http_error" {
					t.Errorf("retry headers: first %v, last %v", got[0], got[3])
				}
			})
		})
	}
}

// TestViewsUpdate: a stale hash conflicts, what was entered stays, home tabs are published.
func TestViewsUpdate(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	view := modal()
	view["external_id"] = "one"
	v := openModal(t, b, view)
	if got := b.call(t, "views.update", m{"view_id": v.ID, "hash": "1.stale", "view": view}); got["error"] != "hash_conflict" {
		t.Errorf("a stale hash: %v", got)
	}
	got := b.call(t, "views.update", m{"external_id": "one", "hash": v.Hash, "view": view})
	if got["ok"] != true || got["view"].(m)["id"] != v.ID || got["view"].(m)["hash"] == v.Hash {
		t.Errorf("an update: %v", got)
	}
	ts := post(t, b, "again")
	_, err := b.Click(ctx(t), sandbox.Click{User: "U0ADA", Channel: "incidents", TS: ts, ActionID: "go0"})
	must(t, err)
	if got := b.call(t, "views.open", m{"trigger_id": b.app.interaction(t).TriggerID, "view": view}); got["error"] != "duplicate_external_id" {
		t.Errorf("an external_id in use: %v", got)
	}
	home := m{"type": "home", "blocks": []any{m{"type": "divider"}}}
	if got := b.call(t, "views.publish", m{"user_id": "U0ADA", "view": home}); got["ok"] != true {
		t.Errorf("views.publish: %v", got)
	}
	if len(b.State().Home["U0ADA"].Blocks) != 1 {
		t.Error("the home tab is not there")
	}
}

// TestPushLimit: at most three modals lie on each other.
func TestPushLimit(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	view := modal()
	view["blocks"] = append(view["blocks"].([]any), m{"type": "actions", "elements": []any{
		m{"type": "button", "action_id": "more", "text": m{"type": "plain_text", "text": "More"}},
	}})
	v := openModal(t, b, view)
	for i, want := range []string{"", "", "push_limit_reached"} {
		_, err := b.Click(ctx(t), sandbox.Click{User: "U0BEN", ViewID: v.ID, ActionID: "more"})
		must(t, err)
		got := b.call(t, "views.push", m{"trigger_id": b.app.interaction(t).TriggerID, "view": view})
		if text(got["error"]) != want {
			t.Errorf("push %d: %v, want error %q", i+1, got["error"], want)
		}
		v, _ = b.View("U0BEN")
	}
}
