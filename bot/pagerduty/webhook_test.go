package pagerduty

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"tocsin/bot"
	"tocsin/bot/incident"
	"tocsin/playbooks"
	"tocsin/runbooks"
	"tocsin/store/mem"
)

const secret = "the-secret"

// hook is a webhook over a real bot, whose effects nobody performs.
type hook struct {
	*bot.Bot
	mux      *http.ServeMux
	received int
	fail     error // of Receive
}

func newHook(t *testing.T, secrets ...string) *hook {
	t.Helper()
	guides, _ := runbooks.Load() // none: these tests are about signals
	plays, _ := playbooks.Load()
	log := slog.New(slog.DiscardHandler)
	b, err := bot.New(t.Context(), bot.Config{Store: mem.New(), Guides: guides, Plays: plays, Log: log})
	must(t, err)
	h := &hook{mux: http.NewServeMux(), Bot: b}
	w := &Webhook{Secrets: secrets, Log: log, Receive: func(ctx context.Context, s bot.Signal) (bot.Receipt, error) {
		if h.received++; h.fail != nil {
			return bot.Receipt{}, h.fail
		}
		return h.Bot.Receive(ctx, s)
	}}
	w.Routes(h.mux)
	return h
}

// post delivers a body with a signature header, "" for none.
func (h *hook) post(body []byte, signature string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "/webhook/pagerduty", strings.NewReader(string(body)))
	if signature != "" {
		r.Header.Set("X-PagerDuty-Signature", signature)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.mux.ServeHTTP(w, r)
	return w
}

func sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "v1=" + hex.EncodeToString(mac.Sum(nil))
}

// TestSignatures: one good signature by one of the secrets is enough; nothing
// else is, and then nothing is stored.
func TestSignatures(t *testing.T) {
	body := events(t)["incident.triggered"]
	good, old, wrong := sign(secret, body), sign("old", body), sign("wrong", body)
	tests := []struct {
		name      string
		secrets   []string
		signature string
		want      int
	}{
		{"good", []string{secret}, good, 202},
		{"the second of two secrets", []string{"new", secret}, good, 202},
		{"two signatures, the second is good", []string{secret}, wrong + "," + good, 202},
		{"spaces after the commas", []string{secret}, wrong + ", " + good, 202},
		{"an old secret while it is rotated", []string{secret, "old"}, old, 202},
		{"an old secret afterwards", []string{secret}, old, 401},
		{"unsigned", []string{secret}, "", 401},
		{"wrong", []string{secret}, wrong, 401},
		{"another version", []string{secret}, "v2" + good[2:], 401},
		{"no hex", []string{secret}, "v1=zz", 401},
		{"half", []string{secret}, good[:30], 401},
		{"signed with no secret", []string{secret}, sign("", body), 401},
		{"an empty secret among ours", []string{"", secret}, sign("", body), 401},
		{"none configured", nil, good, 404},
	}
	for _, test := range tests {
		h := newHook(t, test.secrets...)
		w := h.post(body, test.signature)
		if w.Code != test.want {
			t.Errorf("%s: %d %s, want %d", test.name, w.Code, w.Body, test.want)
		}
		if accepted := test.want == 202; accepted != (h.received == 1) {
			t.Errorf("%s: received %d times", test.name, h.received)
		}
		if test.want == 401 && !strings.Contains(w.Body.String(), "PAGERDUTY_WEBHOOK_SECRET") {
			t.Errorf("%s: %q does not say what to check", test.name, w.Body)
		}
	}
}

// TestEveryByteIsSigned: a changed body is not PagerDuty's.
func TestEveryByteIsSigned(t *testing.T) {
	h := newHook(t, secret)
	body := events(t)["incident.triggered"]
	for i := range body {
		changed := slices.Clone(body)
		changed[i] ^= 1
		if w := h.post(changed, sign(secret, body)); w.Code != 401 {
			t.Fatalf("with byte %d changed: %d", i, w.Code)
		}
	}
	if h.received > 0 {
		t.Errorf("%d were received", h.received)
	}
}

// TestWhatIsRefused: PagerDuty drops an event on a 4xx, so only what can never
// be read gets one.
func TestWhatIsRefused(t *testing.T) {
	tests := []struct {
		name, body string
		want       int
		words      string
	}{
		{"broken JSON", `{"event":`, 400, "unexpected end of JSON"},
		{"not an object", `[]`, 400, "cannot be read"},
		{"no event", `{}`, 400, "V3 webhook"},
		{"an event without a type", `{"event":{"id":"x"}}`, 400, "event_type"},
		{"a V2 webhook", `{"messages":[{"event":"incident.trigger"}]}`, 400, "V3 webhook"},
		{"too large", `{"pad":"` + strings.Repeat("a", MaxRequest) + `"}`, 413, "1048576"},
	}
	h := newHook(t, secret)
	for _, test := range tests {
		w := h.post([]byte(test.body), sign(secret, []byte(test.body)))
		if w.Code != test.want || !strings.Contains(w.Body.String(), test.words) {
			t.Errorf("%s: %d %q, want %d with %q", test.name, w.Code, w.Body, test.want, test.words)
		}
	}
	if h.received > 0 {
		t.Errorf("%d were received", h.received)
	}
	body := strings.Repeat(" ", MaxRequest-len(minimal)) + minimal
	if w := h.post([]byte(body), sign(secret, []byte(body))); w.Code != 202 {
		t.Errorf("a body of exactly MaxRequest: %d", w.Code)
	}
}

const minimal = `{"event":{"event_type":"incident.new_kind","data":{}}}`

// TestNotStored: PagerDuty is to send again what could not be stored.
func TestNotStored(t *testing.T) {
	h := newHook(t, secret)
	h.fail = errors.New("the disk is full")
	body := events(t)["incident.triggered"]
	w := h.post(body, sign(secret, body))
	if w.Code != 503 || strings.Contains(w.Body.String(), "disk") {
		t.Errorf("%d %q, want 503 without the reason, which is the operator's", w.Code, w.Body)
	}
	h.fail = nil
	if w := h.post(body, sign(secret, body)); w.Code != 202 || !strings.Contains(w.Body.String(), `"opened":true`) {
		t.Errorf("sent again: %d %s", w.Code, w.Body)
	}
}

// TestALifeInPagerDuty: the incident is opened once; what follows is on its
// timeline; sent again, each is known and changes nothing.
func TestALifeInPagerDuty(t *testing.T) {
	h := newHook(t, secret)
	all := events(t)
	for i, kind := range []string{"incident.triggered", "incident.acknowledged", "incident.annotated", "incident.workflow.started", "incident.resolved", "service.updated"} {
		body := all[kind]
		w := h.post(body, sign(secret, body))
		want := `{"incident":"INC-1","known":false,"opened":` + map[bool]string{true: "true", false: "false"}[i == 0] + "}\n"
		if kind == "service.updated" {
			want = `{"incident":"","known":false,"opened":false}` + "\n"
		}
		if w.Code != 202 || w.Body.String() != want {
			t.Errorf("%s: %d %s, want %s", kind, w.Code, w.Body, want)
		}
		before := h.events(t)
		w = h.post(body, sign(secret, body))
		if w.Code != 202 || !strings.Contains(w.Body.String(), `"known":true`) || strings.Contains(w.Body.String(), `"opened":true`) {
			t.Errorf("%s again: %d %s", kind, w.Code, w.Body)
		}
		if n := h.events(t); n != before {
			t.Errorf("%s again: %d events became %d", kind, before, n)
		}
	}
	inc, err := h.Incident(t.Context(), "INC-1")
	must(t, err)
	if !inc.Active() || inc.Severity != incident.SEV2 || inc.Service != "answers-api" || inc.Signals[0].State != incident.StateResolved {
		t.Errorf("%s, %s, service %q, signals %+v: signals inform, people decide", inc.Status, inc.Severity, inc.Service, inc.Signals)
	}
	heads, err := h.List(t.Context(), incident.Person{}, true)
	must(t, err)
	if len(heads) != 1 {
		t.Errorf("%d incidents, want 1", len(heads))
	}
}

func (h *hook) events(t *testing.T) int {
	t.Helper()
	inc, err := h.Incident(t.Context(), "INC-1")
	must(t, err)
	return inc.Last()
}

// TestWithoutAnID: the delivery's own name tells an event without one apart,
// or else its bytes.
func TestWithoutAnID(t *testing.T) {
	h := newHook(t, secret)
	body := []byte(minimal)
	for i, want := range []bool{false, true, false, true} {
		var headers []string
		if i >= 2 {
			headers = []string{"X-Webhook-Id", "w1"}
		}
		w := h.post(body, sign(secret, body), headers...)
		if got := strings.Contains(w.Body.String(), `"known":true`); w.Code != 202 || got != want {
			t.Errorf("delivery %d: %d %s, want known %v", i+1, w.Code, w.Body, want)
		}
	}
}

func TestSecrets(t *testing.T) {
	tests := []struct {
		list string
		want []string
		ok   bool
	}{
		{"", nil, true}, {"  ", nil, true}, {"a", []string{"a"}, true}, {"a,b", []string{"a", "b"}, true}, {" a , b ", []string{"a", "b"}, true},
		{"a,,b", nil, false}, {"a,", nil, false}, {",", nil, false}, {"a, ,b", nil, false},
	}
	for _, test := range tests {
		got, err := Secrets(test.list)
		if !slices.Equal(got, test.want) || (err == nil) != test.ok {
			t.Errorf("%q: %q, %v", test.list, got, err)
		}
		if err != nil && (!strings.Contains(err.Error(), "comma") || strings.Contains(err.Error(), "a,")) {
			t.Errorf("%q: %q has to say what to do, and no secret", test.list, err)
		}
	}
}
