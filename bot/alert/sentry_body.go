package alert

import "encoding/json"

// hook is a webhook of Sentry's integration platform
// (https://docs.sentry.io/integrations/integration-platform/webhooks/).
type hook struct {
	Action string `json:"action"`
	Actor  struct {
		Type string `json:"type"`
		Name text   `json:"name"`
	} `json:"actor"`
	Data struct {
		Event       *sentryEvent `json:"event"`
		Issue       *sentryIssue `json:"issue"`
		Metric      *metricAlert `json:"metric_alert"`
		Rule        text         `json:"triggered_rule"`
		Description text         `json:"description_text"`
		Headline    text         `json:"description_title"`
		WebURL      string       `json:"web_url"`
	} `json:"data"`
}

type sentryEvent struct {
	EventID     text   `json:"event_id"`
	IssueID     text   `json:"issue_id"`
	IssueURL    string `json:"issue_url"`
	WebURL      string `json:"web_url"`
	URL         string `json:"url"`
	Title       text   `json:"title"`
	Message     text   `json:"message"`
	Culprit     text   `json:"culprit"`
	Level       text   `json:"level"`
	Environment text   `json:"environment"`
	Release     text   `json:"release"`
	Datetime    moment `json:"datetime"`
	Timestamp   moment `json:"timestamp"`
	Tags        pairs  `json:"tags"`
}

// pairs are an event's tags: [["name", "value"], …], or a list of objects with key
// and value. What is neither has none.
type pairs map[string]string

// UnmarshalJSON takes any value.
func (p *pairs) UnmarshalJSON(b []byte) error {
	*p = pairs{}
	var lists [][]text
	if json.Unmarshal(b, &lists) == nil {
		for _, l := range lists {
			if len(l) == 2 {
				(*p)[string(l[0])] = string(l[1])
			}
		}
		return nil
	}
	var objects []struct{ Key, Value text }
	json.Unmarshal(b, &objects)
	for _, o := range objects {
		(*p)[string(o.Key)] = string(o.Value)
	}
	return nil
}

type sentryIssue struct {
	ID        text   `json:"id"`
	ShortID   text   `json:"shortId"`
	Title     text   `json:"title"`
	Culprit   text   `json:"culprit"`
	Level     text   `json:"level"`
	Substatus text   `json:"substatus"`
	WebURL    string `json:"web_url"`
	Permalink string `json:"permalink"`
	FirstSeen moment `json:"firstSeen"`
	Project   struct {
		Slug text `json:"slug"`
	} `json:"project"`
}

type metricAlert struct {
	ID       text   `json:"id"`
	Title    text   `json:"title"`
	Projects []text `json:"projects"`
	Started  moment `json:"date_started"`
	Closed   moment `json:"date_closed"`
	Rule     struct {
		ID          text `json:"id"`
		Name        text `json:"name"`
		Aggregate   text `json:"aggregate"`
		Query       text `json:"query"`
		Environment text `json:"environment"`
	} `json:"alert_rule"`
}
