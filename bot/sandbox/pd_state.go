package sandbox

import "time"

// shownIncidents is how many open incidents the page shows.
const shownIncidents = 30

// PagerState is PagerDuty as /sandbox/state shows it.
type PagerState struct {
	OnCall    []OnCall        `json:"oncall"`
	Incidents []PagerIncident `json:"incidents"` // open, the newest first, at most 30
	Open      int             `json:"open"`
	// Disabled tells that three webhooks in a row were dropped: the app hears nothing until the
	// subscription is enabled.
	Disabled bool `json:"disabled"`
}

// OnCall is who is called at a level of an escalation policy now.
type OnCall struct {
	Policy string `json:"policy"`
	Level  int    `json:"level"`
	User   string `json:"user"`
	Until  string `json:"until,omitempty"` // empty: always
}

func (pd *pagerDuty) state() PagerState {
	now := time.Now()
	out := PagerState{Incidents: []PagerIncident{}, Disabled: pd.hooks.off()}
	for _, d := range pd.duties(now, now) {
		on := OnCall{Policy: d.policy.name, Level: d.level, User: d.user.name}
		if !d.end.IsZero() {
			on.Until = pdStamp(d.end)
		}
		out.OnCall = append(out.OnCall, on)
	}
	for i := len(pd.order) - 1; i >= 0; i-- {
		inc := pd.order[i]
		if inc.status == pdResolved {
			continue
		}
		if out.Open++; len(out.Incidents) < shownIncidents {
			out.Incidents = append(out.Incidents, inc.shown())
		}
	}
	return out
}
