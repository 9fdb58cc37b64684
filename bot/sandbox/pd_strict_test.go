package sandbox_test

import (
	"net/http"
	"strings"
	"testing"

	"tocsin/bot/sandbox"
)

// TestPagerDutyStrict is what the REST API refuses, and how.
func TestPagerDutyStrict(t *testing.T) {
	a := newAccount(t, sandbox.Options{})
	open := a.incident(t, "open")
	done := a.incident(t, "done")
	a.put(t, done, `"status":"resolved"`)
	keyed := `{"incident":{"type":"incident","title":"t","incident_key":"k","service":{"id":"PSVC002","type":"service_reference"}}}`
	if status, _, out := a.ask(t, "POST", "/incidents", keyed, nil); status != http.StatusCreated {
		t.Fatal(out)
	}
	create := func(more string) string {
		return `{"incident":{"type":"incident","title":"t","service":{"id":"PSVC001","type":"service_reference"}` + more + `}}`
	}
	change := func(fields string) string { return `{"incident":{"type":"incident"` + fields + `}}` }
	with := func(name, value string) map[string]string { return map[string]string{name: value} }
	for _, test := range []struct {
		name, request, body string
		headers             map[string]string
		status, code        int
		why                 string
	}{
		{"no token", "GET /users", "", with("Authorization", ""), 401, 2006, ""},
		{"a wrong token", "GET /users", "", with("Authorization", "Token token=x"), 401, 2006, ""},
		{"a bearer", "GET /users", "", with("Authorization", "Bearer "+sandbox.PagerDutyToken), 401, 2006, ""},
		{"a read-only token that writes", "POST /incidents", create(""), with("Authorization", "Token token="+sandbox.PagerDutyReadToken), 403, 2010, ""},
		{"no Accept", "GET /users", "", with("Accept", ""), 406, 2001, "Accept"},
		{"version 1", "GET /users", "", with("Accept", "application/vnd.pagerduty+json;version=1"), 406, 2001, "version=2"},
		{"no From", "POST /incidents", create(""), with("From", ""), 400, 1008, "required"},
		{"a stranger's From", "POST /incidents", create(""), with("From", "eve@example.com"), 400, 1008, "eve@example.com"},
		{"a name as From", "POST /incidents", create(""), with("From", "Ben Ortiz"), 400, 1008, "e-mail"},
		{"a form", "POST /incidents", create(""), with("Content-Type", "application/x-www-form-urlencoded"), 400, 2001, "Content-Type"},
		{"no JSON", "POST /incidents", "{", nil, 400, 2001, "JSON"},
		{"a list", "POST /incidents", "[]", nil, 400, 2001, "JSON object"},
		{"nothing in it", "POST /incidents", "{}", nil, 400, 2001, "Incident is required"},
		{"no title", "POST /incidents", `{"incident":{"type":"incident","service":{"id":"PSVC001","type":"service_reference"}}}`, nil, 400, 2001, "Incident.title is required"},
		{"a blank title", "POST /incidents", `{"incident":{"type":"incident","title":" ","service":{"id":"PSVC001","type":"service_reference"}}}`, nil, 400, 2001, "cannot be empty"},
		{"a null priority", "POST /incidents", create(`,"priority":null`), nil, 400, 2001, "Incident.priority must be an object"},
		{"an unknown priority", "POST /incidents", create(`,"priority":{"id":"P1","type":"priority_reference"}`), nil, 400, 1020, ""},
		{"an unknown field", "POST /incidents", create(`,"severity":"sev1"`), nil, 400, 2001, "severity is not a field"},
		{"a field too deep", "POST /incidents", create(`,"body":{"type":"incident_body","detail":"x"}`), nil, 400, 2001, "Incident.body.detail is not"},
		{"a wrong urgency", "POST /incidents", create(`,"urgency":"medium"`), nil, 400, 2001, "high, low"},
		{"a wrong service", "POST /incidents", `{"incident":{"type":"incident","title":"t","service":{"id":"PNONE","type":"service_reference"}}}`, nil, 400, 2001, "Service"},
		{"a service of another type", "POST /incidents", `{"incident":{"type":"incident","title":"t","service":{"id":"PSVC001","type":"team_reference"}}}`, nil, 400, 2001, "service_reference"},
		{"a stranger assigned", "POST /incidents", create(`,"assignments":[{"assignee":{"id":"PX","type":"user_reference"}}]`), nil, 400, 1007, ""},
		{"an unknown policy", "POST /incidents", create(`,"escalation_policy":{"id":"PX","type":"escalation_policy_reference"}`), nil, 400, 1014, ""},
		{"policy and person", "POST /incidents", create(`,"assignments":[{"assignee":{"id":"PUSRBEN","type":"user_reference"}}],"escalation_policy":{"id":"PEPLATF","type":"escalation_policy_reference"}`), nil, 400, 2001, "together"},
		{"the same key twice", "POST /incidents", keyed, nil, 400, 2002, "matching dedup key"},
		{"no such incident", "GET /incidents/PNONE", "", nil, 404, 2100, ""},
		{"a change of none", "PUT /incidents/PNONE", change(`,"status":"resolved"`), nil, 404, 2100, ""},
		{"a wrong status", "PUT /incidents/" + open, change(`,"status":"closed"`), nil, 400, 2001, "acknowledged, resolved"},
		{"no type", "PUT /incidents/" + open, `{"incident":{"status":"resolved"}}`, nil, 400, 2001, "Incident.type is required"},
		{"resolved twice", "PUT /incidents/" + done, change(`,"status":"resolved"`), nil, 400, 2001, "Incident Already Resolved"},
		{"a level too far", "PUT /incidents/" + open, change(`,"escalation_level":3`), nil, 400, 1006, ""},
		{"an empty note", "POST /incidents/" + open + "/notes", `{"note":{"content":""}}`, nil, 400, 2001, "cannot be empty"},
		{"a bare note", "POST /incidents/" + open + "/notes", `{"content":"x"}`, nil, 400, 2001, "Note is required"},
		{"a note of none", "POST /incidents/PNONE/notes", `{"note":{"content":"x"}}`, nil, 404, 2100, ""},
		{"nobody to respond", "POST /incidents/" + open + "/responder_requests", `{"requester_id":"PUSRADA","message":"m","responder_request_targets":[]}`, nil, 400, 2001, "list of 1"},
		{"a stranger to respond", "POST /incidents/" + open + "/responder_requests", `{"requester_id":"PUSRADA","message":"m","responder_request_targets":[{"responder_request_target":{"id":"PX","type":"user_reference"}}]}`, nil, 400, 2001, "PX Not Found"},
		{"a stranger who asks", "POST /incidents/" + open + "/responder_requests", `{"requester_id":"PX","message":"m","responder_request_targets":[{"responder_request_target":{"id":"PUSRBEN","type":"user_reference"}}]}`, nil, 400, 2013, ""},
		{"no message", "POST /incidents/" + open + "/status_updates", `{}`, nil, 400, 2001, "Message is required"},
		{"an unknown parameter", "GET /incidents?status=triggered", "", nil, 400, 2001, "statuses[]"},
		{"an unknown status", "GET /incidents?statuses[]=open", "", nil, 400, 2001, "Statuses must be a list of triggered, acknowledged, resolved"},
		{"a time that is none", "GET /incidents?since=yesterday", "", nil, 400, 2004, "since"},
		{"a sort that is none", "GET /incidents?sort_by=title", "", nil, 400, 2001, "Sort_by"},
		{"a page too long", "GET /users?limit=101", "", nil, 400, 2001, "100"},
		{"a range backwards", "GET /oncalls?since=2026-02-01&until=2026-01-01", "", nil, 400, 2005, ""},
		{"no such subscription", "POST /webhook_subscriptions/PX/enable", "", nil, 404, 2100, ""},
		{"no such endpoint", "GET /teapots", "", nil, 404, 2100, ""},
		{"a verb that it has not", "DELETE /incidents/" + open, "", nil, 404, 2100, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			verb, path, _ := strings.Cut(test.request, " ")
			before := len(a.PagerDutyIncidents())
			status, _, out := a.ask(t, verb, path, test.body, test.headers)
			problem, _ := out["error"].(m)
			var details []string
			list, _ := problem["errors"].([]any)
			for _, e := range list {
				details = append(details, text(e))
			}
			if status != test.status || problem["code"] != float64(test.code) || text(problem["message"]) == "" || !strings.Contains(strings.Join(details, "\n"), test.why) {
				t.Errorf("%d %v, want %d, code %d, %q", status, out, test.status, test.code, test.why)
			}
			if len(a.PagerDutyIncidents()) != before {
				t.Error("it made an incident all the same")
			}
		})
	}
}
