package alert

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"tocsin/bot/inbound"
	"tocsin/bot/incident"
)

// TestService: the best label wins, however it is written.
func TestService(t *testing.T) {
	tests := []struct {
		labels map[string]string
		want   string
	}{
		{map[string]string{"job": "node", "app": "chat"}, "chat"},
		{map[string]string{"job": "node", "service": "a", "app": "chat"}, "a"},
		{map[string]string{"service": " ", "app.kubernetes.io/name": "vllm"}, "vllm"},
		{map[string]string{"ServiceName": "a"}, "a"},
		{map[string]string{"service.name": "a", "component": "b"}, "a"},
		{map[string]string{"service-name": "b", "service_name": "c"}, "b"},
		{map[string]string{"job": "scrape"}, "scrape"},
		{map[string]string{"team": "x"}, ""},
		{nil, ""},
	}
	for _, test := range tests {
		if got := pick(test.labels, inbound.ServiceLabels); got != test.want {
			t.Errorf("%v: %q, want %q", test.labels, got, test.want)
		}
	}
}

// TestWhen: times in the forms that sources have; what is none is none.
func TestWhen(t *testing.T) {
	tests := []struct{ written, want string }{
		{"2026-11-20T10:02:03Z", "2026-11-20T10:02:03Z"},
		{"2026-11-20T12:02:03.5+02:00", "2026-11-20T10:02:03.5Z"},
		{"2026-11-20T10:02:03.123+0000", "2026-11-20T10:02:03.123Z"},
		{"1795168923", "2026-11-20T10:02:03Z"},
		{"1795168923000", "2026-11-20T10:02:03Z"},
		{"1795168923.25", "2026-11-20T10:02:03.25Z"},
		{"2999-01-01T00:00:00Z", "2999-01-01T00:00:00Z"},
		{"0001-01-01T00:00:00Z", ""},
		{"9999-12-31T23:59:59-12:00", ""},
		{"yesterday", ""}, {"", ""}, {"0", ""}, {"-5", ""}, {"1e300", ""}, {"NaN", ""},
	}
	for _, test := range tests {
		got := ""
		if at := when(test.written); !at.IsZero() {
			got = at.Format(time.RFC3339Nano)
		}
		if got != test.want {
			t.Errorf("%q: %q, want %q", test.written, got, test.want)
		}
	}
}

// TestSender: a form of one's own finds what it names.
func TestSender(t *testing.T) {
	body := []byte(`{"data":{"checks":[
		{"dedup":{"id":"c1"},"status":"Red","alert":{"name":"Canary fails","why":"3 of 3"},"tags":{"service.name":"chat-api"},"level":2,"began":1795168923},
		{"dedup":{"id":"c2"},"status":"green","tags":{"service.name":"search"},"over":"2026-11-20T10:22:03Z"},
		{"dedup":{"id":"c3"},"status":"ok"}]}}`)
	d := newDesk(every(t))
	if w := d.post("generic/probes", body, bearer...); w.Code != 202 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	in := d.got[0]
	if in.Source != "generic/probes" || len(in.Signals) != 3 {
		t.Fatalf("%+v", in)
	}
	for i, want := range []struct{ key, state, title, service, urgency, at string }{
		{"c1", incident.StateFiring, "Canary fails", "chat-api", "2", "10:02:03"},
		{"c2", incident.StateResolved, "c2", "search", "", "10:22:03"},
		{"c3", incident.StateResolved, "c3", "", "", ""},
	} {
		s := in.Signals[i]
		if s.Key != want.key || s.State != want.state || s.Title != want.title || s.Service != want.service || s.Urgency != want.urgency || s.By.Name != "probes" || s.Source != "generic/probes" {
			t.Errorf("%d: %+v, want %+v", i, s, want)
		}
		if want.at != "" && s.At.Format(time.TimeOnly) != want.at {
			t.Errorf("%d: at %v, want %s", i, s.At, want.at)
		}
	}
}

// TestSenderFiles: a file that cannot serve is left out, with what to do.
func TestSenderFiles(t *testing.T) {
	const good = "---\nname: probes\nfields: {key: id, state: status}\n---\n"
	tests := []struct{ name, file, text, want string }{
		{"good", "probes.md", good, ""},
		{"another name", "checks.md", good, "name: checks"},
		{"a name for no address", "Pro bes.md", strings.Replace(good, "probes", "Pro bes", 1), "a-z"},
		{"no key", "probes.md", "---\nname: probes\nfields: {state: status}\n---\n", "fields.key"},
		{"an unknown field", "probes.md", "---\nname: probes\nfields: {key: id, state: s, colour: c}\n---\n", `there is no field "colour"`},
		{"an unknown state", "probes.md", "---\nname: probes\nfields: {key: id, state: s}\nstates: {broken: [x]}\n---\n", `there is no state "broken"`},
		{"no front matter", "probes.md", "hello", "front matter"},
	}
	for _, test := range tests {
		senders, problems := LoadSenders(fstest.MapFS{test.file: {Data: []byte(test.text)}})
		if len(problems) == 0 != (test.want == "") || len(senders.Names()) == 1 != (test.want == "") {
			t.Errorf("%s: %q, %v", test.name, senders.Names(), problems)
		}
		for _, p := range problems {
			if !strings.Contains(p.String(), test.want) || !p.Out || p.File != test.file {
				t.Errorf("%s: %+v, want %q", test.name, p, test.want)
			}
		}
	}
}

// TestSendersAreReplaced: a form that is changed or gone is so for the next request.
func TestSendersAreReplaced(t *testing.T) {
	c := every(t)
	d := newDesk(c)
	body := []byte(`{"n":1,"s":"ok"}`)
	if w := d.post("generic/probes", body, bearer...); w.Code != 400 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	newer, _ := LoadSenders(fstest.MapFS{"probes.md": {Data: []byte("---\nname: probes\nfields: {key: n, state: s}\n---\n")}})
	c.Senders.Replace(newer)
	if w := d.post("generic/probes", body, bearer...); w.Code != 202 || d.got[0].Signals[0].Key != "1" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	none, _ := LoadSenders()
	c.Senders.Replace(none)
	if w := d.post("generic/probes", body, bearer...); w.Code != 400 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
