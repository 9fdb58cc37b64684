package sandbox

import (
	"slices"
	"strings"
)

func (w *world) apiTest(c *call) (obj, error) {
	if code := c.text("error"); code != "" {
		return nil, &refusal{code, obj{"args": obj(c.args)}}
	}
	return obj{"args": obj(c.args)}, nil
}

func (w *world) authTest(*call) (obj, error) {
	return obj{
		"url": w.base + "/", "team": teamName, "team_id": TeamID, "user": botName, "user_id": BotUser,
		"bot_id": BotID, "is_enterprise_install": false,
	}, nil
}

func (w *world) teamInfo(*call) (obj, error) {
	return obj{"team": obj{
		"id": TeamID, "name": teamName, "domain": "sandbox", "email_domain": "example.com",
		"url": w.base + "/", "icon": obj{"image_default": true},
	}}, nil
}

func (w *world) botsInfo(c *call) (obj, error) {
	if id := c.text("bot"); id != "" && id != BotID {
		return nil, refuse("bot_not_found")
	}
	return obj{"bot": obj{
		"id": BotID, "deleted": false, "name": botName, "updated": 0, "app_id": AppID, "user_id": BotUser, "icons": obj{},
	}}, nil
}

func (w *world) emojiList(*call) (obj, error) { return obj{"emoji": obj{}, "cache_ts": w.newTS()}, nil }

// wire is the user object of a person.
func (p Person) wire() obj {
	return obj{
		"id": p.ID, "team_id": TeamID, "name": p.Name, "deleted": p.Deleted, "color": p.Color, "real_name": p.RealName,
		"tz": "Etc/UTC", "tz_label": "Coordinated Universal Time", "tz_offset": 0, "profile": p.profile(),
		"is_admin": false, "is_owner": false, "is_primary_owner": false, "is_restricted": p.Guest,
		"is_ultra_restricted": false, "is_bot": false, "is_app_user": false, "updated": 0, "locale": "en-US",
	}
}

func (p Person) profile() obj {
	first, last, _ := strings.Cut(p.RealName, " ")
	return obj{
		"real_name": p.RealName, "real_name_normalized": p.RealName, "display_name": p.Name,
		"display_name_normalized": p.Name, "first_name": first, "last_name": last, "email": p.Email, "team": TeamID,
		"title": "", "phone": "", "status_text": "", "status_emoji": "",
	}
}

func botAsUser() obj {
	return obj{
		"id": BotUser, "team_id": TeamID, "name": botName, "deleted": false, "real_name": botName, "color": "555555",
		"tz": "Etc/UTC", "tz_offset": 0, "is_bot": true, "is_app_user": false, "updated": 0,
		"profile": obj{"real_name": botName, "display_name": botName, "bot_id": BotID, "api_app_id": AppID, "team": TeamID},
	}
}

func (w *world) usersInfo(c *call) (obj, error) {
	id := c.text("user")
	if id == BotUser {
		return obj{"user": botAsUser()}, nil
	}
	p := w.person(id)
	if p == nil {
		return nil, refuse("user_not_found")
	}
	return obj{"user": p.wire()}, nil
}

func (w *world) usersList(c *call) (obj, error) {
	members := make([]obj, 0, len(w.people)+1)
	for _, p := range w.people {
		members = append(members, p.wire())
	}
	members = append(members, botAsUser())
	part, more, err := page(c, members, 1000, 1000)
	if err != nil {
		return nil, err
	}
	return obj{"members": part, "cache_ts": 0, "response_metadata": more}, nil
}

func (w *world) usersLookupByEmail(c *call) (obj, error) {
	for _, p := range w.people {
		if strings.EqualFold(p.Email, c.text("email")) {
			return obj{"user": p.wire()}, nil
		}
	}
	return nil, refuse("users_not_found")
}

func (w *world) usersProfileGet(c *call) (obj, error) {
	if id := c.text("user"); id == "" || id == BotUser {
		return obj{"profile": botAsUser()["profile"]}, nil
	}
	p := w.person(c.text("user"))
	if p == nil {
		return nil, refuse("user_not_found")
	}
	return obj{"profile": p.profile()}, nil
}

func (w *world) usersConversations(c *call) (obj, error) {
	user := c.text("user")
	if user == "" {
		user = BotUser
	} else if !w.isUser(user) {
		return nil, refuse("user_not_found")
	}
	return w.listChannels(c, func(ch *channel) bool { return ch.has(user) && ch.visible(BotUser) })
}

func (w *world) usergroupsList(c *call) (obj, error) {
	groups := []obj{}
	for _, g := range w.groups {
		group := obj{
			"id": g.ID, "team_id": TeamID, "is_usergroup": true, "name": g.Name, "handle": g.Handle,
			"description": "", "is_external": false, "date_create": 0, "date_update": 0, "date_delete": 0,
			"created_by": "U0ADA", "updated_by": "U0ADA", "user_count": len(g.Users),
			"prefs": obj{"channels": []string{}, "groups": []string{}},
		}
		if c.flag("include_users") {
			group["users"] = g.Users
		}
		groups = append(groups, group)
	}
	return obj{"usergroups": groups}, nil
}

func (w *world) usergroupsUsersList(c *call) (obj, error) {
	i := slices.IndexFunc(w.groups, func(g userGroup) bool { return g.ID == c.text("usergroup") })
	if i < 0 {
		return nil, refuse("no_such_subteam")
	}
	return obj{"users": w.groups[i].Users}, nil
}
