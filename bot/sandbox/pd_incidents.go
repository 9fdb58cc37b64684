package sandbox

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// listIncidents is GET /incidents
// (https://developer.pagerduty.com/api-reference/9d0b4b12e36f9-list-incidents).
func (pd *pagerDuty) listIncidents(p *pdCall) (obj, error) {
	since, err := p.instant("since", time.Time{})
	if err != nil {
		return nil, err
	}
	until, err := p.instant("until", time.Now().Add(time.Second))
	if err != nil {
		return nil, err
	}
	if err := p.checkWords("statuses[]", pdTriggered, pdAcknowledged, pdResolved); err != nil {
		return nil, err
	}
	if err := p.checkWords("urgencies[]", "high", "low"); err != nil {
		return nil, err
	}
	if p.query.Get("date_range") == "all" {
		since, until = time.Time{}, time.Now().Add(time.Second)
	}
	var found []*pdIncident
	for _, inc := range pd.order {
		if !inc.created.Before(since) && inc.created.Before(until) && p.wantsIncident(pd, inc) {
			found = append(found, inc)
		}
	}
	if err := sortIncidents(found, cmp.Or(p.query.Get("sort_by"), "incident_number:asc")); err != nil {
		return nil, err
	}
	var all []obj
	for _, inc := range found {
		all = append(all, pd.incidentObject(inc))
	}
	return p.page("incidents", all), nil
}

// checkWords refuses values of a list parameter that are not among the words.
func (p *pdCall) checkWords(name string, words ...string) error {
	for _, v := range p.query[name] {
		if !slices.Contains(words, v) {
			return pdInvalid(pdName(strings.TrimSuffix(name, "[]")) + " must be a list of " + strings.Join(words, ", "))
		}
	}
	return nil
}

func (p *pdCall) wantsIncident(pd *pagerDuty, inc *pdIncident) bool {
	var people []string
	for _, u := range inc.assignees {
		people = append(people, u.id)
	}
	key := p.query.Get("incident_key")
	return p.among("statuses[]", inc.status) && p.among("urgencies[]", inc.urgency) && p.among("service_ids[]", inc.service.id) &&
		p.among("team_ids[]", pd.team.id) && p.among("user_ids[]", people...) && (key == "" || key == inc.key)
}

// sortIncidents takes "created_at:desc" and up to one more field after a comma.
func sortIncidents(all []*pdIncident, order string) error {
	fields := map[string]func(a, b *pdIncident) int{
		"incident_number": func(a, b *pdIncident) int { return cmp.Compare(a.number, b.number) },
		"created_at":      func(a, b *pdIncident) int { return a.created.Compare(b.created) },
		"resolved_at":     func(a, b *pdIncident) int { return a.resolved.Compare(b.resolved) },
		"urgency":         func(a, b *pdIncident) int { return cmp.Compare(b.urgency, a.urgency) },
	}
	keys := strings.Split(order, ",")
	slices.Reverse(keys) // the first counts most, so it sorts last
	for _, key := range keys {
		name, way, _ := strings.Cut(key, ":")
		less := fields[name]
		if less == nil || (way != "" && way != "asc" && way != "desc") {
			return pdInvalid("Sort_by must be incident_number, created_at, resolved_at or urgency, with :asc or :desc")
		}
		slices.SortStableFunc(all, func(a, b *pdIncident) int {
			if way == "desc" {
				a, b = b, a
			}
			return less(a, b)
		})
	}
	return nil
}

func (pd *pagerDuty) getIncident(p *pdCall) (obj, error) {
	inc := pd.incidents[p.id]
	if inc == nil {
		return nil, pdNotFound()
	}
	return obj{"incident": pd.incidentObject(inc)}, nil
}
