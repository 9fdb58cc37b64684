package slack

import (
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
)

// Slack's tiers: how many calls of one method it takes from an app in one
// workspace within a minute. It calls these figures the least that it takes.
const (
	tier2 = 20
	tier3 = 50
	tier4 = 100
)

// tiers are the methods that the bot calls; another one counts as tier 2.
// chat.postMessage has no tier: posts and roomPosts below.
var tiers = map[string]int{
	"conversations.create":         tier2,
	"conversations.setTopic":       tier2,
	"conversations.list":           tier2,
	"users.conversations":          tier2,
	"users.list":                   tier2,
	"bookmarks.add":                tier2,
	"conversations.invite":         tier3,
	"conversations.join":           tier3,
	"conversations.history":        tier3,
	"conversations.replies":        tier3,
	"conversations.info":           tier3,
	"bookmarks.list":               tier3,
	"chat.update":                  tier3,
	"reactions.add":                tier3,
	"files.getUploadURLExternal":   tier4,
	"files.completeUploadExternal": tier4,
	"users.info":                   tier4,
	"views.open":                   tier4,
}

// Posts have limits of their own. Slack takes one a second in a channel, and
// short bursts; of the whole workspace's it says "several hundred a minute". How
// many that is shows: the limit rises by a tenth with each minute that was full
// and not refused, and falls to half with each refusal.
const (
	postMessage = "chat.postMessage"
	editMessage = "chat.update"

	roomPosts  = 4 // within roomWindow
	roomWindow = 4 * time.Second

	fewestPosts = 20 // a minute, in the workspace
	firstPosts  = 200
	mostPosts   = 300
)

// editWindow is how long a message that shows the present state of an incident
// stands before it is edited again: what changes meanwhile is shown at once.
const editWindow = 5 * time.Second

// newBucket makes the bucket of a method in a workspace; now is when it is first
// asked for, and stretch what its windows are multiplied by.
func newBucket(method string, now time.Time, stretch float64) *bucket {
	b := &bucket{method: method, calls: tiers[method], window: stretched(time.Minute, stretch), reserved: true, changed: now}
	switch {
	case method == postMessage:
		b.calls, b.adaptive = firstPosts, true
	case b.calls == 0:
		b.calls = tier2
	}
	return b
}

func stretched(d time.Duration, by float64) time.Duration { return time.Duration(float64(d) * by) }

// held is how much of a bucket is kept from calls of an urgency: a fifth from
// what people can begin without, and half of that from all but the worst
// incidents, so that the channel of one does not wait for a hundred others. Of
// the posts another fifth is kept from alerts, for what people say.
func (b *bucket) held(u bot.Urgency) int {
	fifth := max(2, b.calls/5)
	switch {
	case !b.reserved, u.Vital() && u.Severity == incident.SEV1:
		return 0
	case u.Vital():
		return fifth / 2
	case b.method == postMessage && u.Class > bot.Answering:
		return 2 * fifth
	}
	return fifth
}
