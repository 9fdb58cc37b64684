package alert

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"

	"tocsin/bot"
	"tocsin/bot/inbound"
	"tocsin/bot/incident"
)

// panel is a notification of Grafana's legacy alerting, up to version 8
// (https://grafana.com/docs/grafana/v8.5/alerting/old-alerting/notifications/#webhook).
type panel struct {
	OrgID       text            `json:"orgId"`
	RuleID      text            `json:"ruleId"`
	RuleName    string          `json:"ruleName"`
	RuleURL     string          `json:"ruleUrl"`
	ImageURL    string          `json:"imageUrl"`
	Title       string          `json:"title"`
	Message     string          `json:"message"`
	State       string          `json:"state"`
	Tags        map[string]text `json:"tags"`
	EvalMatches []struct {
		Metric text `json:"metric"`
		Value  text `json:"value"`
	} `json:"evalMatches"`
}

// grafana decodes a notification of Grafana: of unified alerting, which has
// Alertmanager's form, or of legacy alerting, which has a rule's id.
func grafana(_ *http.Request, body []byte) (batch, error) {
	var probe struct {
		RuleID  text `json:"ruleId"`
		Version text `json:"version"`
	}
	if err := inbound.JSON(body, &probe); err != nil {
		return batch{}, err
	}
	if probe.Version == "" && probe.RuleID != "" {
		return legacy(body)
	}
	if probe.Version != "1" {
		return batch{}, fmt.Errorf(`version is %q: it has to be "1", as Grafana's webhook contact point sends without a payload of your own`, probe.Version)
	}
	var g group
	if err := inbound.JSON(body, &g); err != nil {
		return batch{}, err
	}
	return g.batch()
}

// panelStates are what the states of legacy alerting come to.
var panelStates = map[string]string{
	"alerting": incident.StateFiring, "ok": incident.StateResolved, "no_data": incident.StateNoData,
	"pending": incident.StateInfo, "paused": incident.StateInfo,
}

// legacy decodes a panel's notification. It tells no time.
func legacy(body []byte) (batch, error) {
	var p panel
	if err := inbound.JSON(body, &p); err != nil {
		return batch{}, err
	}
	if p.State == "" {
		return batch{}, errors.New("state is missing")
	}
	s := bot.Signal{}
	s.Key = "org" + cmp.Or(string(p.OrgID), "1") + "/rule" + string(p.RuleID)
	s.Event, s.State = p.State, cmp.Or(panelStates[p.State], incident.StateUnknown)
	s.Title, s.Whole = cmp.Or(p.RuleName, p.Title), p.Title
	s.Link, s.Image = p.RuleURL, p.ImageURL
	s.Labels = texts(p.Tags)
	s.Service, s.Urgency = pick(s.Labels, inbound.ServiceLabels), pick(s.Labels, inbound.UrgencyLabels)
	parts := []string{p.Message}
	for _, m := range p.EvalMatches {
		parts = append(parts, string(m.Metric)+" "+string(m.Value))
	}
	if s.Text = lines(parts...); s.State == incident.StateInfo {
		s.Text = news(s.Event, s.Title, s.Text)
	}
	return batch{signals: []bot.Signal{s}}, nil
}

// texts are values as texts.
func texts(in map[string]text) map[string]string {
	out := make(map[string]string, len(in))
	for name, v := range in {
		out[name] = string(v)
	}
	return out
}
