package sandbox

import (
	"slices"
	"time"
)

func pdNoteShape() pdShape {
	return pdObject(map[string]pdShape{"*note": pdObject(map[string]pdShape{"*content": pdText(25_000)})})
}

func (pd *pagerDuty) listNotes(p *pdCall) (obj, error) {
	inc := pd.incidents[p.id]
	if inc == nil {
		return nil, pdNotFound()
	}
	return obj{"notes": append([]any{}, inc.notes...)}, nil
}

func (pd *pagerDuty) createNote(p *pdCall) (obj, error) {
	inc := pd.incidents[p.id]
	if inc == nil {
		return nil, pdNotFound()
	}
	return obj{"note": pd.note(inc, asText(asObj(p.body["note"])["content"]), p.from)}, nil
}

// note puts a note on an incident and tells it.
func (pd *pagerDuty) note(inc *pdIncident, content string, by pdUser) obj {
	note := obj{
		"id": pd.newID("N"), "content": content, "created_at": pdStamp(time.Now()), "user": by.ref(),
		"channel": obj{"summary": "The PagerDuty website or APIs"},
	}
	inc.notes = append(inc.notes, note)
	pd.tell("incident.annotated", inc, by.ref(), inc.noteData(asText(note["id"]), content))
	return note
}

func pdStatusUpdateShape() pdShape {
	return pdObject(map[string]pdShape{"*message": pdText(1024), "subject": pdText(255), "html_message": pdText(65536)})
}

func (pd *pagerDuty) createStatusUpdate(p *pdCall) (obj, error) {
	inc := pd.incidents[p.id]
	if inc == nil {
		return nil, pdNotFound()
	}
	message := asText(p.body["message"])
	update := obj{"id": pd.newID("S"), "message": message, "created_at": pdStamp(time.Now()), "sender": p.from.ref()}
	inc.updates = append(inc.updates, update)
	pd.tell("incident.status_update_published", inc, p.agent(), inc.updateData(asText(update["id"]), message))
	return obj{"status_update": update}, nil
}

// listLogEntries is what happened to an incident: what began it, and the texts put on it, which is
// all that the account keeps.
func (pd *pagerDuty) listLogEntries(p *pdCall) (obj, error) {
	inc := pd.incidents[p.id]
	if inc == nil {
		return nil, pdNotFound()
	}
	since, err := p.instant("since", time.Time{})
	if err != nil {
		return nil, err
	}
	all := []obj{{"type": "trigger_log_entry", "created_at": pdStamp(inc.created)}}
	for _, n := range inc.notes {
		all = append(all, obj{"type": "annotate_log_entry", "created_at": asObj(n)["created_at"], "channel": obj{"type": "note", "summary": asObj(n)["content"]}})
	}
	for _, u := range inc.updates {
		all = append(all, obj{"type": "status_update_log_entry", "created_at": asObj(u)["created_at"], "message": asObj(u)["message"]})
	}
	all = slices.DeleteFunc(all, func(e obj) bool {
		at, err := time.Parse(time.RFC3339, asText(e["created_at"]))
		return err != nil || at.Before(since.Truncate(time.Second))
	})
	return p.page("log_entries", all), nil
}
