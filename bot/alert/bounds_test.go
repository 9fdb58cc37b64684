package alert

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"tocsin/bot"
	"tocsin/bot/inbound"
	"tocsin/bot/incident"
)

// largeGroup is a notification of n alerts whose texts are of about size bytes.
func largeGroup(t testing.TB, n, size int, letter string) []byte {
	t.Helper()
	g := group{Version: "4", GroupKey: "{}:{}"}
	for i := range n {
		g.Alerts = append(g.Alerts, grouped{
			Status: "firing", Fingerprint: fmt.Sprintf("%016x", i),
			Labels:      map[string]string{"alertname": "TooManyErrors", "service": fmt.Sprintf("service-%d", i), "severity": "critical", "pod": strings.Repeat(letter, size/8)},
			Annotations: map[string]string{"summary": "Errors of service " + fmt.Sprint(i), "description": strings.Repeat(letter, size)},
		})
	}
	body, err := json.Marshal(g)
	must(t, err)
	return body
}

// TestDeliveryIsBounded: whatever is sent, a delivery can be stored in one
// transaction, and what tells alerts apart is all there.
func TestDeliveryIsBounded(t *testing.T) {
	const most = 700_000
	tests := []struct {
		name      string
		n, size   int
		letter    string
		want      int
		wantTexts bool // nothing had to be left out
	}{
		{"few", 3, 100, "a", 3, true},
		{"500 short ones", 500, 300, "a", 500, true},
		{"500 long ones", 500, 1500, "a", 500, false},
		{"500 that are escaped", 500, 1000, "<", 500, false},
		{"a thousand", 1000, 700, "é", 1000, false},
		{"more than a thousand", 1003, 100, "a", 1001, true},
		{"one endless one", 1, 900_000, "a", 1, false},
	}
	for _, test := range tests {
		d, err := sourceOf(t, every(t), "alertmanager").Decode(request(nil), largeGroup(t, test.n, test.size, test.letter))
		must(t, err)
		stored, err := json.Marshal(d)
		must(t, err)
		if len(stored) > most || len(d.Signals) != test.want {
			t.Errorf("%s: %d signals in %d bytes, want %d and at most %d", test.name, len(d.Signals), len(stored), test.want, most)
		}
		whole := 0
		for i, s := range d.Signals[:min(test.n, MaxAlerts)] {
			if s.Key != fmt.Sprintf("%016x", i) || s.State != incident.StateFiring || s.Title == "" || s.Service != fmt.Sprintf("service-%d", i) || s.Urgency != "critical" {
				t.Fatalf("%s: alert %d is %+v", test.name, i, s)
			}
			if utf8.RuneCountInString(s.Text) >= test.size {
				whole++
			}
		}
		if (whole == min(test.n, MaxAlerts)) != test.wantTexts {
			t.Errorf("%s: %d texts are whole", test.name, whole)
		}
	}
}

// TestLeftOut: the alerts that are not there are told of on one that is.
func TestLeftOut(t *testing.T) {
	tests := []struct {
		n, truncated int
		want         string
		key          string
	}{
		{2, 0, "", ""},
		{2, 37, "sent 37 more alerts", "0000000000000000"},
		{1002, 5, "sent 7 more alerts", "0000000000000000"},
		{0, 3, "sent 3 more alerts", "left-out/{}:{}"},
		{2, -1, "", ""},
	}
	for _, test := range tests {
		body := largeGroup(t, test.n, 10, "a")
		body = bytes.Replace(body, []byte(`"truncatedAlerts":0`), fmt.Appendf(nil, `"truncatedAlerts":%d`, test.truncated), 1)
		body = bytes.Replace(body, []byte(`"alerts":null`), []byte(`"alerts":[]`), 1)
		d, err := sourceOf(t, every(t), "alertmanager").Decode(request(nil), body)
		must(t, err)
		if test.want == "" {
			if len(d.Signals) != test.n {
				t.Errorf("%+v: %d signals", test, len(d.Signals))
			}
			continue
		}
		last := d.Signals[len(d.Signals)-1]
		if last.State != incident.StateInfo || last.Key != test.key || !strings.HasPrefix(last.Text, test.want) {
			t.Errorf("%+v: the last is %+v", test, last)
		}
	}
}

// TestTidy: texts, links and labels of one signal are within bounds and harmless.
func TestTidy(t *testing.T) {
	s := bot.Signal{}
	s.Title, s.Text = strings.Repeat("t", 900), "one\ntwo\x00\u202e\n"+strings.Repeat("x", 9000)
	s.Link, s.Image, s.Runbook = "javascript:alert(1)", "https://example.com/"+strings.Repeat("a", 3000), "https://example.com/a|b>"
	s.Labels = map[string]string{"service": "kept", "empty": "", "long": strings.Repeat("l", 900)}
	for i := range 90 {
		s.Labels[fmt.Sprintf("a%02d", i)] = "v"
	}
	inbound.Tidy(&s)
	if utf8.RuneCountInString(s.Title) != inbound.MaxTitle || utf8.RuneCountInString(s.Text) != inbound.MaxText || !strings.HasPrefix(s.Text, "one\ntwo") || strings.ContainsAny(s.Text, "\x00\u202e") {
		t.Errorf("title of %d, text of %d: %.20q", len(s.Title), len(s.Text), s.Text)
	}
	if s.Link+s.Image+s.Runbook != "" {
		t.Errorf("links %.30q %.30q %.30q", s.Link, s.Image, s.Runbook)
	}
	if len(s.Labels) != inbound.MaxLabels || s.Labels["service"] != "kept" {
		t.Errorf("%d labels, service %q", len(s.Labels), s.Labels["service"])
	}
}

// check tells what a decoder may never make.
func check(t *testing.T, d bot.Delivery) {
	t.Helper()
	stored, err := json.Marshal(d)
	if err != nil || len(stored) > 700_000 || len(d.Signals) > MaxAlerts+1 {
		t.Fatalf("%d signals in %d bytes: %v", len(d.Signals), len(stored), err)
	}
	for _, s := range d.Signals {
		if s.Key == "" || s.State == "" || s.Event == "" {
			t.Fatalf("no key, state or event: %+v", s)
		}
		if utf8.RuneCountInString(s.Title) > inbound.MaxTitle || utf8.RuneCountInString(s.Text) > inbound.MaxText || len(s.Labels) > inbound.MaxLabels || strings.ContainsAny(s.Title+s.Service, "\n\x00") {
			t.Fatalf("out of bounds: %+v", s)
		}
		for _, l := range []string{s.Link, s.Image, s.Runbook} {
			if l != "" && inbound.Link(l) != l {
				t.Fatalf("%q is no link", l)
			}
		}
		if s.Severity != "" {
			t.Fatalf("severity %q is not decided here", s.Severity)
		}
	}
}

// fuzz runs a decoder: whatever comes, there is a delivery within bounds or a
// reason.
func fuzz(f *testing.F, source string) {
	for file, body := range bodies(f) {
		if strings.Contains(file, "/"+source+"/") {
			f.Add(body)
		}
	}
	for _, s := range []string{"", "null", "[]", "{}", `{"alerts":[{}]}`, `[[]]`, `"x"`, "7"} {
		f.Add([]byte(s))
	}
	s := sourceOf(f, every(f), source)
	f.Fuzz(func(t *testing.T, body []byte) {
		if d, err := s.Decode(request(nil), body); err == nil {
			check(t, d)
		}
	})
}

func FuzzAlertmanager(f *testing.F) { fuzz(f, "alertmanager") }
func FuzzGrafana(f *testing.F)      { fuzz(f, "grafana") }
func FuzzDatadog(f *testing.F)      { fuzz(f, "datadog") }
func FuzzCloudWatch(f *testing.F)   { fuzz(f, "cloudwatch") }
func FuzzSentry(f *testing.F)       { fuzz(f, "sentry") }
func FuzzGeneric(f *testing.F)      { fuzz(f, "generic") }

// BenchmarkDecode is the first body of each source, and a group of 500.
func BenchmarkDecode(b *testing.B) {
	for _, one := range []struct{ source, file string }{
		{"alertmanager", "alertmanager/firing.json"}, {"grafana", "grafana/firing.json"}, {"datadog", "datadog/triggered.json"},
		{"cloudwatch", "cloudwatch/alarm.json"}, {"sentry", "sentry/event-alert.json"}, {"generic", "generic/firing.json"},
	} {
		body := file(b, one.file)
		benchmark(b, one.source, sourceOf(b, every(b), one.source), body)
	}
	benchmark(b, "alertmanager 500", sourceOf(b, every(b), "alertmanager"), largeGroup(b, 500, 300, "a"))
}

func benchmark(b *testing.B, name string, s inbound.Source, body []byte) {
	b.Run(name, func(b *testing.B) {
		r := request(nil)
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			if _, err := s.Decode(r, body); err != nil {
				b.Fatal(err)
			}
		}
	})
}
