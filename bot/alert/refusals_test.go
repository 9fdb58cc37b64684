package alert

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/bot"
	"tocsin/bot/inbound"
)

// desk serves all sources of a Config and keeps what is accepted.
type desk struct {
	mux *http.ServeMux
	now func() time.Time
	got []bot.Delivery
}

func newDesk(c Config) *desk {
	d := &desk{mux: http.NewServeMux(), now: time.Now}
	for _, s := range Sources(c) {
		h := &inbound.Hook{Source: s, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return d.now() }, Accept: func(_ context.Context, in bot.Delivery) (bot.Accepted, error) {
			d.got = append(d.got, in)
			return bot.Accepted{}, nil
		}}
		h.Routes(d.mux)
	}
	return d
}

func (d *desk) post(source string, body []byte, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "/webhook/"+source, bytes.NewReader(body))
	if source == "cloudwatch" {
		r.Header.Set("x-amz-sns-topic-arn", topic)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	d.mux.ServeHTTP(w, r)
	return w
}

func hmacOf(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

func file(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	must(t, err)
	return b
}

var bearer = []string{"Authorization", "Bearer token"}

// TestRefusals: what is refused, by which answer, and in which words.
func TestRefusals(t *testing.T) {
	firing := file(t, "alertmanager/firing.json")
	padded := func(n int) []byte {
		return append(bytes.Clone(firing), bytes.Repeat([]byte(" "), n-len(firing))...)
	}
	with := func(old, new string) []byte { return bytes.Replace(firing, []byte(old), []byte(new), 1) }
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(firing)
	z.Close()
	legacy, issue := file(t, "grafana/legacy.json"), file(t, "sentry/issue-created.json")
	tests := []struct {
		name, source string
		body         []byte
		headers      []string
		status       int
		words        string
	}{
		{"bearer", "alertmanager", firing, bearer, 202, `"stored":true`},
		{"basic", "alertmanager", firing, []string{"Authorization", "Basic YTp0b2tlbg=="}, 202, `"stored":true`}, // a:token
		{"no token", "alertmanager", firing, nil, 401, "TOCSIN_WEBHOOK_TOKEN"},
		{"wrong token", "alertmanager", firing, []string{"Authorization", "Bearer nekot"}, 401, "TOCSIN_WEBHOOK_TOKEN"},
		{"token in the address", "alertmanager?token=token", firing, nil, 401, "Authorization"},
		{"no token for a sender of its own", "generic/probes", []byte(`{}`), nil, 401, "Authorization"},
		{"256 KiB", "alertmanager", padded(256 << 10), bearer, 202, `"stored":true`},
		{"1 MiB", "alertmanager", padded(1 << 20), bearer, 202, `"stored":true`},
		{"more", "alertmanager", padded(1<<20 + 1), bearer, 413, "1048576"},
		{"gzip", "alertmanager", packed.Bytes(), append([]string{"Content-Encoding", "gzip"}, bearer...), 415, "without compression"},
		{"gzip that does not say so", "alertmanager", packed.Bytes(), bearer, 400, "no JSON"},
		{"not JSON", "alertmanager", []byte(`{"alerts":`), bearer, 400, "at byte 10"},
		{"nothing", "alertmanager", nil, bearer, 400, "no JSON"},
		{"another version", "alertmanager", with(`"version": "4"`, `"version": "3"`), bearer, 400, `version is "3"`},
		{"no version", "alertmanager", with(`"version": "4"`, `"x": 1`), bearer, 400, `version is ""`},
		{"no alerts", "alertmanager", []byte(`{"version":"4"}`), bearer, 400, "alerts is missing"},
		{"no fingerprint", "alertmanager", with(`"fingerprint"`, `"x"`), bearer, 400, "alerts[0].fingerprint is missing"},
		{"another status", "alertmanager", with(`"status": "firing",
      "labels"`, `"status": "flapping",
      "labels"`), bearer, 400, `alerts[0].status is "flapping"`},
		{"a label that is a number", "alertmanager", with(`"chat-api"`, `7`), bearer, 400, "where a text is needed"},
		{"Alertmanager's at Grafana's door", "grafana", firing, bearer, 400, `version is "4"`},
		{"legacy without a state", "grafana", bytes.Replace(legacy, []byte(`"state"`), []byte(`"x"`), 1), bearer, 400, "state is missing"},
		{"a Datadog payload of one's own", "datadog", []byte(`{"text":"hello"}`), bearer, 400, "tocsin's payload"},
		{"Datadog's variables not filled in", "datadog", []byte(DatadogTemplate), bearer, 400, "not filled in"},
		{"a list for Datadog", "datadog", []byte(`[]`), bearer, 400, "an object is needed"},
		{"generic without a key", "generic", []byte(`{"status":"firing"}`), bearer, 400, "dedup_key is missing"},
		{"generic without a state", "generic", []byte(`{"dedup_key":"k"}`), bearer, 400, "status is missing"},
		{"generic with another state", "generic", []byte(`{"dedup_key":"k","status":"purple"}`), bearer, 400, `status is "purple": it has to be one of`},
		{"generic, the second of a list", "generic", []byte(`[{"dedup_key":"k","status":"ok"},{"status":"ok"}]`), bearer, 400, "alert[1]: dedup_key is missing"},
		{"generic that is a text", "generic", []byte(`"down"`), bearer, 400, "has to be an object"},
		{"a sender that nobody described", "generic/other", []byte(`{}`), bearer, 400, "alerts/other.md"},
		{"a sender's list is missing", "generic/probes", []byte(`{"data":{}}`), bearer, 400, "data.checks is missing"},
		{"a sender's key is missing", "generic/probes", []byte(`{"data":{"checks":[{"status":"red"}]}}`), bearer, 400, "data.checks[0]: dedup.id is missing"},
		{"Sentry, signed", "sentry", issue, []string{"Sentry-Hook-Signature", hmacOf("secret", issue)}, 202, `"stored":true`},
		{"Sentry, unsigned", "sentry", issue, nil, 401, "TOCSIN_SENTRY_SECRET"},
		{"Sentry, with the token", "sentry", issue, bearer, 401, "TOCSIN_SENTRY_SECRET"},
		{"Sentry, signed otherwise", "sentry", issue, []string{"Sentry-Hook-Signature", hmacOf("other", issue)}, 401, "TOCSIN_SENTRY_SECRET"},
		{"Sentry, an issue without an id", "sentry", []byte(`{"data":{"issue":{}}}`), []string{"Sentry-Hook-Signature", hmacOf("secret", []byte(`{"data":{"issue":{}}}`))}, 400, "data.issue.id is missing"},
		{"Sentry, a webhook about something else", "sentry", []byte(`{}`), []string{"Sentry-Hook-Signature", hmacOf("secret", []byte(`{}`)), "Sentry-Hook-Resource", "comment"}, 202, `"stored":false`},
		{"an unknown source", "zabbix", firing, bearer, 404, ""},
	}
	for _, test := range tests {
		d := newDesk(every(t))
		w := d.post(test.source, test.body, test.headers...)
		if w.Code != test.status || !strings.Contains(w.Body.String(), test.words) {
			t.Errorf("%s: %d %q, want %d with %q", test.name, w.Code, w.Body, test.status, test.words)
		}
		if stored := strings.Contains(test.words, `"stored":true`); stored != (len(d.got) == 1) {
			t.Errorf("%s: %d deliveries stored", test.name, len(d.got))
		}
	}
}

// TestNoSecretNoRoute: a source that could not be proven is not served.
func TestNoSecretNoRoute(t *testing.T) {
	tests := []struct {
		config Config
		want   []string
	}{
		{Config{}, nil},
		{Config{Token: inbound.Token{"t"}}, []string{"alertmanager", "grafana", "datadog", "generic"}},
		{Config{Token: inbound.Token{"t"}, Senders: new(Senders)}, []string{"alertmanager", "grafana", "datadog", "generic", "generic/{name}"}},
		{Config{Senders: new(Senders)}, nil},
		{Config{Sentry: []string{"s"}}, []string{"sentry"}},
		{Config{Topics: []string{"t"}}, []string{"cloudwatch"}},
	}
	for _, test := range tests {
		var got []string
		for _, s := range Sources(test.config) {
			got = append(got, s.Name)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%+v: %q, want %q", test.config, got, test.want)
		}
	}
}

// TestFiresOn: an alert that fires on says that it began when it did, and each time is
// an event; the sender's retries of one request are one delivery.
func TestFiresOn(t *testing.T) {
	for source, name := range map[string]string{"alertmanager": "alertmanager/firing.json", "grafana": "grafana/firing.json", "generic": "generic/firing.json"} {
		d, now := newDesk(every(t)), time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
		d.now = func() time.Time { return now }
		for range 3 {
			d.post(source, file(t, name), "Authorization", "Bearer token")
			d.post(source, file(t, name), "Authorization", "Bearer token")
			now = now.Add(4 * time.Hour)
		}
		ids := map[string]int{}
		for _, in := range d.got {
			ids[in.Signals[0].ID]++
		}
		if len(d.got) != 6 || len(ids) != 3 {
			t.Errorf("%s: %d deliveries with the events %v", source, len(d.got), ids)
		}
	}
}

// TestToldAgain: an alert that is told again is the same signal; one that fires
// anew, and the end of it, are others.
func TestToldAgain(t *testing.T) {
	same := [][2]string{}
	ids := map[string]string{}
	c := every(t)
	for file, body := range bodies(t) {
		source, _, _ := strings.Cut(strings.TrimPrefix(file, "testdata/"), "/")
		for range 2 {
			d, err := sourceOf(t, c, source).Decode(request(body, "Sentry-Hook-Timestamp", "1795169000"), body)
			must(t, err)
			for _, s := range d.Signals {
				if s.ID == "" {
					continue
				}
				id := source + " " + s.ID
				if was, twice := ids[id]; twice && was != s.Key+s.State {
					same = append(same, [2]string{was, s.Key + s.State})
				}
				ids[id] = s.Key + s.State
			}
		}
	}
	if len(same) > 0 {
		t.Errorf("these are told apart by no id: %q", same)
	}
	for _, pair := range [][2]string{{"alertmanager/firing.json", "alertmanager/resolved.json"}, {"datadog/triggered.json", "datadog/re-triggered.json"}} {
		source, _, _ := strings.Cut(pair[0], "/")
		var got [2]bot.Signal
		for i, name := range pair {
			d, err := sourceOf(t, c, source).Decode(request(nil), file(t, name))
			must(t, err)
			got[i] = d.Signals[0]
		}
		if got[0].Key != got[1].Key || got[0].ID == got[1].ID {
			t.Errorf("%q: keys %q and %q, ids %q and %q", pair, got[0].Key, got[1].Key, got[0].ID, got[1].ID)
		}
	}
}
