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
	"tocsin/bot/inbound"
)

const secret = "the-secret"

// hook is a webhook whose deliveries are kept, each once.
type hook struct {
	mux  *http.ServeMux
	got  map[string]bot.Delivery // by id
	fail error                   // of storing
}

func newHook(t *testing.T, secrets ...string) *hook {
	t.Helper()
	h := &hook{mux: http.NewServeMux(), got: map[string]bot.Delivery{}}
	for _, source := range (&Webhook{Secrets: secrets}).Sources() {
		in := &inbound.Hook{Source: source, Accept: h.accept, Log: slog.New(slog.DiscardHandler)}
		in.Routes(h.mux)
	}
	return h
}

func (h *hook) accept(_ context.Context, d bot.Delivery) (bot.Accepted, error) {
	if h.fail != nil {
		return bot.Accepted{}, h.fail
	}
	_, known := h.got[d.ID]
	h.got[d.ID] = d
	return bot.Accepted{Known: known}, nil
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
		if accepted := test.want == 202; accepted != (len(h.got) == 1) {
			t.Errorf("%s: %d deliveries", test.name, len(h.got))
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
	if len(h.got) > 0 {
		t.Errorf("%d were received", len(h.got))
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
		{"no JSON", `event=incident.triggered`, 400, "it is no JSON: invalid character 'e' looking for beginning of value at byte 1"},
		{"broken JSON", `{"event":`, 400, "it is no JSON: unexpected end of JSON input at byte 9"},
		{"not an object", `[]`, 400, `"event" has to be an object with an "event_type"`},
		{"an event that is a text", `{"event":"incident.triggered"}`, 400, `"event" has to be an object with an "event_type"`},
		{"an event that is a list", `{"event":[]}`, 400, `"event" has to be an object with an "event_type"`},
		{"a type that is a number", `{"event":{"event_type":7,"data":{"name":7}}}`, 400, `"event" has to be an object with an "event_type"`},
		{"a type that is a number, after data that is odd", `{"event":{"data":{"name":7},"event_type":7}}`, 400, `"event" has to be an object with an "event_type"`},
		{"no data where it matters", `{"event":{"event_type":"incident.triggered","data":"gone"}}`, 400, "data.id is missing"},
		{"no event", `{}`, 400, "V3 webhook"},
		{"an event without a type", `{"event":{"id":"x"}}`, 400, "event_type"},
		{"a V2 webhook", `{"messages":[{"event":"incident.trigger"}]}`, 400, "V3 webhook"},
		{"too large", `{"pad":"` + strings.Repeat("a", inbound.MaxRequest) + `"}`, 413, "1048576"},
	}
	h := newHook(t, secret)
	for _, test := range tests {
		w := h.post([]byte(test.body), sign(secret, []byte(test.body)))
		if w.Code != test.want || !strings.Contains(w.Body.String(), test.words) {
			t.Errorf("%s: %d %q, want %d with %q", test.name, w.Code, w.Body, test.want, test.words)
		}
		if words := w.Body.String(); strings.Contains(words, "Go ") || strings.Contains(words, "struct") || strings.Contains(words, "pagerduty.") {
			t.Errorf("%s: %q tells how it is programmed", test.name, words)
		}
	}
	if len(h.got) > 0 {
		t.Errorf("%d were received", len(h.got))
	}
	body := strings.Repeat(" ", inbound.MaxRequest-len(minimal)) + minimal
	if w := h.post([]byte(body), sign(secret, []byte(body))); w.Code != 202 {
		t.Errorf("a body of exactly inbound.MaxRequest: %d", w.Code)
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
	if w := h.post(body, sign(secret, body)); w.Code != 202 || !strings.Contains(w.Body.String(), `"known":false`) {
		t.Errorf("sent again: %d %s", w.Code, w.Body)
	}
}

// TestUnreadableTimes: an event is not lost for a time that nobody can read; it
// happened when it came.
func TestUnreadableTimes(t *testing.T) {
	for _, at := range []string{`""`, `"yesterday"`, `1700000000`, `null`, `{}`, `["2026-11-20"]`, `true`, `"2026-11-20"`} {
		h := newHook(t, secret)
		body := []byte(`{"event":{"id":"e1","event_type":"incident.triggered","occurred_at":` + at + `,"data":{"id":"P1","type":"incident","created_at":` + at + `,"title":"Slow"}}}`)
		if w := h.post(body, sign(secret, body), "X-Webhook-Id", "w1"); w.Code != 202 || len(h.got["w1"].Signals) != 1 {
			t.Errorf("%s: %d %s", at, w.Code, w.Body)
			continue
		}
		if s := h.got["w1"].Signals[0]; s.At.IsZero() || !s.Since.IsZero() || s.Key != "P1" || s.Title != "Slow" {
			t.Errorf("%s: %+v", at, s)
		}
	}
}

// TestOneDelivery: a webhook is one delivery with one signal, by the name that
// PagerDuty keeps when it sends again; the signal has the event's own id.
func TestOneDelivery(t *testing.T) {
	h := newHook(t, secret)
	body := events(t)["incident.triggered"]
	for _, known := range []string{"false", "true"} {
		w := h.post(body, sign(secret, body), "X-Webhook-Id", "w1")
		if w.Code != 202 || w.Body.String() != `{"stored":true,"known":`+known+"}\n" {
			t.Errorf("%d %s, want known %s", w.Code, w.Body, known)
		}
	}
	d := h.got["w1"]
	if len(h.got) != 1 || d.Source != "pagerduty" || len(d.Signals) != 1 {
		t.Fatalf("%+v", h.got)
	}
	if s := d.Signals[0]; !strings.HasPrefix(s.ID, "01TEST") || s.Source != "pagerduty" || s.Key != "PINC001" || s.At.Year() != 2026 {
		t.Errorf("%+v", s)
	}
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
