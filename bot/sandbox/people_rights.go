package sandbox

import (
	"context"
	"fmt"
	"slices"
)

// Removal is somebody taking a person or the bot out of a channel, or bringing them in.
type Removal struct {
	By      string `json:"by"`   // a person in the channel
	User    string `json:"user"` // a person or the bot
	Channel string `json:"channel"`
}

// Settings are what an admin lets people and apps do.
type Settings struct {
	// Suspended is the error code with which every message is refused, such as restricted_action or
	// ekm_access_denied; empty: none is.
	Suspended string `json:"suspended"`
	// ReadOnly is a channel in which only admins write from now on; Writable one in which all do again.
	ReadOnly string `json:"read_only"`
	Writable string `json:"writable"`
}

// Account is a person whose account an admin deactivates.
type Account struct {
	User string `json:"user"`
}

// Archive is a person archiving a channel.
func (ws *Workspace) Archive(_ context.Context, v Visit) (Result, error) {
	return ws.inside(v, func(w *world, c *channel) error {
		if c.Archived || c.General {
			return fmt.Errorf("#%s cannot be archived", c.Name)
		}
		w.archive(c, v.User)
		return nil
	})
}

// Unarchive is a person bringing an archived channel back. Slack says nothing of the apps that were in
// it; here they have to come back by themselves.
func (ws *Workspace) Unarchive(_ context.Context, v Visit) (Result, error) {
	return ws.inside(v, func(w *world, c *channel) error {
		if !c.Archived {
			return fmt.Errorf("#%s is not archived", c.Name)
		}
		w.unarchive(c, v.User)
		c.Members = slices.DeleteFunc(slices.Clone(c.Members), func(id string) bool { return id == BotUser })
		return nil
	})
}

// Remove takes somebody out of a channel.
func (ws *Workspace) Remove(_ context.Context, r Removal) (Result, error) {
	return ws.inside(Visit{r.By, r.Channel}, func(w *world, c *channel) error {
		if !c.has(r.User) {
			return fmt.Errorf("%s is not in #%s", r.User, c.Name)
		}
		w.leave(c, r.User)
		return nil
	})
}

// Bring invites somebody into a channel.
func (ws *Workspace) Bring(_ context.Context, r Removal) (Result, error) {
	return ws.inside(Visit{r.By, r.Channel}, func(w *world, c *channel) error {
		if c.has(r.User) || c.Archived {
			return fmt.Errorf("%s cannot be invited to #%s", r.User, c.Name)
		}
		w.join(c, r.User, r.By)
		return nil
	})
}

// Delete deletes a channel for ever: nobody finds it any more.
func (ws *Workspace) Delete(_ context.Context, v Visit) (Result, error) {
	return ws.inside(v, func(w *world, c *channel) error {
		w.channels = slices.DeleteFunc(slices.Clone(w.channels), func(o *channel) bool { return o == c })
		return nil
	})
}

// inside is a person's act on a channel that they see.
func (ws *Workspace) inside(v Visit, do func(*world, *channel) error) (Result, error) {
	return ws.try(func(w *world) (Result, error) {
		at, err := w.present(v.User, v.Channel, false)
		if err != nil {
			return Result{}, err
		}
		return Result{Channel: at.channel.ID}, do(w, at.channel)
	})
}

// Settings changes what may be written, and where.
func (ws *Workspace) Settings(_ context.Context, s Settings) (Result, error) {
	return ws.try(func(w *world) (Result, error) {
		w.suspended = s.Suspended
		for name, only := range map[string]bool{s.ReadOnly: true, s.Writable: false} {
			c := w.channelByName(name)
			if name != "" && c == nil {
				return Result{}, fmt.Errorf("no channel %q", name)
			}
			if c != nil {
				c.ReadOnly = only
			}
		}
		return Result{}, nil
	})
}

// Deactivate closes a person's account: they are in no channel any more, and cannot be invited.
// Whether Slack tells apps that they left is not documented; here nobody is told.
func (ws *Workspace) Deactivate(_ context.Context, a Account) (Result, error) {
	return ws.try(func(w *world) (Result, error) {
		p := w.person(a.User)
		if p == nil {
			return Result{}, fmt.Errorf("no person %q", a.User)
		}
		p.Deleted = true
		for _, c := range w.channels {
			c.Members = slices.DeleteFunc(slices.Clone(c.Members), func(id string) bool { return id == a.User })
		}
		return Result{}, nil
	})
}

// Reinstall revokes the bot's token and installs the app again with another, and with scopes if there
// are any.
func (ws *Workspace) Reinstall(token string, scopes ...string) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.revoked = append(ws.revoked, ws.opt.BotToken)
	ws.opt.BotToken = token
	if scopes != nil {
		ws.scopes = scopes
		ws.world.writesAnywhere = slices.Contains(scopes, "chat:write.public")
	}
}
