package slack

import (
	"encoding/json"
	"slices"
	"strings"
)

// Scopes are what the bot token needs, each for a call or an event that is used.
var scopes = []string{
	"commands",         // /incident and the shortcuts
	"chat:write",       // messages in channels that the bot is in
	"channels:join",    // the announcement channel, without being invited
	"channels:manage",  // create public channels, invite, set the topic
	"channels:read",    // look a channel up
	"channels:history", // find our own messages again; read pinned ones
	"groups:write",     // the same for private incidents
	"groups:read",
	"groups:history",
	"users:read",       // names
	"users:read.email", // who of PagerDuty's people is who here
	"bookmarks:write",  // links at the top of the channel
	"bookmarks:read",
	"reactions:read",  // 📌
	"reactions:write", // ✅ on what is on the timeline
	"files:write",     // the postmortem draft
}

// object keeps the manifest readable below.
type object = map[string]any

// Manifest is the Slack app manifest to paste (docs.slack.dev/app-manifests):
// for HTTP at url, or for Socket Mode if url is empty. hint is what Slack shows
// behind the command.
func Manifest(url, hint string) []byte {
	url = strings.TrimSuffix(url, "/")
	commandDef := object{"command": "/incident", "description": "Open an incident, or run one", "usage_hint": hint + " | help", "should_escape": true}
	events := object{"bot_events": []string{"reaction_added", "member_joined_channel", "member_left_channel"}}
	interactivity := object{"is_enabled": true}
	if url != "" {
		commandDef["url"] = url + "/slack/command"
		events["request_url"] = url + "/slack/event"
		interactivity["request_url"] = url + "/slack/interaction"
	}
	manifest := object{
		"_metadata":           object{"major_version": 2, "minor_version": 1},
		"display_information": object{"name": "tocsin", "description": "Incident response for products that depend on AI models", "background_color": "#7a1f1f"},
		"features": object{
			"bot_user":       object{"display_name": "tocsin", "always_online": true},
			"slash_commands": []object{commandDef},
			"shortcuts":      Shortcuts(),
		},
		"oauth_config": object{"scopes": object{"bot": scopes}},
		"settings": object{
			"event_subscriptions": events, "interactivity": interactivity,
			"org_deploy_enabled": false, "socket_mode_enabled": url == "", "token_rotation_enabled": false,
		},
	}
	data, _ := json.MarshalIndent(manifest, "", "  ") // made of strings: it cannot fail
	return append(data, '\n')
}

// Shortcuts are the app's shortcuts as the manifest lists them.
func Shortcuts() []map[string]any {
	return []object{
		{"name": "Open an incident", "type": "global", "callback_id": shortcutOpen, "description": "A form that needs a title only"},
		{"name": "Open an incident", "type": "message", "callback_id": shortcutDeclare, "description": "Open one and quote this message"},
		{"name": "Add to timeline", "type": "message", "callback_id": shortcutPin, "description": "Put this message on the timeline"},
	}
}

// Scopes are what the bot token needs.
func Scopes() []string { return slices.Clone(scopes) }
