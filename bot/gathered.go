package bot

import (
	"fmt"

	"tocsin/bot/incident"
)

// entry is a line of a timeline.
type entry struct {
	incident.Event        // the first that it tells of
	line           string // with who did it
	row            string // of many events together: what was done; "" for one event
	monitors       bool   // nobody in particular did that
}

// many is from how many events of a kind on they are one line.
const many = 5

// gathered tells events, a line each; what a storm makes a hundred times is one line
// together, where the first of it was. What machines do at the same time, and who comes
// in and goes, parts no row, for how that mixes is chance; what people say and do parts
// the alerts before it from those after. PagerDuty's incidents are brought to a state or
// priority until another one is asked for.
func gathered(timeline []incident.Event, call func(incident.Person) string) []entry {
	list := narrated(timeline, call)
	rows := make([]*[]entry, len(list)) // by entry: the row that it is of, if any
	alerts := map[string]*[]entry{}     // by kind: the rows that may go on
	var synced *[]entry
	for i, e := range list {
		k := kind(e.Event)
		switch {
		case k == "":
			if parts(e.Event) {
				clear(alerts)
			}
			continue
		case isSynced(e.Event):
			if synced == nil || kind((*synced)[0].Event) != k {
				synced = new([]entry)
			}
			rows[i] = synced
		default:
			if alerts[k] == nil {
				alerts[k] = new([]entry)
			}
			rows[i] = alerts[k]
		}
		*rows[i] = append(*rows[i], e)
	}
	var out []entry
	for i, e := range list {
		switch {
		case rows[i] == nil || len(*rows[i]) < many:
			out = append(out, e)
		case (*rows[i])[0].Seq == e.Seq:
			out = append(out, together(*rows[i], call))
		}
	}
	return out
}

// parts says whether people said or did something with what happened until then.
func parts(e incident.Event) bool {
	switch e.Fact.(type) {
	case incident.Joined, incident.Left:
		return false
	}
	return e.By.User != ""
}

func isSynced(e incident.Event) bool {
	_, ok := e.Fact.(incident.PagerSynced)
	return ok
}

// narrated tells events, a line each.
func narrated(timeline []incident.Event, call func(incident.Person) string) []entry {
	var list []entry
	marks := map[int]string{}
	for _, e := range timeline {
		if mark := odd(e); mark != "" {
			marks[e.Seq] = mark
		}
	}
	for _, e := range happened(timeline) {
		if line, ok := incident.Narrate(e, call); ok {
			list = append(list, entry{Event: e, line: line + marks[e.Seq]})
		}
	}
	return list
}

// joined is the kind of alerts that came to the incident.
const joined = "joined"

// kind is what events have in common that are told together; "" for those that
// are told one by one.
func kind(e incident.Event) string {
	switch f := e.Fact.(type) {
	case incident.PagerSynced:
		return "synced " + f.State + f.Priority
	case incident.Signaled:
		switch {
		case f.Late || f.Echo:
		case f.State == incident.StateFiring && f.Why != "":
			return joined
		case f.State == incident.StateResolved || f.State == incident.StateAcknowledged:
			return f.State + " " + actor(e, f)
		}
	}
	return ""
}

// actor is who did something to an alert; "" for a monitor.
func actor(e incident.Event, f incident.Signaled) string {
	if e.By.User == "" && e.By.Name == incident.SourceName(f.Source) {
		return ""
	}
	return e.By.String()
}

// together is one line for a row of events.
func together(list []entry, call func(incident.Person) string) entry {
	out := list[0]
	switch f := out.Fact.(type) {
	case incident.PagerSynced:
		out.row = syncedRow(f, len(list))
	case incident.Signaled:
		out.monitors = kind(out.Event) == joined || actor(out.Event, f) == ""
		out.row = alertsRow(f, list, out.monitors) + ", until " + list[len(list)-1].At.UTC().Format("15:04")
	}
	out.line = out.row
	if !out.monitors {
		out.line = call(out.By.Person) + " " + out.row
	}
	return out
}

func syncedRow(f incident.PagerSynced, n int) string {
	done, to := "set", " to "+incident.Escape(f.Priority)
	switch f.State {
	case incident.StateResolved:
		done, to = "resolved", ""
	case incident.StateFiring:
		done, to = "reopened", ""
	}
	return fmt.Sprintf("%s %d of PagerDuty's incidents%s", done, n, to)
}

func alertsRow(f incident.Signaled, list []entry, monitors bool) string {
	from := ""
	if n := services(list); n > 0 {
		from = " from " + count(n, "service")
	}
	switch {
	case f.State == incident.StateFiring:
		return fmt.Sprintf("%d more alerts%s", len(list), from)
	case monitors:
		return fmt.Sprintf("%d alerts%s were %s", len(list), from, f.State)
	}
	return fmt.Sprintf("%s %d alerts%s", f.State, len(list), from)
}

// services counts those that alerts are of.
func services(list []entry) int {
	names := map[string]bool{}
	for _, e := range list {
		if f := e.Fact.(incident.Signaled); f.Service != "" {
			names[f.Service] = true
		}
	}
	return len(names)
}
