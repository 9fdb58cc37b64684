package sandbox

import (
	"fmt"
	"maps"
	"slices"
)

const (
	maxViewBytes = 250_000 // https://docs.slack.dev/reference/views/
	maxViewStack = 3
)

// readView reads and checks the view of a call.
func (w *world) readView(v any, where place) (*View, error) {
	o, isObj := v.(obj)
	if !isObj {
		return nil, refuse("invalid_arguments", "[ERROR] must provide an object [json-pointer:/view]")
	}
	if problems := checkView(o, where); len(problems) > 0 {
		return nil, refuse("invalid_arguments", problemLines(problems)...)
	}
	if len(toJSON(o)) > maxViewBytes {
		return nil, refuse("view_too_large")
	}
	return &View{
		ID: w.newID("V"), TeamID: TeamID, Type: asText(o["type"]), Title: o["title"], Submit: o["submit"], Close: o["close"],
		Blocks: w.nameBlocks(asList(o["blocks"])), PrivateMetadata: asText(o["private_metadata"]),
		CallbackID: asText(o["callback_id"]), ExternalID: asText(o["external_id"]), State: ViewState{map[string]map[string]any{}},
		ClearOnClose: asBool(o["clear_on_close"]), NotifyOnClose: asBool(o["notify_on_close"]),
		SubmitDisabled: asBool(o["submit_disabled"]), AppID: AppID, InstalledTeam: TeamID, BotID: BotID, Hash: w.newHash(),
	}, nil
}

func (w *world) newHash() string {
	w.serial++
	return fmt.Sprintf("%s.%06x", w.newTS()[:10], w.serial)
}

// wire is the view as apps see it.
func (v *View) wire() View {
	out := *v
	out.Errors = nil
	return out
}

func (w *world) claimExternal(v *View) error {
	if v.ExternalID == "" {
		return nil
	}
	if held, taken := w.external[v.ExternalID]; taken && held != v.ID {
		return refuse("duplicate_external_id")
	}
	w.external[v.ExternalID] = v.ID
	return nil
}

func (w *world) viewOf(c *call) (any, error) {
	v, err := c.structure("view")
	if err != nil {
		return nil, refuse("invalid_arguments", "[ERROR] failed to parse JSON [json-pointer:/view]")
	}
	return v, nil
}

// newModal reads the view of views.open or views.push and exchanges the trigger for its person.
func (w *world) newModal(c *call) (*View, string, error) {
	if !c.has("trigger_id") {
		return nil, "", missing("trigger_id")
	}
	raw, err := w.viewOf(c)
	if err != nil {
		return nil, "", err
	}
	v, err := w.readView(raw, inModal)
	if err != nil {
		return nil, "", err
	}
	user, err := w.exchange(c.text("trigger_id"))
	if err != nil {
		return nil, "", err
	}
	return v, user, w.claimExternal(v)
}

func (w *world) viewsOpen(c *call) (obj, error) {
	v, user, err := w.newModal(c)
	if err != nil {
		return nil, err
	}
	w.showModal(user, v)
	return obj{"view": v.wire()}, nil
}

// showModal gives a person a new stack with one modal.
func (w *world) showModal(user string, v *View) {
	w.closeViews(user, 0)
	v.RootViewID = v.ID
	w.views[user] = []*View{v}
}

func (w *world) viewsPush(c *call) (obj, error) {
	v, user, err := w.newModal(c)
	if err != nil {
		return nil, err
	}
	if err := w.pushModal(user, v); err != nil {
		return nil, err
	}
	return obj{"view": v.wire()}, nil
}

func (w *world) pushModal(user string, v *View) error {
	stack := w.views[user]
	switch {
	case len(stack) == 0:
		return refuse("not_found")
	case len(stack) >= maxViewStack:
		return refuse("push_limit_reached")
	}
	top := stack[len(stack)-1]
	v.RootViewID, v.PreviousViewID = top.RootViewID, top.ID
	w.views[user] = append(slices.Clone(stack), v)
	return nil
}

// closeViews closes a person's modals above the first keep ones.
func (w *world) closeViews(user string, keep int) []*View {
	stack := w.views[user]
	gone := stack[keep:]
	for _, v := range gone {
		delete(w.external, v.ExternalID)
	}
	if w.views[user] = slices.Clone(stack[:keep]); keep == 0 {
		delete(w.views, user)
	}
	return gone
}

// findView is an open view by id or external_id, and whose it is.
func (w *world) findView(id, external string) (user string, at int) {
	if id == "" {
		id = w.external[external]
	}
	for user, stack := range w.views {
		if at := slices.IndexFunc(stack, func(v *View) bool { return v.ID == id }); at >= 0 {
			return user, at
		}
	}
	return "", -1
}

func (w *world) viewsUpdate(c *call) (obj, error) {
	if c.text("view_id") == "" && c.text("external_id") == "" {
		return nil, refuse("invalid_arguments", "[ERROR] missing required field: view_id or external_id")
	}
	raw, err := w.viewOf(c)
	if err != nil {
		return nil, err
	}
	user, at := w.findView(c.text("view_id"), c.text("external_id"))
	if at < 0 {
		return nil, refuse("not_found")
	}
	old := w.views[user][at]
	if hash := c.text("hash"); hash != "" && hash != old.Hash {
		return nil, refuse("hash_conflict")
	}
	v, err := w.readView(raw, inModal)
	if err != nil {
		return nil, err
	}
	if err := w.replaceModal(user, at, v); err != nil {
		return nil, err
	}
	return obj{"view": v.wire()}, nil
}

// replaceModal puts v in place of a person's modal. What was entered stays where block_id and
// action_id stay.
func (w *world) replaceModal(user string, at int, v *View) error {
	old := w.views[user][at]
	v.ID, v.RootViewID, v.PreviousViewID = old.ID, old.RootViewID, old.PreviousViewID
	if v.ExternalID != old.ExternalID {
		delete(w.external, old.ExternalID)
	}
	if err := w.claimExternal(v); err != nil {
		return err
	}
	for blockID, values := range old.State.Values {
		for actionID, value := range values {
			if _, _, err := findElement(v.Blocks, blockID, actionID, ""); err == nil {
				v.State = v.State.with(blockID, actionID, value)
			}
		}
	}
	w.views[user] = slices.Clone(w.views[user])
	w.views[user][at] = v
	return nil
}

// with is the state with one more value.
func (s ViewState) with(blockID, actionID string, value any) ViewState {
	values := maps.Clone(s.Values)
	if values == nil {
		values = map[string]map[string]any{}
	}
	inner := maps.Clone(values[blockID])
	if inner == nil {
		inner = map[string]any{}
	}
	inner[actionID] = value
	values[blockID] = inner
	return ViewState{values}
}

func (w *world) viewsPublish(c *call) (obj, error) {
	user := c.text("user_id")
	if w.person(user) == nil {
		return nil, refuse("invalid_arguments", "[ERROR] user_id is not a member of the team [json-pointer:/user_id]")
	}
	raw, err := w.viewOf(c)
	if err != nil {
		return nil, err
	}
	old := w.homes[user]
	if hash := c.text("hash"); hash != "" && old != nil && hash != old.Hash {
		return nil, refuse("hash_conflict")
	}
	v, err := w.readView(raw, inHome)
	if err != nil {
		return nil, err
	}
	if old != nil {
		v.ID = old.ID
	}
	v.RootViewID = v.ID
	w.homes[user] = v
	return obj{"view": v.wire()}, nil
}
