package sandbox

import (
	"maps"
	"slices"
)

// State is everything that the workspace holds, as GET /sandbox/state shows it.
type State struct {
	Team       TeamState            `json:"team"`
	People     []Person             `json:"people"`
	Bot        BotState             `json:"bot"`
	Channels   []ChannelState       `json:"channels"`
	Messages   map[string][]Message `json:"messages"` // by channel id, in order of ts
	Views      map[string][]View    `json:"views"`    // each person's stack of modals, the front one last
	Home       map[string]View      `json:"home"`
	Calls      []Call               `json:"calls"`
	Deliveries []Delivery           `json:"deliveries"`
	Faults     []Fault              `json:"faults"`
	// LatestEffectMS is the longest from the begin of a call to its late effect: what a "late" fault did.
	LatestEffectMS float64       `json:"latest_effect_ms"`
	Commands       []CommandHint `json:"commands"`
	Shortcuts      []Shortcut    `json:"shortcuts"`

	PagerDuty PagerState       `json:"pagerduty"`
	Storm     Stormed          `json:"storm"`  // the latest one
	Limits    bool             `json:"limits"` // Slack's rate limits are enforced, whatever the faults
	Counts    map[string]Count `json:"counts"` // calls by method
}

// TeamState is the team.
type TeamState struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// BotState is the app: Connected is its number of Socket Mode links, or 1 if it is reached by HTTP.
type BotState struct {
	UserID    string `json:"user_id"`
	BotID     string `json:"bot_id"`
	AppID     string `json:"app_id"`
	Name      string `json:"name"`
	Connected int    `json:"connected"`
}

// ChannelState is a channel.
type ChannelState struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	IsPrivate  bool       `json:"is_private"`
	IsArchived bool       `json:"is_archived"`
	IsIM       bool       `json:"is_im,omitempty"`
	User       string     `json:"user,omitempty"` // the person of a direct message
	Creator    string     `json:"creator"`
	Created    int64      `json:"created"` // Unix seconds
	Topic      string     `json:"topic"`
	Purpose    string     `json:"purpose"`
	Members    []string   `json:"members"`
	Bookmarks  []Bookmark `json:"bookmarks"`
	Pins       []string   `json:"pins"` // ts
}

// State is a snapshot of the workspace.
func (ws *Workspace) State() State { return ws.snapshot(maxCalls) }

func (ws *Workspace) snapshot(calls int) State {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	w := ws.world
	out := State{
		Team: TeamState{TeamID, teamName}, People: w.people,
		Bot:   BotState{BotUser, BotID, AppID, botName, ws.connected()},
		Views: map[string][]View{}, Home: map[string]View{}, Messages: map[string][]Message{},
		Calls: ws.calls.copy(calls), Deliveries: []Delivery{}, Faults: []Fault{},
		LatestEffectMS: float64(ws.faults.lateness.Microseconds()) / 1000,
		Commands:       ws.opt.Commands, Shortcuts: append([]Shortcut{}, ws.opt.Shortcuts...),
		PagerDuty: ws.pages.state(), Storm: ws.storm.copy(), Limits: ws.opt.Limits, Counts: maps.Clone(ws.counts.counts),
	}
	for _, c := range w.channels {
		out.Channels = append(out.Channels, c.state())
		out.Messages[c.ID] = c.snapshot()
	}
	for user, stack := range w.views {
		for _, v := range stack {
			out.Views[user] = append(out.Views[user], *v)
		}
	}
	for user, v := range w.homes {
		out.Home[user] = *v
	}
	for _, d := range ws.post.log {
		out.Deliveries = append(out.Deliveries, *d)
	}
	for _, f := range ws.faults.active {
		out.Faults = append(out.Faults, *f)
	}
	return out
}

func (ws *Workspace) connected() int {
	if ws.opt.EventURL != "" {
		return 1
	}
	return len(ws.post.links)
}

func (c *channel) state() ChannelState {
	pins := []string{}
	for _, p := range c.Pins {
		pins = append(pins, p.TS)
	}
	return ChannelState{
		ID: c.ID, Name: c.Name, IsPrivate: c.Private, IsArchived: c.Archived, IsIM: c.IMWith != "", User: c.IMWith,
		Creator: c.Creator, Created: c.Created.Unix(), Topic: c.Topic.Value, Purpose: c.Purpose.Value,
		Members: append([]string{}, c.Members...), Bookmarks: append([]Bookmark{}, c.Bookmarks...), Pins: pins,
	}
}

func (c *channel) snapshot() []Message {
	out := make([]Message, len(c.Messages))
	for i, m := range c.Messages {
		out[i] = *m
	}
	return out
}

// Viewers is how many pages are open.
func (ws *Workspace) Viewers() int {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return len(ws.viewer)
}

// Messages are the messages of a channel by name or id, in order; nil if there is no such channel.
func (ws *Workspace) Messages(target string) []Message {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	c := ws.world.channelByID(target)
	if c == nil {
		c = ws.world.channelByName(target)
	}
	if c == nil {
		return nil
	}
	return c.snapshot()
}

// View is the modal on top of a person's stack.
func (ws *Workspace) View(user string) (v View, open bool) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	stack := ws.world.views[user]
	if len(stack) == 0 {
		return View{}, false
	}
	return *stack[len(stack)-1], true
}

// ChannelNames are the names of all channels but direct messages, sorted.
func (ws *Workspace) ChannelNames() []string {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	var names []string
	for _, c := range ws.world.channels {
		if c.IMWith == "" {
			names = append(names, c.Name)
		}
	}
	slices.Sort(names)
	return names
}
