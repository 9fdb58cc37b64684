package main

import (
	"slices"
	"time"

	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
	"tocsin/store"
)

// kept is the record, and what the world holds, after a round.
type kept struct {
	incidents []incident.Incident
	timelines map[incident.ID][]incident.Event
	alerts    map[string]store.Alert // by the token in their key
	changes   map[string]int         // how often a change of a system is on record, by its words
	places    []store.Alert          // all alerts, each with the incident that it belongs to
	keyed     bool                   // PagerDuty takes alerts only
	state     sandbox.State
	rooms     map[incident.ID][]sandbox.ChannelState
	messages  map[string]sandbox.Message       // the bot's, by their key
	files     map[string][]string              // the channels that the bot's are in, by name
	pager     map[string]sandbox.PagerIncident // PagerDuty's incidents by id
}

// look takes in what the workspace holds.
func (r *kept) look(state sandbox.State, pager []sandbox.PagerIncident) {
	r.state, r.rooms, r.pager = state, map[incident.ID][]sandbox.ChannelState{}, map[string]sandbox.PagerIncident{}
	r.messages, r.files = map[string]sandbox.Message{}, map[string][]string{}
	for _, c := range state.Channels {
		if id, ok := incidentOf(c.Name); ok {
			r.rooms[incident.ID(id)] = append(r.rooms[incident.ID(id)], c)
		}
	}
	for channel, list := range state.Messages {
		for _, m := range list {
			if key := keyOf(m); key != "" {
				r.messages[key] = m
			}
			for _, f := range m.Files {
				r.files[f.Name] = append(r.files[f.Name], channel)
			}
		}
	}
	for _, p := range pager {
		r.pager[p.ID] = p
	}
}

// room is an incident's room; it is empty if there is none, which compareRooms tells.
func (r *kept) room(id incident.ID) (room sandbox.ChannelState) {
	if len(r.rooms[id]) > 0 {
		room = r.rooms[id][0]
	}
	return room
}

// of is an incident as it is now.
func (r *kept) of(id incident.ID) incident.Incident {
	n := slices.IndexFunc(r.incidents, func(inc incident.Incident) bool { return inc.ID == id })
	return r.incidents[n]
}

func (k *killing) read(j *store.Journal) (*kept, error) {
	ctx := k.ctx
	r := &kept{keyed: k.keyed, timelines: map[incident.ID][]incident.Event{}, alerts: map[string]store.Alert{}, changes: map[string]int{}}
	r.look(k.ws.State(), k.ws.PagerDutyIncidents())
	heads, err := j.Heads(ctx)
	if err != nil {
		return nil, err
	}
	for _, h := range heads {
		if r.timelines[h.ID], _, err = j.Load(ctx, h.ID); err != nil {
			return nil, err
		}
		r.incidents = append(r.incidents, incident.Fold(h.ID, r.timelines[h.ID]))
	}
	alerts, err := j.Alerts(ctx)
	if err != nil {
		return nil, err
	}
	r.places = alerts
	for _, a := range alerts {
		if a.Source != "pagerduty" {
			r.alerts[tokens.FindString(a.Key)] = a
		}
	}
	changes, err := j.Changes(ctx, time.Time{})
	if err != nil {
		return nil, err
	}
	for _, c := range changes {
		r.changes[c.What]++
	}
	items, err := j.Outbox(ctx)
	if err != nil {
		return nil, err
	}
	arrivals, err := j.Arrivals(ctx, store.Arrival{}, 0)
	if err != nil {
		return nil, err
	}
	intents, err := j.Intents(ctx)
	if err != nil {
		return nil, err
	}
	if len(items)+len(arrivals)+len(intents) > 0 {
		k.problem("%d effects, %d deliveries and %d requests are left: %+v %+v", len(items), len(arrivals), len(intents), items, intents)
	}
	return r, nil
}
