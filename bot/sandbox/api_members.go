package sandbox

// maxInvited is how many people one conversations.invite may name
// (https://docs.slack.dev/reference/methods/conversations.invite/).
const maxInvited = 100

func (w *world) conversationsInvite(c *call) (obj, error) {
	ch, err := w.ownChannel(c)
	if err != nil {
		return nil, err
	}
	users := c.list("users")
	switch {
	case len(users) == 0:
		return nil, refuse("no_user")
	case len(users) > maxInvited:
		return nil, refuse("too_many_users")
	}
	var welcome []string
	var problems []obj
	for _, user := range users {
		if code := w.cannotInvite(ch, user); code != "" {
			problems = append(problems, obj{"user": user, "ok": false, "error": code})
		} else {
			welcome = append(welcome, user)
		}
	}
	if len(problems) == 0 || c.flag("force") {
		for _, user := range welcome {
			w.join(ch, user, BotUser)
		}
	}
	if len(problems) > 0 && (len(welcome) == 0 || !c.flag("force")) {
		return nil, &refusal{asText(problems[0]["error"]), obj{"errors": problems}}
	}
	out := obj{"channel": ch.wire()}
	if len(problems) > 0 {
		out["errors"] = problems
	}
	return out, nil
}

func (w *world) cannotInvite(ch *channel, user string) string {
	switch {
	case user == BotUser:
		return "cant_invite_self"
	case w.person(user) == nil:
		return "user_not_found"
	case w.person(user).Deleted:
		return "cant_invite"
	case ch.has(user):
		return "already_in_channel"
	}
	return ""
}

func (w *world) conversationsKick(c *call) (obj, error) {
	ch, err := w.ownChannel(c)
	user := c.text("user")
	switch {
	case err != nil:
		return nil, err
	case user == BotUser:
		return nil, refuse("cant_kick_self")
	case ch.General:
		return nil, refuse("cant_kick_from_general")
	case w.person(user) == nil:
		return nil, refuse("user_not_found")
	case !ch.has(user):
		return nil, refuse("not_in_channel")
	}
	w.leave(ch, user)
	return obj{"errors": obj{}}, nil
}

func (w *world) conversationsJoin(c *call) (obj, error) {
	ch := w.channelByID(c.text("channel"))
	switch {
	case ch == nil || (ch.Private && !ch.has(BotUser)):
		return nil, refuse("channel_not_found")
	case ch.Private:
		return nil, refuse("method_not_supported_for_channel_type")
	case ch.Archived:
		return nil, refuse("is_archived")
	case ch.has(BotUser):
		return obj{
			"channel": ch.wire(), "warning": "already_in_channel",
			"response_metadata": obj{"warnings": []string{"already_in_channel"}},
		}, nil
	}
	w.join(ch, BotUser, BotUser)
	return obj{"channel": ch.wire()}, nil
}

func (w *world) conversationsLeave(c *call) (obj, error) {
	ch, err := w.findChannel(c, "channel")
	switch {
	case err != nil:
		return nil, err
	case ch.IMWith != "":
		return nil, refuse("method_not_supported_for_channel_type")
	case ch.Archived:
		return nil, refuse("is_archived")
	case ch.General:
		return nil, refuse("cant_leave_general")
	case !ch.has(BotUser):
		return obj{"not_in_channel": true}, nil
	case len(ch.Members) == 1 && ch.Private:
		return nil, refuse("last_member")
	}
	w.leave(ch, BotUser)
	return nil, nil
}

func (w *world) conversationsMembers(c *call) (obj, error) {
	ch, err := w.findChannel(c, "channel")
	if err != nil {
		return nil, err
	}
	part, more, err := page(c, ch.Members, 100, 1000)
	if err != nil {
		return nil, err
	}
	return obj{"members": part, "response_metadata": more}, nil
}
