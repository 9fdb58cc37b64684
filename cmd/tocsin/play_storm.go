package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
)

// alertStorm is a provider's outage as monitors tell it: two hundred alerts of
// fourteen services are one room, and people mend what was grouped wrongly.
func alertStorm() []scene {
	return []scene{
		{"03:12, and PagerDuty pages Ben: calls to the model provider fail", page("Calls to anthropic fail: 529 overloaded_error", "chat-api"), func(s *stage) bool {
			s.room = s.roomNamed("inc-1-")
			return s.room != "" && s.says(s.room, "On call now: Ben Ortiz") && s.says(s.room, "The model provider fails")
		}},
		{"Two alerts of other things come in the same minute", monitor(
			oddAlert("billing-insights", "InvoicesLate", "Invoice export of anthropic is late"),
			oddAlert("search", "DiskAlmostFull", "Disk with the anthropic prompts is 96 % full"),
		), recorded("Disk with the anthropic prompts is 96 % full")},
		{"And then the storm: 199 alerts more, of all 14 services", storms(199, 12*time.Second), func(s *stage) bool {
			return s.says(s.room, "+201 alerts") && s.says(s.room, "from 14 services") && len(s.rooms()) == 1
		}},
		{"Nobody is called in twice: there is one room, and Ben takes command", press(ben, "", "take-incident-commander"), says("incident commander")},
		{"Ada joins from the announcement", press(ada, "incidents", "join"), in(ada)},
		{"Ada looks through the alerts: each has a number, and says why it is here", say(ada, "", "/incident alerts"), says("INC-1 · 202 alerts")},
		{"Ben pages the Platform team, without leaving the room", say(ben, "", "/incident page Platform all our routes to anthropic fail, we want to fail over"), says("paged Platform through PagerDuty")},
		{"That calls Mei, who accepts on her phone", accept("mei@example.com", "Mei Chen"), says("Mei Chen answered the page in PagerDuty: accepted")},
		{"And comes in", say(mei, "incidents", "/incident INC-1 join"), in(mei)},
		{"The guide asks whether the call fails outside our own path: it does", press(mei, "", "guide-answer-provider-outage-does-the-same-call-fail-outside-our-own-path-yes-it-fails-too"), says("Which code does it return?")},
		{"The late invoices have nothing to do with it: Ada takes them off", say(ada, "", "/incident detach 2"), says("took the alert")},
		{"Nor has the full disk, but somebody has to look at it: Mei gives it a room of its own", say(mei, "", "/incident split 3"), func(s *stage) bool {
			return s.roomNamed("inc-2-disk-with-the-anthropic") != "" && s.says(s.room, "it goes on in INC-2") && s.says(s.room, "+199 alerts")
		}},
		{"Every product is down: Ben makes it a SEV1, and PagerDuty shows P1", say(ben, "", "/incident sev 1"), func(s *stage) bool {
			return s.pager("chat-api", func(p sandbox.PagerIncident) bool { return p.Priority == "P1" })
		}},
		{"Ben tells everybody who waits", say(ben, "", "/incident update Most AI features fail. The cause is at our model provider; we are moving traffic to the fallback."), says("moving traffic to the fallback")},
		{"Mei fails over", say(mei, "", "/incident note All routes of the gateway go to the fallback provider now"), says("go to the fallback provider")},
		{"Impact is over", say(mei, "", "/incident mitigated ad-hoc-fix All traffic is on the fallback; 20 real answers read, all fine"), says("Did the guide")},
		{"Alertmanager's alerts end, and the card counts down", alertsEnd, func(s *stage) bool { return s.firing("alertmanager") == 0 }},
		{"Ben resolves it, and tocsin resolves PagerDuty's incidents", say(ben, "", "/incident resolve The provider is back; traffic returned in steps"), func(s *stage) bool {
			return s.told("resolved 101 of PagerDuty's incidents") && s.pager("", func(p sandbox.PagerIncident) bool { return p.Status == "resolved" })
		}},
		{"The postmortem draft has the storm in one line", nothing, func(s *stage) bool {
			s.draft = s.file("postmortem")
			return strings.Contains(s.draft, "more alerts from 14 services")
		}},
	}
}

// page has PagerDuty call whoever is on call, once tocsin knows who that is.
func page(title, service string) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		if err := until(ctx, func() bool { return len(s.app.pager.now(service)) > 0 }); err != nil {
			return err
		}
		paged, err := s.workspace.PagerDuty(ctx, sandbox.Page{Title: title, Service: service, Urgency: "high"})
		if err == nil && !paged.OK {
			err = fmt.Errorf("the webhook was answered with %d: %s", paged.Status, paged.Response)
		}
		return err
	}
}

// oddAlert is an alert of a service for a reason of its own.
func oddAlert(service, name, summary string) map[string]any {
	return map[string]any{
		"status": "firing", "fingerprint": name,
		"labels": map[string]any{"alertname": name, "service": service, "severity": "critical"}, "annotations": map[string]any{"summary": summary},
	}
}

// monitor has Alertmanager post alerts.
func monitor(alerts ...map[string]any) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		for _, a := range alerts {
			if a["status"] == "firing" {
				a["startsAt"] = time.Now().UTC()
			}
		}
		body, err := json.Marshal(map[string]any{"version": "4", "receiver": "tocsin", "groupKey": "{}", "alerts": alerts})
		if err != nil {
			return err
		}
		r, err := s.workspace.Alert(ctx, sandbox.Alert{Source: "alertmanager", Body: body})
		if err == nil && !r.OK {
			err = fmt.Errorf("the webhook was answered with %d: %s %s", r.Status, r.Response, r.Error)
		}
		return err
	}
}

// storms fires alerts of every service, over a time if somebody is watching.
func storms(alerts int, over time.Duration) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		if s.pace == 0 {
			over = 0
		}
		r, err := s.workspace.Storm(ctx, sandbox.StormSpec{Alerts: alerts, Over: over})
		if err == nil && r.OK != alerts {
			err = fmt.Errorf("%d of %d alerts were taken: %v", r.OK, alerts, r.Statuses)
		}
		return err
	}
}

// accept has a person take a request for responders, in PagerDuty's app.
func accept(email, name string) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		for _, p := range s.workspace.PagerDutyIncidents() {
			if slices.Contains(p.Responders, name+": pending") {
				_, err := s.workspace.PagerAct(ctx, sandbox.PagerAct{User: email, Incident: p.ID, Act: "accept"})
				return err
			}
		}
		return fmt.Errorf("nobody asked %s to respond", name)
	}
}

// alertsEnd has Alertmanager tell of each of its alerts that it is over.
func alertsEnd(ctx context.Context, s *stage) error {
	inc, err := s.app.bot.Incident(ctx, "INC-1")
	if err != nil {
		return err
	}
	var over []map[string]any
	for _, a := range inc.Alerts() {
		if a.Source == "alertmanager" {
			over = append(over, map[string]any{
				"status": "resolved", "fingerprint": a.Key, "startsAt": a.Since, "endsAt": time.Now().UTC(), "labels": a.Labels,
				"annotations": map[string]any{"summary": a.Title},
			})
		}
	}
	return monitor(over...)(ctx, s)
}

func recorded(text string) func(*stage) bool { return func(s *stage) bool { return s.told(text) } }

// rooms are the incidents' channels.
func (s *stage) rooms() []string {
	return slices.DeleteFunc(s.workspace.ChannelNames(), func(name string) bool { return !strings.HasPrefix(name, "inc-") })
}

// pager tells whether all of PagerDuty's incidents of a service are so; of every
// service for "".
func (s *stage) pager(service string, so func(sandbox.PagerIncident) bool) bool {
	for _, p := range s.workspace.PagerDutyIncidents() {
		if (service == "" || p.Service == service) && !so(p) {
			return false
		}
	}
	return true
}

// firing counts the alerts of a source that are not over.
func (s *stage) firing(source string) (n int) {
	inc, err := s.app.bot.Incident(s.ctx, "INC-1")
	if err != nil {
		return -1
	}
	for _, a := range inc.Alerts() {
		if a.Source == source && a.State != incident.StateResolved {
			n++
		}
	}
	return n
}
