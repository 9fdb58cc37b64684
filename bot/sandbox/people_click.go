package sandbox

import (
	"context"
	"fmt"
	"maps"
)

// Click is a person using an element: pressing a button, choosing from a select.
type Click struct {
	User     string `json:"user"`
	Channel  string `json:"channel"` // with TS: on a message
	TS       string `json:"ts"`
	ViewID   string `json:"view_id"` // or in a modal or on a home tab
	BlockID  string `json:"block_id"`
	ActionID string `json:"action_id"`
	// Value chooses among buttons of one action_id, or is a select's choice: a string or a list of them.
	Value any `json:"value"`
}

// actor is how payloads name the person, the team and the app.
func (w *world) interaction(user, kind string) obj {
	return obj{
		"type": kind, "token": "sandbox-verification", "api_app_id": AppID, "enterprise": nil, "is_enterprise_install": false,
		"team": obj{"id": TeamID, "domain": "sandbox"},
		"user": obj{"id": user, "username": w.userName(user), "name": w.userName(user), "team_id": TeamID},
	}
}

// Click sends block_actions to the app and waits for its ack.
func (ws *Workspace) Click(ctx context.Context, click Click) (Result, error) {
	var payload obj
	var err error
	ws.act(func(w *world) {
		if click.ViewID != "" {
			payload, err = w.clickInView(click)
		} else {
			payload, err = w.clickOnMessage(click)
		}
	})
	if err != nil {
		return Result{}, err
	}
	result := ws.afterInteraction(click.User, ws.deliver(ctx, interactive, payload))
	result.Trigger = asText(payload["trigger_id"])
	return result, nil
}

// afterInteraction is the result of an interaction, with the modal that may have opened.
func (ws *Workspace) afterInteraction(user string, out outcome) Result {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	result := Result{OK: out.err == "", Ack: out.answer, Error: out.err}
	if stack := ws.world.views[user]; len(stack) > 0 {
		result.ViewID = stack[len(stack)-1].ID
	}
	return result
}

func (w *world) clickOnMessage(click Click) (obj, error) {
	at, err := w.present(click.User, click.Channel, false)
	if err != nil {
		return nil, err
	}
	m := at.channel.anyMessage(click.TS)
	if m == nil || (m.EphemeralTo != "" && m.EphemeralTo != click.User) {
		return nil, fmt.Errorf("%s sees no message %q in #%s", click.User, click.TS, at.channel.Name)
	}
	action, block, err := w.action(m.Blocks, click)
	if err != nil {
		return nil, err
	}
	if m.BotID != BotID {
		return nil, fmt.Errorf("message %s is not the app's; its elements do nothing", click.TS)
	}
	ephemeral := m.EphemeralTo != ""
	container := obj{"type": "message", "message_ts": m.TS, "channel_id": at.channel.ID, "is_ephemeral": ephemeral}
	if m.ThreadTS != "" {
		container["thread_ts"] = m.ThreadTS
	}
	payload := w.interaction(click.User, "block_actions")
	state := stateOf(m.Blocks, ViewState{}.with(asText(block["block_id"]), click.ActionID, stateValue(action)))
	maps.Copy(payload, obj{
		"container": container, "channel": obj{"id": at.channel.ID, "name": channelNameFor(at.channel)},
		"trigger_id": w.newTrigger(click.User), "actions": []obj{action}, "state": state,
		"response_url": w.newReplyURL(replyURL{channel: at.channel.ID, user: click.User, ts: m.TS, thread: m.ThreadTS}),
	})
	if !ephemeral {
		payload["message"] = m.wire(true)
	}
	return payload, nil
}

func (w *world) clickInView(click Click) (obj, error) {
	v, err := w.viewFor(click.User, click.ViewID)
	if err != nil {
		return nil, err
	}
	action, block, err := w.action(v.Blocks, click)
	if err != nil {
		return nil, err
	}
	if block["type"] == "input" && !asBool(block["dispatch_action"]) {
		return nil, fmt.Errorf("input %q does not dispatch actions; give its value to submit", click.ActionID)
	}
	if _, stateful := initial(action); stateful {
		v.State = v.State.with(asText(block["block_id"]), click.ActionID, stateValue(action))
	}
	payload := w.interaction(click.User, "block_actions")
	view := v.wire()
	view.State = stateOf(v.Blocks, v.State)
	maps.Copy(payload, obj{
		"container": obj{"type": "view", "view_id": v.ID}, "trigger_id": w.newTrigger(click.User),
		"view": view, "actions": []obj{action},
	})
	return payload, nil
}

// viewFor is a person's home tab, or their modal of that id; with no id the one on top.
func (w *world) viewFor(user, id string) (*View, error) {
	if home := w.homes[user]; home != nil && home.ID == id {
		return home, nil
	}
	stack := w.views[user]
	if len(stack) == 0 {
		return nil, fmt.Errorf("%s has no modal open; run the command or press the button that opens one", user)
	}
	top := stack[len(stack)-1]
	if id != "" && id != top.ID {
		return nil, fmt.Errorf("view %s is not on top; the one on top is %s", id, top.ID)
	}
	return top, nil
}

// action is the entry of a payload's actions for a click.
func (w *world) action(blocks []any, click Click) (action, block obj, err error) {
	block, e, err := findElement(blocks, click.BlockID, click.ActionID, textOf(click.Value))
	if err != nil {
		return nil, nil, err
	}
	action = obj{
		"action_id": click.ActionID, "block_id": block["block_id"], "type": e["type"], "action_ts": w.newTS(),
	}
	if e["type"] == "button" || e["type"] == "workflow_button" || e["type"] == "icon_button" {
		if given := textOf(click.Value); given != "" && given != asText(e["value"]) {
			return nil, nil, fmt.Errorf("no button %q with the value %q; this one has %q", click.ActionID, given, e["value"])
		}
		for _, key := range []string{"text", "value", "style", "url"} {
			if e[key] != nil && key != "url" {
				action[key] = e[key]
			}
		}
		return action, block, nil
	}
	value, err := w.chosen(e, click.Value)
	if err != nil {
		return nil, nil, err
	}
	maps.Copy(action, value)
	return action, block, nil
}

// stateValue is an action's entry without what is only about the action.
func stateValue(action obj) obj {
	value := maps.Clone(action)
	for _, key := range []string{"action_id", "block_id", "action_ts", "text", "style"} {
		delete(value, key)
	}
	return value
}
