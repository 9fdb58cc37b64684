package pagerduty

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/bot/inbound"
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
	lines.Buffer(nil, inbound.MaxRequest)
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
		"incident.service_updated":              {incident.StateInfo, known, "moved it in PagerDuty to search-api"},
		"incident.incident_type.changed":        {incident.StateInfo, known, "changed its type in PagerDuty to major"},
		"incident.conference_bridge.updated":    {incident.StateInfo, known, "set the conference bridge in PagerDuty: https://meet.example/17, +44 20 7946 0000"},
		"incident.custom_field_values.updated":  {incident.StateInfo, known, "changed custom fields in PagerDuty"},
		"incident.task.created":                 {incident.StateInfo, known, "added a task in PagerDuty: Call the provider"},
		"incident.task.updated":                 {incident.StateInfo, known, "changed a task in PagerDuty: Call the provider (in progress)"},
		"incident.task.completed":               {incident.StateInfo, known, "finished a task in PagerDuty: Call the provider"},
		"incident.action_invocation.created":    {incident.StateInfo, known, "started an automation in PagerDuty: Restart gateway"},
		"incident.action_invocation.updated":    {incident.StateInfo, known, "got on with an automation in PagerDuty: Restart gateway (running)"},
		"incident.action_invocation.terminated": {incident.StateInfo, known, "ended an automation in PagerDuty: Restart gateway (completed)"},
		"incident.workflow.started":             {incident.StateInfo, known, "started a workflow in PagerDuty: Major incident"},
		"incident.workflow.completed":           {incident.StateInfo, known, "finished a workflow in PagerDuty: Major incident"},
		"incident.role.assigned":                {incident.StateInfo, known, "gave in PagerDuty: Liaison to Noor Haddad"},
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
		s, err := parse(all[kind], nil)
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
		if want.key != "" && kind != "incident.role.assigned" && (s.Title != "Answers API: error rate over 5 %" || s.Link != "https://tocsin-test.pagerduty.com/incidents/PINC001") {
			t.Errorf("%s: title %q, link %q", kind, s.Title, s.Link)
		}
	}
	s, err := parse(all["incident.triggered"], nil)
	must(t, err)
	if s.Service != "answers-api" || s.Urgency != "high" || s.Severity != "" || s.Since.Format(time.TimeOnly) != "09:58:00" {
		t.Errorf("service %q, urgency %q, severity %q, since %v: what the urgency comes to is for the services to say", s.Service, s.Urgency, s.Severity, s.Since)
	}
	want := map[string]string{"pagerduty_service": "PSVC001", "escalation_policy": "Answers first line", "teams": "Inference"}
	if !maps.Equal(s.Labels, want) {
		t.Errorf("labels %v, want %v", s.Labels, want)
	}
}

// example is what an example of PagerDuty's comes to.
type example struct{ key, state, text, by string }

// oracle is what each of PagerDuty's own examples comes to, by its file's name.
func oracle() map[string]example {
	const bump, other, task, who = "PGR0VU2", "PBAZLIU", "Q0SDD3HB6SGFTI", "Tenex Engineer"
	info := func(key, text string) example { return example{key, incident.StateInfo, text, who} }
	unknown := func(by string) example { return example{"", incident.StateUnknown, "", by} }
	return map[string]example{
		"incident.triggered":                    {bump, incident.StateFiring, "", who},
		"incident.reopened":                     {bump, incident.StateFiring, "", who},
		"incident.acknowledged":                 {bump, incident.StateAcknowledged, "", who},
		"incident.resolved":                     {bump, incident.StateResolved, "", who},
		"incident.unacknowledged":               info(bump, "let the acknowledgement in PagerDuty lapse"),
		"incident.escalated":                    info(bump, "escalated it in PagerDuty to User 123"),
		"incident.delegated":                    info(bump, "delegated it in PagerDuty to User 123"),
		"incident.reassigned":                   info(bump, "reassigned it in PagerDuty to User 123"),
		"incident.priority_updated":             info(bump, "set the priority in PagerDuty to P1"),
		"official.incident.priority_updated":    info(bump, "set the priority in PagerDuty to P1"),
		"incident.service_updated":              info(bump, "moved it in PagerDuty to API Service"),
		"incident.incident_type.changed":        info(bump, "changed its type in PagerDuty to major"),
		"incident.annotated":                    info(bump, "noted in PagerDuty: I sure am glad we are using PagerDuty!"),
		"incident.status_update_published":      info(bump, "sent a status update from PagerDuty: A fix for this incident is being developed"),
		"incident.conference_bridge.updated":    info(bump, "set the conference bridge in PagerDuty: https://example.com, +1-555-555-5555"),
		"incident.responder.added":              info(bump, "asked for a responder in PagerDuty (Maeve)"),
		"incident.responder.replied":            info(bump, "heard back from a responder in PagerDuty (Maeve): accepted"),
		"incident.custom_field_values.updated":  info(other, "changed in PagerDuty: environment to production"),
		"incident.role.assigned":                info(other, "gave in PagerDuty: Role Display Name to User 1810194"),
		"incident.task.created":                 info(task, "added a task in PagerDuty: A thing that needs to be done (User 661768438)"),
		"incident.task.updated":                 info(task, "changed a task in PagerDuty: A thing that needs to be done (todo)"),
		"incident.task.completed":               info(task, "finished a task in PagerDuty: A thing that needs to be done"),
		"incident.workflow.started":             info(other, "started a workflow in PagerDuty: A Workflow Name"),
		"incident.workflow.completed":           info(other, "finished a workflow in PagerDuty: A Workflow Name"),
		"incident.action_invocation.created":    info(other, "started an automation in PagerDuty: A Helpful Action"),
		"incident.action_invocation.updated":    info(other, "got on with an automation in PagerDuty: A Helpful Action (created)"),
		"incident.action_invocation.terminated": info(other, "ended an automation in PagerDuty: A Helpful Action (created)"),
		"service.created":                       unknown(who),
		"service.updated":                       unknown(who),
		"service.deleted":                       unknown(who),
		"service.custom_field_values.updated":   unknown(who),
		"official.service.updated":              unknown("PagerDuty"),
		"pagey.ping":                            unknown("PagerDuty"),
	}
}

// TestOracleEvents: PagerDuty's own examples, which are not part of this
// repository, come to what is expected of each.
func TestOracleEvents(t *testing.T) {
	dir := os.Getenv("TOCSIN_ORACLE")
	if dir == "" {
		t.Skip("set TOCSIN_ORACLE to the folder that holds pagerduty/*.json to run this")
	}
	files, err := filepath.Glob(filepath.Join(dir, "pagerduty", "*.json"))
	must(t, err)
	if len(files) != len(oracle()) {
		t.Errorf("%d files in %s/pagerduty, want %d", len(files), dir, len(oracle()))
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		must(t, err)
		s, err := parse(body, nil)
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		if err != nil || s.Event != strings.TrimPrefix(name, "official.") || s.ID == "" || s.At.IsZero() {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
		if got, want := (example{s.Key, s.State, s.Text, s.By.Name}), oracle()[name]; got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

// TestUrgency: the first word of the priority's name, which the account chose;
// without one PagerDuty's own urgency. The whole name is a label.
func TestUrgency(t *testing.T) {
	tests := []struct{ priority, urgency, want string }{
		{"P1", "low", "P1"}, {"p1 - Critical", "high", "p1"}, {"SEV-1", "", "SEV-1"}, {"Critical", "high", "Critical"},
		{"", "high", "high"}, {"", "low", "low"}, {"", "", ""},
	}
	for _, test := range tests {
		e := event{Type: "incident.triggered", Data: data{Urgency: test.urgency}}
		e.Data.reference = reference{ID: "P", Type: "incident"}
		if test.priority != "" {
			e.Data.Priority = &reference{Summary: test.priority}
		}
		if s := e.signal(nil); s.Urgency != test.want || s.Labels["priority"] != test.priority {
			t.Errorf("priority %q, urgency %q: %q with labels %v, want %q", test.priority, test.urgency, s.Urgency, s.Labels, test.want)
		}
	}
}

// TestEchoes: what tocsin wrote, made or sent itself is known by what it bears,
// not by who did it.
func TestEchoes(t *testing.T) {
	tests := []struct {
		body string
		want bool
	}{
		{`"event_type":"incident.annotated","data":{"incident":{"id":"P"},"content":"[INC-7] Rolled back"}`, true},
		{`"event_type":"incident.annotated","data":{"incident":{"id":"P"},"content":"see [INC-7] for more"}`, false},
		{`"event_type":"incident.annotated","data":{"incident":{"id":"P"},"content":"[INC-x] Rolled back"}`, false},
		{`"event_type":"incident.annotated","data":{"incident":{"id":"P"},"content":"[INC-7]"}`, false},
		{`"event_type":"incident.status_update_published","data":{"incident":{"id":"P"},"message":"[INC-12] All is well"}`, true},
		{`"event_type":"incident.responder.added","data":{"incident":{"id":"P"},"message":"[INC-7] SEV1: Slow. (page 1)"}`, true},
		{`"event_type":"incident.responder.replied","data":{"incident":{"id":"P"},"state":"accepted","message":"[INC-7] SEV1: Slow. (page 1)"}`, false},
		{`"event_type":"incident.triggered","data":{"id":"P","type":"incident","incident_key":"tocsin-INC-7-page-1"}`, true},
		{`"event_type":"incident.triggered","data":{"id":"P","type":"incident","incident_key":"tocsin-INC-7-reopened-2"}`, true},
		{`"event_type":"incident.triggered","data":{"id":"P","type":"incident","incident_key":"tocsin-1"}`, false},
		{`"event_type":"incident.resolved","data":{"id":"P","type":"incident","incident_key":"tocsin-INC-7-page-1"}`, false},
		{`"event_type":"incident.triggered","client":{"name":"tocsin"},"data":{"id":"P","type":"incident"}`, true},
		{`"event_type":"incident.triggered","client":{"name":"Monitoring"},"data":{"id":"P","type":"incident"}`, false},
	}
	for _, test := range tests {
		s, err := parse([]byte(`{"event":{`+test.body+`}}`), nil)
		if err != nil || s.Echo != test.want {
			t.Errorf("%s: echo %v, %v", test.body, s.Echo, err)
		}
	}
	s, err := parse([]byte(`{"event":{"event_type":"incident.triggered","data":{"id":"P","type":"incident","incident_key":"tocsin-INC-7-page-1"}}}`), nil)
	if err != nil || s.Labels["tocsin"] != "INC-7" {
		t.Errorf("labels %v, %v: the incident that it was made for has to be told", s.Labels, err)
	}
}

// TestPeople: who acts, who it is assigned to and who accepts are found through
// the one who knows them; a machine is nobody.
func TestPeople(t *testing.T) {
	who := func(id, name string) incident.Person {
		return incident.Person{User: incident.User("U" + id), Name: name}
	}
	body := `{"event":{"event_type":"incident.triggered","agent":{"id":"1","type":"user_reference","summary":"Ana"},
		"data":{"id":"P","type":"incident","assignees":[{"id":"2","type":"user_reference","summary":"Olu"}]}}}`
	s, err := parse([]byte(body), who)
	if err != nil || s.By.User != "U1" || len(s.People) != 1 || s.People[0] != who("2", "Olu") {
		t.Errorf("%+v, %v", s, err)
	}
	for state, want := range map[string]int{"pending": 0, "accepted": 1, "declined": 0} {
		body := `{"event":{"event_type":"incident.responder.replied","agent":{"id":"1","type":"service_reference","summary":"API"},
			"data":{"incident":{"id":"P"},"type":"incident_responder","state":"` + state + `","user":{"id":"3","type":"user_reference","summary":"Kim"}}}}`
		if s, err := parse([]byte(body), who); err != nil || s.By.Name != "PagerDuty" || s.By.User != "" || len(s.People) != want {
			t.Errorf("%s: by %+v, people %v, %v", state, s.By, s.People, err)
		}
	}
}

// TestSparseEvents: fields that PagerDuty leaves empty make no half sentences.
func TestSparseEvents(t *testing.T) {
	tests := []struct{ body, state, text, by string }{
		{`{"event":{"event_type":"incident.priority_updated","data":{"id":"P","type":"incident","priority":null}}}`, "info", "removed the priority in PagerDuty", "PagerDuty"},
		{`{"event":{"event_type":"incident.urgency_updated","data":{"id":"P","type":"incident","urgency":"high"}}}`, "info", "set the urgency in PagerDuty to high", "PagerDuty"},
		{`{"event":{"event_type":"incident.urgency_updated","data":{"id":"P","type":"incident"}}}`, "info", "set the urgency in PagerDuty", "PagerDuty"},
		{`{"event":{"event_type":"x","data":[7]}}`, "unknown", "", ""},
		{`{"event":{"event_type":"incident.reassigned","data":{"id":"P","type":"incident","assignees":[]}}}`, "info", "reassigned it in PagerDuty", ""},
		{`{"event":{"event_type":"incident.responder.replied","data":{"incident":{"id":"P"}}}}`, "info", "heard back from a responder in PagerDuty: replied", ""},
		{`{"event":{"event_type":"incident.responder.replied","agent":{"id":"3","type":"user_reference","summary":"Kim"},"data":{"incident":{"id":"P"},"state":"declined","user":{"id":"3"}}}}`, "info", "answered the page in PagerDuty: declined", "Kim"},
		{`{"event":{"event_type":"incident.triggered","agent":{"type":"inbound_integration_reference","summary":"Events API v2"},"data":{"id":"P","type":"incident"}}}`, "firing", "", "PagerDuty"},
		{`{"event":{"event_type":"incident.triggered","agent":{"type":"user_reference","summary":""},"data":{"id":"P","type":"incident"}}}`, "firing", "", "PagerDuty"},
		{`{"event":{"event_type":"pagey.ping","agent":null,"data":{"message":"Hello","type":"ping"}}}`, "unknown", "", ""},
		{`{"event":{"event_type":"x","data":null}}`, "unknown", "", ""},
		{`{"event":{"event_type":"x","data":{"message":{"text":"of another type"},"user":7,"name":[]}}}`, "unknown", "", ""},
		{`{"event":{"event_type":"incident.conference_bridge.updated","data":{"incident":{"id":"P"},"conference_numbers":[],"conference_url":null}}}`, "info", "removed the conference bridge in PagerDuty", ""},
		{`{"event":{"event_type":"incident.custom_field_values.updated","data":{"incident":{"id":"P"},"custom_fields":[{"id":"1","name":"environment","value":"production"},{"id":"2","name":"regions","value":["EU","US"]}],"changed_custom_fields":[{"id":"1","name":"environment","value":"staging"},{"id":"2","name":"regions","value":null}]}}}`, "info", "changed in PagerDuty: environment to production, regions to EU and US", ""},
		{`{"event":{"event_type":"incident.custom_field_values.updated","data":{"incident":{"id":"P"},"custom_fields":[{"id":"1","name":"customers","value":1200.5}],"changed_custom_fields":[{"id":"1","name":"customers","value":3}]}}}`, "info", "changed in PagerDuty: customers to 1200.5", ""},
		{`{"event":{"event_type":"incident.role.assigned","data":{"incident_role_assignments":[{"role":{"summary":"Liaison"},"old_assignee":{"summary":"Kim"},"incident":{"id":"P"}}]}}}`, "info", "gave in PagerDuty: Liaison to nobody", ""},
		{`{"event":{"event_type":"incident.responder.added","data":{"incident":{"id":"P"},"escalation_policy":{"summary":"Platform"}}}}`, "info", "asked for a responder in PagerDuty (Platform)", ""},
	}
	for _, test := range tests {
		s, err := parse([]byte(test.body), nil)
		if err != nil || s.State != test.state || s.Text != test.text || s.By.Name != cmp.Or(test.by, "PagerDuty") {
			t.Errorf("%s: %+v, %v", test.body, s, err)
		}
	}
}

// TestLongTexts: what is long is cut, so that one event fits a record.
func TestLongTexts(t *testing.T) {
	long := strings.Repeat("ü", 100_000)
	s, err := parse([]byte(`{"event":{"event_type":"incident.annotated","data":{"incident":{"id":"P","summary":"`+long+`"},"content":"`+long+`"}}}`), nil)
	if n := len([]rune(s.Text)); err != nil || n != inbound.MaxText || len([]rune(s.Title)) != inbound.MaxTitle {
		t.Errorf("%d characters of text, %d of title, %v", n, len([]rune(s.Title)), err)
	}
}

// TestTitles: people read a title without what a monitor put around it; the record has
// it as PagerDuty does.
func TestTitles(t *testing.T) {
	for written, want := range map[string]string{
		"[FIRING:2] Disk of the chat is full (prod critical)": "Disk of the chat is full (prod critical)",
		"Critical: chat answers 529":                          "chat answers 529",
		"Chat is down":                                        "Chat is down",
	} {
		s, err := parse([]byte(`{"event":{"event_type":"incident.triggered","data":{"id":"P","type":"incident","title":"`+written+`"}}}`), nil)
		if whole := cmp.Or(s.Whole, s.Title); err != nil || s.Title != want || whole != written {
			t.Errorf("%q: title %q, whole %q, %v", written, s.Title, s.Whole, err)
		}
	}
}

// TestBounds: the largest body that comes through the door makes a signal that fits a
// transaction, whichever field is large and however it is escaped.
func TestBounds(t *testing.T) {
	const most = 300_000
	long := strings.Repeat("<", 20_000)
	for _, kind := range []string{"incident.triggered", "incident.annotated", "incident.responder.replied", "incident.role.assigned"} {
		thing := `{"id":"P","type":"user_reference","summary":"` + long + `","html_url":"https://x.example/` + long + `"}`
		body := `{"event":{"id":"` + long + `","event_type":"` + kind + `","agent":` + thing + `,"data":{"id":"P","type":"incident","title":"` + long + `","html_url":"https://x.example/` + long + `","content":"` + long +
			`","state":"accepted","user":` + thing + `,"priority":` + thing + `,"urgency":"` + long + `","service":` + thing + `,"escalation_policy":` + thing + `,"incident_key":"` + long +
			`","teams":[` + thing + strings.Repeat(`,{"summary":"<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<"}`, 3000) + `],"assignees":[` + thing + strings.Repeat(`,`+thing, 3) + strings.Repeat(`,{"id":"U","type":"user_reference","summary":"<<<<<<<<<<<"}`, 3000) + `]}}}`
		s, err := parse([]byte(body), nil)
		must(t, err)
		s.ID = inbound.Key(s.ID)
		stored, err := json.Marshal(s)
		must(t, err)
		if len(body) > inbound.MaxRequest || len(stored) > most {
			t.Errorf("%s: a body of %d bytes is %d as it is stored, want at most %d", kind, len(body), len(stored), most)
		}
	}
}

// FuzzParse: whatever comes, there is a signal with its type, or a reason.
func FuzzParse(f *testing.F) {
	for _, s := range []string{`{}`, `{"event":{}}`, `{"event":{"event_type":"incident.annotated","data":{"incident":{"id":"P"}}}}`, `null`, `[`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := parse(body, nil)
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
