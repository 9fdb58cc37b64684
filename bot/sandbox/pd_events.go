package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"unicode/utf8"
)

// pdAlert is what Events API v2 takes (https://developer.pagerduty.com/docs/send-alert-event).
type pdAlert struct {
	RoutingKey string `json:"routing_key"`
	Action     string `json:"event_action"`
	DedupKey   string `json:"dedup_key"`
	Client     string `json:"client"`
	ClientURL  string `json:"client_url"`
	Links      []any  `json:"links"`
	Images     []any  `json:"images"`
	Payload    *struct {
		Summary   string `json:"summary"`
		Source    string `json:"source"`
		Severity  string `json:"severity"`
		Timestamp string `json:"timestamp"`
		Component string `json:"component"`
		Group     string `json:"group"`
		Class     string `json:"class"`
		Details   any    `json:"custom_details"`
	} `json:"payload"`
}

// servePagerEvent is POST /v2/enqueue.
func (ws *Workspace) servePagerEvent(rw http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(http.MaxBytesReader(rw, r.Body, 1<<20))
	p := &pdCall{raw: raw}
	c := &call{method: pdPrefix + "/POST /v2/enqueue", brief: p.brief(r.URL)}
	ws.underFaults(r.Context(), c, func(*call) answer {
		ws.mu.Lock()
		defer ws.mu.Unlock()
		defer ws.changed()
		defer ws.sendHooks()
		return ws.pages.enqueue(raw)
	}).write(rw)
}

// enqueue takes an event, or says what is wrong with it.
func (pd *pagerDuty) enqueue(raw []byte) answer {
	if len(raw) > 512<<10 {
		return answer{status: http.StatusRequestEntityTooLarge, body: obj{"status": "invalid event", "message": "Event object is too large", "errors": s("The maximum is 512 KB")}}
	}
	var in pdAlert
	if err := json.Unmarshal(raw, &in); err != nil {
		return badEvent("JSON is not valid: " + err.Error())
	}
	if problems := pd.checkAlert(in); len(problems) > 0 {
		return badEvent(problems...)
	}
	if _, err := pd.spend("events "+in.RoutingKey, pdEventsPerMinute); err != nil {
		return eventsThrottled()
	}
	if in.DedupKey == "" {
		pd.serial++
		in.DedupKey = pdKey(fmt.Sprintf("event %d", pd.serial))
	}
	pd.takeAlert(in)
	return answer{status: http.StatusAccepted, body: obj{"status": "success", "message": "Event processed", "dedup_key": in.DedupKey}}
}

func badEvent(problems ...string) answer {
	return answer{status: http.StatusBadRequest, body: obj{"status": "invalid event", "message": "Event object is invalid", "errors": problems}}
}

func eventsThrottled() answer {
	return answer{status: http.StatusTooManyRequests, body: obj{
		"status": "throttle exceeded", "message": "Requests for this service are arriving too quickly. Please retry later.",
	}}
}

// checkAlert is everything that is wrong with an event.
func (pd *pagerDuty) checkAlert(in pdAlert) (problems []string) {
	add := func(wrong bool, words string) {
		if wrong {
			problems = append(problems, words)
		}
	}
	add(len(in.RoutingKey) != 32, "Length of 'routing_key' is incorrect (should be 32 characters)")
	add(len(in.RoutingKey) == 32 && pd.serviceWithKey(in.RoutingKey) == nil, "'routing_key' belongs to no integration of this account")
	add(in.Action == "", "'event_action' is missing or blank")
	add(in.Action != "" && !slices.Contains(s("trigger", "acknowledge", "resolve"), in.Action), "'event_action' is invalid (must be one of: trigger acknowledge resolve)")
	add(utf8.RuneCountInString(in.DedupKey) > 255, "'dedup_key' is too long (maximum is 255 characters)")
	add(in.DedupKey == "" && (in.Action == "acknowledge" || in.Action == "resolve"), "'dedup_key' is missing or blank")
	if in.Action != "trigger" {
		return problems
	}
	if in.Payload == nil {
		return append(problems, "'payload' is missing or blank")
	}
	add(in.Payload.Summary == "", "'payload.summary' is missing or blank")
	add(utf8.RuneCountInString(in.Payload.Summary) > 1024, "'payload.summary' is too long (maximum is 1024 characters)")
	add(in.Payload.Source == "", "'payload.source' is missing or blank")
	add(in.Payload.Severity == "", "'payload.severity' is missing or blank")
	add(in.Payload.Severity != "" && !slices.Contains(s("critical", "error", "warning", "info"), in.Payload.Severity),
		"'payload.severity' is invalid (must be one of: critical error warning info)")
	return problems
}

// takeAlert does what an event says: a trigger opens an incident if none of its key is open; the other
// actions are dropped if there is none.
func (pd *pagerDuty) takeAlert(in pdAlert) {
	service := pd.serviceWithKey(in.RoutingKey)
	agent := pd.integration(service)
	inc := pd.open(service, in.DedupKey)
	tell := func(kind string) {
		pd.outgoing = append(pd.outgoing, pd.newEvent(kind, "incident", inc.id, agent, in.client(), pd.incidentData(inc)))
	}
	switch {
	case in.Action == "trigger" && inc == nil:
		inc = pd.newIncident(pdNew{
			title: in.Payload.Summary, key: in.DedupKey, service: service, by: agent,
			urgency: map[string]string{"warning": "low", "info": "low"}[in.Payload.Severity], details: detailsOf(in.Payload.Details),
		})
		tell("incident.triggered")
	case in.Action == "acknowledge" && inc != nil && inc.status == pdTriggered:
		inc.setStatus(pdAcknowledged, agent)
		tell("incident.acknowledged")
	case in.Action == "resolve" && inc != nil:
		inc.setStatus(pdResolved, agent)
		tell("incident.resolved")
	}
}

func detailsOf(v any) string {
	if v == nil {
		return ""
	}
	return string(toJSON(v))
}

// client is who says to have sent the event.
func (in pdAlert) client() any {
	if in.Client == "" {
		return nil
	}
	return obj{"name": in.Client, "url": cmp.Or(in.ClientURL, in.Client)}
}

// integration is the agent of what arrives by Events v2.
func (pd *pagerDuty) integration(service *pdService) obj {
	id := "PI" + service.id[2:]
	path := "services/" + service.id + "/integrations/" + id
	return obj{
		"id": id, "type": "events_api_v2_inbound_integration_reference", "summary": "Events API V2",
		"self": pdAPI + path, "html_url": pdSite + path,
	}
}
