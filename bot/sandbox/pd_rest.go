package sandbox

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// pdPrefix is where the account's REST API is, and what its calls are named by in the log of calls and
// in faults: "pagerduty/GET /incidents".
const pdPrefix = "pagerduty"

// pdRoute is one endpoint. What a request has beyond it is refused.
type pdRoute struct {
	params []string // of the query
	lists  bool     // answers a page of a list: limit, offset, total
	body   pdShape  // of POST and PUT; nil: none
	from   bool     // the From header is required
	status int      // of success; 0: 200
	do     func(*pagerDuty, *pdCall) (obj, error)
}

// pdCall is one request on its way.
type pdCall struct {
	id     string // of the path
	name   string // of the call: pagerduty/GET /incidents/{id}
	method string
	header http.Header
	query  url.Values
	raw    []byte
	body   obj
	from   pdUser
	app    bool // an app asks, which is no user
}

// pdRoutes are the endpoints of the REST API that the account has
// (https://developer.pagerduty.com/api-reference/).
func pdRoutes() map[string]pdRoute {
	incident := s("since", "until", "date_range", "statuses[]", "incident_key", "service_ids[]", "team_ids[]", "user_ids[]", "urgencies[]", "time_zone", "sort_by", "include[]")
	return map[string]pdRoute{
		"GET /abilities":                          {do: (*pagerDuty).getAbilities},
		"GET /users":                              {params: s("query", "team_ids[]", "include[]"), lists: true, do: (*pagerDuty).listUsers},
		"GET /users/me":                           {params: s("include[]"), do: (*pagerDuty).getMe},
		"GET /users/{id}":                         {params: s("include[]"), do: (*pagerDuty).getUser},
		"GET /services":                           {params: s("query", "name", "team_ids[]", "time_zone", "sort_by", "include[]"), lists: true, do: (*pagerDuty).listServices},
		"GET /services/{id}":                      {params: s("include[]"), do: (*pagerDuty).getService},
		"GET /escalation_policies":                {params: s("query", "user_ids[]", "team_ids[]", "sort_by", "include[]"), lists: true, do: (*pagerDuty).listPolicies},
		"GET /escalation_policies/{id}":           {params: s("include[]"), do: (*pagerDuty).getPolicy},
		"GET /schedules":                          {params: s("query", "include[]"), lists: true, do: (*pagerDuty).listSchedules},
		"GET /priorities":                         {lists: true, do: (*pagerDuty).listPriorities},
		"GET /oncalls":                            {params: s("since", "until", "escalation_policy_ids[]", "schedule_ids[]", "user_ids[]", "earliest", "time_zone", "include[]"), lists: true, do: (*pagerDuty).listOnCalls},
		"GET /incidents":                          {params: incident, lists: true, do: (*pagerDuty).listIncidents},
		"POST /incidents":                         {body: pdCreateShape(), from: true, status: http.StatusCreated, do: (*pagerDuty).createIncident},
		"PUT /incidents":                          {body: pdManageShape(), from: true, do: (*pagerDuty).manageIncidents},
		"GET /incidents/{id}":                     {params: s("include[]"), do: (*pagerDuty).getIncident},
		"PUT /incidents/{id}":                     {body: pdUpdateShape(), from: true, do: (*pagerDuty).updateIncident},
		"GET /incidents/{id}/notes":               {do: (*pagerDuty).listNotes},
		"GET /incidents/{id}/log_entries":         {params: s("since", "until", "time_zone", "is_overview", "include[]"), lists: true, do: (*pagerDuty).listLogEntries},
		"POST /incidents/{id}/notes":              {body: pdNoteShape(), from: true, do: (*pagerDuty).createNote},
		"POST /incidents/{id}/responder_requests": {body: pdRespondersShape(), from: true, do: (*pagerDuty).requestResponders},
		"POST /incidents/{id}/status_updates":     {body: pdStatusUpdateShape(), from: true, do: (*pagerDuty).createStatusUpdate},
		"GET /webhook_subscriptions":              {params: s("filter_type", "filter_id"), lists: true, do: (*pagerDuty).listHooks},
		"GET /webhook_subscriptions/{id}":         {do: (*pagerDuty).getHook},
		"POST /webhook_subscriptions/{id}/enable": {do: (*pagerDuty).enableHook},
		"POST /webhook_subscriptions/{id}/ping":   {status: http.StatusAccepted, do: (*pagerDuty).pingHook},
	}
}

// pagerHandler serves all below /pagerduty/.
func (ws *Workspace) pagerHandler() http.Handler {
	mux := http.NewServeMux()
	for pattern, route := range pdRoutes() {
		verb, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(verb+" /"+pdPrefix+path, func(rw http.ResponseWriter, r *http.Request) { ws.servePager(rw, r, pattern, route) })
	}
	mux.HandleFunc("POST /"+pdPrefix+"/v2/enqueue", ws.servePagerEvent)
	mux.HandleFunc("/", func(rw http.ResponseWriter, r *http.Request) {
		ws.servePager(rw, r, r.Method+" "+strings.TrimPrefix(r.URL.Path, "/"+pdPrefix), pdRoute{do: (*pagerDuty).nothing})
	})
	return mux
}

// servePager answers one REST request.
func (ws *Workspace) servePager(rw http.ResponseWriter, r *http.Request, pattern string, route pdRoute) {
	p := &pdCall{id: r.PathValue("id"), name: pdPrefix + "/" + pattern, method: r.Method, header: r.Header, query: r.URL.Query()}
	p.raw, _ = io.ReadAll(http.MaxBytesReader(rw, r.Body, 1<<20))
	c := &call{method: p.name, brief: p.brief(r.URL)}
	ws.underFaults(r.Context(), c, func(*call) answer {
		ws.mu.Lock()
		defer ws.mu.Unlock()
		defer ws.changed()
		defer ws.sendHooks()
		return ws.answerPager(p, route)
	}).write(rw)
}

// brief is the request in one short line, for the page's list of calls.
func (p *pdCall) brief(u *url.URL) string {
	line := strings.TrimPrefix(u.Path, "/"+pdPrefix)
	if u.RawQuery != "" {
		line += "?" + u.RawQuery
	}
	var flat bytes.Buffer
	if utf8.Valid(p.raw) && json.Compact(&flat, p.raw) == nil {
		line += " " + flat.String()
	}
	return shorten(line, 160)
}

// answerPager checks who asks and what, and lets the account act. The lock must be held.
func (ws *Workspace) answerPager(p *pdCall, route pdRoute) answer {
	if err := ws.checkPagerToken(p); err != nil {
		return err.answer(nil)
	}
	limits, err := ws.pages.spend("rest "+p.header.Get("Authorization"), pdRestPerMinute)
	if err != nil {
		return err.answer(limits)
	}
	if err := ws.checkPager(p, route); err != nil {
		return err.answer(limits)
	}
	body, failed := route.do(&ws.pages, p)
	if failed != nil {
		return failed.(*pdRefusal).answer(limits)
	}
	status := http.StatusOK
	if route.status != 0 {
		status = route.status
	}
	return answer{status: status, header: limits, body: body}
}
