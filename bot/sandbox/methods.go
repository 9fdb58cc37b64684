package sandbox

import "maps"

// methodTable is every Web API method of the sandbox, with one line each: the token it takes, the
// scopes of which it needs one, its required arguments
// (https://docs.slack.dev/reference/methods/).
func (ws *Workspace) methodTable() map[string]method {
	list := []method{
		{"api.test", noToken, nil, nil, (*world).apiTest},
		{"auth.test", botToken, nil, nil, (*world).authTest},
		{"apps.connections.open", appToken, nil, nil, ws.openConnection},
		{"team.info", botToken, s("team:read"), nil, (*world).teamInfo},
		{"bots.info", botToken, s("users:read"), nil, (*world).botsInfo},
		{"emoji.list", botToken, s("emoji:read"), nil, (*world).emojiList},

		{"users.info", botToken, s("users:read"), s("user"), (*world).usersInfo},
		{"users.list", botToken, s("users:read"), nil, (*world).usersList},
		{"users.lookupByEmail", botToken, s("users:read.email"), s("email"), (*world).usersLookupByEmail},
		{"users.profile.get", botToken, s("users.profile:read"), nil, (*world).usersProfileGet},
		{"users.conversations", botToken, s("channels:read", "groups:read"), nil, (*world).usersConversations},
		{"usergroups.list", botToken, s("usergroups:read"), nil, (*world).usergroupsList},
		{"usergroups.users.list", botToken, s("usergroups:read"), s("usergroup"), (*world).usergroupsUsersList},

		{"conversations.create", botToken, s("channels:manage", "groups:write"), s("name"), (*world).conversationsCreate},
		{"conversations.rename", botToken, s("channels:manage", "groups:write"), s("channel", "name"), (*world).conversationsRename},
		{"conversations.archive", botToken, s("channels:manage", "groups:write"), s("channel"), (*world).conversationsArchive},
		{"conversations.unarchive", botToken, s("channels:manage", "groups:write"), s("channel"), (*world).conversationsUnarchive},
		{"conversations.setTopic", botToken, s("channels:manage", "groups:write", "channels:write.topic"), s("channel", "topic"), (*world).conversationsSetTopic},
		{"conversations.setPurpose", botToken, s("channels:manage", "groups:write", "channels:write.topic"), s("channel", "purpose"), (*world).conversationsSetPurpose},
		{"conversations.info", botToken, s("channels:read", "groups:read"), s("channel"), (*world).conversationsInfo},
		{"conversations.list", botToken, s("channels:read", "groups:read"), nil, (*world).conversationsList},
		{"conversations.open", botToken, s("im:write"), nil, (*world).conversationsOpen},
		{"conversations.invite", botToken, s("channels:manage", "groups:write", "channels:write.invites"), s("channel", "users"), (*world).conversationsInvite},
		{"conversations.kick", botToken, s("channels:manage", "groups:write"), s("channel", "user"), (*world).conversationsKick},
		{"conversations.join", botToken, s("channels:join"), s("channel"), (*world).conversationsJoin},
		{"conversations.leave", botToken, s("channels:manage", "groups:write"), s("channel"), (*world).conversationsLeave},
		{"conversations.members", botToken, s("channels:read", "groups:read"), s("channel"), (*world).conversationsMembers},
		{"conversations.history", botToken, s("channels:history", "groups:history", "im:history"), s("channel"), (*world).conversationsHistory},
		{"conversations.replies", botToken, s("channels:history", "groups:history", "im:history"), s("channel", "ts"), (*world).conversationsReplies},

		{"chat.postMessage", botToken, s("chat:write"), s("channel"), (*world).chatPostMessage},
		{"chat.postEphemeral", botToken, s("chat:write"), s("channel", "user"), (*world).chatPostEphemeral},
		{"chat.update", botToken, s("chat:write"), s("channel", "ts"), (*world).chatUpdate},
		{"chat.delete", botToken, s("chat:write"), s("channel", "ts"), (*world).chatDelete},
		{"chat.getPermalink", botToken, nil, s("channel", "message_ts"), (*world).chatGetPermalink},
		{"blocks.validate", noToken, nil, nil, (*world).blocksValidate},

		{"views.open", botToken, nil, s("view"), (*world).viewsOpen},
		{"views.push", botToken, nil, s("view"), (*world).viewsPush},
		{"views.update", botToken, nil, s("view"), (*world).viewsUpdate},
		{"views.publish", botToken, nil, s("user_id", "view"), (*world).viewsPublish},

		{"reactions.add", botToken, s("reactions:write"), s("name"), (*world).reactionsAdd},
		{"reactions.remove", botToken, s("reactions:write"), s("name"), (*world).reactionsRemove},
		{"reactions.get", botToken, s("reactions:read"), nil, (*world).reactionsGet},
		{"pins.add", botToken, s("pins:write"), s("channel"), (*world).pinsAdd},
		{"pins.remove", botToken, s("pins:write"), s("channel"), (*world).pinsRemove},
		{"pins.list", botToken, s("pins:read"), s("channel"), (*world).pinsList},
		{"bookmarks.add", botToken, s("bookmarks:write"), s("channel_id", "title", "type"), (*world).bookmarksAdd},
		{"bookmarks.edit", botToken, s("bookmarks:write"), s("channel_id", "bookmark_id"), (*world).bookmarksEdit},
		{"bookmarks.remove", botToken, s("bookmarks:write"), s("channel_id", "bookmark_id"), (*world).bookmarksRemove},
		{"bookmarks.list", botToken, s("bookmarks:read"), s("channel_id"), (*world).bookmarksList},

		{"files.getUploadURLExternal", botToken, s("files:write"), s("filename", "length"), (*world).filesGetUploadURLExternal},
		{"files.completeUploadExternal", botToken, s("files:write"), s("files"), (*world).filesCompleteUploadExternal},
		{"files.info", botToken, s("files:read"), s("file"), (*world).filesInfo},
	}
	table := map[string]method{}
	for _, m := range list {
		table[m.name] = m
	}
	return table
}

func s(words ...string) []string { return words }

// scopesOf are all scopes that methods ask for: the sandbox's app has them all.
func scopesOf(methods map[string]method) []string {
	all := map[string]bool{"commands": true, "app_mentions:read": true, "chat:write.public": true}
	for _, m := range methods {
		for _, scope := range m.scopes {
			all[scope] = true
		}
	}
	return sortedKeys(maps.Keys(all))
}
