package sandbox

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// UseShortcut is a person choosing an entry of the message menu (with Channel and TS) or of the
// global menu.
type UseShortcut struct {
	User       string `json:"user"`
	CallbackID string `json:"callback_id"`
	Channel    string `json:"channel"`
	TS         string `json:"ts"`
}

// React is a person putting an emoji on a message, or taking it off.
type React struct {
	User    string `json:"user"`
	Channel string `json:"channel"`
	TS      string `json:"ts"`
	Name    string `json:"name"` // without colons
	Remove  bool   `json:"remove"`
}

// Visit is a person joining or leaving a channel.
type Visit struct {
	User    string `json:"user"`
	Channel string `json:"channel"`
}

// NewChannel is a person making a channel.
type NewChannel struct {
	User    string `json:"user"`
	Name    string `json:"name"`
	Private bool   `json:"private"`
}

// OpenHome is a person opening the app's home tab.
type OpenHome struct {
	User string `json:"user"`
}

// Shortcut sends message_action or shortcut to the app and waits for its ack.
func (ws *Workspace) Shortcut(ctx context.Context, use UseShortcut) (Result, error) {
	i := slices.IndexFunc(ws.opt.Shortcuts, func(s Shortcut) bool { return s.CallbackID == use.CallbackID })
	if i < 0 {
		return Result{}, fmt.Errorf("the app has no shortcut %q", use.CallbackID)
	}
	var payload obj
	var err error
	ws.act(func(w *world) {
		if ws.opt.Shortcuts[i].Type == "message" {
			payload, err = w.messageAction(use)
			return
		}
		if w.person(use.User) == nil {
			err = fmt.Errorf("no person %q", use.User)
			return
		}
		payload = w.interaction(use.User, "shortcut")
		maps.Copy(payload, obj{"callback_id": use.CallbackID, "trigger_id": w.newTrigger(use.User), "action_ts": w.newTS()})
	})
	if err != nil {
		return Result{}, err
	}
	return ws.afterInteraction(use.User, ws.deliver(ctx, interactive, payload)), nil
}

func (w *world) messageAction(use UseShortcut) (obj, error) {
	at, m, err := w.seenMessage(use.User, use.Channel, use.TS)
	if err != nil {
		return nil, err
	}
	payload := w.interaction(use.User, "message_action")
	maps.Copy(payload, obj{
		"callback_id": use.CallbackID, "trigger_id": w.newTrigger(use.User), "action_ts": w.newTS(),
		"channel": obj{"id": at.channel.ID, "name": channelNameFor(at.channel)}, "message_ts": m.TS, "message": m.wire(true),
		"response_url": w.newReplyURL(replyURL{channel: at.channel.ID, user: use.User}),
	})
	return payload, nil
}

// seenMessage is a message that a person can see and that is no one's own.
func (w *world) seenMessage(user, target, ts string) (presence, *Message, error) {
	at, err := w.present(user, target, false)
	if err != nil {
		return at, nil, err
	}
	m := at.channel.message(ts)
	if m == nil {
		return at, nil, fmt.Errorf("%s sees no message %q in #%s", user, ts, at.channel.Name)
	}
	return at, m, nil
}

// try runs a person's act that the app learns of through events only.
func (ws *Workspace) try(do func(*world) (Result, error)) (Result, error) {
	var result Result
	var err error
	ws.act(func(w *world) { result, err = do(w) })
	result.OK = err == nil
	return result, err
}

// React puts an emoji on a message or takes it off.
func (ws *Workspace) React(_ context.Context, r React) (Result, error) {
	return ws.try(func(w *world) (Result, error) {
		at, m, err := w.seenMessage(r.User, r.Channel, r.TS)
		switch {
		case err != nil:
			return Result{}, err
		case at.channel.Archived:
			return Result{}, fmt.Errorf("#%s is archived; nobody can react there", at.channel.Name)
		case !isEmoji(r.Name):
			return Result{}, fmt.Errorf("%q is no emoji's name; write it without colons, like pushpin", r.Name)
		case !w.react(at.channel, m, r.User, r.Name, r.Remove):
			return Result{}, fmt.Errorf("%s has that reaction there already, or has it not to take off", r.User)
		}
		return Result{}, nil
	})
}

// Join lets a person into a public channel.
func (ws *Workspace) Join(_ context.Context, v Visit) (Result, error) {
	return ws.try(func(w *world) (Result, error) {
		at, err := w.present(v.User, v.Channel, false)
		switch {
		case err != nil:
			return Result{}, err
		case at.channel.has(v.User):
			return Result{}, fmt.Errorf("%s is in #%s already", v.User, at.channel.Name)
		case at.channel.Archived:
			return Result{}, fmt.Errorf("#%s is archived; nobody can join it", at.channel.Name)
		}
		w.join(at.channel, v.User, v.User)
		return Result{Channel: at.channel.ID}, nil
	})
}

// Leave lets a person out of a channel.
func (ws *Workspace) Leave(_ context.Context, v Visit) (Result, error) {
	return ws.try(func(w *world) (Result, error) {
		at, err := w.present(v.User, v.Channel, true)
		switch {
		case err != nil:
			return Result{}, err
		case at.channel.General:
			return Result{}, fmt.Errorf("nobody leaves #%s", at.channel.Name)
		}
		w.leave(at.channel, v.User)
		return Result{Channel: at.channel.ID}, nil
	})
}

// Channel makes a channel for a person.
func (ws *Workspace) Channel(_ context.Context, n NewChannel) (Result, error) {
	return ws.try(func(w *world) (Result, error) {
		if w.person(n.User) == nil {
			return Result{}, fmt.Errorf("no person %q", n.User)
		}
		if err := w.checkName(n.Name, nil); err != nil {
			return Result{}, fmt.Errorf("#%s cannot be made: %w; use a new name of lower-case letters, digits, - and _", n.Name, err)
		}
		c := w.newChannel(n.Name, n.User, n.Private)
		c.Members = nil
		w.join(c, n.User, n.User)
		return Result{Channel: c.ID}, nil
	})
}

// Home tells the app that a person opened its home tab.
func (ws *Workspace) Home(_ context.Context, o OpenHome) (Result, error) {
	return ws.try(func(w *world) (Result, error) {
		if w.person(o.User) == nil {
			return Result{}, fmt.Errorf("no person %q", o.User)
		}
		c, _ := w.directMessage(o.User)
		what := obj{"type": "app_home_opened", "user": o.User, "channel": c.ID, "tab": "home", "event_ts": w.newTS()}
		if v := w.homes[o.User]; v != nil {
			what["view"] = v.wire()
		}
		w.emitAnywhere(what)
		return Result{Channel: c.ID}, nil
	})
}
