package pagerduty

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

// tell puts a text on PagerDuty's incidents of inc, each once. What is private
// stays here.
func (p *Performer) tell(ctx context.Context, inc incident.Incident, e effect.TellPager, job bot.Job) error {
	text := strings.TrimSpace(e.Text)
	if inc.Private || p.client.config.Token == "" || text == "" {
		return nil
	}
	text = mark(inc.ID) + text
	since := window(inc, text, job)
	for _, id := range linked(inc) {
		if job.Tries > 1 && echoed(inc, id, text, job.First.Add(-skew)) {
			continue
		}
		err := p.tellOne(ctx, "/incidents/"+url.PathEscape(id), text, e.Update, since, job)
		if err != nil && status(err) != http.StatusNotFound {
			return err
		}
	}
	return nil
}

// tellOne sends a note or a status update. A plan without status updates gets the
// text as a note.
func (p *Performer) tellOne(ctx context.Context, path, text string, update bool, since time.Time, job bot.Job) error {
	if update {
		err := p.update(ctx, path, incident.Cut(text, maxMessage), since, job)
		if status(err) != http.StatusPaymentRequired {
			return err
		}
	}
	text = incident.Cut(text, maxNote)
	if told, err := p.told(ctx, path+"/notes", text, since, job); err != nil || told {
		return err
	}
	note := map[string]any{"note": map[string]string{"content": text}}
	return p.client.call(ctx, http.MethodPost, path+"/notes", note, nil)
}

// update sends a status update. PagerDuty lists them among an incident's log
// entries only.
func (p *Performer) update(ctx context.Context, path, text string, since time.Time, job bot.Job) error {
	query := url.Values{"limit": {"100"}, "since": {since.UTC().Format(time.RFC3339)}}
	if told, err := p.told(ctx, path+"/log_entries?"+query.Encode(), text, since, job); err != nil || told {
		return err
	}
	return p.client.call(ctx, http.MethodPost, path+"/status_updates", map[string]string{"message": text}, nil)
}

// window is since when a text that an attempt may have put there can be there, by
// PagerDuty's clock. Ours may be far ahead of it; only where the same was said before,
// and must not be taken for it, is it trusted.
func window(inc incident.Incident, text string, job bot.Job) time.Time {
	said := 0
	for _, e := range inc.Timeline {
		var words string
		switch f := e.Fact.(type) {
		case incident.Noted:
			words = strings.TrimSpace(f.Text)
		case incident.Updated:
			words = strings.TrimSpace(f.Text)
		case incident.Signaled:
			if f.Echo && strings.HasSuffix(f.Text, text) {
				return job.First.Add(-skew)
			}
		}
		if words != "" && strings.HasSuffix(text, words) { // after who said it
			said++
		}
	}
	if said > 1 {
		return job.First.Add(-skew)
	}
	return job.First.Add(-ahead)
}

// echoed tells whether PagerDuty told us of the text since a time.
func echoed(inc incident.Incident, key, text string, since time.Time) bool {
	for i := len(inc.Timeline) - 1; i >= 0 && inc.Timeline[i].Logged.After(since); i-- {
		f, ok := inc.Timeline[i].Fact.(incident.Signaled)
		if ok && f.Echo && f.Source == source && f.Key == key && strings.HasSuffix(f.Text, text) {
			return true
		}
	}
	return false
}

// told tells whether an earlier attempt put a text there: it is on the list, since
// the time when it may have come there. Where there is no such list nothing is known of it.
func (p *Performer) told(ctx context.Context, list, text string, since time.Time, job bot.Job) (bool, error) {
	if job.Tries <= 1 {
		return false, nil
	}
	var answer any
	err := p.client.call(ctx, http.MethodGet, list, nil, &answer)
	if err != nil && !definite(err) {
		return false, err
	}
	return holds(answer, text, since, time.Time{}), nil
}

// holds tells whether text stands anywhere in v, in something created since a
// time; at is when what v is a part of was created.
func holds(v any, text string, since, at time.Time) bool {
	switch v := v.(type) {
	case string:
		return v == text && !at.Before(since)
	case []any:
		for _, part := range v {
			if holds(part, text, since, at) {
				return true
			}
		}
	case map[string]any:
		if created, ok := v["created_at"].(string); ok {
			if t, err := time.Parse(time.RFC3339, created); err == nil {
				at = t
			}
		}
		for _, part := range v {
			if holds(part, text, since, at) {
				return true
			}
		}
	}
	return false
}
