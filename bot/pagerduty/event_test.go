package pagerduty

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/bot/incident"
)

// events is one webhook of each type that PagerDuty's documentation lists, in
// its order of fields, about an incident of our own.
func events(t *testing.T) map[string][]byte {
	t.Helper()
	data, err := os.ReadFile("testdata/events.jsonl")
	must(t, err)
	all := map[string][]byte{}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, MaxRequest)
	for lines.Scan() {
		var e struct {
			Event struct {
				Type string `json:"event_type"`
			} `json:"event"`
		}
		must(t, json.Unmarshal(lines.Bytes(), &e))
		all[e.Event.Type] = bytes.Clone(lines.Bytes())
	}
	return all
}

// TestEveryEvent: what each of the types comes to. What is new to this version
// is unknown, and still belongs to its incident where it names one.
func TestEveryEvent(t *testing.T) {
	const known = "PINC001"
	tests := map[string]struct{ state, key, text string }{
		"incident.triggered":                    {incident.StateFiring, known, ""},
		"incident.reopened":                     {incident.StateFiring, known, ""},
		"incident.acknowledged":                 {incident.StateAcknowledged, known, ""},
		"incident.resolved":                     {incident.StateResolved, known, ""},
		"incident.unacknowledged":               {incident.StateInfo, known, "let the acknowledgement in PagerDuty lapse"},
		"incident.escalated":                    {incident.StateInfo, known, "escalated it in PagerDuty to Ana Reyes, Olu Ade"},
		"incident.delegated":                    {incident.StateInfo, known, "delegated it in PagerDuty to Kim Sato"},
		"incident.reassigned":                   {incident.StateInfo, known, "reassigned it in PagerDuty to Kim Sato"},
		"incident.priority_updated":             {incident.StateInfo, known, "set the priority in PagerDuty to P1"},
		"incident.annotated":                    {incident.StateInfo, known, "noted in PagerDuty: Cache hit rate fell at 09:50"},
		"incident.status_update_published":      {incident.StateInfo, known, "sent a status update from PagerDuty: Traffic is on the second region"},
		"incident.responder.added":              {incident.StateInfo, known, "asked for a responder in PagerDuty (Ana Reyes)"},
		"incident.responder.replied":            {incident.StateInfo, known, "heard back from a responder in PagerDuty (Ana Reyes): accepted"},
		"incident.service_updated":              {incident.StateUnknown, known, ""},
		"incident.incident_type.changed":        {incident.StateUnknown, known, ""},
		"incident.conference_bridge.updated":    {incident.StateUnknown, known, ""},
		"incident.custom_field_values.updated":  {incident.StateUnknown, known, ""},
		"incident.task.created":                 {incident.StateUnknown, known, ""},
		"incident.task.updated":                 {incident.StateUnknown, known, ""},
		"incident.task.completed":               {incident.StateUnknown, known, ""},
		"incident.action_invocation.created":    {incident.StateUnknown, known, ""},
		"incident.action_invocation.updated":    {incident.StateUnknown, known, ""},
		"incident.action_invocation.terminated": {incident.StateUnknown, known, ""},
		"incident.workflow.started":             {incident.StateUnknown, known, ""},
		"incident.workflow.completed":           {incident.StateUnknown, known, ""},
		"incident.role.assigned":                {incident.StateUnknown, "", ""},
		"service.created":                       {incident.StateUnknown, "", ""},
		"service.updated":                       {incident.StateUnknown, "", ""},
		"service.deleted":                       {incident.StateUnknown, "", ""},
		"service.custom_field_values.updated":   {incident.StateUnknown, "", ""},
	}
	all := events(t)
	if len(all) != 30 || len(tests) != 30 {
		t.Errorf("%d events and %d expectations, want 30 of each", len(all), len(tests))
	}
	for kind, want := range tests {
		s, err := parse(all[kind])
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		if s.Source != "pagerduty" || s.Event != kind || s.State != want.state || s.Key != want.key || s.Text != want.text {
			t.Errorf("%s: %+v, want state %s, key %q and %q", kind, s.Signaled, want.state, want.key, want.text)
		}
		if !strings.HasPrefix(s.ID, "01TEST") || s.At.Format(time.TimeOnly) == "00:00:00" || s.At.Year() != 2026 {
			t.Errorf("%s: id %q at %v", kind, s.ID, s.At)
		}
		if s.By != (incident.Actor{Person: incident.Person{Name: "Noor Haddad"}, Via: "pagerduty"}) {
			t.Errorf("%s: by %+v", kind, s.By)
		}
		if want.key != "" && (s.Title != "Answers API: error rate over 5 %" || s.Link != "https://tocsin-test.pagerduty.com/incidents/PINC001") {
			t.Errorf("%s: title %q, link %q", kind, s.Title, s.Link)
		}
	}
	s, err := parse(all["incident.triggered"])
	must(t, err)
	if s.Service != "answers-api" || s.Urgency != "high" {
		t.Errorf("service %q, urgency %q", s.Service, s.Urgency)
	}
}

// TestOracleEvents: PagerDuty's own examples, which are not part of this
// repository, parse to signals.
func TestOracleEvents(t *testing.T) {
	dir := os.Getenv("TOCSIN_ORACLE")
	if dir == "" {
		t.Skip("set TOCSIN_ORACLE to the folder that holds pagerduty/*.json to run this")
	}
	files, err := filepath.Glob(filepath.Join(dir, "pagerduty", "*.json"))
	must(t, err)
	if len(files) < 30 {
		t.Fatalf("only %d files in %s/pagerduty", len(files), dir)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		must(t, err)
		s, err := parse(body)
		name := strings.TrimPrefix(strings.TrimSuffix(filepath.Base(file), ".json"), "official.")
		if err != nil || s.Event != name || s.ID == "" || s.At.IsZero() {
			t.Errorf("%s: %+v, %v", file, s, err)
		}
	}
}

// TestSeverity: PagerDuty's priority decides, else its urgency; in doubt, the
// worse of the middle two.
func TestSeverity(t *testing.T) {
	tests := []struct {
		priority, urgency string
		want              incident.Severity
	}{
		{"P1", "low", incident.SEV1}, {"P2", "", incident.SEV2}, {"P3", "high", incident.SEV3}, {"P4", "", incident.SEV4}, {"P5", "high", incident.SEV4},
		{"SEV-1", "", incident.SEV1}, {"SEV2", "", incident.SEV2}, {"p1 - Critical", "", incident.SEV1},
		{"Critical", "low", incident.SEV3}, {"Critical", "high", incident.SEV2}, {"P0", "high", incident.SEV2},
		{"", "high", incident.SEV2}, {"", "low", incident.SEV3}, {"", "", incident.SEV2}, {"", "severity_based", incident.SEV2},
	}
	for _, test := range tests {
		var e event
		e.Data.Urgency = test.urgency
		if test.priority != "" {
			e.Data.Priority = &reference{Summary: test.priority}
		}
		if got := e.severity(); got != test.want {
			t.Errorf("priority %q, urgency %q: %s, want %s", test.priority, test.urgency, got, test.want)
		}
	}
}

// TestSparseEvents: fields that PagerDuty leaves empty make no half sentences.
func TestSparseEvents(t *testing.T) {
	tests := []struct{ body, state, text, by string }{
		{`{"event":{"event_type":"incident.priority_updated","data":{"id":"P","type":"incident","priority":null}}}`, "info", "removed the priority in PagerDuty", "PagerDuty"},
		{`{"event":{"event_type":"incident.reassigned","data":{"id":"P","type":"incident","assignees":[]}}}`, "info", "reassigned it in PagerDuty", ""},
		{`{"event":{"event_type":"incident.responder.replied","data":{"incident":{"id":"P"}}}}`, "info", "heard back from a responder in PagerDuty: replied", ""},
		{`{"event":{"event_type":"incident.triggered","agent":{"type":"inbound_integration_reference","summary":"Events API v2"},"data":{"id":"P","type":"incident"}}}`, "firing", "", "PagerDuty"},
		{`{"event":{"event_type":"incident.triggered","agent":{"type":"user_reference","summary":""},"data":{"id":"P","type":"incident"}}}`, "firing", "", "PagerDuty"},
		{`{"event":{"event_type":"pagey.ping","agent":null,"data":{"message":"Hello","type":"ping"}}}`, "unknown", "", ""},
		{`{"event":{"event_type":"x","data":null}}`, "unknown", "", ""},
	}
	for _, test := range tests {
		s, err := parse([]byte(test.body))
		if err != nil || s.State != test.state || s.Text != test.text || s.By.Name != cmp.Or(test.by, "PagerDuty") {
			t.Errorf("%s: %+v, %v", test.body, s, err)
		}
	}
}

// FuzzParse: whatever comes, there is a signal with its type, or a reason.
func FuzzParse(f *testing.F) {
	for _, s := range []string{`{}`, `{"event":{}}`, `{"event":{"event_type":"incident.annotated","data":{"incident":{"id":"P"}}}}`, `null`, `[`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := parse(body)
		if err == nil && (s.Event == "" || s.State == "") {
			t.Errorf("%q gives %+v", body, s)
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
